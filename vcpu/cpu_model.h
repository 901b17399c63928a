// SPDX-License-Identifier: Apache-2.0
// The processors that a guest can be given: what CPUID says (SDM vol. 2, CPUID) and what follows
// from it elsewhere. README.md lists every leaf. A model never advertises what is not implemented.
#ifndef VERBATIM_VCPU_CPU_MODEL_H_
#define VERBATIM_VCPU_CPU_MODEL_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "decoder/features.h"

namespace verbatim {

struct CpuidResult {
  uint32_t eax = 0;
  uint32_t ebx = 0;
  uint32_t ecx = 0;
  uint32_t edx = 0;

  friend bool operator==(const CpuidResult&, const CpuidResult&) = default;
};

struct CpuidLeaf {
  uint32_t leaf = 0;
  uint32_t subleaf = 0;
  CpuidResult result;
};

struct CpuModel {
  std::string_view name;
  std::string_view brand;  // leaves 80000002h to 80000004h; empty if there are none
  uint32_t signature = 0;  // leaf 1 EAX: family, model, stepping; also EDX after reset
  uint32_t max_basic_leaf = 0;
  uint32_t max_extended_leaf = 0;  // 0: no extended leaves
  CpuFeatures features;
  bool has_apic = false;
  bool has_arch_capabilities = false;  // IA32_ARCH_CAPABILITIES exists
  uint32_t cr4_defined = 0;            // other bits of CR4 are reserved: #GP
  uint32_t mxcsr_mask = 0;             // other bits of MXCSR are reserved: #GP
  std::span<const CpuidLeaf> leaves;

  // `apic_enabled`: IA32_APIC_BASE.EN, which hides the feature bit when clear. Leaves beyond the
  // highest give what the highest basic leaf does.
  [[nodiscard]] CpuidResult Query(uint32_t leaf, uint32_t subleaf, bool apic_enabled) const;
};

// "core2" or "pentium3"; nullopt for other names.
[[nodiscard]] std::optional<CpuModel> FindCpuModel(std::string_view name, bool has_apic = false);

}  // namespace verbatim

#endif  // VERBATIM_VCPU_CPU_MODEL_H_
