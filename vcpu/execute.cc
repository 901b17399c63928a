// SPDX-License-Identifier: Apache-2.0
// The dispatch of sensitive instructions: first those that go on behind themselves, then those that
// set EIP on their own. See virtual_cpu.h.
#include <utility>

#include "base/bits.h"
#include "vcpu/virtual_cpu.h"

namespace verbatim {
namespace {

bool IsSoftwareInterrupt(Mnemonic mnemonic) {
  return mnemonic == ZYDIS_MNEMONIC_INT || mnemonic == ZYDIS_MNEMONIC_INT3 ||
         mnemonic == ZYDIS_MNEMONIC_INTO || mnemonic == ZYDIS_MNEMONIC_INT1;
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
    case ZYDIS_MNEMONIC_CLI:
      outcome = ClearInterruptFlag();
      break;
    case ZYDIS_MNEMONIC_STI:
      outcome = SetInterruptFlag(next_eip);
      break;
    case ZYDIS_MNEMONIC_PUSHF:
    case ZYDIS_MNEMONIC_PUSHFD:
      outcome = PushFlags(instruction.operand_bits);
      break;
    case ZYDIS_MNEMONIC_POPF:
    case ZYDIS_MNEMONIC_POPFD:
      outcome = PopFlags(instruction.operand_bits);
      break;
    case ZYDIS_MNEMONIC_IN:
      outcome = PortIn(instruction);
      break;
    case ZYDIS_MNEMONIC_OUT:
      outcome = PortOut(instruction);
      break;
    case ZYDIS_MNEMONIC_MOV:
      if (instruction.map == 0) {
        outcome = MoveToSegment(instruction, next_eip);
      } else if ((instruction.opcode & 1) == 0) {
        outcome = MoveControl(instruction);
      } else {
        outcome = MoveDebug(instruction);
      }
      break;
    case ZYDIS_MNEMONIC_PUSH:
      outcome = PushSegment(instruction);
      break;
    case ZYDIS_MNEMONIC_POP:
      outcome = PopSegment(instruction, next_eip);
      break;
    case ZYDIS_MNEMONIC_RDTSC:
      outcome = ReadTimeStamp();
      break;
    case ZYDIS_MNEMONIC_CLTS:
      outcome = ClearTaskSwitched();
      break;
    case ZYDIS_MNEMONIC_INVLPG:
      outcome = InvalidatePage(instruction);
      break;
    case ZYDIS_MNEMONIC_CPUID:
      Cpuid();
      break;
    case ZYDIS_MNEMONIC_RDMSR:
      outcome = ReadMsr();
      break;
    case ZYDIS_MNEMONIC_WRMSR:
      outcome = WriteMsr();
      break;
    case ZYDIS_MNEMONIC_RDPMC:
      outcome = ReadPerformanceCounter();
      break;
    case ZYDIS_MNEMONIC_FXSAVE:
    case ZYDIS_MNEMONIC_FXRSTOR:
    case ZYDIS_MNEMONIC_FNSAVE:
    case ZYDIS_MNEMONIC_FRSTOR:
    case ZYDIS_MNEMONIC_FNSTENV:
    case ZYDIS_MNEMONIC_FLDENV:
    case ZYDIS_MNEMONIC_LDMXCSR:
    case ZYDIS_MNEMONIC_STMXCSR:
      outcome = FpuState(instruction);
      break;
    case ZYDIS_MNEMONIC_LDS:
      outcome = LoadFarPointer(instruction, kDs);
      break;
    case ZYDIS_MNEMONIC_LES:
      outcome = LoadFarPointer(instruction, kEs);
      break;
    case ZYDIS_MNEMONIC_LSS:
      outcome = LoadFarPointer(instruction, kSs);
      break;
    case ZYDIS_MNEMONIC_LFS:
      outcome = LoadFarPointer(instruction, kFs);
      break;
    case ZYDIS_MNEMONIC_LGS:
      outcome = LoadFarPointer(instruction, kGs);
      break;
    case ZYDIS_MNEMONIC_LGDT:
      outcome = LoadTable(instruction, state_.gdtr);
      break;
    case ZYDIS_MNEMONIC_LIDT:
      outcome = LoadTable(instruction, state_.idtr);
      break;
    case ZYDIS_MNEMONIC_SGDT:
      outcome = StoreTable(instruction, state_.gdtr);
      break;
    case ZYDIS_MNEMONIC_SIDT:
      outcome = StoreTable(instruction, state_.idtr);
      break;
    case ZYDIS_MNEMONIC_LLDT:
      outcome = LoadLdt(instruction);
      break;
    case ZYDIS_MNEMONIC_LTR:
      outcome = LoadTaskRegister(instruction);
      break;
    case ZYDIS_MNEMONIC_SLDT:
      outcome = StoreSystemSelector(instruction, state_.ldtr);
      break;
    case ZYDIS_MNEMONIC_STR:
      outcome = StoreSystemSelector(instruction, state_.tr);
      break;
    case ZYDIS_MNEMONIC_SMSW:
      outcome = StoreMachineStatus(instruction);
      break;
    case ZYDIS_MNEMONIC_LMSW:
      outcome = LoadMachineStatus(instruction);
      break;
    case ZYDIS_MNEMONIC_LAR:
    case ZYDIS_MNEMONIC_LSL:
    case ZYDIS_MNEMONIC_VERR:
    case ZYDIS_MNEMONIC_VERW:
      outcome = InspectSelector(instruction);
      break;
    case ZYDIS_MNEMONIC_ARPL:
      outcome = AdjustRpl(instruction);
      break;
    case ZYDIS_MNEMONIC_INVD:
    case ZYDIS_MNEMONIC_WBINVD:
      outcome = WriteBackCaches();
      break;
    case ZYDIS_MNEMONIC_AAA:
    case ZYDIS_MNEMONIC_AAS:
    case ZYDIS_MNEMONIC_AAM:
    case ZYDIS_MNEMONIC_AAD:
    case ZYDIS_MNEMONIC_DAA:
    case ZYDIS_MNEMONIC_DAS:
    case ZYDIS_MNEMONIC_SALC:
      outcome = Decimal(instruction);
      break;
    case ZYDIS_MNEMONIC_BOUND:
      outcome = Bound(instruction);
      break;
    case ZYDIS_MNEMONIC_PUSHA:
    case ZYDIS_MNEMONIC_PUSHAD:
      outcome = PushAll(instruction.operand_bits);
      break;
    case ZYDIS_MNEMONIC_POPA:
    case ZYDIS_MNEMONIC_POPAD:
      outcome = PopAll(instruction.operand_bits);
      break;
    case ZYDIS_MNEMONIC_ENTER:
      outcome = Enter(instruction);
      break;
    case ZYDIS_MNEMONIC_HLT:
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
    case ZYDIS_MNEMONIC_INSB:
    case ZYDIS_MNEMONIC_INSW:
    case ZYDIS_MNEMONIC_INSD:
    case ZYDIS_MNEMONIC_OUTSB:
    case ZYDIS_MNEMONIC_OUTSW:
    case ZYDIS_MNEMONIC_OUTSD: {
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
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
      return events_.Return(instruction.operand_bits, next_eip);
    case ZYDIS_MNEMONIC_SYSENTER:
      return transfers_.SysEnter();
    case ZYDIS_MNEMONIC_SYSEXIT:
      return transfers_.SysExit();
    case ZYDIS_MNEMONIC_INT:
      if (state_.Virtual8086() && state_.Iopl() != 3) return RaiseGeneralProtection();
      return SoftwareInterrupt(static_cast<uint8_t>(instruction.immediate), next_eip);
    case ZYDIS_MNEMONIC_INT3:
      return SoftwareInterrupt(static_cast<uint8_t>(Vector::kBreakpoint), next_eip);
    case ZYDIS_MNEMONIC_INTO:
      if ((state_.eflags & flag::kOf) == 0) {
        state_.eip = next_eip;
        return {};
      }
      return SoftwareInterrupt(static_cast<uint8_t>(Vector::kOverflow), next_eip);
    case ZYDIS_MNEMONIC_INT1:
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
    case ZYDIS_MNEMONIC_CALL:
    case ZYDIS_MNEMONIC_JMP:
      return FarBranch(instruction, next_eip);
    case ZYDIS_MNEMONIC_RET:
      return transfers_.Return(instruction.operand_bits,
                               instruction.opcode == 0xCA ? instruction.immediate & 0xFFFFu : 0);
    default:
      undecoded_.Log(LogLevel::kWarning, "sensitive instruction {} at {:#x} is not known here: #UD",
                     ZydisMnemonicGetString(instruction.mnemonic), state_.eip);
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
  return instruction.mnemonic == ZYDIS_MNEMONIC_CALL
             ? transfers_.Call(selector, offset, instruction.operand_bits, next_eip)
             : transfers_.Jump(selector, offset, next_eip);
}

}  // namespace verbatim
