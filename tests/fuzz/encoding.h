// SPDX-License-Identifier: Apache-2.0
// The parts of an instruction's encoding that explanations speak of (SDM vol. 2, 2.1), found
// without either of the two decoders that are compared.
#ifndef VERBATIM_TESTS_FUZZ_ENCODING_H_
#define VERBATIM_TESTS_FUZZ_ENCODING_H_

#include <cstdint>
#include <span>

namespace verbatim {

struct Encoding {
  bool lock = false;
  bool operand_size = false;  // 66
  bool repeat = false;        // F2 or F3
  unsigned map = 0;           // 0: one byte; 1: 0F; 2: 0F 38; 3: 0F 3A
  uint8_t opcode = 0;
  uint8_t modrm = 0;  // the byte behind the opcode, whether it is one or not

  [[nodiscard]] unsigned mod() const { return modrm >> 6; }
  [[nodiscard]] unsigned reg() const { return (modrm >> 3) & 7; }
};

[[nodiscard]] Encoding EncodingOf(std::span<const uint8_t> bytes);

}  // namespace verbatim

#endif  // VERBATIM_TESTS_FUZZ_ENCODING_H_
