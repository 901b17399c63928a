// SPDX-License-Identifier: Apache-2.0
// What each instruction reads and writes of the flags that live in the host's RFLAGS (SDM vol. 1,
// appendix A, "EFLAGS Cross-Reference").
#ifndef VERBATIM_DECODER_FLAG_EFFECTS_H_
#define VERBATIM_DECODER_FLAG_EFFECTS_H_

#include <cstdint>

#include "decoder/mnemonic.h"

namespace verbatim {

struct FlagEffects {
  uint32_t read = 0;
  uint32_t written = 0;  // those left undefined included, if processors change them
};

[[nodiscard]] FlagEffects FlagEffectsOf(Mnemonic mnemonic);

}  // namespace verbatim

#endif  // VERBATIM_DECODER_FLAG_EFFECTS_H_
