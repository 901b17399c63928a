// SPDX-License-Identifier: Apache-2.0
// Descriptor reads and segment-load checks. See descriptor_tables.h.
#include "vcpu/descriptor_tables.h"

namespace verbatim {

// In place: copies of registers whose parts were just written make the processor wait.
void LoadRealMode(SegmentRegister& segment, uint16_t selector) {
  segment.selector = selector;
  segment.base = uint32_t{selector} << 4;
  segment.attributes = static_cast<uint16_t>((segment.attributes & 0xF000u) | kRealModeAttributes);
}

SegmentRegister Virtual8086Segment(uint16_t selector) {
  return {.selector = selector,
          .attributes = kVirtual8086Attributes,
          .base = uint32_t{selector} << 4,
          .limit = 0xFFFF};
}

Faultable<LinearAddress> DescriptorTables::Locate(uint16_t selector, Vector missing) const {
  const bool local = (selector & kSelectorTableBit) != 0;
  const uint32_t limit = local ? state_.ldtr.limit : state_.gdtr.limit;
  if ((local && !state_.ldtr.Present()) || (selector | 7u) > limit) {
    return Raise(missing, SelectorError(selector));
  }
  const uint32_t base = local ? state_.ldtr.base : state_.gdtr.base;
  return LinearAddress{base + (selector & 0xFFF8u)};
}

Faultable<Descriptor> DescriptorTables::Read(uint16_t selector, Vector missing) {
  ASSIGN_OR_FAULT(const LinearAddress address, Locate(selector, missing));
  ASSIGN_OR_FAULT(const uint64_t bytes, mmu_.Load<uint64_t>(address, Privilege::kSupervisor));
  return Descriptor{static_cast<uint32_t>(bytes), static_cast<uint32_t>(bytes >> 32)};
}

Faultable<void> DescriptorTables::SetAccessed(uint16_t selector, Descriptor& descriptor) {
  if (descriptor.Accessed()) [[likely]]
    return {};
  ASSIGN_OR_FAULT(const LinearAddress address, Locate(selector, Vector::kGeneralProtection));
  descriptor.high |= 0x100u;
  RETURN_IF_FAULT(mmu_.Store<uint8_t>(address + 5, static_cast<uint8_t>(descriptor.high >> 8),
                                      Privilege::kSupervisor));
  return {};
}

Faultable<void> DescriptorTables::SetBusy(uint16_t selector, bool busy) {
  ASSIGN_OR_FAULT(const LinearAddress address, Locate(selector, Vector::kGeneralProtection));
  ASSIGN_OR_FAULT(uint8_t type, mmu_.Load<uint8_t>(address + 5, Privilege::kSupervisor));
  type = static_cast<uint8_t>(busy ? type | kTssBusyBit : type & ~kTssBusyBit);
  RETURN_IF_FAULT(mmu_.Store<uint8_t>(address + 5, type, Privilege::kSupervisor));
  return {};
}

Faultable<SegmentRegister> DescriptorTables::PrepareSegment(uint8_t segment, uint16_t selector) {
  if (!state_.ProtectedMode()) {
    SegmentRegister loaded = state_.segments[segment];
    LoadRealMode(loaded, selector);
    return loaded;
  }
  if (state_.Virtual8086()) return Virtual8086Segment(selector);
  return segment == kSs ? PrepareStack(selector, state_.cpl, Vector::kGeneralProtection)
                        : PrepareData(selector, state_.cpl, Vector::kGeneralProtection);
}

Faultable<SegmentRegister> DescriptorTables::PrepareStack(uint16_t selector, unsigned cpl,
                                                          Vector wrong) {
  const uint32_t error = SelectorError(selector);
  if (IsNullSelector(selector)) return Raise(wrong);
  ASSIGN_OR_FAULT(Descriptor descriptor, Read(selector, wrong));
  if (RplOf(selector) != cpl || !descriptor.IsWritableData() || descriptor.Dpl() != cpl) {
    return Raise(wrong, error);
  }
  if (!descriptor.Present()) return Raise(Vector::kStackFault, error);
  RETURN_IF_FAULT(SetAccessed(selector, descriptor));
  return descriptor.Load(selector);
}

Faultable<SegmentRegister> DescriptorTables::PrepareData(uint16_t selector, unsigned cpl,
                                                         Vector wrong) {
  if (IsNullSelector(selector)) return SegmentRegister{.selector = selector};
  const uint32_t error = SelectorError(selector);
  ASSIGN_OR_FAULT(Descriptor descriptor, Read(selector, wrong));
  if (descriptor.IsSystem() || !descriptor.IsReadable()) return Raise(wrong, error);
  if (!descriptor.IsConforming() &&
      (RplOf(selector) > descriptor.Dpl() || cpl > descriptor.Dpl())) {
    return Raise(wrong, error);
  }
  if (!descriptor.Present()) return Raise(Vector::kSegmentNotPresent, error);
  RETURN_IF_FAULT(SetAccessed(selector, descriptor));
  return descriptor.Load(selector);
}

Faultable<SegmentRegister> DescriptorTables::PrepareReturnCode(uint16_t selector, Vector wrong) {
  const uint32_t error = SelectorError(selector);
  if (IsNullSelector(selector)) return Raise(wrong);
  ASSIGN_OR_FAULT(const Descriptor descriptor, Read(selector, wrong));
  const unsigned rpl = RplOf(selector);
  const bool privileged =
      descriptor.IsConforming() ? descriptor.Dpl() <= rpl : descriptor.Dpl() == rpl;
  if (!descriptor.IsCode() || !privileged) return Raise(wrong, error);
  if (!descriptor.Present()) return Raise(Vector::kSegmentNotPresent, error);
  return PrepareCode(selector, descriptor, rpl);
}

Faultable<SegmentRegister> DescriptorTables::PrepareCode(uint16_t selector, Descriptor descriptor,
                                                         unsigned cpl) {
  RETURN_IF_FAULT(SetAccessed(selector, descriptor));
  return descriptor.Load(WithRpl(selector, cpl));
}

Faultable<DescriptorTables::InnerStack> DescriptorTables::PrepareInnerStack(unsigned cpl) {
  const SegmentRegister& tr = state_.tr;
  const bool wide = (tr.attributes & 0x8u) != 0;
  const uint32_t offset = wide ? cpl * 8 + 4 : cpl * 4 + 2;
  const uint32_t last = offset + (wide ? 5 : 3);
  if (!tr.Present() || last > tr.limit) {
    return Raise(Vector::kInvalidTss, SelectorError(tr.selector));
  }
  const LinearAddress address{tr.base + offset};
  InnerStack stack;
  uint16_t selector = 0;
  if (wide) {
    ASSIGN_OR_FAULT(stack.pointer, mmu_.Load<uint32_t>(address, Privilege::kSupervisor));
    ASSIGN_OR_FAULT(selector, mmu_.Load<uint16_t>(address + 4, Privilege::kSupervisor));
  } else {
    ASSIGN_OR_FAULT(stack.pointer, mmu_.Load<uint16_t>(address, Privilege::kSupervisor));
    ASSIGN_OR_FAULT(selector, mmu_.Load<uint16_t>(address + 2, Privilege::kSupervisor));
  }
  ASSIGN_OR_FAULT(stack.segment, PrepareStack(selector, cpl, Vector::kInvalidTss));
  return stack;
}

void DescriptorTables::DropInaccessibleSegments() {
  for (const Segment segment : {kEs, kDs, kFs, kGs}) {
    SegmentRegister& s = state_.segments[segment];
    const bool conforming = (s.attributes & 0x1Cu) == 0x1Cu;
    if (!conforming && s.Dpl() < state_.cpl) s = SegmentRegister{};
  }
}

Faultable<bool> DescriptorTables::ReadVisible(uint16_t selector, Descriptor& descriptor) {
  if (IsNullSelector(selector)) return false;
  const auto address = Locate(selector, Vector::kGeneralProtection);
  if (!address) return false;
  ASSIGN_OR_FAULT(descriptor, Read(selector, Vector::kGeneralProtection));
  if (!descriptor.IsSystem() && descriptor.IsConforming()) return true;
  return descriptor.Dpl() >= state_.cpl && descriptor.Dpl() >= RplOf(selector);
}

}  // namespace verbatim
