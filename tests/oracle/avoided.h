// SPDX-License-Identifier: Apache-2.0
// What no case may contain, because the host cannot be the oracle for it. Every row is reviewed and
// has its reason; the coverage table prints it. Keep it short.
#ifndef VERBATIM_TESTS_ORACLE_AVOIDED_H_
#define VERBATIM_TESTS_ORACLE_AVOIDED_H_

#include <span>
#include <string_view>

#include "decoder/instruction.h"
#include "tests/oracle/forms.h"

namespace verbatim::test {

struct Avoided {
  Mnemonic mnemonic;
  std::string_view reason;
  int opcode = -1;  // of map 0F; -1: whatever it is
};

[[nodiscard]] std::span<const Avoided> AvoidedMnemonics();

// Empty if a program may contain the instruction, or the form with all its operands.
[[nodiscard]] std::string_view WhyAvoided(const GuestInstruction& in);
[[nodiscard]] std::string_view WhyAvoided(const Form& form);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_AVOIDED_H_
