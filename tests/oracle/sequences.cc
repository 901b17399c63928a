// SPDX-License-Identifier: Apache-2.0
// What the recipes of instructions that go on to the next put around them, and the program's loops,
// functions and stores into code.
#include <initializer_list>

#include "base/check.h"
#include "tests/oracle/program.h"
#include "tests/oracle/undefined.h"
#include "tests/oracle/values.h"

namespace verbatim::test {
namespace {

// POPF and IRET leave these to the host's kernel: AC asks for alignment checks, which Linux has
// switched on and the guest has not; IRET with NT is #GP in long mode and a task switch elsewhere.
constexpr uint32_t kFlagsNotPopped = flag::kAc | flag::kNt | flag::kTf;

uint32_t UndefinedFlagsOf(Mnemonic mnemonic) {
  using namespace flag;
  switch (mnemonic) {
    case Mnemonic::kDaa:
    case Mnemonic::kDas:
      return kOf;
    case Mnemonic::kAaa:
    case Mnemonic::kAas:
      return kOf | kSf | kZf | kPf;
    default:  // AAM, AAD
      return kOf | kAf | kCf;
  }
}

bool SetsTrapFlag(const InstructionNote& note) {
  if (note.form == InstructionNote::kNoForm) return false;
  switch (FormTable::Get().forms()[note.form].mnemonic) {
    case Mnemonic::kPopf:
    case Mnemonic::kPopfd:
    case Mnemonic::kIret:
    case Mnemonic::kIretd:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Program::Append(uint32_t form) {
  const Recipe recipe = forms_.recipes[form];
  const bool state = recipe == Recipe::kStoreState || recipe == Recipe::kLoadState;
  Land(state ? kLongestWithState : kLongestPlain);
  switch (recipe) {
    case Recipe::kPlain:
      return AppendPlain(form);
    case Recipe::kBitString: {
      const Form& of = FormAt(form);
      Operands operands = PickOperands(of, {});
      // Far away without this, mostly.
      const auto reg = operands.reg;
      if (!random_.OneIn(8) && MaySet(reg) && notes_ != 0) SetRegister(reg, random_.Below(80) - 40);
      Encode(form, operands, true);
      return Forget(of, operands);
    }
    case Recipe::kString:
      return AppendString(form);
    case Recipe::kStackOnly:
    case Recipe::kFrame:
    case Recipe::kStackFrame:
      return AppendStack(form);
    case Recipe::kPopFlags:
      return AppendFlagsPop(form);
    case Recipe::kBranch:
      return AppendBranch(form);
    case Recipe::kIndirect:
      return AppendIndirect(form);
    case Recipe::kReturn:
      return AppendReturn(form);
    case Recipe::kFarDirect:
      return AppendFarDirect(form);
    case Recipe::kFarIndirect:
      return AppendFarIndirect(form);
    case Recipe::kFarReturn:
      return AppendFarReturn(form, false);
    case Recipe::kInterruptReturn:
      return AppendFarReturn(form, true);
    case Recipe::kMoveSegment:
      return AppendSegmentMove(form);
    case Recipe::kPopSegment:
      return AppendSegmentPop(form);
    case Recipe::kFarPointer:
      return AppendFarPointer(form);
    case Recipe::kSelectorQuery:
      return AppendSelectorQuery(form);
    case Recipe::kMaskedMove:
      // Whether one that faults has switched to MMX is the processor's business: it is done before.
      if (FormAt(form).fpu == FpuUse::kMmx) Encode(forms_.touch_mmx, {}, false);
      return AppendPlain(form);
    case Recipe::kStoreState:
      if (FormAt(form).address_bits == 16 && !DataIsNear()) return AppendPlain(forms_.compare);
      return AppendStateStore(form, PickImageTarget());
    case Recipe::kLoadState:
      return AppendStateLoad(form);
    case Recipe::kControlWord:
      return AppendControlWord(form);
    case Recipe::kDecimal:
      return AppendDecimal(form);
    case Recipe::kFaults:
      return AppendFault(form);
    case Recipe::kAvoided:
      CHECK(false);
  }
}

void Program::AppendString(uint32_t index) {
  const Form& form = FormAt(index);
  Operands operands;
  operands.address.segment_prefix = PickSegmentPrefix();
  const uint8_t source = SegmentOf(operands.address.segment_prefix, false);
  const auto aim = [&](uint8_t gpr, uint8_t segment) {
    if (random_.OneIn(16)) return;
    uint32_t offset = PickOffset(segment, 64, {});
    if (form.address_bits == 16) offset = (offset & 0xFFFF) | (random_.Next() & 0xFFFF0000);
    SetRegister(gpr, offset);
  };
  aim(kEsi, source);
  aim(kEdi, kEs);
  if (form.repeat != 0) {
    uint32_t count = random_.Below(20);
    if (random_.OneIn(8)) count = random_.Below(300);
    // Longer ones are interrupted now and then, and fetched again: one that has overwritten itself
    // goes on as it was on the bare processor, and as what it is now here.
    if (random_.OneIn(64)) count = random_.Below(0x1000);
    if (form.address_bits == 16) count |= random_.Next() & 0xFFFF0000;
    SetRegister(kEcx, count);
  }
  Encode(index, operands, true);
  Forget(form, operands);
}

void Program::AppendStack(uint32_t index) {
  const Form& form = FormAt(index);
  const LdtSegment& stack = segments_.Of(selectors_[kSs]);
  const Recipe recipe = forms_.recipes[index];
  if (recipe == Recipe::kStackFrame) {
    // How far they come before a fault in the middle is the processor's business.
    SetRegister(kEsp, PickStackMiddle(random_, stack));
  } else if (random_.OneIn(8)) {
    SetRegister(kEsp, PickStackPointer(random_, stack));
  }
  if (recipe == Recipe::kFrame && !random_.OneIn(4)) {
    SetRegister(kEbp, PickStackPointer(random_, stack));
  }
  Operands operands = PickOperands(form, {});
  if (form.mnemonic == Mnemonic::kEnter) {
    SetRegister(kEbp, PickStackMiddle(random_, stack));
    // A frame of so many bytes, and a level of which the low five bits count.
    const uint32_t bytes = random_.Below(64);
    operands.immediate = {
        static_cast<uint8_t>(bytes), static_cast<uint8_t>(bytes >> 8),
        static_cast<uint8_t>(random_.OneIn(8) ? random_.Next() : random_.Below(4))};
  }
  Encode(index, operands, true);
  Forget(form, operands);
}

uint32_t Program::PickFlags() {
  uint32_t image = random_.Next() & ~kFlagsNotPopped;
  // What a trap after the next instruction does to the rest is worth a few cases.
  if (random_.OneIn(24)) image |= flag::kTf;
  return image;
}

void Program::AppendFlagsPop(uint32_t index) {
  const Form& form = FormAt(index);
  const uint32_t bytes = form.operand_bits / 8;
  const std::optional<uint32_t> place = random_.OneIn(2) ? PlaceData(bytes) : std::nullopt;
  if (place) {
    PutData(*place, PickFlags(), bytes);
    SetRegister(kEsp, case_.code_at + *place - BaseOf(kSs));
  } else {
    PushImmediate(form.operand_bits, PickFlags());
  }
  AppendPlain(index);
}

void Program::AppendControlWord(uint32_t index) {
  constexpr uint32_t kAllMasked = 0x1F80;
  // Bit 17 is AMD's misaligned mode: defined on some hosts, on no model.
  constexpr uint32_t kReserved = 0xFFFD0000;
  const std::optional<uint32_t> place = PlaceData(4);
  if (!place) return AppendPlain(index);
  uint32_t value = random_.Next() & 0xFFFF;
  if (!random_.OneIn(4)) value |= kAllMasked;
  if (random_.OneIn(16)) value |= random_.Next() & kReserved;
  PutData(*place, value, 4);
  AppendPlain(index, case_.code_at + *place);
}

// Of an image that is not present at all, processors report one end or the other: in memory, or for
// a smaller part outside.
uint32_t Program::PickImageTarget() {
  const uint32_t place = kCaseData.start + random_.Below(kCaseData.bytes - 512);
  return random_.OneIn(8) ? place : place & ~15u;
}

// No processor model keeps the x87 instruction and data pointers (see vcpu/fpu_image.h), and the
// mask of MXCSR is the host's: they are overwritten at once. Where the image could be written these
// stores can be, too.
void Program::AppendStateStore(uint32_t index, uint32_t linear) {
  constexpr uint32_t kLongest = 120;
  const Form& form = FormAt(index);
  // Where the code segment ends before the stores, they would not come to run.
  const LdtSegment& code = segments_.Of(selectors_[kCs]);
  if (Segments::LastOffset(code) - (case_.code_at + size_ - code.base) < kLongest) {
    return AppendPlain(forms_.compare);
  }
  // Neither would they if the instruction in front has set TF, whose trap comes behind this one.
  if (notes_ != 0 && SetsTrapFlag(note_[notes_ - 1])) AppendPlain(forms_.compare);
  Operands operands;
  operands.reg = static_cast<uint8_t>(form.digit);
  operands.address = DirectAddress(linear, form.address_bits);
  Encode(index, operands, true);
  const auto overwrite = [&](std::initializer_list<uint32_t> offsets) {
    for (const uint32_t at : offsets) {
      Operands store;
      store.address = DirectAddress(linear + at, form.address_bits);
      Encode(forms_.store_immediate[form.address_bits == 32 ? 1 : 0], store, false);
    }
  };
  if (form.mnemonic == Mnemonic::kFxsave) {
    overwrite({6, 10, 14, 18, 20, 28});
  } else if (form.operand_bits == 16) {
    overwrite({6, 10});
  } else {
    overwrite({12, 16, 20, 22});
  }
}

// An image that the processor saved just before. Anything else is mostly #GP (FXRSTOR), or waiting
// exceptions.
void Program::AppendStateLoad(uint32_t index) {
  const Form& form = FormAt(index);
  if (form.address_bits == 16 && !DataIsNear()) return AppendPlain(forms_.compare);
  const uint32_t linear = PickImageTarget();
  Operands operands;
  operands.reg = static_cast<uint8_t>(form.digit);
  if (random_.OneIn(4)) {
    operands.address = DirectAddress(linear, form.address_bits);
    return Encode(index, operands, true);
  }
  const uint16_t save = form.mnemonic == Mnemonic::kFxrstor ? forms_.saves[0]
                        : random_.OneIn(2)                  ? forms_.saves[1]
                                                            : forms_.saves[2];
  AppendStateStore(save, linear);
  if (random_.OneIn(2)) AppendPlain(random_.Pick(forms_.x87_copied[code32_ ? 1 : 0]));
  operands.address = DirectAddress(linear, form.address_bits);
  Encode(index, operands, true);
}

// A comparison behind it defines all flags again, so that nothing can depend on the others.
void Program::AppendDecimal(uint32_t index) {
  AppendPlain(index);
  case_.flags &= ~UndefinedFlagsOf(FormAt(index).mnemonic);
  AppendPlain(forms_.compare);
}

void Program::AppendFault(uint32_t index) {
  const Form& form = FormAt(index);
  Operands operands = PickOperands(form, {});
  constexpr uint8_t kSystemCall = 0x80;
  if (form.mnemonic == Mnemonic::kInt && operands.immediate[0] == kSystemCall) {
    operands.immediate[0] = kSystemCall + 1;
  }
  Encode(index, operands, true);
  Forget(form, operands);
}

void Program::AppendUndefined() {
  Land(kLongestPlain);
  const UndefinedEncoding& encoding = random_.Pick(UndefinedEncodings(code32_));
  Note(InstructionNote::kNoForm, false);
  for (uint32_t i = 0; i < encoding.length; ++i) Byte(encoding.bytes[i]);
  // Its operands, if it had any.
  for (uint32_t i = 0; i < 8; ++i) Byte(random_.Next());
}

void Program::AppendLoop() {
  LandAll();
  const uint32_t size = code32_ ? 1 : 0;
  SetRegister(kEcx, 1 + random_.Below(6));
  pinned_ = 1u << kEcx;
  const uint32_t head = size_;
  // What is known of other registers holds in the first round only.
  const uint32_t body = 1 + random_.Below(4);
  for (uint32_t i = 0; i < body; ++i) AppendPlain(random_.Pick(forms_.in_loops[size]));
  Operands operands;
  const auto back = [&](uint32_t form) {
    Encode(form, operands, false);
    code_[size_ - 1] = static_cast<uint8_t>(head - size_);
  };
  if (random_.OneIn(2)) {
    Encode(forms_.decrement_ecx, operands, false);
    back(forms_.jump_if_not_zero);
  } else {
    back(random_.Pick(forms_.loops));
  }
  pinned_ = 0;
  known_ &= static_cast<uint8_t>(~(1u << kEcx));
}

//   jmp over ; f: some instructions ; ret ; over: call f
void Program::AppendFunction() {
  LandAll();
  const uint32_t size = code32_ ? 1 : 0;
  const bool wide = random_.OneIn(8) ? !code32_ : code32_;
  const Operands none;
  Encode(forms_.jump_short, none, false);
  Pend(Field::kRelative8, size_ - 1, 0, 0);
  const uint32_t function = size_;
  const uint32_t body = random_.Below(3);
  for (uint32_t i = 0; i < body; ++i) AppendPlain(random_.Pick(forms_.integer[size]));
  Encode(wide ? forms_.return_near : forms_.return_near16, none, false);
  LandAll();
  Encode(wide ? forms_.call_near : forms_.call_near16, none, false);
  if (wide) {
    PutData(size_ - 4, function - size_, 4);
  } else {
    PutData(size_ - 2, function - size_, 2);
  }
}

//   mov byte [target + k], value ; perhaps something else ; target: an instruction
void Program::AppendPatch() {
  Land(kLongestPlain);
  Operands operands;
  operands.address.rm = code32_ ? 5 : 6;
  // A 16-bit address reaches code only in segments that make it.
  const uint32_t bytes = code32_ ? 4 : 2;
  operands.address.displacement_bytes = static_cast<uint8_t>(bytes);
  const auto gpr = static_cast<uint8_t>(random_.Below(8));
  const bool opcode = random_.OneIn(2);
  operands.immediate[0] =
      opcode ? static_cast<uint8_t>(0x40 | random_.Below(16)) : random_.NextByte();
  Encode(code32_ ? forms_.store_byte : forms_.store_byte16, operands, false);
  Pend(code32_ ? Field::kAbsolute32 : Field::kAbsolute16, size_ - 1 - bytes, BaseOf(kDs),
       kMaxCaseCode / 2, opcode ? 0 : 1 + random_.Below(code32_ ? 4 : 2));
  if (random_.OneIn(2)) AppendPlain(random_.Pick(forms_.integer[code32_ ? 1 : 0]));
  LandAll();
  if (opcode) {
    Encode(forms_.increment[code32_ ? 1 : 0][gpr], {}, false);
  } else {
    Encode(code32_ ? forms_.move_immediate[gpr] : forms_.move_immediate16[gpr], {}, false);
  }
  known_ = 0;
}

}  // namespace verbatim::test
