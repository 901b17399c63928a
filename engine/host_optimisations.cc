// SPDX-License-Identifier: Apache-2.0
#include "engine/host_optimisations.h"

#include <cpuid.h>

namespace verbatim {
namespace {

// CPUID leaf 7 (SDM vol. 2, "CPUID").
bool HasAdx() {
  constexpr unsigned kExtendedFeatures = 7;
  constexpr unsigned kAdx = 1u << 19;
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid_count(kExtendedFeatures, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & kAdx) != 0;
}

}  // namespace

OptimisationSet OnThisHost(OptimisationSet wanted) {
  if (!HasAdx()) wanted.Disable(Optimisation::kSumChecks);
  return wanted;
}

}  // namespace verbatim
