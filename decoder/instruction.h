// SPDX-License-Identifier: Apache-2.0
// One decoded guest instruction, in the compact form that every later layer uses. Filled by
// decoder/decoder.h from the bytes; no layer above looks at Zydis.
//
// The field layout follows the encoding (SDM vol. 2, chapter 2): prefixes, opcode map, opcode,
// ModRM, SIB, displacement, immediate.
#ifndef VERBATIM_DECODER_INSTRUCTION_H_
#define VERBATIM_DECODER_INSTRUCTION_H_

#include <array>
#include <cstdint>

#include "decoder/mnemonic.h"

namespace verbatim {

inline constexpr uint8_t kMaxInstructionBytes = 15;

// General registers in encoding order.
enum Gpr : uint8_t { kEax, kEcx, kEdx, kEbx, kEsp, kEbp, kEsi, kEdi, kNoGpr = 0xFF };
// Segment registers in encoding order.
enum Segment : uint8_t { kEs, kCs, kSs, kDs, kFs, kGs, kSegmentCount, kNoSegment = 0xFF };

// Arithmetic flags plus DF as a set; the positions are those of EFLAGS.
namespace flag {
inline constexpr uint32_t kCf = 1u << 0;
inline constexpr uint32_t kPf = 1u << 2;
inline constexpr uint32_t kAf = 1u << 4;
inline constexpr uint32_t kZf = 1u << 6;
inline constexpr uint32_t kSf = 1u << 7;
inline constexpr uint32_t kTf = 1u << 8;
inline constexpr uint32_t kIf = 1u << 9;
inline constexpr uint32_t kDf = 1u << 10;
inline constexpr uint32_t kOf = 1u << 11;
inline constexpr uint32_t kIopl = 3u << 12;
inline constexpr uint32_t kNt = 1u << 14;
inline constexpr uint32_t kRf = 1u << 16;
inline constexpr uint32_t kVm = 1u << 17;
inline constexpr uint32_t kAc = 1u << 18;
inline constexpr uint32_t kVif = 1u << 19;
inline constexpr uint32_t kVip = 1u << 20;
inline constexpr uint32_t kId = 1u << 21;
inline constexpr uint32_t kReservedOne = 1u << 1;
inline constexpr uint32_t kArithmetic = kCf | kPf | kAf | kZf | kSf | kOf;
// What lives in the host's RFLAGS while translated code runs.
inline constexpr uint32_t kHostResident = kArithmetic | kDf;
}  // namespace flag

// What the translator does with an instruction.
enum class Handling : uint8_t {
  kIdent,        // copied; a memory operand goes through the window
  kString,       // movs, cmps, scas, stos, lods: copied with rewritten addressing
  kStack,        // push, pop, pusha, popa, enter, leave: rewritten for a 32-bit stack in r12
  kControlFlow,  // near jmp, jcc, call, ret, loop, jecxz: rewritten and chained
  kNoOperation,  // nothing to do: the long nops and hints
  kSensitive,    // simulated by the virtual CPU
  kUndefined,    // #UD
};

// Which part of the floating-point state an instruction uses: decides the #NM and #UD rules of
// CR0.EM, CR0.TS, CR0.MP and CR4.OSFXSR (SDM vol. 3, 2.5, table 13-1).
enum class FpuUse : uint8_t { kNone, kX87, kWait, kMmx, kSse };

// Why decoding gave no ordinary instruction.
enum class DecodeError : uint8_t {
  kNone,
  kUndefined,  // #UD: no such instruction, bad register, illegal LOCK, or not in the CPU model
  kTooLong,    // #GP(0): more than 15 bytes
};

struct MemoryOperand {
  bool present = false;  // the instruction has a ModRM (or moffs) memory operand
  bool read = false;     // accessed for reading (neither for LEA and hints)
  bool write = false;
  uint8_t base = kNoGpr;
  uint8_t index = kNoGpr;
  uint8_t scale = 1;      // 1, 2, 4, 8
  uint8_t segment = kDs;  // effective, after overrides
  int32_t displacement = 0;
  uint16_t bytes = 0;  // size of the access; 0 if none
};

struct GuestInstruction {
  std::array<uint8_t, kMaxInstructionBytes> bytes{};
  uint8_t length = 0;
  // How many bytes decide that it is this one: more than `length` if it is undefined.
  uint8_t examined = 0;
  Mnemonic mnemonic = Mnemonic::kInvalid;
  Handling handling = Handling::kUndefined;
  DecodeError error = DecodeError::kNone;
  FpuUse fpu = FpuUse::kNone;

  uint8_t operand_bits = 32;  // 8 is not told here: 16 or 32, the effective operand size
  uint8_t address_bits = 32;  // 16 or 32, the effective address size
  bool lock = false;
  bool rep = false;              // F3 where it is a repeat prefix or part of the opcode
  bool repne = false;            // F2, likewise
  bool prefix_66 = false;        // present, whatever its meaning
  uint8_t mandatory_prefix = 0;  // 66, F2 or F3 where it selects the opcode or repeats
  uint8_t segment_override = kNoSegment;

  uint8_t map = 0;     // 0: one byte; 1: 0F; 2: 0F 38; 3: 0F 3A
  uint8_t opcode = 0;  // its last byte
  bool has_modrm = false;
  uint8_t mod = 0;
  uint8_t reg = 0;
  uint8_t rm = 0;
  MemoryOperand memory;

  uint8_t immediate_bytes = 0;        // of the first immediate; far pointers: offset size
  uint32_t immediate = 0;             // first immediate, sign-extended where the opcode says so
  uint16_t immediate2 = 0;            // second: selector of a far pointer, level of ENTER
  uint8_t immediate_offset = 0;       // where the raw immediate bytes start
  uint8_t immediate_total_bytes = 0;  // all raw immediate bytes
  uint32_t branch_target_offset = 0;  // near branches: displacement, sign-extended

  // How register fields are used, for re-encoding with esp in another host register.
  bool reg_is_gpr = false;   // ModRM.reg names a 16/32-bit general register
  bool reg_is_gpr8 = false;  // ... an 8-bit one
  bool rm_is_gpr = false;    // ModRM.rm with mod=3, likewise
  bool rm_is_gpr8 = false;
  bool opcode_is_gpr =
      false;  // the low opcode bits name one (inc, dec, xchg, mov imm, bswap, push, pop)
  bool opcode_is_gpr8 = false;

  // EFLAGS bits. `flags_written` are those certainly overwritten (or left undefined) whatever the
  // operands; a shift by CL is not in it.
  uint32_t flags_read = 0;
  uint32_t flags_written = 0;

  [[nodiscard]] bool HasRep() const { return rep || repne; }
};

// BT, BTS, BTR and BTC with a bit offset in a register: the word that they access may lie far from
// where their operand names it (SDM vol. 2, "Bit(BitBase, BitOffset) on memory").
[[nodiscard]] constexpr bool IsBitString(const GuestInstruction& instruction) {
  switch (instruction.mnemonic) {
    case Mnemonic::kBt:
    case Mnemonic::kBtc:
    case Mnemonic::kBtr:
    case Mnemonic::kBts:
      return instruction.immediate_bytes == 0;
    default:
      return false;
  }
}

// The segment register of PUSH and POP: opcodes 06, 0E, 16, 1E and 0F A0, 0F A8, with the POP forms
// one above.
[[nodiscard]] constexpr Segment SegmentOfOpcode(const GuestInstruction& instruction) {
  const unsigned field = instruction.opcode >> 3;
  return static_cast<Segment>(instruction.map == 0 ? field & 3u : kFs + (field & 1u));
}

}  // namespace verbatim

#endif  // VERBATIM_DECODER_INSTRUCTION_H_
