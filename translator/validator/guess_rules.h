// SPDX-License-Identifier: Apache-2.0
// What a link must look like that leads to the guessed target of an indirect jump
// (codecache/block.h, Link): it is left for another target than the guess, and the block there does
// not look again.
#ifndef VERBATIM_TRANSLATOR_VALIDATOR_GUESS_RULES_H_
#define VERBATIM_TRANSLATOR_VALIDATOR_GUESS_RULES_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "codecache/block.h"

namespace verbatim::validator {

// The displacements that hold minus the guess: before the sum, and where it is in doubt. Nothing if
// the code around the branch is another.
[[nodiscard]] std::optional<std::array<uint32_t, 2>> GuessFields(std::span<const uint8_t> code,
                                                                 const Link& link);
// Whether the one at `field` does.
[[nodiscard]] bool HoldsGuess(std::span<const uint8_t> code, const Link& link, uint32_t field);
// Whether all is as it must be.
[[nodiscard]] bool IsGuarded(std::span<const uint8_t> code, const Link& link);

}  // namespace verbatim::validator

#endif  // VERBATIM_TRANSLATOR_VALIDATOR_GUESS_RULES_H_
