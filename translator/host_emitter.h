// SPDX-License-Identifier: Apache-2.0
// Writes x86-64 machine code into a buffer: just the forms that translated blocks are made of. A
// full assembler library is used for the stubs, where speed does not matter; here each method is a
// few stores (see docs/decisions/emitter.md).
//
// The buffer is the writable view of code memory; `exec` is where the bytes will run, which
// relative branches need. Writing past the end sets overflowed() and is otherwise harmless.
#ifndef VERBATIM_TRANSLATOR_HOST_EMITTER_H_
#define VERBATIM_TRANSLATOR_HOST_EMITTER_H_

#include <cstdint>
#include <span>

#include "base/bits.h"

namespace verbatim {

// Host registers, by encoding.
enum HostReg : uint8_t {
  kRax,
  kRcx,
  kRdx,
  kRbx,
  kRsp,
  kRbp,
  kRsi,
  kRdi,
  kR8,
  kR9,
  kR10,
  kR11,
  kR12,
  kR13,
  kR14,
  kR15,
  kNoReg = 0xFF,
};

// What conditional jumps ask of the flags, as their opcodes have it.
enum HostCondition : uint8_t { kIfOverflow = 0, kIfZero = 4, kIfNotZero = 5 };

// A host memory operand.
struct HostMemory {
  uint8_t base = kNoReg;
  uint8_t index = kNoReg;
  uint8_t scale = 1;
  int32_t displacement = 0;
  // Through the window: gs-based with 32-bit address size (bytes 65 67). False: plain 64-bit
  // address, for the context and for pointers that software accesses hand out.
  bool window = false;
  // Gs-based with 64-bit address size: through the window or, 4 GiB on, into the guard behind it.
  bool guarded = false;

  [[nodiscard]] static HostMemory Context(size_t offset) {
    return {.base = kR15, .displacement = static_cast<int32_t>(offset)};
  }
  [[nodiscard]] static HostMemory Window(uint8_t base, int32_t displacement = 0) {
    return {.base = base, .displacement = displacement, .window = true};
  }
  // `linear`, or 4 GiB above it if `violation` is 1 << 32.
  [[nodiscard]] static HostMemory Guarded(uint8_t linear, uint8_t violation) {
    return {.base = linear, .index = violation, .guarded = true};
  }
  [[nodiscard]] static HostMemory Pointer(uint8_t base) { return {.base = base}; }
};

class HostEmitter {
 public:
  HostEmitter(std::span<uint8_t> buffer, const uint8_t* exec)
      : start_(buffer.data()), end_(buffer.data() + buffer.size()), at_(start_), exec_(exec) {}

  [[nodiscard]] uint32_t offset() const { return static_cast<uint32_t>(at_ - start_); }
  [[nodiscard]] const uint8_t* exec_at(uint32_t offset) const { return exec_ + offset; }
  [[nodiscard]] bool overflowed() const { return overflowed_; }

  void Byte(uint8_t value) {
    if (at_ == end_) {
      overflowed_ = true;
      return;
    }
    *at_++ = value;
  }
  void Word(uint16_t value) { Put(value); }
  void Dword(uint32_t value) { Put(value); }

  // Prefix bytes, REX as needed, opcode in `map`, ModRM/SIB/displacement. `reg` goes to ModRM.reg.
  struct Opcode {
    uint8_t prefix = 0;  // mandatory 66, F2 or F3, or 0
    uint8_t map = 0;     // 0, 1: 0F, 2: 0F 38, 3: 0F 3A
    uint8_t byte = 0;
    bool operand16 = false;
    bool wide = false;  // REX.W
    bool lock = false;
    bool byte_regs = false;  // an 8-bit register operand: REX needed to name sil, dil, r8b
  };
  void Memory(const Opcode& opcode, uint8_t reg, const HostMemory& memory);
  void Registers(const Opcode& opcode, uint8_t reg, uint8_t rm);

  void MoveImmediate(uint8_t to, uint32_t value);
  void MoveImmediate64(uint8_t to, uint64_t value);
  void Move32(uint8_t to, uint8_t from) { Registers({.byte = 0x8B}, to, from); }
  void Move64(uint8_t to, uint8_t from) { Registers({.byte = 0x8B, .wide = true}, to, from); }
  void Load32(uint8_t to, const HostMemory& from) { Memory({.byte = 0x8B}, to, from); }
  void Load64(uint8_t to, const HostMemory& from) {
    Memory({.byte = 0x8B, .wide = true}, to, from);
  }
  void LoadZeroExtended8(uint8_t to, const HostMemory& from) {
    Memory({.map = 1, .byte = 0xB6}, to, from);
  }
  void LoadZeroExtended16(uint8_t to, const HostMemory& from) {
    Memory({.map = 1, .byte = 0xB7}, to, from);
  }
  void ZeroExtend16(uint8_t to, uint8_t from) { Registers({.map = 1, .byte = 0xB7}, to, from); }
  void Store32(const HostMemory& to, uint8_t from) { Memory({.byte = 0x89}, from, to); }
  void Store64(const HostMemory& to, uint8_t from) {
    Memory({.byte = 0x89, .wide = true}, from, to);
  }
  void Store16(const HostMemory& to, uint8_t from) {
    Memory({.byte = 0x89, .operand16 = true}, from, to);
  }
  void StoreImmediate32(const HostMemory& to, uint32_t value);
  void StoreImmediate16(const HostMemory& to, uint16_t value);
  void Move16(uint8_t to, uint8_t from) { Registers({.byte = 0x8B, .operand16 = true}, to, from); }
  void Not64(uint8_t reg) { Registers({.byte = 0xF7, .wide = true}, 2, reg); }
  // lea with 32-bit result; `memory.window` is ignored.
  void Lea32(uint8_t to, HostMemory memory);
  void Lea64(uint8_t to, HostMemory memory);
  // lea to, [base + displacement], of kPatchableLea bytes that end with the displacement. `base` is
  // neither rsp nor r12.
  static constexpr uint32_t kPatchableLea = 7;
  void PatchableLea32(uint8_t to, uint8_t base, int32_t displacement);
  // rorx to, from, count: rotates without touching flags (BMI2).
  void RotateRight(uint8_t to, uint8_t from, uint8_t count) { Rorx(to, from, count, false); }
  void RotateRight64(uint8_t to, uint8_t from, uint8_t count) { Rorx(to, from, count, true); }
  // pext and pdep: gather and scatter bits without touching flags (BMI2).
  void ExtractBits(uint8_t to, uint8_t from, uint8_t mask) { Vex3Register(2, to, from, mask); }
  void DepositBits(uint8_t to, uint8_t from, uint8_t mask) { Vex3Register(3, to, from, mask); }
  // shrx to, from, count: without touching flags (BMI2).
  void ShiftRight32(uint8_t to, uint8_t from, uint8_t count) { Shrx(to, from, count, false); }
  void ShiftRight64(uint8_t to, uint8_t from, uint8_t count) { Shrx(to, from, count, true); }
  // adox: adds with OF for the carry, in and out, and changes no other flag (ADX).
  void AddOverflow32(uint8_t to, const HostMemory& what) {
    Memory({.prefix = 0xF3, .map = 2, .byte = 0xF6}, to, what);
  }
  void MoveLowByte(uint8_t to, uint8_t from) {
    Registers({.byte = 0x8A, .byte_regs = true}, to, from);
  }

  // These change flags.
  void And32(uint8_t reg, uint32_t value) { Group1(4, reg, value); }
  void Xor32(uint8_t reg, const HostMemory& with) { Memory({.byte = 0x33}, reg, with); }
  void Test32(uint8_t reg, uint32_t value);
  void CompareMemoryZero(const HostMemory& memory);

  // On the shadow stack.
  void PushFlags() { Byte(0x9C); }
  void PopFlags() { Byte(0x9D); }
  void Push(uint8_t reg);
  void Pop(uint8_t reg);

  void JumpRegister(uint8_t reg);
  void CallRegister(uint8_t reg) { Registers({.byte = 0xFF}, 2, reg); }
  void Jump(const uint8_t* target) {
    Byte(0xE9);
    Relative(target);
  }
  void Call(const uint8_t* target) {
    Byte(0xE8);
    Relative(target);
  }
  void Return() { Byte(0xC3); }
  void Undefined() {
    Byte(0x0F);
    Byte(0x0B);
  }

  // Branches whose target comes later: each returns the offset of its displacement field.
  uint32_t JumpForward();
  uint32_t CallForward();
  uint32_t JumpIfForward(uint8_t condition);
  // jecxz: tests ecx, all 32 bits, without flags. 8-bit reach.
  uint32_t JumpIfEcxZeroForward();
  void Bind32(uint32_t field) { BindTo32(field, offset()); }
  void BindTo32(uint32_t field, uint32_t target_offset);
  void Bind8(uint32_t field);

 private:
  template <typename T>
  void Put(T value) {
    if (static_cast<size_t>(end_ - at_) < sizeof value) {
      overflowed_ = true;
      return;
    }
    StoreLittle(at_, value);
    at_ += sizeof value;
  }
  void Relative(const uint8_t* target) {
    const uint8_t* next = exec_ + offset() + 4;
    Dword(static_cast<uint32_t>(target - next));
  }
  void Rex(const Opcode& opcode, uint8_t reg, uint8_t index, uint8_t base);
  void Rorx(uint8_t to, uint8_t from, uint8_t count, bool wide);
  void Shrx(uint8_t to, uint8_t from, uint8_t count, bool wide);
  // VEX.LZ.0F38.W0 F5 /r with pp: `to`, `from` in vvvv, `mask` in rm.
  void Vex3Register(uint8_t pp, uint8_t to, uint8_t from, uint8_t mask);
  void Group1(uint8_t extension, uint8_t reg, uint32_t value);
  void Prefixes(const Opcode& opcode);
  void OpcodeBytes(const Opcode& opcode);

  uint8_t* start_;
  uint8_t* end_;
  uint8_t* at_;
  const uint8_t* exec_;
  bool overflowed_ = false;
};

}  // namespace verbatim

#endif  // VERBATIM_TRANSLATOR_HOST_EMITTER_H_
