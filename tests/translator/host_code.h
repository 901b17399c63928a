// SPDX-License-Identifier: Apache-2.0
// Host code as a disassembler other than the decoder's sees it: Capstone, in 64-bit mode.
#ifndef VERBATIM_TESTS_TRANSLATOR_HOST_CODE_H_
#define VERBATIM_TESTS_TRANSLATOR_HOST_CODE_H_

#include <capstone/capstone.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace verbatim {

struct HostInstruction {
  uint32_t offset = 0;  // from the start of the code
  uint32_t length = 0;
  unsigned id = X86_INS_INVALID;  // x86_insn
  std::string text;               // mnemonic and operands, Intel syntax
  cs_x86 detail{};
  bool transfer = false;    // jump or call, conditional or not
  bool privileged = false;  // a system call, an interrupt, or for a kernel only

  // Operand `i` if it is a memory operand, else nullptr.
  [[nodiscard]] const cs_x86_op* Memory(size_t i) const {
    return detail.operands[i].type == X86_OP_MEM ? &detail.operands[i] : nullptr;
  }
};

class HostDisassembler {
 public:
  HostDisassembler();
  ~HostDisassembler();
  HostDisassembler(const HostDisassembler&) = delete;
  HostDisassembler& operator=(const HostDisassembler&) = delete;

  // The instruction at the start of `code`, which would run at `address`. Its offset is 0.
  [[nodiscard]] std::optional<HostInstruction> One(std::span<const uint8_t> code, uint64_t address);

 private:
  csh handle_ = 0;
  cs_insn* in_ = nullptr;
};

// `code`, which would run at `address`. Bytes that are no instruction end the list.
[[nodiscard]] std::vector<HostInstruction> Disassemble(std::span<const uint8_t> code,
                                                       uint64_t address);

// The texts, one a line.
[[nodiscard]] std::string TextOf(const std::vector<HostInstruction>& code);

}  // namespace verbatim

#endif  // VERBATIM_TESTS_TRANSLATOR_HOST_CODE_H_
