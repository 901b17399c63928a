// SPDX-License-Identifier: Apache-2.0
// Writes the program of one case: instructions of given forms (SDM vol. 2, chapter 2) with operands
// that mostly hit the case's memory, and around them what their recipes ask for. It keeps track of
// which registers and selectors have known values, so that addresses can be aimed without an
// instruction that sets them up.
//
// Branches go forward to labels that are placed later, but for loops, whose counter nothing in
// their body writes, and calls of functions that stand before them: a program ends.
#ifndef VERBATIM_TESTS_ORACLE_PROGRAM_H_
#define VERBATIM_TESTS_ORACLE_PROGRAM_H_

#include <array>
#include <cstdint>
#include <optional>

#include "tests/oracle/case.h"
#include "tests/oracle/random.h"
#include "tests/oracle/recipes.h"
#include "tests/oracle/segments.h"

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

class Program {
 public:
  // At most this many bytes of data stand in front of a program.
  static constexpr uint32_t kDataBytes = 48;

  // The first instruction stands `data_bytes` behind out.code_at. Registers and selectors of `out`
  // are those of the start.
  Program(const FormChoice& forms, const LdtTable& ldt, Random& random, Case& out,
          uint32_t data_bytes);

  // An instruction of this form, with what its recipe puts around it.
  void Append(uint32_t form);
  // A loop of a few instructions; a function and a call of it; a store into an instruction ahead;
  // an encoding that is #UD.
  void AppendLoop();
  void AppendFunction();
  void AppendPatch();
  void AppendUndefined();
  // Moves the program and its notes into the case.
  void Finish();

  [[nodiscard]] bool Full() const { return size_ > kMaxCaseCode - kReserve; }
  // Whether 16-bit addresses can reach all data through DS.
  [[nodiscard]] bool DataIsNear() const {
    return kCaseData.start - BaseOf(kDs) <= 0x10000 - kCaseData.bytes;
  }
  [[nodiscard]] bool code32() const { return code32_; }

 private:
  // What the longest sequence may need once Full() said no.
  static constexpr uint32_t kReserve = 200;
  // What one may need that neither stores nor loads state, and one that does.
  static constexpr uint32_t kLongestPlain = 57;
  static constexpr uint32_t kLongestWithState = 160;
  static constexpr uint32_t kMaxFixups = 32;

  struct Operands {
    uint8_t reg = 0;
    uint8_t rm = 0;  // a register
    Address address;
    std::array<uint8_t, 8> immediate{};
  };

  // A field that holds the address of a label, once that is placed.
  enum class Field : uint8_t { kRelative8, kRelative16, kRelative32, kAbsolute16, kAbsolute32 };
  struct Fixup {
    Field field;
    uint16_t at;    // in code_
    uint16_t next;  // relative: behind the branch
    uint32_t base;  // absolute: of the segment
    uint8_t delta;  // behind the label
    uint8_t wait;   // Land() so many times more
    uint8_t known;  // registers where the branch stands
    std::array<uint32_t, 8> values;
  };

  // Encoding (program.cc).
  void Byte(uint32_t value) { code_[size_++] = static_cast<uint8_t>(value); }
  void Number(uint32_t value, uint32_t bytes);
  // Says that an instruction starts here. `harmless`: it can neither fault nor branch.
  void Note(uint32_t form, bool harmless);
  // mov gpr, value; in front of the first instruction it is the start state that changes.
  void SetRegister(uint8_t gpr, uint32_t value);
  void Encode(uint32_t form, const Operands& operands, bool varied);
  void AppendPrefixes(const Form& form, const Operands& operands, bool varied);
  // An address without registers, in DS.
  [[nodiscard]] Address DirectAddress(uint32_t linear, uint32_t address_bits) const;
  // With operands as they come, the one in memory at `linear` if given.
  void AppendPlain(uint32_t form, std::optional<uint32_t> linear = {});
  [[nodiscard]] Operands PickOperands(const Form& form, std::optional<uint32_t> linear);
  // Forgets the registers that an instruction may have written.
  void Forget(const Form& form, const Operands& operands);
  void PushImmediate(uint32_t bits, uint32_t value);
  [[nodiscard]] const Form& FormAt(uint32_t form) const { return forms_.table.forms()[form]; }

  // Labels (labels.cc).
  void Pend(Field field, uint32_t at, uint32_t base, uint32_t wait, uint32_t delta = 0);
  void PendAbsolute(uint32_t at, uint32_t bytes, uint32_t base, uint32_t wait);
  // Places the labels whose time has come, and those that a short branch would not reach any more
  // behind a sequence of `longest` bytes.
  void Land(uint32_t longest);
  void LandAll();
  void Resolve(const Fixup& fixup, uint32_t label);
  // The offset of a place in CS.
  [[nodiscard]] uint32_t OffsetOf(uint32_t place, uint32_t base) const {
    return case_.code_at + place - base;
  }
  // Room for data in front of the program, as a place in code_.
  [[nodiscard]] std::optional<uint32_t> PlaceData(uint32_t bytes);
  void PutData(uint32_t place, uint32_t value, uint32_t bytes);

  // Addresses (addresses.cc).
  [[nodiscard]] static uint8_t SegmentOf(uint8_t prefix, bool stack);
  // A linear address for an operand of so many bytes.
  [[nodiscard]] uint32_t PickTarget(uint32_t bytes);
  // Its offset in the segment, or one at the segment's limit.
  [[nodiscard]] uint32_t PickOffset(uint8_t segment, uint32_t bytes,
                                    std::optional<uint32_t> linear);
  [[nodiscard]] Address PickAddress(const Form& form, std::optional<uint32_t> linear);
  [[nodiscard]] Address PickAddress32(uint32_t bytes, std::optional<uint32_t> linear);
  [[nodiscard]] Address PickAddress16(uint32_t bytes, std::optional<uint32_t> linear);
  [[nodiscard]] Address PickDirectOffset(const Form& form);
  [[nodiscard]] uint8_t PickSegmentPrefix();
  [[nodiscard]] uint32_t BaseOf(uint8_t segment) const {
    return segments_.Of(selectors_[segment]).base;
  }
  // The value that an address is aimed by: the start state must keep it.
  [[nodiscard]] uint32_t Consult(uint8_t gpr) {
    aimed_ |= static_cast<uint8_t>(1u << gpr);
    return values_[gpr];
  }
  [[nodiscard]] bool Known(uint8_t gpr) const { return ((known_ >> gpr) & 1) != 0; }
  [[nodiscard]] bool MaySet(uint8_t gpr) const { return ((pinned_ >> gpr) & 1) == 0; }
  [[nodiscard]] uint32_t PickImmediate(uint32_t bytes);

  // Recipes (sequences.cc, transfers.cc).
  void AppendString(uint32_t form);
  void AppendStack(uint32_t form);
  void AppendFlagsPop(uint32_t form);
  void AppendControlWord(uint32_t form);
  [[nodiscard]] uint32_t PickImageTarget();
  // At `linear`, through DS.
  void AppendStateStore(uint32_t form, uint32_t linear);
  void AppendStateLoad(uint32_t form);
  void AppendDecimal(uint32_t form);
  void AppendFault(uint32_t form);
  void AppendBranch(uint32_t form);
  void AppendIndirect(uint32_t form);
  void AppendReturn(uint32_t form);
  void AppendFarDirect(uint32_t form);
  void AppendFarIndirect(uint32_t form);
  // RETF and IRET: takes `with_flags` words more.
  void AppendFarReturn(uint32_t form, bool with_flags);
  void AppendSegmentMove(uint32_t form);
  void AppendSegmentPop(uint32_t form);
  void AppendFarPointer(uint32_t form);
  void AppendSelectorQuery(uint32_t form);
  // What a successful transfer to the selector changes for what follows.
  void EnterSegment(uint16_t selector);
  void LoadedSegment(uint8_t segment, uint16_t selector);
  [[nodiscard]] uint32_t PickFlags();

  const FormChoice& forms_;
  Segments segments_;
  Random& random_;
  Case& case_;
  bool code32_;
  bool certain_ = true;
  uint8_t pinned_ = 0;          // set of Gpr that may not be written
  uint8_t known_ = 0xFF;        // set of Gpr
  uint8_t aimed_ = 1u << kEsp;  // set of Gpr whose start values the program relies on
  std::array<uint32_t, 8> values_;
  std::array<uint16_t, kSegmentCount> selectors_;
  uint32_t data_used_ = 0;
  uint32_t data_bytes_;
  uint32_t size_;
  uint32_t notes_ = 0;
  uint32_t fixup_count_ = 0;
  std::array<uint8_t, kMaxCaseCode + kReserve> code_;
  std::array<uint16_t, kMaxCaseCode> starts_;
  std::array<InstructionNote, kMaxCaseCode> note_;
  std::array<Fixup, kMaxFixups> fixups_;
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_PROGRAM_H_
