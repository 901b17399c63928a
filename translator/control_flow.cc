// SPDX-License-Identifier: Apache-2.0
// Near jumps, calls, returns and loops.
//   jcc target:   jcc stub                        chained in page: jcc body of the target
//   call target:  mov gs:[r12d - 4], return eip ; lea r12d, [r12 - 4]
//                 call stub                       return address on the shadow stack
//                 (return site:) check that r8d is the return eip (target_check.cc)
//   ret:          mov r8d, gs:[r12d] ; lea r12d, [r12 + 4] ; ret
//   jmp r:        mov r8d, r ; rorx r9d, r8d, 2 ; rorx r10d, r8d, 18 ; lea r9d, [r9 + r10]
//                 movzx r9d, r9w ; mov r9d, [r14 + r9*4] ; jmp r9
//                 (or to its last target: target_guess.cc)
// At every transfer whose target is not known to the host code, r8d holds the target eip.
#include "codecache/jump_table.h"
#include "translator/block_builder.h"

namespace verbatim {
namespace {

constexpr uint8_t kVectorProtection = 13;

// Bytes of a load with REX prefix and a displacement of 32 bits.
constexpr uint32_t kLongForm = 7;

}  // namespace

uint32_t BlockBuilder::Target(const Decoded& decoded) const {
  const GuestInstruction& in = decoded.instruction;
  const uint32_t target = decoded.eip + in.length + in.branch_target_offset;
  return in.operand_bits == 16 ? (target & 0xFFFFu) : target;
}

void BlockBuilder::LeadTo(uint32_t field, uint32_t target, uint32_t from, Undo undo) {
  pending_.push_back({field, target, from, undo});
}

// A direct jump to another page: through its cell, or, when these have run out, like an indirect
// one.
void BlockBuilder::EmitTableJump(uint32_t target) {
  // Who has a cell is found by the note of its place.
  const bool notable = out_.offset() + kLongForm <= UINT16_MAX;
  const std::optional<uint32_t> cell =
      Optimises(Optimisation::kCells) && notable ? cells_.For(target) : std::nullopt;
  const uint32_t slot = cell ? JumpTable::CellOffset(*cell) : JumpTable::HashedOffset(target);
  out_.MoveImmediate(kR8, target);
  const uint32_t before = out_.offset();
  out_.Load32(kR9, {.base = kR14, .displacement = static_cast<int32_t>(slot)});
  // A hashed slot may be so near that its displacement is shorter.
  if (out_.offset() - before == kLongForm) {
    NotePlace(PlaceKind::kTableJump, before);
  } else {
    movable_ = false;
  }
  out_.JumpRegister(kR9);
}

void BlockBuilder::EmitTableJumpR8(bool call) {
  Point(RecoveryKind::kEipInR8, 0);
  if (mode_.single()) {
    out_.Jump(stubs_.block_end);
    return;
  }
  EmitHashedJump(out_, call);
}

void BlockBuilder::EmitHashedJump(HostEmitter& out, bool call) {
  out.RotateRight(kR9, kR8, JumpTable::kHashRotation);
  out.RotateRight(kR10, kR8, JumpTable::kHashFold);
  out.Lea32(kR9, {.base = kR9, .index = kR10});
  out.ZeroExtend16(kR9, kR9);
  out.Load32(kR9, {.base = kR14, .index = kR9, .scale = 4});
  if (call) {
    out.CallRegister(kR9);
  } else {
    out.JumpRegister(kR9);
  }
}

// In the body: a jump that can be chained, or one through the table.
void BlockBuilder::EmitDirectJump(uint32_t target, uint32_t from) {
  if (mode_.single() || MayLink(target) || ViolatesLimit(target)) {
    LeadTo(out_.JumpForward(), target, from);
  } else {
    EmitTableJump(target);
  }
}

void BlockBuilder::EmitControlFlow(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  // Truncated, an eip does not move with the code.
  if (in.operand_bits == 16) movable_ = false;
  switch (in.mnemonic) {
    case Mnemonic::kJmp:
      if (in.immediate_bytes != 0) {
        const uint32_t target = Target(decoded);
        Point(RecoveryKind::kInstruction, decoded.eip);
        EmitDirectJump(target, decoded.eip);
      } else {
        EmitIndirectJump(decoded);
      }
      break;
    case Mnemonic::kCall:
      EmitCall(decoded);
      break;
    case Mnemonic::kRet:
      EmitReturn(decoded);
      break;
    case Mnemonic::kLoop:
    case Mnemonic::kLoope:
    case Mnemonic::kLoopne:
    case Mnemonic::kJecxz:
    case Mnemonic::kJcxz:
      EmitLoop(decoded);
      break;
    default:
      EmitConditional(decoded, in.opcode & 0x0F);
      break;
  }
}

void BlockBuilder::EmitConditional(const Decoded& decoded, uint8_t condition) {
  LeadTo(out_.JumpIfForward(condition), Target(decoded), decoded.eip);
}

// An indirect target, zero-extended in `target` (r8 or r11), must be within the code segment. Comes
// before any effect of the instruction (SDM vol. 2, "JMP", "CALL", "RET"). Uses r9 and r10.
//   mov r10, rcx ; mov rcx, target ; not rcx ; mov r9d, limit ; lea rcx, [rcx + r9 + 1]
//   rorx rcx, rcx, 32 ; jecxz ok                   upper half of limit - target
//   mov rcx, r10 ; (#GP(0) at this instruction)
//   ok: mov rcx, r10
void BlockBuilder::EmitTargetLimitCheck(const Decoded& decoded, uint8_t target) {
  constexpr uint32_t kNarrowTargets = 0xFFFF;
  const uint32_t limit = request_.cs_limit;
  const bool narrow = decoded.instruction.operand_bits == 16;
  if (limit == 0xFFFFFFFFu || (narrow && limit >= kNarrowTargets)) return;
  constexpr uint8_t kHalf = 32;
  out_.Move64(kR10, kRcx);
  Point(RecoveryKind::kCritical, decoded.eip);
  out_.Move64(kRcx, target);
  out_.Not64(kRcx);
  out_.MoveImmediate(kR9, limit);
  out_.Lea64(kRcx, {.base = kRcx, .index = kR9, .displacement = 1});
  out_.RotateRight64(kRcx, kRcx, kHalf);
  const uint32_t within = out_.JumpIfEcxZeroForward();
  out_.Move64(kRcx, kR10);
  Point(RecoveryKind::kInstruction, decoded.eip);
  EmitException(decoded.eip, kVectorProtection);
  Point(RecoveryKind::kCritical, decoded.eip);
  out_.Bind8(within);
  out_.Move64(kRcx, kR10);
}

void BlockBuilder::LoadIndirectTarget(const Decoded& decoded, uint8_t to) {
  const GuestInstruction& in = decoded.instruction;
  if (in.memory.present) {
    const Access access =
        BeginOperand(decoded, AccessShape::kMemoryOperand, true, false, in.operand_bits / 8u);
    if (in.operand_bits == 16) {
      out_.LoadZeroExtended16(to, access.memory);
    } else {
      out_.Load32(to, access.memory);
    }
  } else if (in.operand_bits == 16) {
    out_.ZeroExtend16(to, HostGpr(in.rm));
  } else {
    out_.Move32(to, HostGpr(in.rm));
  }
}

void BlockBuilder::EmitIndirectJump(const Decoded& decoded) {
  LoadIndirectTarget(decoded, kR8);
  EmitTargetLimitCheck(decoded, kR8);
  EmitIndirectTransfer(decoded, false);
}

void BlockBuilder::EmitIndirectTransfer(const Decoded& decoded, bool call) {
  if (MayGuess(decoded.instruction)) {
    EmitGuess(decoded, call);
  } else {
    EmitTableJumpR8(call);
  }
}

void BlockBuilder::EmitCall(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  const uint32_t return_eip = decoded.eip + in.length;
  const bool direct = in.immediate_bytes != 0;
  if (!direct) {
    LoadIndirectTarget(decoded, kR11);
    EmitTargetLimitCheck(decoded, kR11);
  } else if (ViolatesLimit(Target(decoded))) {
    EmitException(decoded.eip, kVectorProtection);
    return;
  }
  if (in.operand_bits == 16) {
    PushValue(decoded, in.operand_bits / 8u, kNoReg, return_eip);
  } else {
    PushReturnEip(decoded, return_eip);
  }
  // Asks where it is: nobody will return there. Code of programs that can lie anywhere does it.
  if (direct && Target(decoded) == return_eip && !mode_.single()) return;
  if (direct) {
    const uint32_t target = Target(decoded);
    Point(RecoveryKind::kInstruction, target);
    if (mode_.single() || !Optimises(Optimisation::kReturns)) {
      LeadTo(out_.JumpForward(), target, decoded.eip);
      return;
    }
    LeadTo(out_.CallForward(), target, decoded.eip);
  } else {
    // Nothing visible happens in the move: until it is done the pointer has moved, but the target
    // is only in r11, so an interrupt waits.
    Point(RecoveryKind::kCritical, decoded.eip);
    out_.Move32(kR8, kR11);
    const bool returns = Optimises(Optimisation::kReturns);
    EmitIndirectTransfer(decoded, returns);
    if (mode_.single() || !returns) return;
  }
  EmitReturnSite(return_eip);
}

// Host returns come here with the eip the guest really returned to in r8d.
void BlockBuilder::EmitReturnSite(uint32_t return_eip) {
  return_sites_.push_back(out_.offset());
  Point(RecoveryKind::kEipInR8, 0);
  EmitTargetCheck(return_eip, Arrival::kReturn);
  if (request_.executions != nullptr) EmitCount(request_.executions->returns);
  EmitRecord(static_cast<uint32_t>(return_sites_.size()), return_eip);
}

void BlockBuilder::EmitReturn(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  const uint32_t bytes = in.operand_bits / 8u;
  LoadTop(decoded, bytes, kR8);
  EmitTargetLimitCheck(decoded, kR8);
  // Interrupts that come here roll back: the load is repeated.
  AdjustStackPointer(static_cast<int32_t>(bytes + (in.immediate_bytes != 0 ? in.immediate : 0)));
  if (mode_.single() || !Optimises(Optimisation::kReturns)) {
    EmitTableJumpR8(false);
    return;
  }
  Point(RecoveryKind::kEipInR8, 0);
  out_.Return();
}

// JECXZ and LOOPcc count in ecx or cx by address size, and leave the flags alone.
//   loop:   lea ecx, [rcx - 1] ; jecxz next ; jmp target ; next:
// 16-bit:   mov r9, rcx ; movzx ecx, (count) ; jecxz zero ; mov rcx, r9 ; jmp target
//           zero: mov rcx, r9
void BlockBuilder::EmitLoop(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  const uint32_t target = Target(decoded);
  const uint32_t next = decoded.eip + in.length;
  const bool wide = in.address_bits == 32;
  const bool plain_jump = in.mnemonic == Mnemonic::kJecxz || in.mnemonic == Mnemonic::kJcxz;
  // The first host instruction stays a boundary: a loop that jumps to itself has no other.
  if (!plain_jump) {
    if (wide) {
      out_.Lea32(kRcx, {.base = kRcx, .displacement = -1});
    } else {
      out_.Lea32(kR8, {.base = kRcx, .displacement = -1});
      out_.Move16(kRcx, kR8);
    }
    Point(RecoveryKind::kCritical, decoded.eip);
  }
  // The count is taken. LOOPE leaves when ZF is clear, LOOPNE when it is set.
  std::optional<uint32_t> leave;
  if (in.mnemonic == Mnemonic::kLoope) leave = out_.JumpIfForward(kIfNotZero);
  if (in.mnemonic == Mnemonic::kLoopne) leave = out_.JumpIfForward(kIfZero);
  if (!wide) {
    out_.Move64(kR9, kRcx);
    Point(RecoveryKind::kCritical, decoded.eip);
    out_.ZeroExtend16(kRcx, kRcx);
  }
  const uint32_t zero = out_.JumpIfEcxZeroForward();
  if (!wide) out_.Move64(kRcx, kR9);
  const uint32_t not_zero_jump = out_.JumpForward();
  out_.Bind8(zero);
  if (!wide) out_.Move64(kRcx, kR9);
  if (plain_jump) {
    LeadTo(out_.JumpForward(), target, decoded.eip);
    out_.Bind32(not_zero_jump);
  } else {
    LeadTo(not_zero_jump, target, decoded.eip, wide ? Undo::kCount32 : Undo::kCount16);
  }
  if (leave) out_.Bind32(*leave);
  Point(RecoveryKind::kInstruction, next);
}

}  // namespace verbatim
