// SPDX-License-Identifier: Apache-2.0
// MOV and XCHG between memory and a register in software form: what programs do to the memory of a
// display adapter, one access after the other. One callout does all of it, where other instructions
// take two around a copy of themselves.
#include "engine/engine.h"

namespace verbatim {
namespace {

constexpr uint8_t kFirstHighByte = 4;  // ah, ch, dh, bh

uint32_t Register(const CpuState& cpu, uint8_t number, uint32_t bytes) {
  if (bytes == 1 && number >= kFirstHighByte) return cpu.gpr[number - kFirstHighByte] >> 8;
  return cpu.gpr[number];
}

void SetRegister(CpuState& cpu, uint8_t number, uint32_t bytes, uint32_t value) {
  if (bytes == 4) {
    cpu.gpr[number] = value;
  } else if (bytes == 2) {
    cpu.gpr[number] = (cpu.gpr[number] & 0xFFFF0000u) | (value & 0xFFFFu);
  } else if (number >= kFirstHighByte) {
    uint32_t& gpr = cpu.gpr[number - kFirstHighByte];
    gpr = (gpr & 0xFFFF00FFu) | (value & 0xFFu) << 8;
  } else {
    cpu.gpr[number] = (cpu.gpr[number] & 0xFFFFFF00u) | (value & 0xFFu);
  }
}

// A direct offset goes with al or eax.
uint8_t RegisterOf(const GuestInstruction& in) { return in.has_modrm ? in.reg : uint8_t{kEax}; }

uint32_t Stored(const CpuState& cpu, const Site& site) {
  const GuestInstruction& in = site.instruction;
  const bool is_immediate = (in.opcode & 0xFE) == 0xC6;
  return is_immediate ? in.immediate : Register(cpu, RegisterOf(in), site.bytes);
}

uint64_t Truncated(uint32_t value, const Site& site) {
  return value & (~uint32_t{0} >> (32 - 8 * site.bytes));
}

}  // namespace

Faultable<void> Engine::MoveOperand(const Site& site, LinearAddress address) {
  CpuState& cpu = context_->cpu;
  const Privilege privilege = PrivilegeOf(cpu.cpl);
  const uint32_t stored = site.write ? Stored(cpu, site) : 0;
  if (site.read) {
    if (site.write) RETURN_IF_FAULT(mmu_.ProbeWrite(address, site.bytes, privilege));
    uint32_t loaded = 0;
    RETURN_IF_FAULT(mmu_.Read(address, &loaded, site.bytes, privilege));
    SetRegister(cpu, RegisterOf(site.instruction), site.bytes, loaded);
  }
  if (site.write) RETURN_IF_FAULT(mmu_.Write(address, &stored, site.bytes, privilege));
  return {};
}

// The usual case without a walk and without the values that carry faults around, which cost as much
// as all the rest. False: nothing was done.
bool Engine::MoveToDevice(const Site& site) {
  CpuState& cpu = context_->cpu;
  const GuestInstruction& in = site.instruction;
  const SegmentRegister& segment = cpu.segments[in.memory.segment];
  const uint32_t offset = segments_->EffectiveOffset(in);
  if (mode_.single() || !SegmentedMemory::Permits(segment, site.write) ||
      !SegmentedMemory::IsWithin(segment, offset, site.bytes)) {
    return false;
  }
  const LinearAddress address{segment.base + offset};
  const Privilege privilege = PrivilegeOf(cpu.cpl);
  const auto device = [&](AccessKind kind) {
    return mmu_.DeviceAt(address, site.bytes, kind, privilege);
  };
  const PhysicalMemory::Device writer =
      site.write ? device(AccessKind::kWrite) : PhysicalMemory::Device{};
  if (site.write && writer.handler == nullptr) return false;
  const uint32_t stored = site.write ? Stored(cpu, site) : 0;
  if (site.read) {
    const PhysicalMemory::Device reader = device(AccessKind::kRead);
    if (reader.handler == nullptr) return false;
    const uint64_t loaded = reader.handler->ReadMmio(reader.offset, site.bytes);
    SetRegister(cpu, RegisterOf(in), site.bytes, static_cast<uint32_t>(loaded));
  }
  if (site.write) writer.handler->WriteMmio(writer.offset, site.bytes, Truncated(stored, site));
  return true;
}

bool Engine::Move(const Site& site) {
  CpuState& cpu = context_->cpu;
  ++statistics_.software_accesses;
  cpu.eip = site.eip;
  if (Observes(Observation::kExits)) Tell(SoftwareAccessSeen{&site.instruction});
  SyncFlagsFromHost();
  const uint64_t invalidations = invalidations_;
  const uint64_t turns = code_pages_.turns();
  bool forgiven = false;
  if (MoveToDevice(site)) {
    forgiven = ForgiveSite(site, true);
  } else {
    const auto address =
        segments_->OperandAddress(site.instruction, site.bytes, site.bytes, site.write);
    if (!address) return RaiseFromAccess(site, address.error());
    const Faultable<void> moved = MoveOperand(site, *address);
    if (!moved) return RaiseFromAccess(site, moved.error());
    const bool mapped = windows_.Shows(window_, *address, site.write);
    if (!mapped) PardonIfView(site, *address);
    forgiven = JudgeAccess(site, *address, mapped);
  }
  cpu.eip += site.instruction.length;
  if (code_pages_.turns() != turns) PardonSite(site);
  if (DeviceRaisedInterrupt() || forgiven || invalidations_ != invalidations) {
    LeaveAfterInstruction();
  }
  if (!mode_.single()) return true;
  (void)LeaveCallout();
  context_->exit_reason = static_cast<uint32_t>(ExitReason::kBlockEnd);
  return false;
}

}  // namespace verbatim
