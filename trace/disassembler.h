// SPDX-License-Identifier: Apache-2.0
// Capstone, wrapped once: bytes to Intel syntax.
#ifndef VERBATIM_TRACE_DISASSEMBLER_H_
#define VERBATIM_TRACE_DISASSEMBLER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace verbatim {

struct DisassembledInstruction {
  uint32_t length = 0;
  std::string text;                                       // "mov eax, ebx"
  std::optional<uint64_t> branch_target = std::nullopt;   // of a direct jump or call
  std::optional<uint32_t> context_offset = std::nullopt;  // of a memory operand [r15 + offset]
};

class Disassembler {
 public:
  enum class Mode : uint8_t { kGuest16, kGuest32, kHost };

  explicit Disassembler(Mode mode);
  ~Disassembler();
  Disassembler(const Disassembler&) = delete;
  Disassembler& operator=(const Disassembler&) = delete;

  // The instruction at the start of `bytes`, which runs at `address`. What Capstone does not know
  // is one byte long: "(unknown)".
  [[nodiscard]] DisassembledInstruction At(std::span<const uint8_t> bytes, uint64_t address);

 private:
  size_t handle_ = 0;
  struct Buffer;
  std::unique_ptr<Buffer> buffer_;
};

}  // namespace verbatim

#endif  // VERBATIM_TRACE_DISASSEMBLER_H_
