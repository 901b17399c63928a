// SPDX-License-Identifier: Apache-2.0
// Encodings that are #UD on the default processor model and on any host: those that neither our
// decoder nor a disassembler which knows every later extension accepts. What only the latter knows
// (AVX, BMI, SSE4, 3DNow!, SYSCALL, VMCALL, ...) is left out: the host may have it.
#ifndef VERBATIM_TESTS_ORACLE_UNDEFINED_H_
#define VERBATIM_TESTS_ORACLE_UNDEFINED_H_

#include <array>
#include <cstdint>
#include <span>

namespace verbatim::test {

struct UndefinedEncoding {
  std::array<uint8_t, 6> bytes{};  // prefixes, opcode and ModRM
  uint8_t length = 0;
};

// Whether any processor has an instruction there, as far as the disassembler knows, the guest's
// model or not.
[[nodiscard]] bool IsKnownToday(std::span<const uint8_t> bytes, bool code32);

// For code of one size. Built once.
[[nodiscard]] std::span<const UndefinedEncoding> UndefinedEncodings(bool code32);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_UNDEFINED_H_
