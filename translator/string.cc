// SPDX-License-Identifier: Apache-2.0
// String instructions. Their es:edi cannot be overridden, so the window base is put into the
// registers and truncated away afterwards; the window's alignment makes base + edi exact:
//   lea rdi, [r13 + rdi] ; lea rsi, [r13 + rsi] ; rep movsd ; mov edi, edi ; mov esi, esi
// A fault or an interrupt in the middle leaves the registers as the manual says once they are
// truncated, which every exit does. DF is the host's.
//
// Segments with a base or a limit, and 16-bit addresses, where nothing is repeated; here MOVS:
//   r8d = si ; r9 = (limit check) ; r8d += base ; lea r11, [r13 + r8 + r9]     likewise r8 by di
//   mov r10, rdi ; mov r9, rsi ; lea rdi, [r13 + r8] ; mov rsi, r11 ; mov r11, r9 ; movs
//   not r8 ; mov r9d, edi ; lea r9, [r9 + r8 + 1]                             what DF made of it
//   lea r8d, [r11 + r9] ; mov rsi, r11 ; mov si, r8w                          likewise rdi by r10
// Their repeats, and sites in software form, are simulated.
#include "translator/block_builder.h"

namespace verbatim {
namespace {

struct StringShape {
  bool source = false;       // uses esi
  bool destination = false;  // uses edi
};

StringShape ShapeOf(uint8_t opcode) {
  switch (opcode & 0xFE) {
    case 0xA4:  // movs
    case 0xA6:  // cmps
      return {true, true};
    case 0xAA:  // stos
    case 0xAE:  // scas
      return {false, true};
    default:  // AC: lods
      return {true, false};
  }
}

bool WritesDestination(const GuestInstruction& in) {
  const unsigned operation = in.opcode & 0xFEu;
  return operation == 0xA4 || operation == 0xAA;  // movs, stos
}

}  // namespace

void BlockBuilder::EmitString(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  const StringShape shape = ShapeOf(in.opcode);
  const uint8_t source = in.segment_override == kNoSegment ? uint8_t{kDs} : in.segment_override;
  const bool software = (shape.source && IsSoftware(decoded, source, false)) ||
                        (shape.destination && IsSoftware(decoded, kEs, WritesDestination(in)));
  const auto flat = [this](uint8_t segment) {
    return mode_.segment_class(segment) == SegmentClass::kFlat;
  };
  const bool all_flat =
      in.address_bits == 32 && (!shape.source || flat(source)) && (!shape.destination || flat(kEs));
  if (!software && all_flat) {
    EmitStringInWindow(decoded);
  } else if (!software && !in.HasRep()) {
    EmitStringThroughSegments(decoded, source);
  } else {
    ++software_sites_;
    EmitCallout(decoded);
  }
}

void BlockBuilder::EmitStringOpcode(const GuestInstruction& in) {
  if (in.operand_bits == 16 && (in.opcode & 1) != 0) out_.Byte(0x66);
  if (in.rep) out_.Byte(0xF3);
  if (in.repne) out_.Byte(0xF2);
  out_.Byte(in.opcode);
}

void BlockBuilder::EmitStringInWindow(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  const StringShape shape = ShapeOf(in.opcode);
  if (shape.destination) out_.Lea64(kRdi, {.base = kR13, .index = kRdi});
  if (shape.source) out_.Lea64(kRsi, {.base = kR13, .index = kRsi});
  EmitStringOpcode(in);
  Point(RecoveryKind::kInstruction, decoded.eip + in.length);
  if (shape.destination) out_.Move32(kRdi, kRdi);
  if (shape.source) out_.Move32(kRsi, kRsi);
  ++block_.ident_count;
}

// r8 = linear address of segment:[index], 4 GiB above it if it violates the limit. Uses r9 and r10.
void BlockBuilder::LocateString(uint8_t segment, uint8_t index, uint32_t bytes, bool narrow) {
  if (narrow) {
    out_.ZeroExtend16(kR8, index);
  } else {
    out_.Move32(kR8, index);
  }
  const HostMemory operand = SegmentOperand(segment, bytes, narrow);
  if (operand.guarded) out_.Lea64(kR8, {.base = kR8, .index = kR9});
}

void BlockBuilder::EmitStringThroughSegments(const Decoded& decoded, uint8_t source) {
  const GuestInstruction& in = decoded.instruction;
  const StringShape shape = ShapeOf(in.opcode);
  const bool narrow = in.address_bits == 16;
  const uint32_t bytes = (in.opcode & 1) == 0 ? 1 : in.operand_bits / 8u;
  if (shape.source) {
    LocateString(source, kRsi, bytes, narrow);
    out_.Lea64(kR11, {.base = kR13, .index = kR8});
  }
  if (shape.destination) LocateString(kEs, kRdi, bytes, narrow);
  out_.Move64(kR10, kRdi);
  out_.Move64(kR9, kRsi);
  // From here on the guest's registers are not what they should be. Only the string instruction
  // itself can fault, and by then r10 and r11 hold them.
  Point(RecoveryKind::kPointers, decoded.eip);
  if (shape.destination) out_.Lea64(kRdi, {.base = kR13, .index = kR8});
  if (shape.source) out_.Move64(kRsi, kR11);
  out_.Move64(kR11, kR9);
  EmitStringOpcode(in);
  // r9 = how far the pointer moved whose linear address is in r8.
  out_.Not64(kR8);
  out_.Move32(kR9, shape.destination ? kRdi : kRsi);
  out_.Lea64(kR9, {.base = kR9, .index = kR8, .displacement = 1});
  if (shape.source) AdvanceIndex(kRsi, kR11, narrow);
  if (shape.destination) AdvanceIndex(kRdi, kR10, narrow);
  ++block_.ident_count;
}

// index = before + r9, or its low half.
void BlockBuilder::AdvanceIndex(uint8_t index, uint8_t before, bool narrow) {
  if (!narrow) {
    out_.Lea32(index, {.base = before, .index = kR9});
    return;
  }
  out_.Lea32(kR8, {.base = before, .index = kR9});
  out_.Move64(index, before);
  out_.Move16(index, kR8);
}

}  // namespace verbatim
