// SPDX-License-Identifier: Apache-2.0
// Branches, returns, far transfers and segment loads: with a target or a selector that makes sense,
// mostly (SDM vol. 3, 5.8.1; vol. 2, the instructions).
#include "tests/oracle/program.h"

namespace verbatim::test {
namespace {

// How many sequences a branch jumps over.
uint32_t PickDistance(Random& random) { return random.Below(4); }

uint8_t SegmentPopped(const Form& form) {
  if (form.map == 1) return form.opcode == 0xA1 ? kFs : kGs;
  return form.opcode == 0x07 ? kEs : form.opcode == 0x17 ? kSs : kDs;
}

uint8_t SegmentOfPointer(Mnemonic mnemonic) {
  switch (mnemonic) {
    case Mnemonic::kLds:
      return kDs;
    case Mnemonic::kLes:
      return kEs;
    case Mnemonic::kLfs:
      return kFs;
    case Mnemonic::kLgs:
      return kGs;
    default:
      return kSs;
  }
}

}  // namespace

void Program::AppendBranch(uint32_t index) {
  const Form& form = FormAt(index);
  const bool counts = form.opcode >= 0xE0 && form.opcode <= 0xE3 && form.map == 0;
  if (counts && random_.OneIn(2)) SetRegister(kEcx, random_.Below(3));
  Operands operands;
  Encode(index, operands, true);
  const Field field = form.immediate_bytes == 1   ? Field::kRelative8
                      : form.immediate_bytes == 2 ? Field::kRelative16
                                                  : Field::kRelative32;
  Pend(field, size_ - form.immediate_bytes, 0, PickDistance(random_));
  if (counts) known_ &= static_cast<uint8_t>(~(1u << kEcx));
}

void Program::AppendIndirect(uint32_t index) {
  const Form& form = FormAt(index);
  const uint32_t bytes = form.operand_bits / 8;
  if (form.shape == OperandShape::kRegister) {
    Operands operands = PickOperands(form, {});
    Note(form.operand_bits == 32 ? forms_.move_immediate[operands.rm]
                                 : forms_.move_immediate16[operands.rm],
         true);
    if (code32_ != (form.operand_bits == 32)) Byte(0x66);
    Byte(0xB8u | operands.rm);
    Number(0, bytes);
    PendAbsolute(size_ - bytes, bytes, BaseOf(kCs), PickDistance(random_));
    known_ &= static_cast<uint8_t>(~(1u << operands.rm));
    Encode(index, operands, true);
    return;
  }
  const std::optional<uint32_t> place = PlaceData(bytes);
  if (!place) return AppendPlain(index);
  PendAbsolute(*place, bytes, BaseOf(kCs), PickDistance(random_));
  AppendPlain(index, case_.code_at + *place);
}

void Program::AppendReturn(uint32_t index) {
  const Form& form = FormAt(index);
  const uint32_t bytes = form.operand_bits / 8;
  if (!random_.OneIn(6)) {
    const std::optional<uint32_t> place = random_.OneIn(2) ? PlaceData(bytes) : std::nullopt;
    if (place) {
      SetRegister(kEsp, case_.code_at + *place - BaseOf(kSs));
      PendAbsolute(*place, bytes, BaseOf(kCs), PickDistance(random_));
    } else {
      PushImmediate(form.operand_bits, 0);
      PendAbsolute(size_ - bytes, bytes, BaseOf(kCs), PickDistance(random_));
    }
  }
  Operands operands = PickOperands(form, {});
  if (!random_.OneIn(4)) operands.immediate = {static_cast<uint8_t>(random_.Below(24))};
  Encode(index, operands, true);
}

void Program::EnterSegment(uint16_t selector) {
  if (!segments_.GoodForCode(selector)) return;
  selectors_[kCs] = selector;
  code32_ = segments_.Of(selector).big;
}

// Everything that waits for a label gets it in front of a far transfer: behind it the code may be
// of another size.
void Program::AppendFarDirect(uint32_t index) {
  LandAll();
  const Form& form = FormAt(index);
  const uint16_t selector = segments_.PickAny(random_, kCs);
  const uint32_t bytes = form.operand_bits / 8;
  Encode(index, {}, true);
  const uint32_t field = size_ - 2 - bytes;
  PutData(size_ - 2, selector, 2);
  EnterSegment(selector);
  PendAbsolute(field, bytes, segments_.Of(selector).base, 0);
  LandAll();
}

void Program::AppendFarIndirect(uint32_t index) {
  LandAll();
  const Form& form = FormAt(index);
  const uint32_t bytes = form.operand_bits / 8;
  const std::optional<uint32_t> place = PlaceData(bytes + 2);
  if (!place) return AppendFault(index);
  const uint16_t selector = segments_.PickAny(random_, kCs);
  PutData(*place + bytes, selector, 2);
  AppendPlain(index, case_.code_at + *place);
  EnterSegment(selector);
  PendAbsolute(*place, bytes, segments_.Of(selector).base, 0);
  LandAll();
}

void Program::AppendFarReturn(uint32_t index, bool with_flags) {
  LandAll();
  const Form& form = FormAt(index);
  const uint32_t bits = form.operand_bits;
  const uint32_t bytes = bits / 8;
  const uint16_t selector = segments_.PickAny(random_, kCs);
  const uint32_t flags = PickFlags();
  const std::optional<uint32_t> place =
      random_.OneIn(2) ? PlaceData(with_flags ? 3 * bytes : 2 * bytes) : std::nullopt;
  uint32_t offset_at = 0;
  if (place) {
    offset_at = *place;
    PutData(*place + bytes, selector, bytes);
    if (with_flags) PutData(*place + 2 * bytes, flags, bytes);
    SetRegister(kEsp, case_.code_at + *place - BaseOf(kSs));
  } else {
    if (with_flags) PushImmediate(bits, flags);
    PushImmediate(bits, selector);
    PushImmediate(bits, 0);
    offset_at = size_ - bytes;
  }
  Operands operands;
  operands.immediate = {static_cast<uint8_t>(random_.Below(24))};
  Encode(index, operands, true);
  EnterSegment(selector);
  PendAbsolute(offset_at, bytes, segments_.Of(selector).base, 0);
  LandAll();
}

void Program::LoadedSegment(uint8_t segment, uint16_t selector) {
  const bool good =
      segment == kSs ? segments_.GoodForStack(selector) : segments_.GoodForData(selector);
  if (!good) return;
  selectors_[segment] = selector;
  if (segment == kSs && !random_.OneIn(4)) {
    SetRegister(kEsp, PickStackPointer(random_, segments_.Of(selector)));
  }
}

void Program::AppendSegmentMove(uint32_t index) {
  const Form& form = FormAt(index);
  const auto segment = static_cast<uint8_t>(form.digit);
  const uint16_t selector = segments_.PickAny(random_, segment);
  if (form.shape == OperandShape::kRegister) {
    const Operands operands = PickOperands(form, {});
    SetRegister(operands.rm, selector | (random_.Next() & 0xFFFF0000));
    Encode(index, operands, true);
  } else {
    const std::optional<uint32_t> place = PlaceData(2);
    if (!place) return;
    PutData(*place, selector, 2);
    AppendPlain(index, case_.code_at + *place);
  }
  LoadedSegment(segment, selector);
}

void Program::AppendSegmentPop(uint32_t index) {
  const Form& form = FormAt(index);
  const uint32_t bytes = form.operand_bits / 8;
  const uint8_t segment = SegmentPopped(form);
  const uint16_t selector = segments_.PickAny(random_, segment);
  const uint32_t value = selector | (random_.Next() & 0xFFFF0000);
  const std::optional<uint32_t> place = random_.OneIn(2) ? PlaceData(bytes) : std::nullopt;
  if (place) {
    PutData(*place, value, bytes);
    SetRegister(kEsp, case_.code_at + *place - BaseOf(kSs));
  } else {
    PushImmediate(form.operand_bits, value);
  }
  Encode(index, {}, true);
  LoadedSegment(segment, selector);
}

void Program::AppendFarPointer(uint32_t index) {
  const Form& form = FormAt(index);
  const uint32_t bytes = form.operand_bits / 8;
  const uint8_t segment = SegmentOfPointer(form.mnemonic);
  const uint16_t selector = segments_.PickAny(random_, segment);
  const std::optional<uint32_t> place = PlaceData(bytes + 2);
  if (!place) return;
  PutData(*place, random_.Next(), bytes);
  PutData(*place + bytes, selector, 2);
  AppendPlain(index, case_.code_at + *place);
  LoadedSegment(segment, selector);
}

void Program::AppendSelectorQuery(uint32_t index) {
  const Form& form = FormAt(index);
  const auto kind = static_cast<uint8_t>(random_.Below(kSegmentCount));
  const uint16_t selector = segments_.PickAny(random_, kind);
  if (form.shape == OperandShape::kRegister) {
    const Operands operands = PickOperands(form, {});
    SetRegister(operands.rm, selector | (random_.Next() & 0xFFFF0000));
    Encode(index, operands, true);
    return Forget(form, operands);
  }
  const std::optional<uint32_t> place = PlaceData(2);
  if (!place) return;
  PutData(*place, selector, 2);
  AppendPlain(index, case_.code_at + *place);
}

}  // namespace verbatim::test
