// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/program.h"

#include <algorithm>

#include "base/check.h"
#include "tests/oracle/values.h"

namespace verbatim::test {
namespace {

constexpr std::array<uint8_t, 6> kSegmentPrefixes = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65};
constexpr uint8_t kLock = 0xF0;
constexpr uint32_t kMaxPrefixes = 24;

// One of the set bits.
uint8_t PickBit(Random& random, uint8_t set) {
  if (set == 0xFF) return static_cast<uint8_t>(random.Below(8));
  uint8_t bit = static_cast<uint8_t>(random.Below(8));
  while (((set >> bit) & 1) == 0) bit = (bit + 1) & 7;
  return bit;
}

// F2 and F3 do nothing there (SDM vol. 2, 2.1.1: "reserved", in fact ignored).
bool IgnoresRepeat(const Form& form) {
  return form.map == 0 && form.mandatory_prefix == 0 && form.repeat == 0 &&
         form.mnemonic != Mnemonic::kNop && form.handling == Handling::kIdent &&
         form.fpu == FpuUse::kNone;
}

// Whether the form lets a general register be chosen and writes ecx, if it is that one.
bool NamesEcx(const Form& form, uint8_t reg, uint8_t rm) {
  const GuestInstruction& in = form.example;
  return (in.reg_is_gpr && reg == kEcx) || (in.reg_is_gpr8 && (reg & 3) == kEcx) ||
         (in.rm_is_gpr && rm == kEcx) || (in.rm_is_gpr8 && (rm & 3) == kEcx);
}

}  // namespace

Program::Program(const FormChoice& forms, const LdtTable& ldt, Random& random, Case& out,
                 uint32_t data_bytes)
    : forms_(forms),
      segments_(ldt),
      random_(random),
      case_(out),
      code32_(segments_.Of(out.selectors[kCs]).big),
      values_(out.start.gpr),
      selectors_(out.selectors),
      data_bytes_(data_bytes),
      size_(data_bytes) {
  for (uint32_t i = 0; i < data_bytes; i += 4) PutData(i, PickInteger(random), 4);
}

void Program::Number(uint32_t value, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; ++i) Byte(value >> (8 * i));
}

void Program::Note(uint32_t form, bool harmless) {
  CHECK(notes_ < kMaxCaseCode);
  starts_[notes_] = static_cast<uint16_t>(size_);
  note_[notes_++] = {static_cast<uint16_t>(form), code32_, certain_};
  certain_ &= harmless;
}

void Program::SetRegister(uint8_t gpr, uint32_t value) {
  if (notes_ == 0) {
    case_.start.gpr[gpr] = value;
    aimed_ |= static_cast<uint8_t>(1u << gpr);
  } else {
    Note(forms_.move_immediate[gpr], true);
    if (!code32_) Byte(0x66);
    Byte(0xB8u | gpr);
    Number(value, 4);
  }
  values_[gpr] = value;
  known_ |= static_cast<uint8_t>(1u << gpr);
}

void Program::PushImmediate(uint32_t bits, uint32_t value) {
  Note(forms_.push_immediate[bits == 32 ? 1 : 0], false);
  if (code32_ != (bits == 32)) Byte(0x66);
  Byte(0x68);
  Number(value, bits / 8);
}

uint32_t Program::PickImmediate(uint32_t bytes) {
  const uint32_t value = random_.OneIn(2) ? random_.Next() : PickInteger(random_);
  return bytes >= 4 ? value : value & ((1u << (8 * bytes)) - 1);
}

void Program::AppendPrefixes(const Form& form, const Operands& operands, bool varied) {
  const Prefixes& prefixes = form.prefixes[code32_ ? 1 : 0];
  const uint8_t segment_prefix = operands.address.segment_prefix;
  std::array<uint8_t, kMaxPrefixes> list;
  uint32_t count = 0;
  // Of several segment overrides the last one counts, so the others come first.
  if (varied && random_.OneIn(16)) {
    const uint32_t extra = random_.OneIn(16) ? 12 : 1 + random_.Below(3);
    for (uint32_t i = 0; i < extra; ++i) {
      switch (random_.Below(4)) {
        case 0:
          if (prefixes.size_66) list[count++] = 0x66;
          break;
        case 1:
          if (prefixes.size_67) list[count++] = 0x67;
          break;
        case 2:
          if (IgnoresRepeat(form)) list[count++] = random_.OneIn(2) ? 0xF2 : 0xF3;
          break;
        default:
          if (segment_prefix != 0) list[count++] = random_.Pick(kSegmentPrefixes);
          break;
      }
    }
  }
  const uint32_t movable = count;
  if (prefixes.size_67) list[count++] = 0x67;
  if (prefixes.size_66) list[count++] = 0x66;
  if (varied && form.lockable && random_.OneIn(4)) list[count++] = kLock;
  if (prefixes.mandatory_or_repeat != 0) list[count++] = prefixes.mandatory_or_repeat;
  if (segment_prefix != 0) list[count++] = segment_prefix;
  // Any order is the same to the processor, but for the overrides.
  if (varied && movable == 0 && random_.OneIn(4)) {
    for (uint32_t i = count; i > 1; --i) std::swap(list[i - 1], list[random_.Below(i)]);
  }
  for (uint32_t i = 0; i < count; ++i) Byte(list[i]);
}

void Program::Encode(uint32_t index, const Operands& operands, bool varied) {
  const Form& form = FormAt(index);
  Note(index, false);
  AppendPrefixes(form, operands, varied);
  if (form.map != 0) Byte(0x0F);
  if (form.map == 2) Byte(0x38);
  if (form.map == 3) Byte(0x3A);
  Byte(form.opcode);
  if (form.shape == OperandShape::kRegister) {
    Byte(0xC0u | (uint32_t{operands.reg} << 3) | operands.rm);
  } else if (form.shape == OperandShape::kMemory) {
    const Address& address = operands.address;
    Byte((uint32_t{address.mod} << 6) | (uint32_t{operands.reg} << 3) | address.rm);
    if (address.has_sib) Byte(address.sib);
  }
  Number(operands.address.displacement, operands.address.displacement_bytes);
  for (uint32_t i = 0; i < form.immediate_bytes; ++i) Byte(operands.immediate[i]);
  // Too many prefixes: #GP(0), whatever it would have been.
  if (size_ - starts_[notes_ - 1] > kMaxInstructionBytes) {
    note_[notes_ - 1].form = InstructionNote::kNoForm;
  }
}

Program::Operands Program::PickOperands(const Form& form, std::optional<uint32_t> linear) {
  Operands operands;
  do {
    operands.reg = PickBit(random_, form.reg_values);
    operands.rm = PickBit(random_, form.rm_values);
  } while (pinned_ != 0 && NamesEcx(form, operands.reg, operands.rm));
  if (form.shape == OperandShape::kMemory) {
    if (form.memory.present) {
      operands.address = PickAddress(form, linear);
    } else {
      // MOV to and from control registers: mod is ignored, there is no operand in memory.
      operands.address.rm = operands.rm;
    }
  } else if (form.has_moffs) {
    operands.address = PickDirectOffset(form);
  } else if (form.memory.present) {
    // XLAT, MASKMOVQ: a register that is not named.
    operands.address.segment_prefix = PickSegmentPrefix();
    const uint8_t gpr = form.mnemonic == Mnemonic::kXlat ? kEbx : kEdi;
    const uint8_t segment = SegmentOf(operands.address.segment_prefix, false);
    if (!random_.OneIn(16)) SetRegister(gpr, PickOffset(segment, form.memory.bytes, linear));
  }
  for (uint32_t i = 0; i < form.immediate_bytes;) {
    const uint32_t part = std::min(4u, form.immediate_bytes - i);
    const uint32_t value = PickImmediate(part);
    for (uint32_t j = 0; j < part; ++j, ++i) {
      operands.immediate[i] = static_cast<uint8_t>(value >> (8 * j));
    }
  }
  return operands;
}

void Program::AppendPlain(uint32_t index, std::optional<uint32_t> linear) {
  const Form& form = FormAt(index);
  const Operands operands = PickOperands(form, linear);
  Encode(index, operands, true);
  Forget(form, operands);
}

// Rather too many than too few: a register whose value is not known is set before it addresses.
void Program::Forget(const Form& form, const Operands& operands) {
  uint32_t written = (1u << kEax) | (1u << kEdx);
  const auto add = [&written](bool is_gpr, bool is_gpr8, uint8_t number) {
    if (is_gpr) written |= 1u << number;
    if (is_gpr8) written |= 1u << (number & 3);
  };
  add(form.example.reg_is_gpr, form.example.reg_is_gpr8, operands.reg);
  add(form.example.rm_is_gpr, form.example.rm_is_gpr8, operands.rm);
  add(form.example.opcode_is_gpr, form.example.opcode_is_gpr8, form.opcode & 7);
  // The stack pointer moves by a few bytes only: as an address it is good enough.
  if (form.handling != Handling::kIdent && form.handling != Handling::kNoOperation) {
    written |= (1u << kEcx) | (1u << kEsi) | (1u << kEdi) | (1u << kEbp);
  }
  known_ &= static_cast<uint8_t>(~written);
}

void Program::Finish() {
  if (notes_ == 0) AppendPlain(forms_.compare);
  LandAll();
  case_.code.assign(code_.begin(), code_.begin() + size_);
  case_.instructions.assign(starts_.begin(), starts_.begin() + notes_);
  case_.notes.assign(note_.begin(), note_.begin() + notes_);
  case_.free_registers = static_cast<uint8_t>(~aimed_);
}

}  // namespace verbatim::test
