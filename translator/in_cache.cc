// SPDX-License-Identifier: Apache-2.0
// Sensitive instructions that are frequent enough to be simulated without leaving the code cache:
// CLI and STI at CPL 0, PUSHF and POPF, PUSHA and POPA, ENTER without levels, RDTSC, reads of
// control registers; those of segment_registers.cc and far_transfer.cc. Flags are
// ExecutionContext::virtual_flags; every case that is not plain goes to the callout.
//   cli:    mov r8d, [flags_if_clear] ; mov [virtual_flags], r8d
//   sti:    mov r9, rcx ; mov ecx, [interrupt_pending] ; jecxz plain ; mov rcx, r9 ; callout ; jmp
//   end
//           plain: mov rcx, r9 ; mov r8d, [flags_if_set] ; mov [virtual_flags], r8d
//   pushf:  pushfq ; pop r8 ; r8d &= host-resident bits (pext, pdep) ; r8d += [virtual_flags] ;
//   push popf:   mov r8d, top ; only IF and host-resident bits change? no interrupt gets through?
//           mov [virtual_flags], (flags_if_clear or flags_if_set) ; pop ; push r8 & mask ; popfq
//           (at CPL 1 to 3: neither IF nor IOPL changes, if IOPL is 0)
//   rdtsc:  rdtsc ; r8 = rdx:rax + [tsc_offset] ; edx:eax = r8
#include <array>
#include <cstddef>
#include <optional>

#include "translator/block_builder.h"

namespace verbatim {
namespace {

HostMemory Field(size_t offset) { return HostMemory::Context(offset); }

// SDM vol. 2, "ENTER": frames of outer procedures that it copies.
constexpr uint16_t kEnterLevels = 31;

// What the plain form of POPF leaves to the callout.
constexpr uint32_t kRareFlags = flag::kTf | flag::kNt | flag::kAc | flag::kId;

}  // namespace

// At CPL 0 IOPL does not matter. Single-instruction blocks leave after each instruction anyway.
bool BlockBuilder::EmitInCache(const Decoded& decoded) {
  if (mode_.single() || mode_.software() || !Optimises(Optimisation::kInCache)) return false;
  const GuestInstruction& in = decoded.instruction;
  const bool kernel = mode_.cpl() == 0;
  // In V86 mode IOPL decides.
  const bool plain_flags = kernel || !mode_.real_segments();
  const bool plain_stack = !IsSoftware(decoded, kSs, true);
  switch (in.mnemonic) {
    case Mnemonic::kCli:
      if (!kernel) return false;
      EmitSetVirtualFlags(offsetof(ExecutionContext, flags_if_clear));
      return true;
    case Mnemonic::kSti:
      // The instruction behind runs in the interrupt shadow, so it must be in this block.
      if (!kernel || &decoded == &instructions_.back()) return false;
      EmitSetInterruptFlag(decoded);
      return true;
    case Mnemonic::kPushf:
    case Mnemonic::kPushfd:
      if (!plain_flags || !plain_stack) return false;
      EmitPushFlags(decoded);
      return true;
    case Mnemonic::kPopf:
    case Mnemonic::kPopfd:
      if (!plain_flags || !plain_stack) return false;
      EmitPopFlags(decoded);
      return true;
    case Mnemonic::kPushad:
    case Mnemonic::kPopad:
      if (!plain_stack || !mode_.stack32() || mode_.segment_class(kSs) != SegmentClass::kFlat) {
        return false;
      }
      if (in.mnemonic == Mnemonic::kPushad) {
        EmitPushAll(decoded);
      } else {
        EmitPopAll();
      }
      return true;
    case Mnemonic::kEnter:
      if (!plain_stack || !mode_.stack32() || mode_.segment_class(kSs) != SegmentClass::kFlat ||
          in.operand_bits != 32 || (in.immediate2 & kEnterLevels) != 0) {
        return false;
      }
      EmitEnter(decoded);
      return true;
    case Mnemonic::kRdtsc:
      if (mode_.tsc_disabled() && !kernel) return false;
      EmitReadTimeStamp();
      return true;
    default:
      return EmitReadControl(in) || EmitSegmentRegister(decoded) || EmitFarTransfer(decoded);
  }
}

// MOV r, CRn
bool BlockBuilder::EmitReadControl(const GuestInstruction& in) {
  constexpr uint8_t kReadControl = 0x20;
  if (in.mnemonic != Mnemonic::kMov || in.map != 1 || in.opcode != kReadControl) return false;
  if (mode_.cpl() != 0) return false;
  const std::array<std::optional<size_t>, 5> fields{
      offsetof(ExecutionContext, cpu.cr0), std::nullopt, offsetof(ExecutionContext, cpu.cr2),
      offsetof(ExecutionContext, cpu.cr3), offsetof(ExecutionContext, cpu.cr4)};
  if (in.reg >= fields.size() || !fields[in.reg]) return false;
  out_.Load32(HostGpr(in.rm), Field(*fields[in.reg]));
  return true;
}

void BlockBuilder::EmitSetVirtualFlags(size_t value_field) {
  out_.Load32(kR8, Field(value_field));
  out_.Store32(Field(offsetof(ExecutionContext, virtual_flags)), kR8);
}

void BlockBuilder::EmitSetInterruptFlag(const Decoded& decoded) {
  Point(RecoveryKind::kCritical, decoded.eip);
  out_.Move64(kR9, kRcx);
  out_.Load32(kRcx, Field(offsetof(ExecutionContext, interrupt_pending)));
  const uint32_t none_waits = out_.JumpIfEcxZeroForward();
  out_.Move64(kRcx, kR9);
  EmitCallout(decoded);
  const uint32_t done = out_.JumpForward();
  out_.Bind8(none_waits);
  out_.Move64(kRcx, kR9);
  EmitSetVirtualFlags(offsetof(ExecutionContext, flags_if_set));
  out_.Bind32(done);
  in_shadow_ = true;
}

void BlockBuilder::EmitPushFlags(const Decoded& decoded) {
  // The shadow stack is uneven for a moment.
  Point(RecoveryKind::kCritical, decoded.eip);
  out_.PushFlags();
  out_.Pop(kR8);
  out_.MoveImmediate(kR9, flag::kHostResident);
  out_.ExtractBits(kR8, kR8, kR9);
  out_.DepositBits(kR8, kR8, kR9);
  out_.Load32(kR9, Field(offsetof(ExecutionContext, virtual_flags)));
  out_.Lea32(kR11, {.base = kR8, .index = kR9});
  PushValue(decoded, decoded.instruction.operand_bits / 8u, kR11, std::nullopt);
}

void BlockBuilder::EmitPopFlags(const Decoded& decoded) {
  const uint32_t bytes = decoded.instruction.operand_bits / 8u;
  const bool kernel = mode_.cpl() == 0;
  uint32_t rare_flags = kRareFlags | (kernel ? flag::kIopl : 0);
  if (bytes == 2) rare_flags &= 0xFFFFu;
  LoadTop(decoded, bytes, kR11);
  out_.Move32(kR8, kR11);
  // From here the flags are not the guest's; POPF replaces them all.
  Point(RecoveryKind::kCritical, decoded.eip);
  out_.Load32(kR9, Field(offsetof(ExecutionContext, virtual_flags)));
  uint32_t privileged = 0;
  if (!kernel) {
    out_.Test32(kR9, flag::kIopl);
    privileged = out_.JumpIfForward(kIfNotZero);
  }
  out_.Registers({.byte = 0x33}, kR9, kR8);
  out_.Test32(kR9, rare_flags);
  const uint32_t rare = out_.JumpIfForward(kIfNotZero);
  if (!kernel) {
    FinishPopFlags(bytes);
    const uint32_t done = out_.JumpForward();
    out_.Bind32(privileged);
    out_.Bind32(rare);
    EmitCallout(decoded);
    out_.Bind32(done);
    return;
  }
  out_.Load32(kR9, Field(offsetof(ExecutionContext, flags_if_clear)));
  out_.Test32(kR8, flag::kIf);
  const uint32_t clear = out_.JumpIfForward(kIfZero);
  out_.CompareMemoryZero(Field(offsetof(ExecutionContext, interrupt_pending)));
  const uint32_t waits = out_.JumpIfForward(kIfNotZero);
  out_.Load32(kR9, Field(offsetof(ExecutionContext, flags_if_set)));
  out_.Bind32(clear);
  out_.Store32(Field(offsetof(ExecutionContext, virtual_flags)), kR9);
  FinishPopFlags(bytes);
  const uint32_t done = out_.JumpForward();
  out_.Bind32(rare);
  out_.Bind32(waits);
  EmitCallout(decoded);
  out_.Bind32(done);
}

// The image is in r8d.
void BlockBuilder::FinishPopFlags(uint32_t bytes) {
  AdjustStackPointer(static_cast<int32_t>(bytes));
  out_.And32(kR8, flag::kHostResident);
  out_.Push(kR8);
  out_.PopFlags();
}

// Has no input but time: an interrupt in the middle starts it again.
void BlockBuilder::EmitReadTimeStamp() {
  out_.Byte(0x0F);
  out_.Byte(0x31);
  constexpr uint8_t kHalf = 32;
  out_.RotateRight64(kR8, kRdx, kHalf);
  out_.Lea64(kR8, {.base = kR8, .index = kRax});
  out_.Load64(kR9, Field(offsetof(ExecutionContext, cpu.tsc_offset)));
  out_.Lea64(kR8, {.base = kR8, .index = kR9});
  out_.Move32(kRax, kR8);
  out_.RotateRight64(kRdx, kR8, kHalf);
  out_.Move32(kRdx, kRdx);
}

}  // namespace verbatim
