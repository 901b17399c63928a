// SPDX-License-Identifier: Apache-2.0
// String instructions. Their es:edi cannot be overridden, so the window base is put into the
// registers and truncated away afterwards; the window's alignment makes base + edi exact:
//   lea rdi, [r13 + rdi] ; lea rsi, [r13 + rsi] ; rep movsd ; mov edi, edi ; mov esi, esi
// A fault or an interrupt in the middle leaves the registers as the manual says once they are
// truncated, which every exit does. DF is the host's. Non-flat segments, 16-bit addresses and sites
// in software form are simulated.
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

}  // namespace

void BlockBuilder::EmitString(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  const StringShape shape = ShapeOf(in.opcode);
  const uint8_t source = in.segment_override == kNoSegment ? uint8_t{kDs} : in.segment_override;
  const auto flat = [this](uint8_t segment) {
    return mode_.segment_class(segment) == SegmentClass::kFlat;
  };
  const bool in_window = in.address_bits == 32 && (!shape.source || flat(source)) &&
                         (!shape.destination || flat(kEs)) && !mode_.software() &&
                         !policy_.InSoftware(PhysicalOf(decoded.eip));
  if (!in_window) {
    ++software_sites_;
    EmitCallout(decoded);
    return;
  }
  if (shape.destination) out_.Lea64(kRdi, {.base = kR13, .index = kRdi});
  if (shape.source) out_.Lea64(kRsi, {.base = kR13, .index = kRsi});
  if (in.operand_bits == 16 && (in.opcode & 1) != 0) out_.Byte(0x66);
  if (in.rep) out_.Byte(0xF3);
  if (in.repne) out_.Byte(0xF2);
  out_.Byte(in.opcode);
  Point(RecoveryKind::kInstruction, decoded.eip + in.length);
  if (shape.destination) out_.Move32(kRdi, kRdi);
  if (shape.source) out_.Move32(kRsi, kRsi);
  ++block_.ident_count;
}

}  // namespace verbatim
