// SPDX-License-Identifier: Apache-2.0
// Model-specific registers (SDM vol. 4, tables 2-2 and 2-20): those a P6 or Core 2 has whose effect
// is implemented or which are mere storage (MTRRs, PAT: memory types do not exist here). Any other
// index raises #GP(0), is counted and logged a few times.
#ifndef VERBATIM_VCPU_MSR_H_
#define VERBATIM_VCPU_MSR_H_

#include <cstdint>
#include <optional>

#include "base/log.h"
#include "vcpu/cpu_model.h"
#include "vcpu/cpu_state.h"
#include "vcpu/exception.h"
#include "vcpu/paging_control.h"

namespace verbatim {

namespace msr {
inline constexpr uint32_t kTsc = 0x10;
inline constexpr uint32_t kPlatformId = 0x17;
inline constexpr uint32_t kApicBase = 0x1B;
inline constexpr uint32_t kEblCrPowerOn = 0x2A;
inline constexpr uint32_t kBiosUpdateTrigger = 0x79;
inline constexpr uint32_t kBiosSignId = 0x8B;
inline constexpr uint32_t kMtrrCap = 0xFE;
inline constexpr uint32_t kArchCapabilities = 0x10A;
inline constexpr uint32_t kSysenterCs = 0x174;
inline constexpr uint32_t kSysenterEsp = 0x175;
inline constexpr uint32_t kSysenterEip = 0x176;
inline constexpr uint32_t kMcgCap = 0x179;
inline constexpr uint32_t kMcgStatus = 0x17A;
inline constexpr uint32_t kMiscEnable = 0x1A0;
inline constexpr uint32_t kDebugCtl = 0x1D9;
inline constexpr uint32_t kMtrrPhysBase0 = 0x200;  // and mask, alternately, up to 20Fh
inline constexpr uint32_t kMtrrPhysMask7 = 0x20F;
inline constexpr uint32_t kPat = 0x277;
inline constexpr uint32_t kMtrrDefType = 0x2FF;
inline constexpr uint32_t kMc0Ctl = 0x400;  // and STATUS, ADDR, MISC; then the next bank
inline constexpr uint32_t kEfer = 0xC0000080;
}  // namespace msr

// IA32_APIC_BASE.
inline constexpr uint64_t kApicBaseBsp = 1u << 8;
inline constexpr uint64_t kApicBaseEnable = 1u << 11;
inline constexpr uint64_t kApicBaseDefault = 0xFEE00000;

// Hears of each new value of IA32_APIC_BASE, at once: where the local APIC is, and whether it is
// on.
class ApicBaseObserver {
 public:
  virtual ~ApicBaseObserver() = default;
  virtual void OnApicBase(uint64_t value) = 0;
};

class ModelSpecificRegisters {
 public:
  // Unknown indices are counted in `unknown`.
  ModelSpecificRegisters(CpuState& state, const CpuModel& model, PagingControl& paging,
                         uint64_t& unknown)
      : state_(state), model_(model), paging_(paging), unknown_(unknown) {}

  [[nodiscard]] Faultable<uint64_t> Read(uint32_t index);
  [[nodiscard]] Faultable<void> Write(uint32_t index, uint64_t value);

  // Outlives this; nullptr: nobody needs to know.
  void SetApicBaseObserver(ApicBaseObserver* observer) { apic_base_observer_ = observer; }
  void SetApicBase(uint64_t value);

  // The guest's time-stamp counter.
  [[nodiscard]] uint64_t Tsc() const;

 private:
  // The storage of an MTRR or nullptr.
  [[nodiscard]] uint64_t* FindMtrr(uint32_t index);
  struct MachineCheckRegister {
    uint64_t* control;  // nullptr: STATUS, ADDR or MISC
  };
  [[nodiscard]] std::optional<MachineCheckRegister> FindBank(uint32_t index);
  [[nodiscard]] Faultable<void> WriteMtrr(uint32_t index, uint64_t& target, uint64_t value);
  [[nodiscard]] std::unexpected<Exception> Unknown(uint32_t index, const char* access);

  CpuState& state_;
  const CpuModel& model_;
  PagingControl& paging_;
  uint64_t& unknown_;
  ApicBaseObserver* apic_base_observer_ = nullptr;
  LogLimiter limiter_;
};

}  // namespace verbatim

#endif  // VERBATIM_VCPU_MSR_H_
