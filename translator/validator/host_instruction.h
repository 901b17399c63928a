// SPDX-License-Identifier: Apache-2.0
// A strict decoder of the x86-64 subset that blocks may consist of, for the validator alone:
// written from the manual (SDM vol. 2, chapter 2 and appendix A), sharing nothing with the emitter
// nor with the library that decodes guest code, so that an error in either does not hide itself
// here.
//
// What is not on the list is not decoded. Prefixes that change nothing, vector registers above 7,
// rip-relative operands, fs, and 64-bit operand size where no expansion needs it are not on it.
#ifndef VERBATIM_TRANSLATOR_VALIDATOR_HOST_INSTRUCTION_H_
#define VERBATIM_TRANSLATOR_VALIDATOR_HOST_INSTRUCTION_H_

#include <cstdint>
#include <span>

namespace verbatim::validator {

// General registers by encoding, as bits of a set.
using RegisterSet = uint16_t;
inline constexpr uint8_t kNone = 0xFF;

// What the dataflow does with an instruction.
enum class Operation : uint8_t {
  kInvalid,
  kPlain,          // reads `reads` and memory; writes `writes`, `partial` and memory
  kMove,           // 32 or 64 bits: rm to reg or reg to rm
  kMoveImmediate,  // to the register in `rm`
  kZeroExtend,     // movzx to 32 bits; `immediate` is the largest result
  kLea,
  kAnd,          // group 1 with an immediate, 32 bits, register
  kNot64,        // of a register
  kRotate,       // rorx
  kShift,        // shrx
  kExtract,      // pext
  kDeposit,      // pdep
  kAddOverflow,  // adox, of a field of the context
  kPush,         // of a 64-bit register
  kPop,
  kPushFlags,
  kPopFlags,
  kString,      // through rsi, rdi or both: see `reads`
  kMaskedMove,  // through rdi
  kBitString,   // with a bit offset in a register, which reaches beyond the operand
  kJump,        // direct
  kJumpIf,      // conditional, jecxz included
  kCall,        // direct
  kJumpRegister,
  kCallRegister,
  kReturn,
};

struct HostInstruction {
  Operation operation = Operation::kInvalid;
  uint8_t length = 0;

  bool lock = false;
  bool wide = false;       // REX.W
  bool operand16 = false;  // 66 as operand size

  // Registers of ModRM (or of the opcode, in `rm`); kNone where the field names no general
  // register.
  uint8_t reg = kNone;
  uint8_t rm = kNone;
  uint8_t vvvv = kNone;        // VEX
  bool reg_to_memory = false;  // kMove: from reg to rm
  RegisterSet reads = 0;       // general registers whose data is used, address registers excepted
  RegisterSet writes = 0;      // receive a zero-extended 32-bit result
  RegisterSet partial = 0;     // receive 8 or 16 bits, or perhaps nothing

  bool has_memory = false;  // an explicit memory operand that is accessed (not LEA)
  bool window = false;      // 65
  bool address32 = false;   // 67
  uint8_t base = kNone;
  uint8_t index = kNone;
  uint8_t scale = 1;
  int32_t displacement = 0;
  uint8_t memory_bytes = 0;  // the largest number of bytes accessed; 0: a hint
  bool memory_read = false;
  bool memory_write = false;

  uint64_t immediate = 0;  // sign-extended to 64 bits but for MOV
  int32_t branch = 0;      // direct branches: displacement from the instruction's end
};

// The instruction at the start of `code`; kInvalid if it is none, or is not on the list.
[[nodiscard]] HostInstruction Decode(std::span<const uint8_t> code);

}  // namespace verbatim::validator

#endif  // VERBATIM_TRANSLATOR_VALIDATOR_HOST_INSTRUCTION_H_
