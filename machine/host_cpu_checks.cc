// SPDX-License-Identifier: Apache-2.0
// CPUID leaves 1, 7 and 80000001h: Intel SDM vol. 2, "CPUID"; AMD APM vol. 3, appendix E. The level
// x86-64-v3: System V psABI for x86-64, "Micro-Architecture Levels".
#include <cpuid.h>
#include <sys/auxv.h>

#include <array>

#include "machine/host_checks.h"

namespace verbatim {
namespace {

// AT_HWCAP2: the kernel lets programs use the FSGSBASE instructions.
constexpr unsigned long kHwcap2FsGsBase = 1ul << 1;

enum class Register : uint8_t { kEbx, kEcx };

struct CpuFeature {
  std::string_view name;
  uint32_t leaf;
  Register in;
  unsigned bit;
};

constexpr std::array kLevel3Features = {
    CpuFeature{"FMA", 1, Register::kEcx, 12},           CpuFeature{"MOVBE", 1, Register::kEcx, 22},
    CpuFeature{"OSXSAVE", 1, Register::kEcx, 27},       CpuFeature{"AVX", 1, Register::kEcx, 28},
    CpuFeature{"F16C", 1, Register::kEcx, 29},          CpuFeature{"BMI1", 7, Register::kEbx, 3},
    CpuFeature{"AVX2", 7, Register::kEbx, 5},           CpuFeature{"BMI2", 7, Register::kEbx, 8},
    CpuFeature{"LZCNT", 0x80000001, Register::kEcx, 5},
};

bool Has(const CpuFeature& feature) {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  if (__get_cpuid_count(feature.leaf, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  return (((feature.in == Register::kEbx ? ebx : ecx) >> feature.bit) & 1) != 0;
}

HostCheck CheckLevel() {
  HostCheck check{HostVerdict::kOk, "processor", "x86-64-v3", ""};
  std::string missing;
  for (const CpuFeature& feature : kLevel3Features) {
    if (Has(feature)) continue;
    if (!missing.empty()) missing += ", ";
    missing += feature.name;
  }
  if (!missing.empty()) {
    check.verdict = HostVerdict::kFail;
    check.value = "not x86-64-v3, it lacks " + missing;
    check.advice = "use a processor of 2013 or later; in a VM, pass the host's CPU model through";
  }
  return check;
}

HostCheck CheckFsGsBase() {
  if ((::getauxval(AT_HWCAP2) & kHwcap2FsGsBase) != 0) {
    return {HostVerdict::kOk, "FSGSBASE", "usable", ""};
  }
  return {HostVerdict::kFail, "FSGSBASE", "not usable by programs",
          "needs Linux 5.9 or later, booted without nofsgsbase; in a VM, pass the feature through"};
}

}  // namespace

std::vector<HostCheck> CheckHostCpu() { return {CheckLevel(), CheckFsGsBase()}; }

}  // namespace verbatim
