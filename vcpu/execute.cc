// SPDX-License-Identifier: Apache-2.0
// The dispatch of sensitive instructions: first those that go on behind themselves, then those that
// set EIP on their own. See virtual_cpu.h.
#include <utility>

#include "base/bits.h"
#include "vcpu/virtual_cpu.h"

namespace verbatim {
namespace {

bool IsSoftwareInterrupt(Mnemonic mnemonic) {
  return mnemonic == Mnemonic::kInt || mnemonic == Mnemonic::kInt3 || mnemonic == Mnemonic::kInto ||
         mnemonic == Mnemonic::kInt1;
}

}  // namespace

StepOutcome VirtualCpu::Execute(const GuestInstruction& instruction) {
  const bool single_step = (state_.eflags & flag::kTf) != 0;
  state_.shadow_active = false;
  // RF covers one instruction; IRETD sets it for the next.
  state_.eflags &= ~flag::kRf;
  state_.debug_hits = 0;
  const Outcome outcome = Dispatch(instruction, state_.eip + instruction.length);
  if (!outcome) return RaiseException(outcome.error());
  if (*outcome == StepOutcome::kFpuError) return *outcome;
  if (*outcome == StepOutcome::kRepeat) state_.eflags |= flag::kRf;
  if (!single_step && (state_.debug_hits | state_.pending_debug) == 0) [[likely]] {
    return *outcome;
  }
  // A software interrupt that was taken has cleared TF and is not followed by the trap; nor is a
  // load of SS.
  const bool taken = IsSoftwareInterrupt(instruction.mnemonic) && (state_.eflags & flag::kTf) == 0;
  NoteDebugTraps(single_step && !taken && !DebugInhibited());
  const StepOutcome trapped = DeliverDebugTraps();
  return trapped == StepOutcome::kNext ? *outcome : trapped;
}

StepOutcome VirtualCpu::EndTracedInstruction(bool single_step) {
  state_.shadow_active = false;
  NoteDebugTraps(single_step);
  return DeliverDebugTraps();
}

void VirtualCpu::NoteDebugTraps(bool single_step) {
  state_.pending_debug |= std::exchange(state_.debug_hits, 0);
  if (single_step) state_.pending_debug |= dr6::kSingleStep;
}

StepOutcome VirtualCpu::DeliverDebugTraps() {
  if (state_.pending_debug == 0 || DebugInhibited()) return StepOutcome::kNext;
  state_.dr[6] |= std::exchange(state_.pending_debug, 0);
  state_.halted = false;
  return RaiseException({Vector::kDebug, 0, {}});
}

bool VirtualCpu::MeetsInstructionBreakpoint() {
  if ((state_.eflags & flag::kRf) != 0 || DebugInhibited()) return false;
  const uint32_t hits =
      MatchInstructionBreakpoints(state_, LinearAddress{state_.segments[kCs].base + state_.eip});
  state_.dr[6] |= hits;
  return hits != 0;
}

VirtualCpu::Outcome VirtualCpu::Dispatch(const GuestInstruction& instruction, uint32_t next_eip) {
  if (instruction.handling == Handling::kUndefined) [[unlikely]] {
    if (instruction.error == DecodeError::kTooLong) return RaiseGeneralProtection();
    return RaiseUndefined();
  }
  Outcome outcome = StepOutcome::kNext;
  switch (instruction.mnemonic) {
    case Mnemonic::kCli:
      outcome = ClearInterruptFlag();
      break;
    case Mnemonic::kSti:
      outcome = SetInterruptFlag(next_eip);
      break;
    case Mnemonic::kPushf:
    case Mnemonic::kPushfd:
      outcome = PushFlags(instruction.operand_bits);
      break;
    case Mnemonic::kPopf:
    case Mnemonic::kPopfd:
      outcome = PopFlags(instruction.operand_bits);
      break;
    case Mnemonic::kIn:
      outcome = PortIn(instruction);
      break;
    case Mnemonic::kOut:
      outcome = PortOut(instruction);
      break;
    case Mnemonic::kMov:
      if (instruction.map == 0) {
        outcome = MoveToSegment(instruction, next_eip);
      } else if ((instruction.opcode & 1) == 0) {
        outcome = MoveControl(instruction);
      } else {
        outcome = MoveDebug(instruction);
      }
      break;
    case Mnemonic::kPush:
      outcome = PushSegment(instruction);
      break;
    case Mnemonic::kPop:
      outcome = PopSegment(instruction, next_eip);
      break;
    case Mnemonic::kRdtsc:
      outcome = ReadTimeStamp();
      break;
    case Mnemonic::kClts:
      outcome = ClearTaskSwitched();
      break;
    case Mnemonic::kInvlpg:
      outcome = InvalidatePage(instruction);
      break;
    case Mnemonic::kCpuid:
      Cpuid();
      break;
    case Mnemonic::kRdmsr:
      outcome = ReadMsr();
      break;
    case Mnemonic::kWrmsr:
      outcome = WriteMsr();
      break;
    case Mnemonic::kRdpmc:
      outcome = ReadPerformanceCounter();
      break;
    case Mnemonic::kFxsave:
    case Mnemonic::kFxrstor:
    case Mnemonic::kFnsave:
    case Mnemonic::kFrstor:
    case Mnemonic::kFnstenv:
    case Mnemonic::kFldenv:
    case Mnemonic::kLdmxcsr:
    case Mnemonic::kStmxcsr:
      outcome = FpuState(instruction);
      break;
    case Mnemonic::kLds:
      outcome = LoadFarPointer(instruction, kDs);
      break;
    case Mnemonic::kLes:
      outcome = LoadFarPointer(instruction, kEs);
      break;
    case Mnemonic::kLss:
      outcome = LoadFarPointer(instruction, kSs);
      break;
    case Mnemonic::kLfs:
      outcome = LoadFarPointer(instruction, kFs);
      break;
    case Mnemonic::kLgs:
      outcome = LoadFarPointer(instruction, kGs);
      break;
    case Mnemonic::kLgdt:
      outcome = LoadTable(instruction, state_.gdtr);
      break;
    case Mnemonic::kLidt:
      outcome = LoadTable(instruction, state_.idtr);
      break;
    case Mnemonic::kSgdt:
      outcome = StoreTable(instruction, state_.gdtr);
      break;
    case Mnemonic::kSidt:
      outcome = StoreTable(instruction, state_.idtr);
      break;
    case Mnemonic::kLldt:
      outcome = LoadLdt(instruction);
      break;
    case Mnemonic::kLtr:
      outcome = LoadTaskRegister(instruction);
      break;
    case Mnemonic::kSldt:
      outcome = StoreSystemSelector(instruction, state_.ldtr);
      break;
    case Mnemonic::kStr:
      outcome = StoreSystemSelector(instruction, state_.tr);
      break;
    case Mnemonic::kSmsw:
      outcome = StoreMachineStatus(instruction);
      break;
    case Mnemonic::kLmsw:
      outcome = LoadMachineStatus(instruction);
      break;
    case Mnemonic::kLar:
    case Mnemonic::kLsl:
    case Mnemonic::kVerr:
    case Mnemonic::kVerw:
      outcome = InspectSelector(instruction);
      break;
    case Mnemonic::kArpl:
      outcome = AdjustRpl(instruction);
      break;
    case Mnemonic::kInvd:
    case Mnemonic::kWbinvd:
      outcome = WriteBackCaches();
      break;
    case Mnemonic::kAaa:
    case Mnemonic::kAas:
    case Mnemonic::kAam:
    case Mnemonic::kAad:
    case Mnemonic::kDaa:
    case Mnemonic::kDas:
    case Mnemonic::kSalc:
      outcome = Decimal(instruction);
      break;
    case Mnemonic::kBound:
      outcome = Bound(instruction);
      break;
    case Mnemonic::kPusha:
    case Mnemonic::kPushad:
      outcome = PushAll(instruction.operand_bits);
      break;
    case Mnemonic::kPopa:
    case Mnemonic::kPopad:
      outcome = PopAll(instruction.operand_bits);
      break;
    case Mnemonic::kEnter:
      outcome = Enter(instruction);
      break;
    case Mnemonic::kHlt:
      outcome = Halt();
      break;
    default:
      return DispatchTransfer(instruction, next_eip);
  }
  if (outcome && *outcome != StepOutcome::kFpuError) [[likely]]
    state_.eip = next_eip;
  return outcome;
}

VirtualCpu::Outcome VirtualCpu::Halt() {
  RETURN_IF_FAULT(RequireCpl0());
  state_.halted = true;
  return StepOutcome::kHalted;
}

VirtualCpu::Outcome VirtualCpu::DispatchTransfer(const GuestInstruction& instruction,
                                                 uint32_t next_eip) {
  switch (instruction.mnemonic) {
    case Mnemonic::kInsb:
    case Mnemonic::kInsw:
    case Mnemonic::kInsd:
    case Mnemonic::kOutsb:
    case Mnemonic::kOutsw:
    case Mnemonic::kOutsd: {
      const Outcome outcome = StringIo(instruction);
      if (outcome && *outcome != StepOutcome::kRepeat) state_.eip = next_eip;
      return outcome;
    }
    default:
      RETURN_IF_FAULT(Transfer(instruction, next_eip));
      return StepOutcome::kModeOrFlow;
  }
}

Faultable<void> VirtualCpu::Transfer(const GuestInstruction& instruction, uint32_t next_eip) {
  switch (instruction.mnemonic) {
    case Mnemonic::kIret:
    case Mnemonic::kIretd:
      return events_.Return(instruction.operand_bits, next_eip);
    case Mnemonic::kSysenter:
      return transfers_.SysEnter();
    case Mnemonic::kSysexit:
      return transfers_.SysExit();
    case Mnemonic::kInt:
      if (state_.Virtual8086() && state_.Iopl() != 3) return RaiseGeneralProtection();
      return SoftwareInterrupt(static_cast<uint8_t>(instruction.immediate), next_eip);
    case Mnemonic::kInt3:
      return SoftwareInterrupt(static_cast<uint8_t>(Vector::kBreakpoint), next_eip);
    case Mnemonic::kInto:
      if ((state_.eflags & flag::kOf) == 0) {
        state_.eip = next_eip;
        return {};
      }
      return SoftwareInterrupt(static_cast<uint8_t>(Vector::kOverflow), next_eip);
    case Mnemonic::kInt1:
      // No DPL check, and external in the sense of error codes (SDM vol. 2, INT n).
      RETURN_IF_FAULT(events_.Deliver({.vector = static_cast<uint8_t>(Vector::kDebug),
                                       .software = false,
                                       .has_error_code = false,
                                       .error_code = 0,
                                       .return_eip = next_eip,
                                       .saved_flags = state_.eflags}));
      // The handler may use the debug registers (17.2.4).
      state_.dr[7] &= ~dr7::kGeneralDetect;
      return {};
    case Mnemonic::kCall:
    case Mnemonic::kJmp:
      return FarBranch(instruction, next_eip);
    case Mnemonic::kRet:
      return transfers_.Return(instruction.operand_bits,
                               instruction.opcode == 0xCA ? instruction.immediate & 0xFFFFu : 0);
    default:
      undecoded_.Log(LogLevel::kWarning, "sensitive instruction {} at {:#x} is not known here: #UD",
                     MnemonicName(instruction.mnemonic), state_.eip);
      return RaiseUndefined();
  }
}

Faultable<void> VirtualCpu::FarBranch(const GuestInstruction& instruction, uint32_t next_eip) {
  const unsigned bytes = instruction.operand_bits / 8;
  uint32_t offset = instruction.immediate;
  uint16_t selector = instruction.immediate2;
  if (instruction.memory.present) {
    std::array<uint8_t, 6> pointer{};
    ASSIGN_OR_FAULT(const LinearAddress address,
                    memory_.OperandAddress(instruction, bytes + 2, bytes, false));
    RETURN_IF_FAULT(memory_.mmu().Read(address, pointer.data(), bytes + 2, memory_.privilege()));
    offset = LoadLittle<uint32_t>(pointer.data());
    selector = LoadLittle<uint16_t>(&pointer[bytes]);
  }
  if (bytes == 2) offset &= 0xFFFFu;
  return instruction.mnemonic == Mnemonic::kCall
             ? transfers_.Call(selector, offset, instruction.operand_bits, next_eip)
             : transfers_.Jump(selector, offset, next_eip);
}

}  // namespace verbatim
