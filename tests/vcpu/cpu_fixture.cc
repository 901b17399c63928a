// SPDX-License-Identifier: Apache-2.0
#include "tests/vcpu/cpu_fixture.h"

#include "base/bits.h"

namespace verbatim::test {
namespace {

SegmentRegister Flat(uint16_t selector, uint8_t access) {
  return {.selector = selector,
          .attributes = static_cast<uint16_t>(0xC000u | access),
          .base = 0,
          .limit = 0xFFFFFFFF};
}

}  // namespace

CpuFixture::CpuFixture(std::string_view model)
    : memory_(PhysicalMemory::Create(PhysicalMemory::kMinBytes).value()),
      mmu_(*memory_),
      model_(FindCpuModel(model).value()),
      decoder_(model_.features),
      cpu_(state_, mmu_, nullptr, ports_, model_) {
  cpu_.Reset();
  PutGdt(kKernelCs, 0, 0xFFFFF, kCode0);
  PutGdt(kKernelDs, 0, 0xFFFFF, kData0);
  PutGdt(kUserCs, 0, 0xFFFFF, kCode3);
  PutGdt(kUserDs, 0, 0xFFFFF, kData3);
  PutGdt(kTssSelector, kTss, 0x67, 0x8B, 0);
  PutGdt(kOtherTssSelector, kOtherTss, 0x67, 0x89, 0);
  PutGdt(kLdtSelector, kLdt, 0x3F, 0x82, 0);
  for (unsigned vector = 0; vector < 256; ++vector) {
    PutIdt(vector, kKernelCs, HandlerOf(vector), 0x8E);
  }
  Put32(kTss + 4, kKernelStack);
  Put32(kTss + 8, kKernelDs);
  Put16(kTss + 0x66, 0x68);  // no I/O bitmap within the limit
  state_.cr0 = cr0::kPe | cr0::kEt | cr0::kNe;
  state_.gdtr = {.base = kGdt, .limit = kGdtLimit};
  state_.idtr = {.base = kIdt, .limit = 0x7FF};
  state_.tr = {.selector = kTssSelector, .attributes = 0x8B, .base = kTss, .limit = 0x67};
  state_.ldtr = SegmentRegister{};
  state_.segments.fill(Flat(kKernelDs, kData0));
  state_.segments[kCs] = Flat(kKernelCs, kCode0);
  state_.gpr.fill(0);
  state_.gpr[kEsp] = kStack;
  state_.eip = kCode;
}

void CpuFixture::Put8(uint32_t address, uint8_t value) {
  memory_->Write({address}, &value, sizeof value);
}
void CpuFixture::Put16(uint32_t address, uint16_t value) {
  memory_->Write({address}, &value, sizeof value);
}
void CpuFixture::Put32(uint32_t address, uint32_t value) {
  memory_->Write({address}, &value, sizeof value);
}
uint16_t CpuFixture::Get16(uint32_t address) {
  uint16_t value = 0;
  memory_->Read({address}, &value, sizeof value);
  return value;
}
uint32_t CpuFixture::Get32(uint32_t address) {
  uint32_t value = 0;
  memory_->Read({address}, &value, sizeof value);
  return value;
}

void CpuFixture::PutDescriptor(uint32_t table, uint16_t selector, uint32_t base, uint32_t limit,
                               uint8_t access, uint8_t flags) {
  const uint32_t address = table + (selector & 0xFFF8u);
  Put32(address, (limit & 0xFFFFu) | (base << 16));
  Put32(address + 4, ((base >> 16) & 0xFFu) | (uint32_t{access} << 8) | (limit & 0xF0000u) |
                         (uint32_t{flags} << 20) | (base & 0xFF000000u));
}

void CpuFixture::PutGate(uint32_t address, uint16_t selector, uint32_t offset, uint8_t access,
                         uint8_t parameters) {
  Put32(address, (offset & 0xFFFFu) | (uint32_t{selector} << 16));
  Put32(address + 4, (offset & 0xFFFF0000u) | (uint32_t{access} << 8) | parameters);
}

void CpuFixture::EnterUser() {
  state_.cpl = 3;
  state_.segments.fill(Flat(kUserDs, kData3));
  state_.segments[kCs] = Flat(kUserCs, kCode3);
  state_.gpr[kEsp] = kUserStack;
}

void CpuFixture::EnterRealMode() {
  state_.cr0 &= ~cr0::kPe;
  state_.cpl = 0;
  state_.segments.fill({.selector = 0, .attributes = 0x93, .base = 0, .limit = 0xFFFF});
  state_.segments[kCs].selector = 0x1000;
  state_.segments[kCs].base = 0x10000;
  state_.idtr = {.base = 0, .limit = 0x3FF};
  state_.gpr[kEsp] = 0x8000;
  state_.eip = 0x100;
}

void CpuFixture::EnterVirtual8086() {
  state_.cpl = 3;
  state_.eflags |= flag::kVm;
  const auto set = [&](Segment segment, uint16_t selector) {
    state_.segments[segment] = {
        .selector = selector, .attributes = 0xF3, .base = uint32_t{selector} << 4, .limit = 0xFFFF};
  };
  set(kCs, 0x1000);
  set(kSs, 0x3000);
  set(kDs, 0x1800);
  set(kEs, 0x1810);
  set(kFs, 0x1820);
  set(kGs, 0x1830);
  state_.gpr[kEsp] = 0x200;
  state_.eip = 0x100;
}

StepOutcome CpuFixture::Run(std::vector<uint8_t> bytes) {
  const GuestInstruction instruction = decoder_.Decode(bytes, state_.segments[kCs].Big());
  EXPECT_TRUE(instruction.handling == Handling::kSensitive ||
              instruction.handling == Handling::kUndefined);
  if (instruction.handling == Handling::kSensitive) {
    EXPECT_EQ(instruction.length, bytes.size());
  }
  return cpu_.Execute(instruction);
}

Delivered CpuFixture::Fault() {
  Delivered result;
  result.vector = (state_.eip - kHandlers) / 16;
  EXPECT_EQ(state_.eip, HandlerOf(result.vector)) << "no handler was entered";
  uint32_t frame = state_.gpr[kEsp];
  if (result.vector < 32 && HasErrorCode(static_cast<Vector>(result.vector))) {
    result.error_code = Get32(frame);
    frame += 4;
  }
  result.eip = Get32(frame);
  result.cs = Get32(frame + 4);
  result.eflags = Get32(frame + 8);
  return result;
}

void CpuFixture::ExpectFault(std::vector<uint8_t> bytes, Vector vector,
                             std::optional<uint32_t> error_code) {
  const uint32_t at = state_.eip;
  EXPECT_EQ(Run(std::move(bytes)), StepOutcome::kModeOrFlow);
  const Delivered fault = Fault();
  EXPECT_EQ(fault.vector, static_cast<unsigned>(vector));
  EXPECT_EQ(fault.error_code, error_code);
  EXPECT_EQ(fault.eip, at);
}

StepOutcome CpuFixture::ExpectNext(std::vector<uint8_t> bytes) {
  const uint32_t next = state_.eip + static_cast<uint32_t>(bytes.size());
  const StepOutcome outcome = Run(std::move(bytes));
  EXPECT_EQ(state_.eip, next);
  return outcome;
}

}  // namespace verbatim::test
