// SPDX-License-Identifier: Apache-2.0
// What the engine tells its observer (engine_observer.h): nothing of this runs without one, but for
// the ports, whose accesses may be timed.
#include <algorithm>

#include "base/bits.h"
#include "engine/engine.h"

namespace verbatim {
namespace {

ProcessorMode ModeOf(const CpuState& cpu) {
  if (!cpu.ProtectedMode()) return ProcessorMode::kReal;
  if (cpu.Virtual8086()) return ProcessorMode::kVirtual8086;
  return (cpu.cr0 & cr0::kPg) != 0 ? ProcessorMode::kPaging : ProcessorMode::kProtected;
}

// Writes a control register even if it stays as it was, as a reload of CR3 does.
bool Writes(const GuestInstruction& in, ControlRegister which) {
  constexpr uint8_t kMoveToControl = 0x22;
  static constexpr uint8_t kNumbers[] = {0, 2, 3, 4};
  return in.mnemonic == Mnemonic::kMov && in.map == 1 && in.opcode == kMoveToControl &&
         in.reg == kNumbers[static_cast<unsigned>(which)];
}

}  // namespace

uint32_t Engine::ObservedPorts::ReadPort(uint16_t port, unsigned bytes) {
  const TimeSpan span(engine_.time_, Activity::kPorts);
  const uint32_t value = ports_.ReadPort(port, bytes);
  if (engine_.Observes(Observation::kPorts)) {
    engine_.Tell(PortSeen{port, static_cast<uint8_t>(bytes), false, value});
  }
  return value;
}

void Engine::ObservedPorts::WritePort(uint16_t port, unsigned bytes, uint32_t value) {
  const TimeSpan span(engine_.time_, Activity::kPorts);
  if (engine_.Observes(Observation::kPorts)) {
    engine_.Tell(PortSeen{port, static_cast<uint8_t>(bytes), true, value});
  }
  ports_.WritePort(port, bytes, value);
}

Status Engine::Observe(EngineObserver& observer) {
  observed_ = observer.Wants();
  observer.OnMemory(mmu_);
  told_mode_ = ModeOf(context_->cpu);
  if (Observes(Observation::kExceptions)) cpu_->SetObserver(this);
  if (Observes(Observation::kDevices)) mmu_.memory().SetDeviceAccessObserver(this);
  if (Observes(Observation::kBlocks) || Observes(Observation::kCodeChanges)) {
    store_->SetPatchObserver(this);
  }
  if (!Observes(Observation::kExecution)) return {};
  Result<std::unique_ptr<BlockRecorder>> recorder = BlockRecorder::Create();
  if (!recorder) return std::unexpected(recorder.error());
  recorder_ = *std::move(recorder);
  context_->record_next = recorder_->begin();
  return {};
}

void Engine::DrainRecorder() {
  if (recorder_ == nullptr || context_->record_next == recorder_->begin()) return;
  options_.observer->OnExecuted(recorder_->Written(context_->record_next));
  context_->record_next = recorder_->begin();
}

void Engine::TellAt(uint32_t eip, const EngineEvent& event) {
  DrainRecorder();
  options_.observer->OnEvent(context_->cpu, eip, event);
}

void Engine::TellMode() {
  const ProcessorMode mode = ModeOf(context_->cpu);
  if (mode == told_mode_) return;
  Tell(ModeChanged{std::exchange(told_mode_, mode), mode});
}

StepOutcome Engine::ExecuteObserved(const GuestInstruction& instruction) {
  CpuState& cpu = context_->cpu;
  if (Observes(Observation::kExits)) Tell(CalloutSeen{&instruction});
  const uint32_t eip = cpu.eip;
  const uint32_t msr = cpu.gpr[kEcx];
  const uint64_t written = (uint64_t{cpu.gpr[kEdx]} << 32) | cpu.gpr[kEax];
  const uint32_t before[] = {cpu.cr0, cpu.cr2, cpu.cr3, cpu.cr4};
  const StepOutcome outcome = cpu_->Execute(instruction);
  if (Observes(Observation::kControl)) {
    const uint32_t after[] = {cpu.cr0, cpu.cr2, cpu.cr3, cpu.cr4};
    for (unsigned i = 0; i < std::size(after); ++i) {
      const auto which = static_cast<ControlRegister>(i);
      // A page fault's CR2 is told with the fault.
      const bool changed = which != ControlRegister::kCr2 && before[i] != after[i];
      if (changed || Writes(instruction, which))
        TellAt(eip, ControlSeen{which, before[i], after[i]});
    }
    const bool done = cpu.eip == eip + instruction.length;
    if (done && instruction.mnemonic == Mnemonic::kWrmsr) {
      TellAt(eip, MsrSeen{msr, true, written});
    } else if (done && instruction.mnemonic == Mnemonic::kRdmsr) {
      TellAt(eip, MsrSeen{msr, false, (uint64_t{cpu.gpr[kEdx]} << 32) | cpu.gpr[kEax]});
    }
  }
  if (Observes(Observation::kModes)) TellMode();
  return outcome;
}

void Engine::TellHostFault(FaultMeaning meaning, bool write, uint32_t address) {
  if (Observes(Observation::kFaults)) {
    Tell(HostFaultSeen{meaning, context_->fault_trap, write, address});
  }
}

void Engine::OnException(const Exception& exception) { Tell(ExceptionSeen{exception}); }

void Engine::OnSoftwareInterrupt(uint8_t vector) { Tell(SoftwareInterruptSeen{vector}); }

void Engine::OnDeviceAccess(PhysicalAddress address, unsigned bytes, bool write, uint64_t value) {
  Tell(DeviceSeen{address, static_cast<uint8_t>(bytes), write, value});
}

// Passed on to the guard, whose place this takes.
void Engine::OnPatched(const Block& block, uint32_t offset) {
  if (guard_ != nullptr) guard_->OnPatched(block, offset);
  if (!block.valid) {
    if (offset == block.body_offset && Observes(Observation::kCodeChanges)) {
      Tell(BlockDropped{&block, drop_cause_});
    }
    return;
  }
  if (!Observes(Observation::kBlocks)) return;
  const auto link = std::ranges::find(block.links, offset, &Link::source_offset);
  if (link == block.links.end()) return;
  const uint8_t* field = block.host_start + link->source_offset;
  const uint8_t* leads_to = field + sizeof(uint32_t) + LoadLittle<int32_t>(field);
  const Block* target = store_->FindByHost(leads_to);
  const bool undone = leads_to == block.host_start + link->stub_offset;
  if (target != nullptr && !undone) Tell(LinkMade{&block, target, link->target_eip});
}

// The same as BlockStore::InvalidateRange, with the cause for who wants to know it.
uint32_t Engine::Drop(PhysicalAddress start, uint32_t bytes, DropCause cause) {
  drop_cause_ = cause;
  return store_->InvalidateRange(start, bytes);
}

}  // namespace verbatim
