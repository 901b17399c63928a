// SPDX-License-Identifier: Apache-2.0
// The list of host instructions that blocks may consist of, by opcode (SDM vol. 2, appendix A).
#ifndef VERBATIM_TRANSLATOR_VALIDATOR_OPCODE_TABLE_H_
#define VERBATIM_TRANSLATOR_VALIDATOR_OPCODE_TABLE_H_

#include <cstdint>

#include "translator/validator/host_instruction.h"

namespace verbatim::validator {

enum class Immediate : uint8_t {
  kAbsent,
  kByte,  // sign-extended
  kFull,  // 16 or 32 bits by operand size
  kMove,  // 16, 32 or 64 bits by operand size
  kRel8,
  kRel32,
};

// Who names the operands and what happens to them.
namespace form {
inline constexpr uint32_t kModRm = 1u << 0;
inline constexpr uint32_t kReadReg = 1u << 1;  // ModRM.reg is a general register
inline constexpr uint32_t kWriteReg = 1u << 2;
inline constexpr uint32_t kReadRm = 1u << 3;  // rm, register or memory
inline constexpr uint32_t kWriteRm = 1u << 4;
inline constexpr uint32_t kRmGpr = 1u << 5;    // rm, if a register, is a general one
inline constexpr uint32_t kByteReg = 1u << 6;  // reg is 8 bits
inline constexpr uint32_t kByteRm = 1u << 7;
inline constexpr uint32_t kVectorReg = 1u << 8;  // ModRM.reg is an MMX or XMM register
inline constexpr uint32_t kMemoryOnly = 1u << 9;
inline constexpr uint32_t kRegisterOnly = 1u << 10;
inline constexpr uint32_t kLock = 1u << 11;  // may be locked with a memory destination
inline constexpr uint32_t k66 = 1u << 12;    // 66 is the operand size
inline constexpr uint32_t kIgnores66 = 1u << 18;
inline constexpr uint32_t kWide = 1u << 13;       // REX.W is known here
inline constexpr uint32_t kOpcodeReg = 1u << 14;  // the opcode's low bits name `rm`
inline constexpr uint32_t kMaybe = 1u << 15;      // a destination register may be left alone
inline constexpr uint32_t kHint = 1u << 16;       // a memory operand is not accessed
inline constexpr uint32_t kRep = 1u << 17;        // F2 and F3 repeat
}  // namespace form

struct Form {
  Operation operation = Operation::kInvalid;
  Immediate immediate = Immediate::kAbsent;
  uint8_t memory_bytes = 0;  // 0: by operand size
  uint8_t group = 0;         // not 0: by ModRM.reg, in kGroups[group]
  uint8_t reads = 0;         // general registers read without being named, rax to rdi
  uint8_t writes = 0;
  uint32_t flags = 0;
};

// `prefix`: none, 66, F3, F2 as 0 to 3; for a one-byte opcode always 0.
[[nodiscard]] const Form& OneByteForm(uint8_t opcode);
[[nodiscard]] const Form& TwoByteForm(uint8_t prefix, uint8_t opcode);
// 0F 38 and 0F 3A.
[[nodiscard]] const Form& ThreeByteForm(uint8_t map, uint8_t prefix, uint8_t opcode);
// The row of ModRM.reg in a group.
[[nodiscard]] const Form& GroupForm(uint8_t group, uint8_t digit);
// Whether D8 to DF with this ModRM byte (mod 3) is an instruction.
[[nodiscard]] bool IsX87Register(uint8_t opcode, uint8_t modrm);

}  // namespace verbatim::validator

#endif  // VERBATIM_TRANSLATOR_VALIDATOR_OPCODE_TABLE_H_
