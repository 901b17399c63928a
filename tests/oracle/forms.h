// SPDX-License-Identifier: Apache-2.0
// Every instruction form that the default processor model has. The table is derived, not written:
// the whole encoding space (SDM vol. 2, 2.1: maps, opcodes, mandatory prefixes, ModRM) goes through
// verbatim::Decoder, in 16- and in 32-bit code, and what it accepts is in the table. A form that
// nobody thought of cannot be missing.
#ifndef VERBATIM_TESTS_ORACLE_FORMS_H_
#define VERBATIM_TESTS_ORACLE_FORMS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "decoder/decoder.h"
#include "decoder/instruction.h"

namespace verbatim::test {

enum class OperandShape : uint8_t {
  kNoModRm,   // operands are implied or in the opcode
  kRegister,  // ModRM with mod 3
  kMemory,    // ModRM with another mod
};

// How a form is reached in code of one size.
struct Prefixes {
  bool valid = false;  // false: not at all
  bool size_66 = false;
  bool size_67 = false;
  uint8_t mandatory_or_repeat = 0;  // F2, F3; a mandatory 66 counts as size_66
};

struct Form {
  // What tells it from other forms.
  Mnemonic mnemonic = Mnemonic::kInvalid;
  Handling handling = Handling::kUndefined;
  uint8_t map = 0;  // 0: one byte; 1: 0F; 2: 0F 38; 3: 0F 3A
  uint8_t opcode = 0;
  uint8_t mandatory_prefix = 0;  // 66, F2 or F3 where it selects the instruction
  uint8_t repeat = 0;            // F2 or F3 where it repeats
  int8_t digit = -1;             // ModRM.reg where it selects the instruction
  int8_t rm = -1;                // ModRM.rm likewise (x87)
  OperandShape shape = OperandShape::kNoModRm;
  uint8_t operand_bits = 32;  // effective; 32 where it means nothing
  uint8_t address_bits = 32;  // likewise

  // What a generator needs to make one.
  bool lockable = false;
  FpuUse fpu = FpuUse::kNone;
  uint8_t reg_values = 0xFF;  // set of the values ModRM.reg may have
  uint8_t rm_values = 0xFF;   // with mod 3, likewise
  uint8_t immediate_bytes = 0;
  bool has_moffs = false;            // the address stands behind the opcode (A0 to A3)
  MemoryOperand memory;              // present, read, write and bytes
  std::array<Prefixes, 2> prefixes;  // by code size: [1] is 32-bit code
  GuestInstruction example;          // decoded in 32-bit code if possible, else in 16-bit code

  // "66 0F 58 /r reg"; "F3 A4"; "D9 /4 rm=1 reg"
  [[nodiscard]] std::string Encoding() const;
  [[nodiscard]] std::string Name() const;
};

class FormTable {
 public:
  // Of the model "core2". Built once, never changed.
  [[nodiscard]] static const FormTable& Get();

  [[nodiscard]] std::span<const Form> forms() const { return forms_; }
  [[nodiscard]] const Decoder& decoder() const { return decoder_; }
  // Which form an instruction has; nullopt if it is #UD for want of one.
  [[nodiscard]] std::optional<uint32_t> Find(const GuestInstruction& in) const;

 private:
  FormTable();
  void AddOpcode(const Prefixes& prefixes, bool code32, uint8_t map, uint8_t opcode);
  void Add(Form form, const Prefixes& prefixes, bool code32);

  Decoder decoder_;
  std::vector<Form> forms_;
  std::unordered_map<uint64_t, uint32_t> index_;  // by packed identity
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_FORMS_H_
