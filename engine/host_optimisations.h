// SPDX-License-Identifier: Apache-2.0
// What of the optimisations the host's processor can do: blocks may use whatever is in x86-64-v3
// (machine/host_checks.h), and few things beyond it.
#ifndef VERBATIM_ENGINE_HOST_OPTIMISATIONS_H_
#define VERBATIM_ENGINE_HOST_OPTIMISATIONS_H_

#include "translator/optimisations.h"

namespace verbatim {

// `wanted` without those that need instructions which the processor lacks.
[[nodiscard]] OptimisationSet OnThisHost(OptimisationSet wanted);

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_HOST_OPTIMISATIONS_H_
