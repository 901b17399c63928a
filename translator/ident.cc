// SPDX-License-Identifier: Apache-2.0
// IDENT: instructions copied as they stand, apart from what the change of mode forces: esp is r12,
// a memory operand goes through the window, encodings that mean something else in 64-bit mode are
// replaced by their twins.
#include "base/check.h"
#include "translator/block_builder.h"

namespace verbatim {
namespace {

constexpr uint8_t kFirstHighByte = 4;  // ah, ch, dh, bh

bool IsSimd(const GuestInstruction& in) { return in.fpu == FpuUse::kSse || in.fpu == FpuUse::kMmx; }

// Instructions that have no operand of the operand size: in 16-bit code they are the same as in
// 32-bit code, but with 66 the host would see others (66 MFENCE is TPAUSE) or none.
bool HasFixedSize(const GuestInstruction& in) {
  if (in.map != 1) return false;
  return in.opcode == 0x18 ||  // prefetches
         in.opcode == 0xAE ||  // fences, CLFLUSH
         in.opcode == 0xC3 ||  // MOVNTI
         in.opcode == 0xC7;    // CMPXCHG8B
}

struct Encoding {
  HostEmitter::Opcode opcode;
  uint8_t reg = 0;  // host number for ModRM.reg
  uint8_t rm = 0;   // host number for ModRM.rm with mod=3
  bool has_modrm = false;
  bool low_opcode_reg = false;  // the opcode's low bits name `rm`
};

// The opcode as 64-bit mode wants it.
Encoding EncodingOf(const GuestInstruction& in) {
  Encoding e;
  e.has_modrm = in.has_modrm;
  e.opcode.map = in.map;
  e.opcode.byte = in.opcode;
  e.opcode.lock = in.lock;
  e.opcode.prefix = in.mandatory_prefix;
  e.opcode.operand16 =
      in.operand_bits == 16 && !IsSimd(in) && in.mandatory_prefix != 0x66 && !HasFixedSize(in);
  e.reg = in.reg_is_gpr ? HostGpr(in.reg) : in.reg;
  e.rm = in.rm_is_gpr ? HostGpr(in.rm) : in.rm;
  if (in.map == 0) {
    if ((in.opcode & 0xF0) == 0x40) {
      // inc/dec r: REX prefixes here. FF /0, FF /1.
      e.opcode.byte = 0xFF;
      e.has_modrm = true;
      e.reg = (in.opcode & 8) != 0 ? 1 : 0;
      e.rm = HostGpr(in.opcode & 7);
      return e;
    }
    if ((in.opcode & 0xFC) == 0xA0) {
      // mov with a direct offset: 8A, 8B, 88, 89 with al or eax.
      static constexpr uint8_t kTwin[4] = {0x8A, 0x8B, 0x88, 0x89};
      e.opcode.byte = kTwin[in.opcode & 3];
      e.has_modrm = true;
      e.reg = 0;
      return e;
    }
    if (in.opcode == 0x82) e.opcode.byte = 0x80;
  }
  if (in.opcode_is_gpr || in.opcode_is_gpr8) {
    e.low_opcode_reg = true;
    e.rm = in.opcode_is_gpr ? HostGpr(in.opcode & 7) : (in.opcode & 7);
    e.opcode.byte = static_cast<uint8_t>(in.opcode & 0xF8);
  }
  return e;
}

// What Engine::Move knows: MOV and XCHG between memory and a general register or an immediate.
bool IsMove(const GuestInstruction& in) {
  if (in.map != 0) return false;
  return (in.opcode >= 0x86 && in.opcode <= 0x8B) || (in.opcode & 0xFC) == 0xA0 ||
         (in.opcode & 0xFE) == 0xC6;
}

void EmitImmediate(HostEmitter& out, const GuestInstruction& in) {
  for (uint8_t i = 0; i < in.immediate_total_bytes; ++i) {
    out.Byte(in.bytes[in.immediate_offset + i]);
  }
}

}  // namespace

void BlockBuilder::EmitIdent(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  if (in.mnemonic == Mnemonic::kMaskmovq || in.mnemonic == Mnemonic::kMaskmovdqu) {
    EmitMaskedMove(decoded);
    return;
  }
  if (in.mnemonic == Mnemonic::kLea) {
    const uint8_t to = HostGpr(in.reg);
    if (in.address_bits == 32 && in.operand_bits == 32) {
      EmitOffset(in, 0, to);
    } else {
      EmitOffset(in, 0, kR8);
      if (in.operand_bits == 32) {
        out_.Move32(to, kR8);
      } else {
        out_.Move16(to, kR8);
      }
    }
    ++block_.ident_count;
    return;
  }
  if (stack_lag_ != 0 && CopiesStackPointer(in)) {
    const uint8_t to = HostGpr(in.reg == kEsp ? in.rm : in.reg);
    out_.Lea32(to, {.base = kR12, .displacement = stack_lag_});
    ++block_.ident_count;
    return;
  }
  if (!in.memory.present) {
    EmitCopy(in, nullptr, decoded.eip);
    ++block_.ident_count;
    return;
  }
  const bool hint = !in.memory.read && !in.memory.write;
  if (hint && (in.memory.segment == kFs || in.memory.segment == kGs)) {
    // A prefetch never faults (SDM vol. 2, PREFETCHh), but the look at a segment's base traps while
    // that is null or limited. Without effect it is as well.
    return;
  }
  if (Optimises(Optimisation::kSoftwareMoves) && IsMove(in) &&
      IsSoftware(decoded, in.memory.segment, in.memory.write)) {
    EmitSoftwareMove(decoded);
    return;
  }
  const Access access = BeginOperand(decoded, AccessShape::kMemoryOperand, in.memory.read,
                                     in.memory.write, in.memory.bytes);
  if (in.mnemonic == Mnemonic::kXlat) {
    out_.Memory({.byte = 0x8A}, kRax, access.memory);
  } else {
    EmitCopy(in, &access.memory, decoded.eip);
  }
  if (access.software) {
    if (in.memory.write) EndAccess(access);
  } else {
    ++block_.ident_count;
  }
}

// A high-byte register beside a register that needs REX (r8, r12) cannot be encoded. It is moved to
// r11b for the instruction and put back:
//   rorx r11d, gpr, 8 ; op ... r11b ... ; rorx r10d, gpr, 8 ; mov r10b, r11b ; rorx gpr, r10d, 24
void BlockBuilder::EmitCopy(const GuestInstruction& in, const HostMemory* memory, uint32_t eip) {
  Encoding e = EncodingOf(in);
  const bool reg_high = in.reg_is_gpr8 && in.reg >= kFirstHighByte;
  const bool rm_high = in.rm_is_gpr8 && in.rm >= kFirstHighByte;
  const bool extended = (e.has_modrm && in.reg_is_gpr && e.reg >= 8) ||
                        (in.rm_is_gpr && e.rm >= 8) ||
                        (memory != nullptr && ((memory->base != kNoReg && memory->base >= 8) ||
                                               (memory->index != kNoReg && memory->index >= 8)));
  uint8_t moved = kNoReg;
  if (extended && (reg_high || rm_high)) {
    CHECK(reg_high != rm_high);
    moved = static_cast<uint8_t>((reg_high ? in.reg : in.rm) - kFirstHighByte);
    out_.RotateRight(kR11, moved, 8);
    (reg_high ? e.reg : e.rm) = kR11;
    Point(RecoveryKind::kCritical, eip);
  }
  if (e.low_opcode_reg) {
    // No ModRM: the register is in the opcode and, above 7, in REX.B.
    if (e.opcode.operand16) out_.Byte(0x66);
    if (e.rm >= 8) out_.Byte(0x41);
    if (e.opcode.map == 1) out_.Byte(0x0F);
    out_.Byte(static_cast<uint8_t>(e.opcode.byte | (e.rm & 7)));
  } else if (!e.has_modrm) {
    if (e.opcode.lock) out_.Byte(0xF0);
    if (e.opcode.operand16) out_.Byte(0x66);
    if (e.opcode.prefix != 0) out_.Byte(e.opcode.prefix);
    if (e.opcode.map != 0) out_.Byte(0x0F);
    out_.Byte(e.opcode.byte);
  } else if (memory != nullptr) {
    out_.Memory(e.opcode, e.reg, *memory);
  } else {
    out_.Registers(e.opcode, e.reg, e.rm);
  }
  EmitImmediate(out_, in);
  if (moved != kNoReg) {
    out_.RotateRight(kR10, moved, 8);
    out_.MoveLowByte(kR10, kR11);
    out_.RotateRight(moved, kR10, 24);
    Point(RecoveryKind::kInstruction, eip + in.length);
  }
}

//   mov r9d, site ; call callout
void BlockBuilder::EmitSoftwareMove(const Decoded& decoded) {
  const MemoryOperand& m = decoded.instruction.memory;
  const uint32_t site = AddSite(decoded, AccessShape::kMemoryOperand, m.bytes, m.read, m.write);
  sites_.MarkMove(site);
  ++software_sites_;
  out_.MoveImmediate(kR9, site);
  out_.Call(stubs_.callout);
}

// MASKMOVQ and MASKMOVDQU write through ds:edi, which no ModRM byte can redirect.
// Window:    lea rdi, [r13 + rdi] ; op ; mov edi, edi
// Software:  mov r10, rdi ; mov rdi, r8 ; op ; mov rdi, r10
void BlockBuilder::EmitMaskedMove(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  const bool software = IsSoftware(decoded, in.memory.segment, true) || in.address_bits == 16 ||
                        mode_.segment_class(in.memory.segment) != SegmentClass::kFlat;
  if (!software) {
    out_.Lea64(kRdi, {.base = kR13, .index = kRdi});
    EmitCopy(in, nullptr, decoded.eip);
    out_.Move32(kRdi, kRdi);
    ++block_.ident_count;
    return;
  }
  const uint32_t site = AddSite(decoded, AccessShape::kMemoryOperand, in.memory.bytes, true, true);
  ++software_sites_;
  out_.MoveImmediate(kR9, site);
  out_.Call(stubs_.access_begin);
  Point(RecoveryKind::kCritical, decoded.eip);
  out_.Move64(kR10, kRdi);
  out_.Move64(kRdi, kR8);
  EmitCopy(in, nullptr, decoded.eip);
  out_.Move64(kRdi, kR10);
  EndAccess({.memory = {}, .software = true, .site = site});
}

}  // namespace verbatim
