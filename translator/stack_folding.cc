// SPDX-License-Identifier: Apache-2.0
// The stack pointer is not moved for each PUSH and POP: they only note how far behind r12 is, which
// goes into their displacements and into the recovery points, and it is brought up to date once
// where somebody else needs it.
//   push ebp ; mov ebp, esp ; push edi ; sub esp, 8
//   mov gs:[r12d - 4], ebp ; lea ebp, [r12 - 4] ; mov gs:[r12d - 8], edi ; lea r12d, [r12 - 8] ;
//   sub r12d, 8
#include <utility>

#include "translator/block_builder.h"

namespace verbatim {
namespace {

constexpr uint8_t kMoveFromRegister = 0x89;
constexpr uint8_t kMoveToRegister = 0x8B;

bool NamesStackPointer(const GuestInstruction& in) {
  if (in.opcode_is_gpr && (in.opcode & 7) == kEsp) return true;
  if (in.reg_is_gpr && in.reg == kEsp) return true;
  return !in.memory.present && in.rm_is_gpr && in.rm == kEsp;
}

}  // namespace

// A 32-bit MOV from ESP to another register.
bool BlockBuilder::CopiesStackPointer(const GuestInstruction& in) {
  if (in.map != 0 || in.memory.present || in.operand_bits != 32) return false;
  if (in.opcode == kMoveFromRegister) return in.reg == kEsp && in.rm != kEsp;
  return in.opcode == kMoveToRegister && in.rm == kEsp && in.reg != kEsp;
}

// Can it be done while r12 is behind?
bool BlockBuilder::KeepsStackFolded(const Decoded& decoded) const {
  if (!folds_stack_) return false;
  const GuestInstruction& in = decoded.instruction;
  if (in.memory.present &&
      (IsProbed(decoded) || IsSoftware(decoded, in.memory.segment, in.memory.write))) {
    return false;
  }
  switch (in.handling) {
    case Handling::kNoOperation:
      return true;
    case Handling::kIdent:
      if (FpuException(in.fpu)) return false;
      if (in.mnemonic == Mnemonic::kMaskmovq || in.mnemonic == Mnemonic::kMaskmovdqu) return false;
      return !NamesStackPointer(in) || CopiesStackPointer(in);
    case Handling::kStack:
      return !NamesStackPointer(in) && !IsSoftware(decoded, kSs, true);
    case Handling::kControlFlow:
      // These move it anyway.
      return (in.mnemonic == Mnemonic::kCall || in.mnemonic == Mnemonic::kRet) &&
             !IsSoftware(decoded, kSs, true);
    default:
      return false;
  }
}

// Before a jump it is done one instruction early: nothing should come between a comparison and its
// jump, which the host takes in one piece.
bool BlockBuilder::PrecedesJump(const Decoded& decoded) const {
  if (&decoded == &instructions_.back()) return false;
  const GuestInstruction& next = (&decoded + 1)->instruction;
  return next.handling == Handling::kControlFlow && next.mnemonic != Mnemonic::kCall &&
         next.mnemonic != Mnemonic::kRet;
}

// All before the instruction at `eip` is done.
void BlockBuilder::UpdateStackPointer(uint32_t eip) {
  if (stack_lag_ == 0) return;
  out_.Lea32(kR12, {.base = kR12, .displacement = std::exchange(stack_lag_, 0)});
  Point(RecoveryKind::kInstruction, eip);
}

}  // namespace verbatim
