// SPDX-License-Identifier: Apache-2.0
#include "translator/host_emitter.h"

#include <bit>

#include "base/check.h"

namespace verbatim {
namespace {

uint8_t ModRm(uint8_t mod, uint8_t reg, uint8_t rm) {
  return static_cast<uint8_t>((mod << 6) | ((reg & 7) << 3) | (rm & 7));
}

}  // namespace

void HostEmitter::Prefixes(const Opcode& opcode) {
  if (opcode.lock) Byte(0xF0);
  if (opcode.operand16) Byte(0x66);
  if (opcode.prefix != 0) Byte(opcode.prefix);
}

void HostEmitter::Rex(const Opcode& opcode, uint8_t reg, uint8_t index, uint8_t base) {
  uint8_t rex = 0x40;
  if (opcode.wide) rex |= 8;
  if (reg != kNoReg && reg >= 8) rex |= 4;
  if (index != kNoReg && index >= 8) rex |= 2;
  if (base != kNoReg && base >= 8) rex |= 1;
  // 4-7 name spl..dil only with a REX prefix.
  const bool low_byte = opcode.byte_regs && ((reg >= 4 && reg < 8) || (base >= 4 && base < 8));
  if (rex != 0x40 || low_byte) Byte(rex);
}

void HostEmitter::OpcodeBytes(const Opcode& opcode) {
  if (opcode.map != 0) Byte(0x0F);
  if (opcode.map == 2) Byte(0x38);
  if (opcode.map == 3) Byte(0x3A);
  Byte(opcode.byte);
}

void HostEmitter::Registers(const Opcode& opcode, uint8_t reg, uint8_t rm) {
  Prefixes(opcode);
  Rex(opcode, reg, kNoReg, rm);
  OpcodeBytes(opcode);
  Byte(ModRm(3, reg, rm));
}

void HostEmitter::Memory(const Opcode& opcode, uint8_t reg, const HostMemory& memory) {
  if (memory.window || memory.guarded) Byte(0x65);
  if (memory.window) Byte(0x67);
  Prefixes(opcode);
  // With a memory operand only `reg` can be a byte register.
  Opcode for_rex = opcode;
  for_rex.byte_regs = opcode.byte_regs && reg >= 4 && reg < 8;
  Rex(for_rex, reg, memory.index, memory.base);
  OpcodeBytes(opcode);
  const uint8_t scale = static_cast<uint8_t>(std::countr_zero(memory.scale));
  if (memory.base == kNoReg) {
    // No base: SIB form with disp32; mod=00 rm=101 would be rip-relative.
    Byte(ModRm(0, reg, 4));
    const uint8_t index = memory.index == kNoReg ? 4 : memory.index;
    Byte(ModRm(scale, index, 5));
    Dword(static_cast<uint32_t>(memory.displacement));
    return;
  }
  const bool sib = memory.index != kNoReg || (memory.base & 7) == 4;
  uint8_t mod = 2;
  if (memory.displacement == 0 && (memory.base & 7) != 5) {
    mod = 0;
  } else if (memory.displacement >= -128 && memory.displacement <= 127) {
    mod = 1;
  }
  Byte(ModRm(mod, reg, sib ? 4 : memory.base));
  if (sib) Byte(ModRm(scale, memory.index == kNoReg ? 4 : memory.index, memory.base));
  if (mod == 1) Byte(static_cast<uint8_t>(memory.displacement));
  if (mod == 2) Dword(static_cast<uint32_t>(memory.displacement));
}

void HostEmitter::MoveImmediate(uint8_t to, uint32_t value) {
  if (to >= 8) Byte(0x41);
  Byte(static_cast<uint8_t>(0xB8 | (to & 7)));
  Dword(value);
}

void HostEmitter::MoveImmediate64(uint8_t to, uint64_t value) {
  Byte(to >= 8 ? 0x49 : 0x48);
  Byte(static_cast<uint8_t>(0xB8 | (to & 7)));
  Put(value);
}

void HostEmitter::StoreImmediate32(const HostMemory& to, uint32_t value) {
  Memory({.byte = 0xC7}, 0, to);
  Dword(value);
}

void HostEmitter::StoreImmediate16(const HostMemory& to, uint16_t value) {
  Memory({.byte = 0xC7, .operand16 = true}, 0, to);
  Word(value);
}

void HostEmitter::Lea32(uint8_t to, HostMemory memory) {
  memory.window = false;
  Memory({.byte = 0x8D}, to, memory);
}

void HostEmitter::Lea64(uint8_t to, HostMemory memory) {
  memory.window = false;
  Memory({.byte = 0x8D, .wide = true}, to, memory);
}

void HostEmitter::PatchableLea32(uint8_t to, uint8_t base, int32_t displacement) {
  constexpr uint8_t kLongDisplacement = 2;
  Byte(static_cast<uint8_t>(0x40 | (to >= 8 ? 4 : 0) | (base >= 8 ? 1 : 0)));
  Byte(0x8D);
  Byte(ModRm(kLongDisplacement, to, base));
  Dword(static_cast<uint32_t>(displacement));
}

void HostEmitter::Rorx(uint8_t to, uint8_t from, uint8_t count, bool wide) {
  // VEX.LZ.F2.0F3A.W0/W1 F0 /r ib
  const uint8_t r = to >= 8 ? 0 : 0x80;
  const uint8_t b = from >= 8 ? 0 : 0x20;
  Byte(0xC4);
  Byte(static_cast<uint8_t>(r | 0x40 | b | 3));
  Byte(wide ? 0xFB : 0x7B);
  Byte(0xF0);
  Byte(ModRm(3, to, from));
  Byte(count);
}

void HostEmitter::Vex3Register(uint8_t pp, uint8_t to, uint8_t from, uint8_t mask) {
  const uint8_t r = to >= 8 ? 0 : 0x80;
  const uint8_t b = mask >= 8 ? 0 : 0x20;
  // pext is F3 (pp 2), pdep F2 (pp 3).
  Byte(0xC4);
  Byte(static_cast<uint8_t>(r | 0x40 | b | 2));
  Byte(static_cast<uint8_t>(((~from & 15) << 3) | pp));
  Byte(0xF5);
  Byte(ModRm(3, to, mask));
}

void HostEmitter::Shrx(uint8_t to, uint8_t from, uint8_t count, bool wide) {
  // VEX.LZ.F2.0F38 F7 /r
  const uint8_t r = to >= 8 ? 0 : 0x80;
  const uint8_t b = from >= 8 ? 0 : 0x20;
  Byte(0xC4);
  Byte(static_cast<uint8_t>(r | 0x40 | b | 2));
  Byte(static_cast<uint8_t>((wide ? 0x80 : 0) | ((~count & 15) << 3) | 3));
  Byte(0xF7);
  Byte(ModRm(3, to, from));
}

void HostEmitter::Group1(uint8_t extension, uint8_t reg, uint32_t value) {
  Registers({.byte = 0x81}, extension, reg);
  Dword(value);
}

void HostEmitter::Test32(uint8_t reg, uint32_t value) {
  Registers({.byte = 0xF7}, 0, reg);
  Dword(value);
}

void HostEmitter::CompareMemoryZero(const HostMemory& memory) {
  Memory({.byte = 0x83}, 7, memory);
  Byte(0);
}

void HostEmitter::Push(uint8_t reg) {
  if (reg >= 8) Byte(0x41);
  Byte(static_cast<uint8_t>(0x50 | (reg & 7)));
}

void HostEmitter::Pop(uint8_t reg) {
  if (reg >= 8) Byte(0x41);
  Byte(static_cast<uint8_t>(0x58 | (reg & 7)));
}

void HostEmitter::JumpRegister(uint8_t reg) {
  if (reg >= 8) Byte(0x41);
  Byte(0xFF);
  Byte(ModRm(3, 4, reg));
}

uint32_t HostEmitter::JumpForward() {
  Byte(0xE9);
  Dword(0);
  return offset() - 4;
}

uint32_t HostEmitter::CallForward() {
  Byte(0xE8);
  Dword(0);
  return offset() - 4;
}

uint32_t HostEmitter::JumpIfForward(uint8_t condition) {
  Byte(0x0F);
  Byte(static_cast<uint8_t>(0x80 | condition));
  Dword(0);
  return offset() - 4;
}

uint32_t HostEmitter::JumpIfEcxZeroForward() {
  Byte(0x67);
  Byte(0xE3);
  Byte(0);
  return offset() - 1;
}

void HostEmitter::BindTo32(uint32_t field, uint32_t target_offset) {
  if (overflowed_) return;
  StoreLittle<uint32_t>(start_ + field, target_offset - (field + 4));
}

void HostEmitter::Bind8(uint32_t field) {
  if (overflowed_) return;
  const uint32_t distance = offset() - (field + 1);
  CHECK(distance <= 127);
  start_[field] = static_cast<uint8_t>(distance);
}

}  // namespace verbatim
