// SPDX-License-Identifier: Apache-2.0
// Far jumps, calls and returns of 16 bits in real and virtual-8086 mode, where the new CS needs no
// descriptor: the stub `far_transfer` goes to the code of that segment if it is known, else the
// callout does all of the instruction. The block has stored the frame of a call by then; the
// callout stores the same again, which is why a call through memory, whose pointer may lie there,
// is left to it.
//   call s:o:  movzx r11d, [selector of cs] ; rorx r11d, r11d, 16 ; lea r11d, [r11 + return ip] ;
//              mov ss:[sp - 4], r11d ; then with sp - 4
//   jmp s:o:   r8d = o ; r10d = esp ; r11d = s ; mov r9d, site ; call far_transfer
//   retf n:    mov r8d, ss:[sp] ; rorx r11d, r8d, 16 ; movzx r11d, r11w ; movzx r8d, r8w ; likewise
//              with sp + 4 + n
#include <cstddef>

#include "translator/block_builder.h"

namespace verbatim {
namespace {

constexpr uint32_t kNarrowOffsets = 0xFFFF;
constexpr uint8_t kSelectorBits = 16;
constexpr uint32_t kFrameBytes = 4;  // IP and CS

}  // namespace

// Uses r9 unless the stack is of 32 bits.
void BlockBuilder::LoadMovedStackPointer(uint8_t to, int32_t bytes) {
  if (mode_.stack32()) {
    out_.Lea32(to, {.base = kR12, .displacement = bytes});
    return;
  }
  out_.Move32(to, kR12);
  if (bytes == 0) return;
  out_.Lea32(kR9, {.base = kR12, .displacement = bytes});
  out_.Move16(to, kR9);
}

bool BlockBuilder::EmitFarTransfer(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  const bool call = in.mnemonic == Mnemonic::kCall;
  const bool jump = in.mnemonic == Mnemonic::kJmp;
  const bool returns = in.mnemonic == Mnemonic::kRet;
  if (!call && !jump && !returns) return false;
  if (!Optimises(Optimisation::kTransferFar)) return false;
  // Any offset of 16 bits must be within the segment.
  if (!mode_.real_segments() || in.operand_bits != 16 || request_.cs_limit < kNarrowOffsets) {
    return false;
  }
  if (in.memory.present || (!jump && IsSoftware(decoded, kSs, call))) return false;
  if (returns) {
    LoadTop(decoded, kFrameBytes, kR8);
    LoadMovedStackPointer(
        kR10, static_cast<int32_t>(kFrameBytes + (in.immediate_bytes != 0 ? in.immediate : 0)));
    out_.RotateRight(kR11, kR8, kSelectorBits);
    out_.ZeroExtend16(kR11, kR11);
    out_.ZeroExtend16(kR8, kR8);
  } else {
    if (call) {
      const uint32_t return_ip = (decoded.eip + in.length) & kNarrowOffsets;
      out_.LoadZeroExtended16(kR11, SegmentField(kCs, offsetof(SegmentRegister, selector)));
      out_.RotateRight(kR11, kR11, kSelectorBits);
      out_.Lea32(kR11, {.base = kR11, .displacement = static_cast<int32_t>(return_ip)});
      const Access frame = BeginStackAccess(decoded, AccessShape::kPush, kFrameBytes);
      out_.Store32(frame.memory, kR11);
    }
    LoadMovedStackPointer(kR10, call ? -static_cast<int32_t>(kFrameBytes) : 0);
    out_.MoveImmediate(kR8, in.immediate & kNarrowOffsets);
    out_.MoveImmediate(kR11, in.immediate2);
  }
  const uint32_t site = AddSite(decoded, AccessShape::kMemoryOperand, 0, false, false);
  sites_.MarkFarTransfer(site);
  out_.MoveImmediate(kR9, site);
  out_.Call(stubs_.far_transfer);
  // Its target may be the next instruction all the same.
  EmitFallThrough(decoded.eip + in.length);
  return true;
}

}  // namespace verbatim
