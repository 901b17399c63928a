// SPDX-License-Identifier: Apache-2.0
// What generated code calls: sensitive instructions, and memory accesses in software form. All
// guest state is in the context on entry; nothing here throws.
#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "engine/engine.h"
#include "vcpu/fpu_image.h"

namespace verbatim {
namespace {

// How far from its operand, in bytes, lies what a bit string really accesses.
int32_t BitStringDisplacement(const CpuState& cpu, const GuestInstruction& in) {
  if (!IsBitString(in)) return 0;
  const uint32_t bits = cpu.gpr[in.reg];
  if (in.operand_bits == 16) {
    return (static_cast<int16_t>(bits) >> 4) * 2;
  }
  return (static_cast<int32_t>(bits) >> 5) * 4;
}

// Operands of 16 bytes must be aligned, else #GP(0), which goes before any page fault (SDM vol. 1,
// 11.6.10; vol. 3, table 6-2) and, as processors have it, before a stack fault.
bool MustBeAligned(const GuestInstruction& in, uint32_t bytes) {
  if (bytes != 16) return false;
  switch (in.mnemonic) {
    case Mnemonic::kMovups:
    case Mnemonic::kMovupd:
    case Mnemonic::kMovdqu:
    case Mnemonic::kLddqu:
    case Mnemonic::kMaskmovdqu:
      return false;
    default:
      return true;
  }
}

// What an operand of that size should be aligned to (SDM vol. 3, table 6-7); the unaligned moves of
// 16 bytes are checked too.
uint32_t NaturalAlignment(uint32_t bytes) {
  return bytes == 10 ? 8 : std::bit_floor(std::max(bytes, 1u));
}

// Of the SSE instructions, from memory: they go over to MMX like those of MMX.
bool WritesMmxRegister(Mnemonic mnemonic) {
  return mnemonic == Mnemonic::kCvtps2pi || mnemonic == Mnemonic::kCvttps2pi ||
         mnemonic == Mnemonic::kCvtpd2pi || mnemonic == Mnemonic::kCvttpd2pi;
}

// A waiting x87 exception goes before all faults of the operand (SDM vol. 3, 6.15, interrupt 16).
bool TakesPendingMathFault(const GuestInstruction& in) {
  switch (in.fpu) {
    case FpuUse::kX87:
      // The only two with an operand in memory that do not wait.
      if (in.mnemonic == Mnemonic::kFnstcw || in.mnemonic == Mnemonic::kFnstsw) return false;
      return FpuExceptionPending();
    case FpuUse::kMmx:
      return FpuExceptionPending();
    case FpuUse::kSse:
      return WritesMmxRegister(in.mnemonic) && FpuExceptionPending();
    default:
      return false;
  }
}

}  // namespace

bool Engine::CalloutThunk(ExecutionContext* context, uint32_t site) noexcept {
  auto* engine = static_cast<Engine*>(context->engine);
  engine->FollowFarTransfers();
  const Site& called = engine->sites_.At(site);
  engine->time_.Switch(called.move ? Activity::kSoftwareAccesses : Activity::kCallouts);
  const bool resumes = called.move ? engine->Move(called) : engine->Callout(site);
  engine->time_.Switch(engine->GeneratedCode());
  return engine->TellResumed(resumes);
}

bool Engine::AccessBeginThunk(ExecutionContext* context, uint32_t site) noexcept {
  auto* engine = static_cast<Engine*>(context->engine);
  engine->FollowFarTransfers();
  engine->time_.Switch(Activity::kSoftwareAccesses);
  const bool resumes = engine->AccessBegin(engine->sites_.At(site));
  engine->time_.Switch(engine->GeneratedCode());
  return engine->TellResumed(resumes);
}

bool Engine::AccessEndThunk(ExecutionContext* context, uint32_t site) noexcept {
  auto* engine = static_cast<Engine*>(context->engine);
  engine->time_.Switch(Activity::kSoftwareAccesses);
  engine->AccessEnd(engine->sites_.At(site));
  engine->time_.Switch(engine->GeneratedCode());
  return true;
}

bool Engine::LeaveCallout() {
  // The run loop takes the flags from there after every exit.
  SyncFlagsToHost();
  context_->virtual_flags |= context_->cpu.eflags & flag::kRf;
  context_->exit_reason = static_cast<uint32_t>(ExitReason::kCallout);
  return false;
}

// Everything that the rest of the block was translated under must still hold.
bool Engine::MayResumeAfter(const Site& site, uint64_t drops_before,
                            uint64_t invalidations_before) {
  const CpuState& cpu = context_->cpu;
  if (cpu.eip != site.eip + site.instruction.length || mode_.single()) return false;
  if (cpu.halted || cpu.shutdown || IsTraced(cpu)) return false;
  // A port may have switched the machine off or reset it: no further instruction runs.
  if (InterruptAwaitsBoundary() || gate_.StopRequested()) return false;
  if (PresentMode() != mode_) return false;
  return windows_.Select(PrivilegeOf(cpu.cpl)) == window_ &&
         window_code_->generation() == drops_before && invalidations_ == invalidations_before;
}

// Far transfers, interrupts and returns from them: on to the jump table of the mode that they led
// to, without the way through the run loop. What is not in the table comes out there.
bool Engine::TransferAfterCallout() {
  const CpuState& cpu = context_->cpu;
  if (mode_.single() || !Optimises(Optimisation::kTransfers)) return false;
  if (software_once_ || pending_link_) return false;
  if (cpu.halted || cpu.shutdown || cpu.pending_debug != 0 || IsTraced(cpu)) return false;
  if (InterruptAwaitsBoundary() || gate_.StopRequested()) return false;
  SaveShadowStack();
  const BlockMode mode = PresentMode();
  if (!SelectWindow(mode)) return false;
  MapRepeatedAccess();
  ++statistics_.callouts_transferred;
  mode_ = mode;
  entered_generation_ = window_code_->generation();
  context_->shadow_rsp = code_->shadow_rsp;
  const uint8_t* const body = code_->BodyAt(cpu.eip);
  context_->callout_resume = body != nullptr ? body : stubs_.table.dispatch;
  SyncFlagsToHost();
  UpdateSegmentPointers();
  Remember(cpu.eip);
  return true;
}

bool Engine::Callout(uint32_t number) {
  const Site& site = sites_.At(number);
  CpuState& cpu = context_->cpu;
  ++statistics_.callouts;
  cpu.eip = site.eip;
  SyncFlagsFromHost();
  const uint64_t drops = window_code_->generation();
  const uint64_t invalidations = invalidations_;
  const uint64_t turns = code_pages_.turns();
  const bool is_string = site.instruction.handling == Handling::kString;
  StepOutcome outcome = StepOutcome::kNext;
  if (is_string) {
    ++statistics_.software_strings;
    if (Observes(Observation::kExits)) Tell(SoftwareAccessSeen{&site.instruction});
    const Faultable<StringProgress> done = strings_->Execute(site.instruction);
    if (!done) return RaiseFromAccess(site, done.error());
    // What user code copies it uses elsewhere, where the page is mapped: only a page fault counts.
    if (ForgiveSite(site, done->guilty && cpu.cpl != 3)) ++invalidations_;
    if (code_pages_.turns() != turns) PardonSite(site);
    if (done->finished) {
      cpu.eip += site.instruction.length;
    } else {
      (void)LeaveCallout();
      // To the single step, each iteration is an instruction.
      if (IsTraced(cpu)) context_->exit_reason = static_cast<uint32_t>(ExitReason::kBlockEnd);
      return false;
    }
  } else {
    outcome = observed_ == 0 ? cpu_->Execute(site.instruction) : ExecuteObserved(site.instruction);
  }
  NoteOutcome(outcome);
  if (outcome == StepOutcome::kRepeat || !MayResumeAfter(site, drops, invalidations)) {
    const bool through = outcome == StepOutcome::kNext || outcome == StepOutcome::kModeOrFlow;
    WindowCode* from = code_;
    if (through && TransferAfterCallout()) {
      if (site.far_transfer) KeepFarTarget(*from);
      return true;
    }
    // A finished string instruction ends a single-instruction block like any other.
    (void)LeaveCallout();
    if (is_string && mode_.single()) {
      context_->exit_reason = static_cast<uint32_t>(ExitReason::kBlockEnd);
    }
    return false;
  }
  ++statistics_.callouts_resumed;
  SyncFlagsToHost();
  UpdateSegmentPointers();
  if (site.loads_segment) KeepSegmentLoad(site, number);
  return true;
}

Faultable<LinearAddress> Engine::SiteAddress(const Site& site) {
  const CpuState& cpu = context_->cpu;
  const GuestInstruction& in = site.instruction;
  const uint32_t stack_mask = segments_->StackMask();
  switch (site.shape) {
    case AccessShape::kPush:
      return segments_->Check(kSs, (cpu.gpr[kEsp] - site.bytes) & stack_mask, site.bytes, true);
    case AccessShape::kPop:
      return segments_->Check(kSs, cpu.gpr[kEsp] & stack_mask, site.bytes, false);
    case AccessShape::kFrame:
      return segments_->Check(kSs, cpu.gpr[kEbp] & stack_mask, site.bytes, false);
    case AccessShape::kPopDestination:
    case AccessShape::kMemoryOperand:
      break;
  }
  uint32_t offset = segments_->EffectiveOffset(in);
  if (in.mnemonic == Mnemonic::kXlat) offset += cpu.gpr[kEax] & 0xFFu;
  if (site.shape == AccessShape::kPopDestination && in.memory.base == kEsp) offset += site.bytes;
  offset += static_cast<uint32_t>(BitStringDisplacement(cpu, in));
  if (in.address_bits == 16) offset &= 0xFFFFu;
  const LinearAddress linear{cpu.segments[in.memory.segment].base + offset};
  if (MustBeAligned(in, site.bytes) && (linear.value & 15u) != 0) {
    return std::unexpected(Exception{Vector::kGeneralProtection, 0, {}});
  }
  if (in.mnemonic == Mnemonic::kClflush) return segments_->LocateLine(in.memory.segment, offset);
  return segments_->Check(in.memory.segment, offset, site.bytes, site.write);
}

// The host pointer if the access lies in one page of plain memory, nullptr if it needs the bounce
// buffer. Sets A and D.
Faultable<uint8_t*> Engine::DirectPointer(LinearAddress address, const Site& site, bool& guilty) {
  const Privilege privilege = PrivilegeOf(context_->cpu.cpl);
  const auto translation =
      mmu_.Translate(address, site.write ? AccessKind::kWrite : AccessKind::kRead, privilege);
  if (!translation) {
    return std::unexpected(
        Exception{Vector::kPageFault, translation.error().error_code, translation.error().address});
  }
  PhysicalMemory& memory = mmu_.memory();
  guilty = !windows_.Shows(window_, address, site.write);
  const bool one_page = address.PageOffset() + site.bytes <= kPageBytes;
  const PageKind kind = memory.KindOf(translation->address);
  const bool plain = kind == PageKind::kRam || (kind == PageKind::kRom && !site.write);
  if (!one_page || !plain || (site.write && memory.IsCodePage(translation->address))) {
    return nullptr;
  }
  return memory.HostPointerTo(translation->address);
}

bool Engine::ForgiveSite(const Site& site, bool guilty) {
  if (!adaptation_.NoteSoftwareAccess(site.physical, guilty)) return false;
  ++statistics_.sites_forgiven;
  Drop(site.physical, 1, DropCause::kForgiven);
  return true;
}

bool Engine::JudgeAccess(const Site& site, LinearAddress address, bool mapped) {
  switch (adaptation_.NoteAccess(site.physical, address, mapped, PrivilegeOf(context_->cpu.cpl))) {
    case Adaptation::Verdict::kStay:
      return false;
    case Adaptation::Verdict::kMapPage:
      (void)windows_.Resolve(window_, address, site.write);
      // Where that has shown that code is mapped otherwise, this block must not go on.
      if (window_code_->generation() != entered_generation_) LeaveAfterInstruction();
      return false;
    case Adaptation::Verdict::kGoBack:
      break;
  }
  ++statistics_.sites_forgiven;
  Drop(site.physical, 1, DropCause::kForgiven);
  return true;
}

void Engine::NoteSoftwareFault(PhysicalAddress instruction, LinearAddress address) {
  const std::optional<LinearAddress> left = adaptation_.LeftUnmapped(instruction);
  const bool mapped = left && windows_.Shows(window_, *left, false);
  adaptation_.NoteSoftwareFault(instruction, address, mapped);
}

bool Engine::RaiseFromAccess(const Site& site, const Exception& exception) {
  if (exception.vector == Vector::kPageFault && context_->cpu.cpl == 3) {
    NoteSoftwareFault(site.physical, exception.fault_address);
  }
  Raise(exception);
  if (!TransferAfterCallout()) return LeaveCallout();
  // Where r8 is the operand's address behind the callout, it is the handler's.
  context_->access_pointer = reinterpret_cast<const uint8_t*>(uintptr_t{context_->cpu.eip});
  return true;
}

// The site wrote to a page of code, which has just become an ordinary one for stores.
void Engine::PardonSite(const Site& site) {
  if (!adaptation_.IsInSoftware(site.physical)) return;
  adaptation_.Pardon(site.physical);
  Drop(site.physical, 1, DropCause::kForgiven);
}

// The site works on a page of a view that the window does not show as yet: what was a device is
// memory for a while.
void Engine::PardonIfView(const Site& site, LinearAddress address) {
  if (!adaptation_.IsInSoftware(site.physical)) return;
  const auto kind = site.write ? AccessKind::kWrite : AccessKind::kRead;
  const auto page = mmu_.Translate(address, kind, PrivilegeOf(context_->cpu.cpl));
  if (!page || !mmu_.memory().IsView(page->address)) return;
  if (windows_.Resolve(window_, address, site.write).outcome != ResolveOutcome::kMapped) return;
  PardonSite(site);
  LeaveAfterInstruction();
}

// After an access that may have been to a device. With IF clear the translated STI or POPF looks.
bool Engine::DeviceRaisedInterrupt() {
  context_->interrupt_pending = gate_.InterruptRequested() ? 1 : 0;
  return InterruptAwaitsBoundary();
}

// An x87 store with an unmasked exception leaves memory as it was (SDM vol. 1, 8.5): what is
// written back must be what was there. A device is not read for that.
bool Engine::MayNotStore(const Site& site, LinearAddress address) {
  if (site.instruction.fpu != FpuUse::kX87 || site.read) return false;
  for (const LinearAddress byte : {address, LinearAddress{address.value + site.bytes - 1}}) {
    const auto translation =
        mmu_.Translate(byte, AccessKind::kRead, PrivilegeOf(context_->cpu.cpl));
    if (!translation || mmu_.memory().KindOf(translation->address) == PageKind::kDevice) {
      return false;
    }
  }
  return true;
}

bool Engine::AccessBegin(const Site& site) {
  CpuState& cpu = context_->cpu;
  ++statistics_.software_accesses;
  cpu.eip = site.eip;
  if (Observes(Observation::kExits)) Tell(SoftwareAccessSeen{&site.instruction});
  if (TakesPendingMathFault(site.instruction)) {
    // The copy raises it before it touches any memory.
    access_bounced_ = false;
    context_->access_pointer = context_->bounce.data();
    return true;
  }
  SyncFlagsFromHost();
  const auto fault = [&](const Exception& exception) { return RaiseFromAccess(site, exception); };
  const Faultable<LinearAddress> address = SiteAddress(site);
  if (!address) return fault(address.error());
  const auto aligned = segments_->CheckAlignment(*address, NaturalAlignment(site.bytes));
  if (!aligned) return fault(aligned.error());
  bool guilty = false;
  const Faultable<uint8_t*> direct = DirectPointer(*address, site, guilty);
  if (!direct) return fault(direct.error());
  const uint8_t* pointer = *direct;
  access_bounced_ = pointer == nullptr;
  if (access_bounced_) {
    ++statistics_.software_accesses_bounced;
    CHECK(site.bytes <= 32);
    const Privilege privilege = PrivilegeOf(cpu.cpl);
    access_address_ = *address;
    // As aligned as the guest's address is, so that alignment faults stay what they are.
    uint8_t* bounce = context_->bounce.data() + (address->value & 15u);
    // CLFLUSH is checked as a load is, and loads nothing.
    const bool only_checks = site.instruction.mnemonic == Mnemonic::kClflush;
    if (site.write) {
      const auto probed = mmu_.ProbeWrite(*address, site.bytes, privilege);
      if (!probed) return fault(ToException(probed.error()));
    }
    if ((site.read && !only_checks) || MayNotStore(site, *address)) {
      const auto read = mmu_.Read(*address, bounce, site.bytes, privilege);
      if (!read) return fault(ToException(read.error()));
    }
    pointer = bounce;
    if (!site.write && DeviceRaisedInterrupt()) LeaveAfterInstruction();
  }
  if (access_bounced_ ? ForgiveSite(site, guilty) : JudgeAccess(site, *address, !guilty)) {
    LeaveAfterInstruction();
  }
  if (guilty && !access_bounced_) PardonIfView(site, *address);
  context_->access_pointer = pointer - BitStringDisplacement(cpu, site.instruction);
  if (site.instruction.fpu == FpuUse::kX87) {
    fpu_operand_ = reinterpret_cast<uint64_t>(pointer);
    fpu_operand_address_ = *address;
  }
  return true;
}

void Engine::AccessEnd(const Site& site) {
  if (!access_bounced_) return;
  const uint64_t invalidations = invalidations_;
  const uint64_t turns = code_pages_.turns();
  const uint8_t* bounce = context_->bounce.data() + (access_address_.value & 15u);
  const auto written =
      mmu_.Write(access_address_, bounce, site.bytes, PrivilegeOf(context_->cpu.cpl));
  CHECK(written.has_value());  // AccessBegin probed it
  if (code_pages_.turns() != turns) PardonSite(site);
  if (DeviceRaisedInterrupt() || invalidations_ != invalidations) LeaveAfterInstruction();
}

}  // namespace verbatim
