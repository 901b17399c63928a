// SPDX-License-Identifier: Apache-2.0
// Which instructions can look first whether the window shows their page (probe.cc).
#ifndef VERBATIM_TRANSLATOR_PROBE_H_
#define VERBATIM_TRANSLATOR_PROBE_H_

#include "decoder/instruction.h"
#include "translator/block_mode.h"

namespace verbatim {

// Those with one operand in memory, at the address that they name, in a flat segment.
[[nodiscard]] bool CanBeProbed(const GuestInstruction& in, BlockMode mode);

}  // namespace verbatim

#endif  // VERBATIM_TRANSLATOR_PROBE_H_
