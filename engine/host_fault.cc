// SPDX-License-Identifier: Apache-2.0
// Host signals in generated code: what each means to the guest.
#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/log.h"
#include "engine/engine.h"
#include "translator/host_emitter.h"
#include "translator/probe.h"

namespace verbatim {
namespace {

// Host exception vectors are the guest's: same architecture.
constexpr uint32_t kTrapDivide = 0;
constexpr uint32_t kTrapUndefined = 6;
constexpr uint32_t kTrapProtection = 13;
constexpr uint32_t kTrapPage = 14;
constexpr uint32_t kTrapMath = 16;
constexpr uint32_t kTrapAlignment = 17;
constexpr uint32_t kTrapSimd = 19;
constexpr uint32_t kHostFaultWrite = 1u << 1;

constexpr uint64_t kWindowBytes = uint64_t{1} << 32;

FaultMeaning MeaningOf(ResolveOutcome outcome, bool in_check) {
  switch (outcome) {
    case ResolveOutcome::kMapped:
      return FaultMeaning::kMapped;
    case ResolveOutcome::kGuestFault:
      return in_check ? FaultMeaning::kOwnBytes : FaultMeaning::kGuestFault;
    case ResolveOutcome::kDevice:
      return in_check ? FaultMeaning::kOwnBytes : FaultMeaning::kDevice;
    case ResolveOutcome::kCodePage:
      break;
  }
  return FaultMeaning::kCodePage;
}

}  // namespace

bool Engine::HandleHostFault() {
  CpuState& cpu = context_->cpu;
  const Block* block = store_->FindByHost(context_->fault_pc);
  if (block == nullptr) {
    Log(LogLevel::kError, "engine: host fault {} at {} outside every block, address {:x}",
        context_->fault_trap, static_cast<const void*>(context_->fault_pc),
        context_->fault_address);
  }
  CHECK(block != nullptr);
  const RecoveryPoint& point = block->RecoveryAt(context_->fault_pc);
  cpu.eip = point.kind == RecoveryKind::kEipInR8 ? static_cast<uint32_t>(context_->saved[kR8])
                                                 : point.eip;
  cpu.gpr[kEsp] += static_cast<uint32_t>(int32_t{point.stack_lag});
  if (point.kind == RecoveryKind::kPointers) {
    cpu.gpr[kEsi] = static_cast<uint32_t>(context_->saved[kR11]);
    cpu.gpr[kEdi] = static_cast<uint32_t>(context_->saved[kR10]);
  }
  if (context_->fault_trap != kTrapPage) TellHostFault(FaultMeaning::kException);
  switch (context_->fault_trap) {
    case kTrapPage:
      return HandlePageFault(*block);
    case kTrapProtection:
      // Nothing in a block can raise it but a misaligned SSE operand or a reserved MXCSR bit.
      ++statistics_.faults_protection;
      Raise({Vector::kGeneralProtection, 0, {}});
      return false;
    case kTrapDivide:
      ++statistics_.faults_arithmetic;
      Raise({Vector::kDivideError, 0, {}});
      return false;
    case kTrapMath:
      ++statistics_.faults_arithmetic;
      HandleFpuError();
      return false;
    case kTrapSimd:
      ++statistics_.faults_arithmetic;
      // Without CR4.OSXMMEXCPT an unmasked SIMD exception is #UD (SDM vol. 3, 2.5).
      Raise(
          {(cpu.cr4 & cr4::kOsxmmexcpt) != 0 ? Vector::kSimdFault : Vector::kInvalidOpcode, 0, {}});
      return false;
    case kTrapAlignment:
      Raise({Vector::kAlignmentCheck, 0, {}});
      return false;
    case kTrapUndefined:
      Log(LogLevel::kError, "engine: the host does not know the instruction at eip {:08x}",
          cpu.eip);
      Raise({Vector::kInvalidOpcode, 0, {}});
      return false;
    default:
      Log(LogLevel::kError, "engine: unexpected host trap {} at eip {:08x}", context_->fault_trap,
          cpu.eip);
      CHECK(false);
      return false;
  }
}

// CR0.NE: #MF. Else FERR#, and the processor waits for the interrupt that it causes (SDM vol. 1,
// 8.7 and D.2).
void Engine::HandleFpuError() {
  // While the selectors are those of the instruction that failed.
  CaptureFpuPointers(context_->cpu, *this);
  if ((context_->cpu.cr0 & cr0::kNe) != 0) {
    Raise({Vector::kMathFault, 0, {}});
    return;
  }
  WaitForFpuInterrupt();
}

void Engine::WaitForFpuInterrupt() {
  gate_.SignalFpuError();
  context_->cpu.halted = true;
}

// The recovery table knows the instruction; windows are aligned to their size, so that the low half
// of an address in any of them is the guest's.
FpuPointers Engine::ToGuest(const HostFpuPointers& host) {
  const auto* pc = reinterpret_cast<const uint8_t*>(host.instruction);
  const Block* block = code_memory_->Contains(pc) ? store_->FindByHost(pc) : nullptr;
  if (block == nullptr) return {};
  const RecoveryPoint& point = block->RecoveryAt(pc);
  if (point.kind == RecoveryKind::kEipInR8) return {};
  const CpuState& cpu = context_->cpu;
  const BlockMode mode(block->key.mode);
  // Selectors of another privilege level tell nothing about this instruction.
  const bool same_level = mode.cpl() == cpu.cpl;
  FpuPointers pointers;
  pointers.fip = point.eip;
  if (same_level) pointers.fcs = cpu.segments[kCs].selector;
  const std::optional<GuestInstruction> in = FetchAgain(*block, point.eip);
  if (!in || in->fpu != FpuUse::kX87) return pointers;  // it has changed since
  const auto modrm = static_cast<uint32_t>((in->mod << 6) | (in->reg << 3) | in->rm);
  // Processors that keep it for unmasked exceptions only have none else.
  if (host.opcode != 0) pointers.fop = static_cast<uint16_t>(((in->opcode & 7u) << 8) | modrm);
  if (!in->memory.present) return pointers;
  const SegmentRegister& segment = cpu.segments[in->memory.segment];
  const uint32_t linear = host.operand == fpu_operand_ ? fpu_operand_address_.value
                                                       : static_cast<uint32_t>(host.operand);
  pointers.fdp = same_level ? linear - segment.base : linear;
  if (same_level) pointers.fds = segment.selector;
  return pointers;
}

// Decoded once more from guest memory; nothing if the block is no longer valid.
std::optional<GuestInstruction> Engine::FetchAgain(const Block& block, uint32_t eip) {
  if (!block.valid) return std::nullopt;
  std::array<uint8_t, kMaxInstructionBytes> bytes{};
  const PhysicalAddress start = block.key.physical + (eip - block.eip);
  const uint32_t first =
      std::min<uint32_t>(static_cast<uint32_t>(bytes.size()), kPageBytes - start.PageOffset());
  PhysicalMemory& memory = mmu_.memory();
  memory.Read(start, bytes.data(), first);
  uint32_t count = first;
  if (block.crosses_page) {
    memory.Read(block.second_page, bytes.data() + first,
                static_cast<uint32_t>(bytes.size()) - first);
    count = static_cast<uint32_t>(bytes.size());
  }
  return translator_->decoder().Decode(std::span(bytes).first(count),
                                       BlockMode(block.key.mode).code32());
}

bool Engine::CanLookFirst(const Block& block) {
  if (!Optimises(Optimisation::kProbe)) return false;
  const std::optional<GuestInstruction> in = FetchAgain(block, context_->cpu.eip);
  return in && CanBeProbed(*in, BlockMode(block.key.mode));
}

bool Engine::AdaptSite(const Block& block, uint32_t weight) {
  const PhysicalAddress site = InstructionIn(block);
  if (!Optimises(Optimisation::kAdapt) ||
      !adaptation_.NoteFault(site, weight, CanLookFirst(block))) {
    return false;
  }
  RetranslateSite(site);
  return true;
}

bool Engine::AdaptUserSite(const Block& block) {
  const PhysicalAddress site = InstructionIn(block);
  if (!Optimises(Optimisation::kAdaptUser) ||
      !adaptation_.NoteUserFault(site, CanLookFirst(block))) {
    return false;
  }
  RetranslateSite(site);
  return true;
}

PhysicalAddress Engine::InstructionIn(const Block& block) const {
  return block.key.physical + (context_->cpu.eip - block.eip);
}

void Engine::RetranslateSite(PhysicalAddress site) {
  ++statistics_.sites_adapted;
  Drop(site, 1, DropCause::kAdapted);
}

void Engine::MapRepeatedAccess() {
  const CpuState& cpu = context_->cpu;
  if (!faulted_access_ || cpu.cpl != 3 || cpu.eip != faulted_access_->eip) return;
  windows_.MapAhead(window_, faulted_access_->address, faulted_access_->write);
  faulted_access_.reset();
}

bool Engine::HandlePageFault(const Block& block) {
  const uint64_t address = context_->fault_address;
  if (recorder_ != nullptr && recorder_->InGuard(address)) {
    // The number of this entry goes to the start of the buffer.
    DrainRecorder();
    context_->saved[kR9] = reinterpret_cast<uint64_t>(recorder_->begin());
    return true;
  }
  if (address - reinterpret_cast<uint64_t>(trap_page_) < kPageBytes) {
    ++statistics_.faults_segment;
    TellHostFault(FaultMeaning::kSegment);
    software_once_ = true;
    return false;
  }
  const uint64_t offset = address - context_->window_base;
  if (offset >= kWindowBytes) {
    // An operand, or a bit string, that runs over the end of the address space into the guards.
    const bool in_guards = offset < 2 * kWindowBytes || offset >= 0 - kWindowBytes;
    if (!in_guards) {
      Log(LogLevel::kError, "engine: generated code at {} touched {:x}, outside its window",
          static_cast<const void*>(context_->fault_pc), address);
    }
    CHECK(in_guards);
    ++statistics_.faults_straddle;
    TellHostFault(FaultMeaning::kStraddle, false, static_cast<uint32_t>(offset));
    software_once_ = true;
    return false;
  }
  const bool write = (context_->fault_error & kHostFaultWrite) != 0;
  const bool in_check = block.IsInCheck(context_->fault_pc);
  const LinearAddress linear{static_cast<uint32_t>(offset)};
  const Resolution resolution = windows_.Resolve(window_, linear, write);
  if (observed_ != 0) {
    TellHostFault(MeaningOf(resolution.outcome, in_check), write, linear.value);
  }
  // A block that reads its own bytes. If it cannot, the fetch at its start says what that means.
  if (in_check && resolution.outcome != ResolveOutcome::kMapped) return false;
  switch (resolution.outcome) {
    case ResolveOutcome::kMapped:
      ++statistics_.faults_mapped;
      if (in_check) return block.valid;
      // User code touches its pages for a first time; a kernel should find its own mapped.
      if (context_->cpu.cpl == 3
              ? AdaptUserSite(block)
              : AdaptSite(block, resolution.user_page ? Adaptation::kStrongFault
                                                      : Adaptation::kWeakFault)) {
        return false;
      }
      return block.valid;
    case ResolveOutcome::kGuestFault:
      ++statistics_.faults_guest;
      faulted_access_.reset();
      if (context_->cpu.cpl == 3) {
        if (AdaptUserSite(block)) {
          NoteSoftwareFault(InstructionIn(block), linear);
        } else if (Optimises(Optimisation::kMapAhead)) {
          faulted_access_ = {context_->cpu.eip, linear, write};
        }
      }
      Raise(ToException(resolution.fault));
      return false;
    case ResolveOutcome::kDevice:
      ++statistics_.faults_device;
      (void)AdaptSite(block, Adaptation::kStrongFault);
      software_once_ = true;
      return false;
    case ResolveOutcome::kCodePage:
      ++statistics_.faults_code_page;
      (void)AdaptSite(block, Adaptation::kStrongFault);
      software_once_ = true;
      return false;
  }
  return false;
}

}  // namespace verbatim
