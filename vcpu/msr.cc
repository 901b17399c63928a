// SPDX-License-Identifier: Apache-2.0
// RDMSR and WRMSR semantics. See msr.h.
#include "vcpu/msr.h"

#include <x86intrin.h>

#include <array>

namespace verbatim {
namespace {

constexpr uint64_t kPhysicalMask = (uint64_t{1} << 36) - 1;
// RDCL_NO: what user code cannot touch is not mapped at all while it runs, so there is nothing that
// a speculative load could find. SKIP_L1DFL_VMENTRY follows from it. A guest kernel that reads this
// saves itself two address-space switches per system call.
constexpr uint64_t kArchCapabilitiesValue = (1u << 0) | (1u << 3);
// Eight variable ranges, fixed ranges, write combining.
constexpr uint64_t kMtrrCapValue = 0x508;
// IA32_MISC_ENABLE: fast strings may be switched; BTS and PEBS are reported unavailable.
constexpr uint64_t kMiscFastStrings = 1u << 0;

constexpr std::array<uint32_t, 11> kFixedMtrrs = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26A,
                                                  0x26B, 0x26C, 0x26D, 0x26E, 0x26F};

// UC, WC, WT, WP, WB; the PAT also knows UC- (7).
constexpr bool ValidMemoryType(uint64_t type, bool pat) {
  return type == 0 || type == 1 || (type >= 4 && type <= 6) || (pat && type == 7);
}

bool ValidMemoryTypes(uint64_t eight, bool pat) {
  for (unsigned shift = 0; shift < 64; shift += 8) {
    if (!ValidMemoryType((eight >> shift) & 0xFF, pat)) return false;
  }
  return true;
}

}  // namespace

uint64_t ModelSpecificRegisters::Tsc() const { return __rdtsc() + state_.tsc_offset; }

void ModelSpecificRegisters::SetApicBase(uint64_t value) {
  state_.apic_base = value;
  if (apic_base_observer_ != nullptr) apic_base_observer_->OnApicBase(value);
}

std::unexpected<Exception> ModelSpecificRegisters::Unknown(uint32_t index, const char* access) {
  ++unknown_;
  limiter_.Log(LogLevel::kInfo, "guest {} of MSR {:#x}, which this CPU lacks: #GP", access, index);
  return RaiseGeneralProtection();
}

// Four registers per bank: CTL is storage; STATUS, ADDR and MISC hold no error and can only be
// cleared (SDM vol. 3, 15.3.2).
std::optional<ModelSpecificRegisters::MachineCheckRegister> ModelSpecificRegisters::FindBank(
    uint32_t index) {
  const uint32_t offset = index - msr::kMc0Ctl;
  if (offset >= 4 * kMachineCheckBanks) return std::nullopt;
  const bool control = (offset & 3) == 0;
  return MachineCheckRegister{control ? &state_.machine_check_control[offset >> 2] : nullptr};
}

uint64_t* ModelSpecificRegisters::FindMtrr(uint32_t index) {
  if (index >= msr::kMtrrPhysBase0 && index <= msr::kMtrrPhysMask7) {
    return &state_.mtrr_variable[index - msr::kMtrrPhysBase0];
  }
  if (index == msr::kMtrrDefType) return &state_.mtrr_def_type;
  for (size_t i = 0; i < kFixedMtrrs.size(); ++i) {
    if (kFixedMtrrs[i] == index) return &state_.mtrr_fixed[i];
  }
  return nullptr;
}

Faultable<uint64_t> ModelSpecificRegisters::Read(uint32_t index) {
  switch (index) {
    case msr::kTsc:
      return Tsc();
    case msr::kApicBase:
      return state_.apic_base;
    case msr::kBiosSignId:
      return state_.bios_sign_id;
    case msr::kMtrrCap:
      return kMtrrCapValue;
    case msr::kMcgCap:
      return kMachineCheckBanks;
    case msr::kMcgStatus:
      return state_.mcg_status;
    case msr::kSysenterCs:
      return state_.sysenter_cs;
    case msr::kSysenterEsp:
      return state_.sysenter_esp;
    case msr::kSysenterEip:
      return state_.sysenter_eip;
    case msr::kMiscEnable:
      return state_.misc_enable;
    case msr::kPat:
      return state_.pat;
    // No platform strapping, no bus options, no debug facilities.
    case msr::kPlatformId:
    case msr::kEblCrPowerOn:
    case msr::kDebugCtl:
      return 0;
    case msr::kArchCapabilities:
      if (model_.has_arch_capabilities) return kArchCapabilitiesValue;
      break;
    case msr::kEfer:
      if (model_.features.nx) return state_.efer;
      break;
    default:
      if (const uint64_t* mtrr = FindMtrr(index)) return *mtrr;
      if (const auto bank = FindBank(index)) return bank->control != nullptr ? *bank->control : 0;
      break;
  }
  return Unknown(index, "read");
}

Faultable<void> ModelSpecificRegisters::Write(uint32_t index, uint64_t value) {
  switch (index) {
    case msr::kTsc:
      state_.tsc_offset = value - __rdtsc();
      return {};
    case msr::kApicBase: {
      constexpr uint64_t kBaseField = kPhysicalMask & ~uint64_t{0xFFF};
      if ((value & ~(kBaseField | kApicBaseEnable | kApicBaseBsp)) != 0) {
        return RaiseGeneralProtection();
      }
      const uint64_t writable = model_.has_apic ? kBaseField | kApicBaseEnable : 0;
      SetApicBase((state_.apic_base & ~writable) | (value & writable));
      return {};
    }
    case msr::kBiosSignId:
      state_.bios_sign_id = value;
      return {};
    case msr::kMcgStatus:
      // RIPV, EIPV, MCIP.
      if ((value & ~uint64_t{7}) != 0) return RaiseGeneralProtection();
      state_.mcg_status = value;
      return {};
    case msr::kSysenterCs:
      state_.sysenter_cs = value & 0xFFFFFFFFu;
      return {};
    case msr::kSysenterEsp:
      state_.sysenter_esp = value & 0xFFFFFFFFu;
      return {};
    case msr::kSysenterEip:
      state_.sysenter_eip = value & 0xFFFFFFFFu;
      return {};
    case msr::kMiscEnable:
      state_.misc_enable = (state_.misc_enable & ~kMiscFastStrings) | (value & kMiscFastStrings);
      return {};
    case msr::kPat:
      if (!ValidMemoryTypes(value, true)) return RaiseGeneralProtection();
      state_.pat = value;
      return {};
    // A microcode update or a bus option changes nothing here.
    case msr::kBiosUpdateTrigger:
    case msr::kEblCrPowerOn:
      return {};
    case msr::kDebugCtl:
      if (value != 0) return RaiseGeneralProtection();
      return {};
    case msr::kEfer:
      if (model_.features.nx) return paging_.WriteEfer(value);
      break;
    case msr::kPlatformId:
    case msr::kMtrrCap:
    case msr::kMcgCap:
    case msr::kArchCapabilities:
      return RaiseGeneralProtection();
    default:
      if (uint64_t* mtrr = FindMtrr(index)) return WriteMtrr(index, *mtrr, value);
      if (const auto bank = FindBank(index)) {
        if (bank->control != nullptr) {
          *bank->control = value;
        } else if (value != 0) {
          return RaiseGeneralProtection();
        }
        return {};
      }
      break;
  }
  return Unknown(index, "write");
}

// SDM vol. 3, 11.11.2: reserved bits and types raise #GP.
Faultable<void> ModelSpecificRegisters::WriteMtrr(uint32_t index, uint64_t& target,
                                                  uint64_t value) {
  bool valid = false;
  if (index == msr::kMtrrDefType) {
    valid = (value & ~uint64_t{0xCFF}) == 0 && ValidMemoryType(value & 0xFF, false);
  } else if (index > msr::kMtrrPhysMask7) {
    valid = ValidMemoryTypes(value, false);
  } else if ((index & 1) != 0) {
    valid = (value & ~(kPhysicalMask & ~uint64_t{0x7FF})) == 0;
  } else {
    valid =
        (value & ~(kPhysicalMask & ~uint64_t{0xF00})) == 0 && ValidMemoryType(value & 0xFF, false);
  }
  if (!valid) return RaiseGeneralProtection();
  target = value;
  return {};
}

}  // namespace verbatim
