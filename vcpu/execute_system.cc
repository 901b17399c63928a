// SPDX-License-Identifier: Apache-2.0
// Control and debug registers, descriptor-table registers, MSRs, TSC, CPUID (SDM vol. 2; vol. 3,
// 2.5 and 17.2).
#include "base/bits.h"
#include "vcpu/virtual_cpu.h"

namespace verbatim {
namespace {

constexpr uint32_t kDr6Fixed = 0xFFFF0FF0;
constexpr uint32_t kDr6Writable = 0x0000E00F;
constexpr uint32_t kDr7Fixed = 0x00000400;
constexpr uint32_t kDr7Writable = 0xFFFF23FF;

}  // namespace

VirtualCpu::Outcome VirtualCpu::WriteCr0(uint32_t value) {
  const uint32_t before = state_.cr0;
  RETURN_IF_FAULT(paging_.WriteCr0(value));
  return state_.cr0 == before ? StepOutcome::kNext : StepOutcome::kModeOrFlow;
}

VirtualCpu::Outcome VirtualCpu::ClearTaskSwitched() {
  RETURN_IF_FAULT(RequireCpl0());
  return WriteCr0(state_.cr0 & ~cr0::kTs);
}

// INVD, WBINVD: memory is always coherent here.
VirtualCpu::Outcome VirtualCpu::WriteBackCaches() {
  RETURN_IF_FAULT(RequireCpl0());
  return StepOutcome::kNext;
}

// The mod field is ignored: always a register.
VirtualCpu::Outcome VirtualCpu::MoveControl(const GuestInstruction& instruction) {
  uint32_t& gpr = state_.gpr[instruction.rm];
  const bool write = instruction.opcode == 0x22;
  if (instruction.reg != 0 && (instruction.reg < 2 || instruction.reg > 4)) {
    return RaiseUndefined();
  }
  RETURN_IF_FAULT(RequireCpl0());
  switch (instruction.reg) {
    case 0:
      if (write) return WriteCr0(gpr);
      gpr = state_.cr0;
      return StepOutcome::kNext;
    case 2:
      if (write) {
        state_.cr2 = gpr;
      } else {
        gpr = state_.cr2;
      }
      return StepOutcome::kNext;
    case 3:
      if (!write) {
        gpr = state_.cr3;
        return StepOutcome::kNext;
      }
      RETURN_IF_FAULT(paging_.WriteCr3(gpr));
      ++statistics_.cr3_loads;
      return StepOutcome::kModeOrFlow;
    default:
      if (!write) {
        gpr = state_.cr4;
        return StepOutcome::kNext;
      }
      RETURN_IF_FAULT(paging_.WriteCr4(gpr));
      return StepOutcome::kModeOrFlow;
  }
}

VirtualCpu::Outcome VirtualCpu::MoveDebug(const GuestInstruction& instruction) {
  unsigned index = instruction.reg;
  if (index == 4 || index == 5) {
    if ((state_.cr4 & cr4::kDe) != 0) return RaiseUndefined();
    index += 2;
  }
  RETURN_IF_FAULT(RequireCpl0());
  if ((state_.dr[7] & dr7::kGeneralDetect) != 0) {
    state_.dr[6] |= dr6::kGeneralDetect;
    // A fault, unlike the other debug exceptions of an instruction (17.3.1.1).
    state_.eflags |= flag::kRf;
    return Raise(Vector::kDebug);
  }
  uint32_t& gpr = state_.gpr[instruction.rm];
  if (instruction.opcode == 0x21) {
    gpr = state_.dr[index];
    return StepOutcome::kNext;
  }
  uint32_t value = gpr;
  if (index == 6) value = (value & kDr6Writable) | kDr6Fixed;
  if (index == 7) value = (value & kDr7Writable) | kDr7Fixed;
  state_.dr[index] = value;
  return index == 6 ? StepOutcome::kNext : StepOutcome::kModeOrFlow;
}

VirtualCpu::Outcome VirtualCpu::LoadTable(const GuestInstruction& instruction,
                                          DescriptorTable& table) {
  RETURN_IF_FAULT(RequireCpl0());
  std::array<uint8_t, 6> bytes{};
  ASSIGN_OR_FAULT(const LinearAddress address, memory_.OperandAddress(instruction, 6, 4, false));
  RETURN_IF_FAULT(memory_.mmu().Read(address, bytes.data(), 6, memory_.privilege()));
  table.limit = LoadLittle<uint16_t>(bytes.data());
  table.base = LoadLittle<uint32_t>(&bytes[2]);
  if (instruction.operand_bits == 16) table.base &= 0x00FFFFFFu;
  return StepOutcome::kNext;
}

// All 32 bits of the base whatever the operand size, as processors since the 80386 do.
VirtualCpu::Outcome VirtualCpu::StoreTable(const GuestInstruction& instruction,
                                           const DescriptorTable& table) {
  std::array<uint8_t, 6> bytes;
  StoreLittle(bytes.data(), static_cast<uint16_t>(table.limit));
  StoreLittle(&bytes[2], table.base);
  ASSIGN_OR_FAULT(const LinearAddress address, memory_.OperandAddress(instruction, 6, 4, true));
  RETURN_IF_FAULT(memory_.mmu().Write(address, bytes.data(), 6, memory_.privilege()));
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::StoreMachineStatus(const GuestInstruction& instruction) {
  RETURN_IF_FAULT(memory_.StoreSelectorRm(instruction, state_.cr0));
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::StoreSystemSelector(const GuestInstruction& instruction,
                                                    const SegmentRegister& value) {
  if (!SegmentsAreProtected()) return RaiseUndefined();
  RETURN_IF_FAULT(memory_.StoreSelectorRm(instruction, value.selector));
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::LoadMachineStatus(const GuestInstruction& instruction) {
  constexpr uint32_t kReplaced = cr0::kMp | cr0::kEm | cr0::kTs;
  RETURN_IF_FAULT(RequireCpl0());
  ASSIGN_OR_FAULT(const uint16_t status, memory_.LoadRm16(instruction));
  // PE can be set but not cleared.
  return WriteCr0((state_.cr0 & ~kReplaced) | (status & (kReplaced | cr0::kPe)));
}

VirtualCpu::Outcome VirtualCpu::InvalidatePage(const GuestInstruction& instruction) {
  RETURN_IF_FAULT(RequireCpl0());
  const uint32_t base = state_.segments[instruction.memory.segment].base;
  paging_.InvalidatePage({base + memory_.EffectiveOffset(instruction)});
  return StepOutcome::kModeOrFlow;
}

VirtualCpu::Outcome VirtualCpu::ReadTimeStamp() {
  if ((state_.cr4 & cr4::kTsd) != 0) RETURN_IF_FAULT(RequireCpl0());
  const uint64_t tsc = msrs_.Tsc();
  state_.gpr[kEax] = static_cast<uint32_t>(tsc);
  state_.gpr[kEdx] = static_cast<uint32_t>(tsc >> 32);
  return StepOutcome::kNext;
}

// The models have no performance counters: every index is invalid.
VirtualCpu::Outcome VirtualCpu::ReadPerformanceCounter() { return RaiseGeneralProtection(); }

VirtualCpu::Outcome VirtualCpu::ReadMsr() {
  RETURN_IF_FAULT(RequireCpl0());
  ASSIGN_OR_FAULT(const uint64_t value, msrs_.Read(state_.gpr[kEcx]));
  state_.gpr[kEax] = static_cast<uint32_t>(value);
  state_.gpr[kEdx] = static_cast<uint32_t>(value >> 32);
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::WriteMsr() {
  RETURN_IF_FAULT(RequireCpl0());
  const uint64_t value = (uint64_t{state_.gpr[kEdx]} << 32) | state_.gpr[kEax];
  RETURN_IF_FAULT(msrs_.Write(state_.gpr[kEcx], value));
  return StepOutcome::kModeOrFlow;
}

void VirtualCpu::Cpuid() {
  const bool apic_enabled = (state_.apic_base & kApicBaseEnable) != 0;
  const CpuidResult result = model_.Query(state_.gpr[kEax], state_.gpr[kEcx], apic_enabled);
  state_.gpr[kEax] = result.eax;
  state_.gpr[kEbx] = result.ebx;
  state_.gpr[kEcx] = result.ecx;
  state_.gpr[kEdx] = result.edx;
}

}  // namespace verbatim
