// SPDX-License-Identifier: Apache-2.0
// Segment registers without leaving the code cache. Selectors are read in every mode. They are
// written where no descriptor is needed, in real and virtual-8086 mode, and only if the segment has
// a limit: then it keeps limit and class whatever the base becomes. At CPL 0 of protected mode a
// stub repeats the site's last load if nothing has changed (translator/segment_load.h). SS is left
// to the callout, since its load begins an interrupt shadow.
//   mov r, s:   movzx r11d, [selector of s] ; mov r, r11
//   mov s, r:   movzx r11d, r ; mov [selector], r11w ; lea r8d, [r11*8] ; lea r8d, [r8*2] ;
//               mov [base], r8d
//   mov s, r:   movzx r8d, r ; mov r9d, site ; call load_segment
//   les r, m:   movzx r11d, selector in m ; mov r9d, offset in m ; selector and base ; mov r, r9
#include <cstddef>

#include "translator/block_builder.h"

namespace verbatim {
namespace {

constexpr uint8_t kStoreSelector = 0x8C;
constexpr uint32_t kSelectorBytes = 2;

}  // namespace

bool BlockBuilder::LoadsPlainly(uint8_t segment) const {
  if (!mode_.real_segments() || segment == kSs || segment == kCs) return false;
  const SegmentClass type = mode_.segment_class(segment);
  return type == SegmentClass::k64K || type == SegmentClass::kLimited;
}

bool BlockBuilder::EmitSegmentRegister(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  switch (in.mnemonic) {
    case Mnemonic::kMov:
      if (in.map != 0) return false;  // control and debug registers
      if (in.opcode == kStoreSelector) {
        EmitStoreSelector(decoded);
        return true;
      }
      if (!LoadsPlainly(in.reg)) return EmitLoadDescriptor(decoded);
      EmitLoadSegment(decoded);
      return true;
    case Mnemonic::kPush:
      out_.LoadZeroExtended16(
          kR11, SegmentField(SegmentOfOpcode(in), offsetof(SegmentRegister, selector)));
      PushValue(decoded, in.operand_bits / 8u, kR11, std::nullopt);
      return true;
    case Mnemonic::kPop:
      if (!LoadsPlainly(SegmentOfOpcode(in))) return EmitPopDescriptor(decoded);
      EmitPopSegment(decoded, SegmentOfOpcode(in));
      return true;
    case Mnemonic::kLds:
    case Mnemonic::kLes: {
      const Segment segment = in.mnemonic == Mnemonic::kLds ? kDs : kEs;
      if (!LoadsPlainly(segment) || IsSoftware(decoded, in.memory.segment, false)) return false;
      EmitLoadFarPointer(decoded, segment);
      return true;
    }
    default:
      return false;
  }
}

bool BlockBuilder::LoadsDescriptor(uint8_t segment) const {
  return Optimises(Optimisation::kLoadSegment) && mode_.cpl() == 0 && !mode_.real_segments() &&
         segment != kSs && segment != kCs;
}

void BlockBuilder::LoadSelector(const Decoded& decoded, uint8_t to) {
  const GuestInstruction& in = decoded.instruction;
  if (in.memory.present) {
    const Access access =
        BeginOperand(decoded, AccessShape::kMemoryOperand, true, false, kSelectorBytes);
    out_.LoadZeroExtended16(to, access.memory);
  } else {
    out_.ZeroExtend16(to, HostGpr(in.rm));
  }
}

void BlockBuilder::LoadTopSelector(const Decoded& decoded, uint8_t to) {
  const uint32_t bytes = decoded.instruction.operand_bits / 8u;
  LoadTop(decoded, bytes, to);
  if (bytes != kSelectorBytes) out_.ZeroExtend16(to, to);
}

bool BlockBuilder::EmitLoadDescriptor(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  if (!LoadsDescriptor(in.reg)) return false;
  if (in.memory.present && IsSoftware(decoded, in.memory.segment, false)) return false;
  LoadSelector(decoded, kR8);
  EmitSegmentCallout(decoded);
  return true;
}

// The stub moves the stack pointer.
bool BlockBuilder::EmitPopDescriptor(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  if (!LoadsDescriptor(SegmentOfOpcode(in)) || !mode_.stack32()) return false;
  if (IsSoftware(decoded, kSs, false)) return false;
  LoadTopSelector(decoded, kR8);
  EmitSegmentCallout(decoded);
  return true;
}

void BlockBuilder::EmitStoreSelector(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  const HostMemory selector = SegmentField(in.reg, offsetof(SegmentRegister, selector));
  if (in.memory.present) {
    const Access access =
        BeginOperand(decoded, AccessShape::kMemoryOperand, false, true, kSelectorBytes);
    out_.LoadZeroExtended16(kR11, selector);
    out_.Store16(access.memory, kR11);
    if (access.software) EndAccess(access);
    return;
  }
  out_.LoadZeroExtended16(kR11, selector);
  if (in.operand_bits == 16) {
    out_.Move16(HostGpr(in.rm), kR11);
  } else {
    out_.Move32(HostGpr(in.rm), kR11);
  }
}

// Stores r11w, whose upper bits are clear. Repeated from the start it does the same again.
void BlockBuilder::CommitRealSegment(uint8_t segment, uint8_t selector) {
  constexpr uint8_t kEight = 8;
  constexpr uint8_t kTwo = 2;
  out_.Store16(SegmentField(segment, offsetof(SegmentRegister, selector)), selector);
  out_.Lea32(kR8, {.index = selector, .scale = kEight});
  out_.Lea32(kR8, {.index = kR8, .scale = kTwo});
  out_.Store32(SegmentField(segment, offsetof(SegmentRegister, base)), kR8);
}

void BlockBuilder::EmitLoadSegment(const Decoded& decoded) {
  LoadSelector(decoded, kR11);
  CommitRealSegment(decoded.instruction.reg, kR11);
}

void BlockBuilder::EmitPopSegment(const Decoded& decoded, Segment segment) {
  LoadTopSelector(decoded, kR11);
  CommitRealSegment(segment, kR11);
  AdjustStackPointer(decoded.instruction.operand_bits / 8);
}

void BlockBuilder::EmitLoadFarPointer(const Decoded& decoded, Segment segment) {
  const GuestInstruction& in = decoded.instruction;
  const uint32_t bytes = in.operand_bits / 8u;
  HostMemory pointer = WindowOperand(in, 0, bytes + kSelectorBytes);
  if (bytes == kSelectorBytes) {
    out_.LoadZeroExtended16(kR10, pointer);
  } else {
    out_.Load32(kR10, pointer);
  }
  if (pointer.guarded) {
    // A displacement could lead past the guard.
    out_.Lea32(kR8, {.base = kR8, .displacement = static_cast<int32_t>(bytes)});
  } else {
    pointer.displacement += static_cast<int32_t>(bytes);
  }
  out_.LoadZeroExtended16(kR11, pointer);
  // With the new base the operand may be another one.
  Point(RecoveryKind::kCritical, decoded.eip);
  CommitRealSegment(segment, kR11);
  if (bytes == kSelectorBytes) {
    out_.Move16(HostGpr(in.reg), kR10);
  } else {
    out_.Move32(HostGpr(in.reg), kR10);
  }
}

}  // namespace verbatim
