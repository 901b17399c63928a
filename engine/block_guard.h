// SPDX-License-Identifier: Apache-2.0
// Has every block and every patch of one validated before it can run. What is not proven confined
// is an error of ours: it is shown, and the process ends.
#ifndef VERBATIM_ENGINE_BLOCK_GUARD_H_
#define VERBATIM_ENGINE_BLOCK_GUARD_H_

#include <cstdint>
#include <string>

#include "codecache/block_store.h"
#include "codecache/code_memory.h"
#include "codecache/patch_observer.h"
#include "engine/engine_observer.h"
#include "engine/statistics.h"
#include "translator/validator/validator.h"

namespace verbatim {

// The block as text, guest and host code.
using DescribeBlock = std::string (*)(const TranslatedBlock& translated);

class BlockGuard final : public PatchObserver {
 public:
  // All references outlive the guard. `describe` may be null: the report shows bytes then.
  BlockGuard(CodeMemory& memory, const BlockStore& store, const StubTable& stubs,
             const SiteTable& sites, DescribeBlock describe, EngineStatistics& statistics)
      : memory_(memory),
        store_(store),
        describe_(describe),
        statistics_(statistics),
        validator_(stubs, sites) {}

  // Ends the process unless the block is confined.
  void Check(const TranslatedBlock& translated);
  // Likewise one that was moved, with links that may be chained.
  void CheckMoved(const TranslatedBlock& translated);
  void OnPatched(const Block& block, uint32_t offset) override;

 private:
  [[nodiscard]] std::span<const uint8_t> CodeOf(const Block& block) const {
    return {memory_.Writable(block.host_start), block.host_bytes};
  }
  void Check(const TranslatedBlock& translated, std::span<const uint8_t> code);
  [[noreturn]] void Stop(const Block& block, const ValidationError& error, const std::string& text);

  CodeMemory& memory_;
  const BlockStore& store_;
  const DescribeBlock describe_;
  EngineStatistics& statistics_;
  Validator validator_;
};

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_BLOCK_GUARD_H_
