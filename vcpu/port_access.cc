// SPDX-License-Identifier: Apache-2.0
// Port instructions. See port_access.h.
#include "vcpu/port_access.h"

#include <algorithm>

namespace verbatim {
namespace {

// Iterations per call, so that interrupts are looked at in between.
constexpr uint32_t kMaxIterations = 512;
constexpr uint32_t kTssBitmapBase = 0x66;

}  // namespace

Faultable<void> PortAccess::CheckPermission(uint16_t port, unsigned bytes) {
  if (!state_.ProtectedMode()) return {};
  if (state_.cpl <= state_.Iopl() && !state_.Virtual8086()) [[likely]]
    return {};
  return CheckBitmap(port, bytes);
}

Faultable<void> PortAccess::CheckBitmap(uint16_t port, unsigned bytes) {
  const SegmentRegister& tr = state_.tr;
  const bool is_tss32 = tr.Present() && (tr.attributes & 0x1Du) == 0x09u;
  if (!is_tss32 || tr.limit < kTssBitmapBase + 1) return RaiseGeneralProtection();
  Mmu& mmu = memory_.mmu();
  ASSIGN_OR_FAULT(const uint16_t start,
                  mmu.Load<uint16_t>({tr.base + kTssBitmapBase}, Privilege::kSupervisor));
  const uint32_t offset = start + port / 8u;
  // Two bytes are always read, hence the closing byte of ones after the bitmap.
  if (offset + 1 > tr.limit) return RaiseGeneralProtection();
  ASSIGN_OR_FAULT(const uint16_t bits,
                  mmu.Load<uint16_t>({tr.base + offset}, Privilege::kSupervisor));
  const uint32_t wanted = ((1u << bytes) - 1) << (port % 8u);
  if ((bits & wanted) != 0) return RaiseGeneralProtection();
  return {};
}

void PortAccess::MeetBreakpoints(uint16_t port, unsigned bytes) {
  if (BreakpointsEnabled(state_)) [[unlikely]] {
    state_.debug_hits |= MatchPortBreakpoints(state_, port, bytes);
  }
}

Faultable<void> PortAccess::In(uint16_t port, unsigned bytes) {
  RETURN_IF_FAULT(CheckPermission(port, bytes));
  MeetBreakpoints(port, bytes);
  const uint32_t value = ports_.ReadPort(port, bytes);
  const uint32_t mask = bytes == 4 ? 0xFFFFFFFFu : (1u << (bytes * 8)) - 1;
  state_.gpr[kEax] = (state_.gpr[kEax] & ~mask) | (value & mask);
  return {};
}

Faultable<void> PortAccess::Out(uint16_t port, unsigned bytes) {
  RETURN_IF_FAULT(CheckPermission(port, bytes));
  MeetBreakpoints(port, bytes);
  const uint32_t mask = bytes == 4 ? 0xFFFFFFFFu : (1u << (bytes * 8)) - 1;
  ports_.WritePort(port, bytes, state_.gpr[kEax] & mask);
  return {};
}

Faultable<void> PortAccess::InOnce(uint32_t offset, unsigned bytes) {
  const uint16_t port = static_cast<uint16_t>(state_.gpr[kEdx]);
  // A read may have side effects in the device: be sure of the destination first.
  ASSIGN_OR_FAULT(const LinearAddress address, memory_.Check(kEs, offset, bytes, true));
  RETURN_IF_FAULT(memory_.CheckAlignment(address, bytes));
  RETURN_IF_FAULT(memory_.mmu().ProbeWrite(address, bytes, memory_.privilege()));
  MeetBreakpoints(port, bytes);
  const uint32_t value = ports_.ReadPort(port, bytes);
  RETURN_IF_FAULT(memory_.mmu().Write(address, &value, bytes, memory_.privilege()));
  return {};
}

Faultable<void> PortAccess::OutOnce(uint8_t segment, uint32_t offset, unsigned bytes) {
  const uint16_t port = static_cast<uint16_t>(state_.gpr[kEdx]);
  ASSIGN_OR_FAULT(const LinearAddress address, memory_.Check(segment, offset, bytes, false));
  RETURN_IF_FAULT(memory_.CheckAlignment(address, bytes));
  uint32_t value = 0;
  RETURN_IF_FAULT(memory_.mmu().Read(address, &value, bytes, memory_.privilege()));
  MeetBreakpoints(port, bytes);
  ports_.WritePort(port, bytes, value);
  return {};
}

template <typename Iteration>
Faultable<bool> PortAccess::Repeat(const GuestInstruction& instruction, unsigned bytes, Gpr index,
                                   Iteration iteration) {
  RETURN_IF_FAULT(CheckPermission(static_cast<uint16_t>(state_.gpr[kEdx]), bytes));
  const unsigned width = instruction.address_bits;
  const uint32_t mask = width == 16 ? 0xFFFFu : 0xFFFFFFFFu;
  const uint32_t step = (state_.eflags & flag::kDf) != 0 ? 0u - bytes : bytes;
  const bool repeated = instruction.HasRep();
  const uint32_t count = repeated ? state_.gpr[kEcx] & mask : 1;
  const uint32_t limit = IsTraced(state_) ? 1 : kMaxIterations;
  const uint32_t now = std::min(count, limit);
  for (uint32_t i = 0; i < now; ++i) {
    const uint32_t offset = state_.gpr[index] & mask;
    RETURN_IF_FAULT(iteration(offset));
    memory_.SetRegister(index, offset + step, width);
    if (repeated) memory_.SetRegister(kEcx, state_.gpr[kEcx] - 1, width);
  }
  return count > now;
}

Faultable<bool> PortAccess::InString(const GuestInstruction& instruction, unsigned bytes) {
  return Repeat(instruction, bytes, kEdi,
                [this, bytes](uint32_t offset) { return InOnce(offset, bytes); });
}

Faultable<bool> PortAccess::OutString(const GuestInstruction& instruction, unsigned bytes) {
  const uint8_t segment =
      instruction.segment_override == kNoSegment ? uint8_t{kDs} : instruction.segment_override;
  return Repeat(instruction, bytes, kEsi, [this, segment, bytes](uint32_t offset) {
    return OutOnce(segment, offset, bytes);
  });
}

}  // namespace verbatim
