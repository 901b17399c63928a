// SPDX-License-Identifier: Apache-2.0
// The ways in which the engine is made to run the same program. The translator has no liveness
// analysis: flags are always preserved, so there is no form of it to force.
#ifndef VERBATIM_TESTS_ENGINE_VARIANT_H_
#define VERBATIM_TESTS_ENGINE_VARIANT_H_

#include <array>
#include <cstdint>

#include "engine/engine.h"

namespace verbatim::test {

enum class Variant : uint8_t {
  kNormal,
  kUnchained,    // direct jumps come back to the run loop each time
  kSingle,       // every block is one instruction
  kSoftware,     // every memory access in software form
  kTinyCache,    // 1 MiB of code cache, flushed often
  kCounted,      // blocks count their executions
  kInterrupted,  // the vCPU is kicked all the time
  kMoved,        // likewise, and its code was translated where it was mapped before
  kPlain,        // without any optimisation
  kProbed,       // every access looks first, and the vCPU is kicked all the time
};
inline constexpr unsigned kVariantCount = 10;
inline constexpr std::array<const char*, kVariantCount> kVariantNames = {
    "normal",  "unchained",   "single", "software", "tiny cache",
    "counted", "interrupted", "moved",  "plain",    "probed"};

// Runs that are kicked.
[[nodiscard]] constexpr bool IsKicked(Variant variant) {
  return variant == Variant::kInterrupted || variant == Variant::kMoved ||
         variant == Variant::kProbed;
}

[[nodiscard]] inline EngineOptions OptionsOf(Variant variant) {
  EngineOptions options;
  options.code_cache_bytes = variant == Variant::kTinyCache ? 1u << 20 : 16u << 20;
  if (variant == Variant::kUnchained) {
    options.optimisations.Disable(Optimisation::kChain);
    options.optimisations.Disable(Optimisation::kTransfers);
  }
  options.force_single = variant == Variant::kSingle;
  options.force_software = variant == Variant::kSoftware;
  options.force_probes = variant == Variant::kProbed;
  options.count_executions = variant == Variant::kCounted;
  if (variant == Variant::kPlain) {
    for (const NamedOptimisation& each : kOptimisations) options.optimisations.Disable(each.which);
  }
  return options;
}

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ENGINE_VARIANT_H_
