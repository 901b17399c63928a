// SPDX-License-Identifier: Apache-2.0
// Writes the program of one case: encodes instructions of given forms (SDM vol. 2, chapter 2) with
// operands that mostly hit the case's memory, and keeps track of which registers and selectors have
// known values, so that addresses can be aimed without an instruction that sets them up.
#ifndef VERBATIM_TESTS_ORACLE_PROGRAM_H_
#define VERBATIM_TESTS_ORACLE_PROGRAM_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "tests/oracle/case.h"
#include "tests/oracle/forms.h"
#include "tests/oracle/random.h"

namespace verbatim::test {

// The part of an encoding that names an operand in memory.
struct Address {
  uint8_t mod = 0;
  uint8_t rm = 0;
  bool has_sib = false;
  uint8_t sib = 0;
  uint8_t displacement_bytes = 0;
  uint32_t displacement = 0;
  uint8_t segment_prefix = 0;  // 0: none
};

// The forms that sequences are made of, looked up once.
struct KnownForms {
  explicit KnownForms(const FormTable& forms);

  const FormTable& table;
  std::array<uint16_t, 8> move_immediate;  // mov r32, imm32
};

class Program {
 public:
  Program(const KnownForms& known_forms, const LdtTable& ldt, Random& random, Case& out);

  // An instruction of this form with random operands, behind what sets up its registers.
  void Append(uint32_t form);
  // mov gpr, value; in front of the first instruction it is the start state that changes
  void SetRegister(uint8_t gpr, uint32_t value);
  // Moves the program and its notes into the case.
  void Finish();

  [[nodiscard]] bool Full() const { return size_ > kMaxCaseCode - kReserve; }
  [[nodiscard]] uint32_t size() const { return size_; }

 private:
  // What the longest sequence may need once Full() said no.
  static constexpr uint32_t kReserve = 160;
  static constexpr uint32_t kMaxInstructions = kMaxCaseCode;

  struct Operands {
    uint8_t reg = 0;
    uint8_t rm = 0;  // a register
    Address address;
    std::array<uint8_t, 8> immediate{};
  };

  void Byte(uint32_t value) { code_[size_++] = static_cast<uint8_t>(value); }
  void Number(uint32_t value, uint32_t bytes);
  // Says that an instruction starts here. `certain` ends with the first that can fault or branch.
  void Note(uint32_t form, bool harmless);
  void Encode(uint32_t form, const Operands& operands, bool lock);
  void AppendPrefixes(const Form& form, const Prefixes& prefixes, uint8_t segment_prefix,
                      bool lock);
  // Forgets the registers that an instruction may have written.
  void Forget(const Form& form, const Operands& operands);

  // addresses.cc
  [[nodiscard]] static bool IsBitString(const Form& form);
  [[nodiscard]] static uint8_t SegmentOf(uint8_t prefix, bool stack);
  // A linear address for an operand of so many bytes.
  [[nodiscard]] uint32_t PickTarget(uint32_t bytes);
  [[nodiscard]] Address PickAddress(const Form& form);
  [[nodiscard]] Address PickAddress32(uint32_t target);
  [[nodiscard]] Address PickAddress16(uint32_t target);
  [[nodiscard]] Address PickOffset(const Form& form);
  // Registers that address without being named.
  void AimImplicit(const Form& form);
  [[nodiscard]] uint8_t PickSegmentPrefix();
  [[nodiscard]] uint32_t SegmentBase(uint8_t segment) const;
  [[nodiscard]] bool Known(uint8_t gpr) const { return ((known_ >> gpr) & 1) != 0; }

  [[nodiscard]] uint32_t PickImmediate(uint32_t bytes);

  const KnownForms& forms_;
  const LdtTable& ldt_;
  Random& random_;
  Case& case_;
  bool code32_ = true;
  bool certain_ = true;
  uint8_t known_ = 0xFF;  // set of Gpr
  std::array<uint32_t, 8> values_;
  std::array<uint16_t, kSegmentCount> selectors_;
  uint32_t size_ = 0;
  uint32_t notes_ = 0;
  std::array<uint8_t, kMaxCaseCode + kReserve> code_;
  std::array<uint16_t, kMaxInstructions> starts_;
  std::array<InstructionNote, kMaxInstructions> note_;
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_PROGRAM_H_
