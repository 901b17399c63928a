// SPDX-License-Identifier: Apache-2.0
// Who wants to see each block as it is translated. Called on the thread of Engine::Run, between
// guest instructions; an observer looks and changes nothing.
#ifndef VERBATIM_ENGINE_BLOCK_OBSERVER_H_
#define VERBATIM_ENGINE_BLOCK_OBSERVER_H_

#include <cstdint>
#include <span>

#include "codecache/block.h"
#include "decoder/decoder.h"
#include "translator/site.h"
#include "translator/stub_table.h"

namespace verbatim {

// All valid during the call only.
struct TranslatedBlock {
  const Block& block;                    // its host code is in place; key.mode holds BlockMode bits
  std::span<const uint8_t> guest_bytes;  // that it stands for
  const Decoder& decoder;                // of the guest's processor
  const SiteTable& sites;                // with the block's own
  const StubTable& stubs;                // that its host code names
};

class BlockObserver {
 public:
  virtual ~BlockObserver() = default;
  virtual void OnBlockTranslated(const TranslatedBlock& translated) = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_BLOCK_OBSERVER_H_
