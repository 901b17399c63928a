// SPDX-License-Identifier: Apache-2.0
// The instruction forms that translation copies or rewrites, one row each, and a generator that
// makes instructions and programs of them with operands that mostly lie in the data area of
// cpu_image.h and sometimes at its edges.
#ifndef VERBATIM_TESTS_ENGINE_INSTRUCTION_FORMS_H_
#define VERBATIM_TESTS_ENGINE_INSTRUCTION_FORMS_H_

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "tests/engine/cpu_image.h"

namespace verbatim::test {

enum class Operands : uint8_t {
  kNone,
  kAny,       // ModRM: register or memory
  kMemory,    // ModRM: memory
  kRegister,  // ModRM: two registers
  kOnStack,   // none, but through esp
  kString,    // none, but through esi and edi; a repeat prefix now and then
  kFrame,     // none, but through ebp (LEAVE)
  kTable,     // XLAT
  kOffset,    // moffs
};

enum class Immediate : uint8_t { kAbsent, kByte, kFull };  // kFull: by operand size

struct InstructionForm {
  uint8_t prefix = 0;  // mandatory
  uint8_t map = 0;     // 0, 1: 0F, 2: 0F 38, 3: 0F 3A
  uint8_t first = 0;   // opcodes from `first` to `last`
  uint8_t last = 0;
  Operands operands = Operands::kNone;
  int8_t digit = -1;  // ModRM.reg, or -1: any
  Immediate immediate = Immediate::kAbsent;
  bool word = false;  // 66 makes it a 16-bit operation
  bool lock = false;  // may be locked when the destination is memory
};

[[nodiscard]] std::span<const InstructionForm> InstructionForms();

class ProgramGenerator {
 public:
  explicit ProgramGenerator(uint32_t seed) : random_(seed) {}

  // Appends an instruction of this form, behind what sets up its address registers.
  void Append(const InstructionForm& form);
  // A random form.
  void Append();
  // Random registers and flags; esp in the stack.
  [[nodiscard]] CpuImage Start();
  // What was appended since the last call, and an end.
  [[nodiscard]] std::vector<uint8_t> Take();

 private:
  [[nodiscard]] uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  [[nodiscard]] bool OneIn(uint32_t n) { return Below(n) == 0; }
  [[nodiscard]] uint32_t DataAddress();
  void Byte(uint32_t value) { code_.push_back(static_cast<uint8_t>(value)); }
  void Number(uint32_t value, uint32_t bytes);
  void SetRegister(uint8_t gpr, uint32_t value);
  struct MemoryForm {
    uint8_t base, index, scale_bits, displacement_bytes;
    uint32_t displacement;
  };
  MemoryForm PrepareMemory();

  std::mt19937 random_;
  std::vector<uint8_t> code_;
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ENGINE_INSTRUCTION_FORMS_H_
