// SPDX-License-Identifier: Apache-2.0
// Accesses that look first whether the window shows their page. What faults now and then, at pages
// that are used for the first time, costs a host signal each time in direct form, and a callout
// each time in software form; here it costs a callout where it would have faulted:
//   lea r8d, (address) ; mov r9d, 12 ; shrx r9d, r8d, r9d ; mov r10, [r15 + page_rights]
//   movzx r9d, byte [r10 + r9] ; mov r10, rcx
//   mov ecx, r9d                       (or, to write: shrx ecx, r9d, r9d)
//   jecxz hidden ; mov rcx, r10 ; (the instruction in direct form) ; jmp end
//   hidden: mov rcx, r10 ; (in software form)
//   end:
// The look is a hint: an access that runs on into a page that is not shown faults as ever.
#include "translator/probe.h"

#include "base/address.h"
#include "memory/page_rights.h"
#include "translator/block_builder.h"

namespace verbatim {
namespace {

static_assert((PageRights::kWritable >> (PageRights::kWritable % 32)) != 0);
static_assert((PageRights::kReadable >> PageRights::kReadable) == 0);

// Does the access begin at the address that the operand names?
bool IsAtItsAddress(const GuestInstruction& in) {
  switch (in.mnemonic) {
    case Mnemonic::kXlat:
    case Mnemonic::kMaskmovq:
    case Mnemonic::kMaskmovdqu:
    case Mnemonic::kClflush:
      return false;
    default:
      return !IsBitString(in);
  }
}

}  // namespace

bool CanBeProbed(const GuestInstruction& in, BlockMode mode) {
  return in.handling == Handling::kIdent && in.memory.present &&
         (in.memory.read || in.memory.write) && in.address_bits == 32 &&
         mode.segment_class(in.memory.segment) == SegmentClass::kFlat && IsAtItsAddress(in);
}

bool BlockBuilder::IsProbed(const Decoded& decoded) const {
  const GuestInstruction& in = decoded.instruction;
  return FormOf(decoded) == AccessForm::kProbed && CanBeProbed(in, mode_) &&
         !IsSoftware(decoded, in.memory.segment, in.memory.write);
}

void BlockBuilder::EmitProbed(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  EmitOffset(in, 0, kR8);
  out_.MoveImmediate(kR9, kPageShift);
  out_.ShiftRight32(kR9, kR8, kR9);
  out_.Load64(kR10, HostMemory::Context(offsetof(ExecutionContext, page_rights)));
  out_.LoadZeroExtended8(kR9, {.base = kR10, .index = kR9});
  out_.Move64(kR10, kRcx);
  Point(RecoveryKind::kCritical, decoded.eip);
  if (in.memory.write) {
    out_.ShiftRight32(kRcx, kR9, kR9);
  } else {
    out_.Move32(kRcx, kR9);
  }
  const uint32_t hidden = out_.JumpIfEcxZeroForward();
  out_.Move64(kRcx, kR10);
  Point(RecoveryKind::kInstruction, decoded.eip);
  EmitIdent(decoded);
  Point(RecoveryKind::kCritical, decoded.eip);
  const uint32_t end = out_.JumpForward();
  out_.Bind8(hidden);
  out_.Move64(kRcx, kR10);
  Point(RecoveryKind::kInstruction, decoded.eip);
  in_software_ = true;
  EmitIdent(decoded);
  in_software_ = false;
  out_.Bind32(end);
}

}  // namespace verbatim
