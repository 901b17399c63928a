// SPDX-License-Identifier: Apache-2.0
// What no case may contain, because the host cannot be the oracle for it. Every row is reviewed and
// has its reason; the coverage table prints it. Keep it short.
#ifndef VERBATIM_TESTS_ORACLE_AVOIDED_H_
#define VERBATIM_TESTS_ORACLE_AVOIDED_H_

#include <span>
#include <string_view>

#include "decoder/instruction.h"

namespace verbatim::test {

struct Avoided {
  Mnemonic mnemonic;
  std::string_view reason;
};

[[nodiscard]] std::span<const Avoided> AvoidedMnemonics();

// Empty if a program may contain the instruction. INT is the only one that its operand decides.
[[nodiscard]] std::string_view WhyAvoided(const GuestInstruction& in);
// Of a whole form.
[[nodiscard]] std::string_view WhyAvoided(Mnemonic mnemonic);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_AVOIDED_H_
