// SPDX-License-Identifier: Apache-2.0
// Task switches: check, save, commit, then load the new task's segments. See task_switch.h.
#include "vcpu/task_switch.h"

#include <array>

#include "base/bits.h"

namespace verbatim {
namespace {

// TSS layouts (SDM vol. 3, figures 7-2 and 7-10).
constexpr uint32_t kMinLimit32 = 0x67;
constexpr uint32_t kMinLimit16 = 0x2B;
constexpr uint32_t kSaved32 = 0x20;  // EIP ... GS
constexpr uint32_t kSavedBytes32 = 0x40;
constexpr uint32_t kSaved16 = 0x0E;  // IP ... DS
constexpr uint32_t kSavedBytes16 = 0x1C;
constexpr uint32_t kTrapBit = 1;
// EFLAGS bits that exist.
constexpr uint32_t kEflagsDefined = 0x003F7FD5;
// DR7: L0-L3 and LE are cleared by a task switch.
constexpr uint32_t kDr7Local = 0x155;
constexpr uint32_t kDr6TaskSwitch = 1u << 15;

constexpr bool IsWide(uint16_t attributes) { return (attributes & 0x8u) != 0; }

}  // namespace

struct TaskSwitcher::TaskImage {
  bool wide = false;
  bool trap = false;
  uint32_t cr3 = 0;
  uint32_t eip = 0;
  uint32_t eflags = 0;
  std::array<uint32_t, 8> gpr{};
  std::array<uint16_t, kSegmentCount> selectors{};
  uint16_t ldt = 0;
};

Faultable<bool> TaskSwitcher::SwitchThroughGate(uint16_t selector, TaskSwitchCause cause,
                                                uint32_t saved_eip, uint32_t saved_flags) {
  const uint32_t error = SelectorError(selector);
  if ((selector & kSelectorTableBit) != 0 || IsNullSelector(selector)) {
    return RaiseGeneralProtection(error);
  }
  ASSIGN_OR_FAULT(const Descriptor tss, tables_.Read(selector, Vector::kGeneralProtection));
  if (!tss.IsAvailableTss()) return RaiseGeneralProtection(error);
  if (!tss.Present()) return Raise(Vector::kSegmentNotPresent, error);
  return SwitchTo(selector, tss, cause, saved_eip, saved_flags);
}

Faultable<bool> TaskSwitcher::Return(uint32_t saved_eip) {
  ASSIGN_OR_FAULT(const uint16_t link,
                  mmu_.Load<uint16_t>({state_.tr.base}, Privilege::kSupervisor));
  const uint32_t error = SelectorError(link);
  if ((link & kSelectorTableBit) != 0 || IsNullSelector(link)) {
    return Raise(Vector::kInvalidTss, error);
  }
  ASSIGN_OR_FAULT(const Descriptor tss, tables_.Read(link, Vector::kInvalidTss));
  if (!tss.IsBusyTss()) return Raise(Vector::kInvalidTss, error);
  if (!tss.Present()) return Raise(Vector::kSegmentNotPresent, error);
  return SwitchTo(link, tss, TaskSwitchCause::kReturn, saved_eip, state_.eflags);
}

Faultable<TaskSwitcher::TaskImage> TaskSwitcher::ReadImage(const Descriptor& tss) {
  TaskImage image;
  image.wide = IsWide(tss.Attributes());
  std::array<uint8_t, kMinLimit32 + 1> bytes{};
  const uint32_t size = (image.wide ? kMinLimit32 : kMinLimit16) + 1;
  RETURN_IF_FAULT(mmu_.Read({tss.Base()}, bytes.data(), size, Privilege::kSupervisor));
  const auto dword = [&](uint32_t offset) { return LoadLittle<uint32_t>(&bytes[offset]); };
  const auto word = [&](uint32_t offset) { return LoadLittle<uint16_t>(&bytes[offset]); };
  if (image.wide) {
    image.trap = (word(0x64) & kTrapBit) != 0;
    image.cr3 = dword(0x1C);
    image.eip = dword(0x20);
    image.eflags = dword(0x24);
    for (uint32_t i = 0; i < 8; ++i) image.gpr[i] = dword(0x28 + i * 4);
    for (uint32_t i = 0; i < kSegmentCount; ++i) image.selectors[i] = word(0x48 + i * 4);
    image.ldt = word(0x60);
  } else {
    image.eip = word(0x0E);
    image.eflags = word(0x10);
    // The upper halves are not in the TSS; the 80386 and later leave ones.
    for (uint32_t i = 0; i < 8; ++i) image.gpr[i] = 0xFFFF0000u | word(0x12 + i * 2);
    for (uint32_t i = 0; i < 4; ++i) image.selectors[i] = word(0x22 + i * 2);
    image.ldt = word(0x2A);
  }
  return image;
}

// Writes registers into the TSS that TR names; its unused words stay as they are.
Faultable<void> TaskSwitcher::SaveOldTask(uint32_t saved_eip, uint32_t saved_flags) {
  const bool wide = IsWide(state_.tr.attributes);
  const LinearAddress start{state_.tr.base + (wide ? kSaved32 : kSaved16)};
  const uint32_t size = wide ? kSavedBytes32 : kSavedBytes16;
  std::array<uint8_t, kSavedBytes32> bytes;
  RETURN_IF_FAULT(mmu_.Read(start, bytes.data(), size, Privilege::kSupervisor));
  if (wide) {
    StoreLittle(&bytes[0x00], saved_eip);
    StoreLittle(&bytes[0x04], saved_flags);
    for (uint32_t i = 0; i < 8; ++i) StoreLittle(&bytes[0x08 + i * 4], state_.gpr[i]);
    for (uint32_t i = 0; i < kSegmentCount; ++i) {
      StoreLittle(&bytes[0x28 + i * 4], state_.segments[i].selector);
    }
  } else {
    StoreLittle(&bytes[0x00], static_cast<uint16_t>(saved_eip));
    StoreLittle(&bytes[0x02], static_cast<uint16_t>(saved_flags));
    for (uint32_t i = 0; i < 8; ++i) {
      StoreLittle(&bytes[0x04 + i * 2], static_cast<uint16_t>(state_.gpr[i]));
    }
    for (uint32_t i = 0; i < 4; ++i) {
      StoreLittle(&bytes[0x14 + i * 2], state_.segments[i].selector);
    }
  }
  RETURN_IF_FAULT(mmu_.Write(start, bytes.data(), size, Privilege::kSupervisor));
  return {};
}

Faultable<bool> TaskSwitcher::SwitchTo(uint16_t selector, const Descriptor& tss,
                                       TaskSwitchCause cause, uint32_t saved_eip,
                                       uint32_t saved_flags) {
  const bool nested = cause == TaskSwitchCause::kCall || cause == TaskSwitchCause::kInterrupt;
  const bool returning = cause == TaskSwitchCause::kReturn;
  if (tss.Limit() < (IsWide(tss.Attributes()) ? kMinLimit32 : kMinLimit16)) {
    return Raise(Vector::kInvalidTss, SelectorError(selector));
  }
  const SegmentRegister old_tr = state_.tr;
  if (!old_tr.Present() || old_tr.limit < (IsWide(old_tr.attributes) ? kMinLimit32 : kMinLimit16)) {
    return Raise(Vector::kInvalidTss, SelectorError(old_tr.selector));
  }

  // Everything that can fault before the commit point.
  ASSIGN_OR_FAULT(const TaskImage image, ReadImage(tss));
  if (nested) {
    RETURN_IF_FAULT(mmu_.ProbeWrite({tss.Base()}, 2, Privilege::kSupervisor));
  } else {
    ASSIGN_OR_FAULT(const LinearAddress old_descriptor,
                    tables_.Locate(old_tr.selector, Vector::kInvalidTss));
    RETURN_IF_FAULT(mmu_.ProbeWrite(old_descriptor + 5, 1, Privilege::kSupervisor));
  }
  if (!returning) {
    ASSIGN_OR_FAULT(const LinearAddress new_descriptor,
                    tables_.Locate(selector, Vector::kInvalidTss));
    RETURN_IF_FAULT(mmu_.ProbeWrite(new_descriptor + 5, 1, Privilege::kSupervisor));
  }
  RETURN_IF_FAULT(SaveOldTask(saved_eip, returning ? saved_flags & ~flag::kNt : saved_flags));

  if (!nested) RETURN_IF_FAULT(tables_.SetBusy(old_tr.selector, false));
  if (!returning) RETURN_IF_FAULT(tables_.SetBusy(selector, true));
  if (nested) {
    RETURN_IF_FAULT(mmu_.Store<uint16_t>({tss.Base()}, old_tr.selector, Privilege::kSupervisor));
  }

  // Commit: from here on the new task runs.
  ++count_;
  state_.tr = tss.Load(selector);
  state_.tr.attributes |= kTssBusyBit;
  state_.cr0 |= cr0::kTs;
  state_.dr[7] &= ~kDr7Local;
  state_.eip = image.eip;
  state_.eflags = (image.eflags & kEflagsDefined) | flag::kReservedOne;
  if (nested) state_.eflags |= flag::kNt;
  state_.gpr = image.gpr;
  for (size_t i = 0; i < kSegmentCount; ++i) {
    state_.segments[i] = SegmentRegister{.selector = image.selectors[i]};
  }
  state_.ldtr = SegmentRegister{.selector = image.ldt};
  state_.cpl = state_.Virtual8086() ? 3 : RplOf(image.selectors[kCs]);
  if (image.wide && (state_.cr0 & cr0::kPg) != 0) {
    if (!paging_.WriteCr3(image.cr3)) return Raise(Vector::kInvalidTss, SelectorError(selector));
  }

  RETURN_IF_FAULT(LoadSegments(image));
  if (state_.eip > state_.segments[kCs].limit) return RaiseGeneralProtection();
  if (image.trap) state_.dr[6] |= kDr6TaskSwitch;
  return image.trap;
}

Faultable<void> TaskSwitcher::LoadSegments(const TaskImage& image) {
  if (!IsNullSelector(image.ldt)) {
    const uint32_t error = SelectorError(image.ldt);
    if ((image.ldt & kSelectorTableBit) != 0) return Raise(Vector::kInvalidTss, error);
    ASSIGN_OR_FAULT(const Descriptor ldt, tables_.Read(image.ldt, Vector::kInvalidTss));
    if (!ldt.IsSystem() || ldt.Type() != SystemType::kLdt || !ldt.Present()) {
      return Raise(Vector::kInvalidTss, error);
    }
    state_.ldtr = ldt.Load(image.ldt);
  }
  if (state_.Virtual8086()) {
    for (size_t i = 0; i < kSegmentCount; ++i) {
      state_.segments[i] = Virtual8086Segment(image.selectors[i]);
    }
    return {};
  }
  ASSIGN_OR_FAULT(state_.segments[kCs],
                  tables_.PrepareReturnCode(image.selectors[kCs], Vector::kInvalidTss));
  ASSIGN_OR_FAULT(state_.segments[kSs],
                  tables_.PrepareStack(image.selectors[kSs], state_.cpl, Vector::kInvalidTss));
  for (const Segment segment : {kEs, kDs, kFs, kGs}) {
    ASSIGN_OR_FAULT(state_.segments[segment],
                    tables_.PrepareData(image.selectors[segment], state_.cpl, Vector::kInvalidTss));
  }
  return {};
}

}  // namespace verbatim
