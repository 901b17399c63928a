// SPDX-License-Identifier: Apache-2.0
// What makes translated code fast and could be left out: each by a name, so that whoever looks for
// an error can do without one after the other. Guests must not be able to tell which are in force.
#ifndef VERBATIM_TRANSLATOR_OPTIMISATIONS_H_
#define VERBATIM_TRANSLATOR_OPTIMISATIONS_H_

#include <array>
#include <cstdint>

namespace verbatim {

enum class Optimisation : uint8_t {
  kChain,
  kChainInside,
  kChainPages,
  kCells,
  kReturns,
  kSumChecks,
  kGuessTargets,
  kTransfers,
  kInCache,
  kLoadSegment,
  kTransferFar,
  kSoftwareMoves,
  kAdapt,
  kAdaptUser,
  kProbe,
  kMapAhead,
  kMoveCode,
  kCheckedPages,
  kFoldStack,
};

struct NamedOptimisation {
  Optimisation which;
  const char* name;
  const char* text;
};
inline constexpr std::array kOptimisations = {
    NamedOptimisation{Optimisation::kChain, "chain",
                      "jumps within a page lead straight to their targets"},
    NamedOptimisation{Optimisation::kChainInside, "chain-inside",
                      "also to the middle of blocks, if none starts at the target"},
    NamedOptimisation{Optimisation::kChainPages, "chain-pages",
                      "also to other pages, where all who come by have both (with cells)"},
    NamedOptimisation{Optimisation::kCells, "cells",
                      "direct jumps to other pages have a table entry of their own"},
    NamedOptimisation{Optimisation::kReturns, "returns",
                      "returns are predicted by a stack of host addresses"},
    NamedOptimisation{Optimisation::kSumChecks, "sum-checks",
                      "arrivals are checked by a sum that spares the flags (with ADX)"},
    NamedOptimisation{Optimisation::kGuessTargets, "guess-targets",
                      "indirect jumps try their last target first (with chain-pages, sum-checks)"},
    NamedOptimisation{Optimisation::kTransfers, "transfers",
                      "interrupts and returns from them go on by the jump table"},
    NamedOptimisation{Optimisation::kInCache, "in-cache",
                      "frequent sensitive instructions stay in the cache"},
    NamedOptimisation{Optimisation::kLoadSegment, "segment-loads",
                      "loads of segment registers repeat what they did the last time"},
    NamedOptimisation{Optimisation::kTransferFar, "far-transfers",
                      "far transfers without descriptors stay in the cache"},
    NamedOptimisation{Optimisation::kSoftwareMoves, "software-moves",
                      "moves from and to devices are done in one piece"},
    NamedOptimisation{Optimisation::kAdapt, "adapt",
                      "accesses that keep faulting are done in software"},
    NamedOptimisation{Optimisation::kAdaptUser, "adapt-user",
                      "so are those of user code that touch page after page"},
    NamedOptimisation{Optimisation::kProbe, "probe",
                      "accesses that have faulted look first whether their page is mapped"},
    NamedOptimisation{Optimisation::kMapAhead, "map-ahead",
                      "a page is mapped before the access that faulted is repeated"},
    NamedOptimisation{Optimisation::kMoveCode, "move-code",
                      "code that is mapped elsewhere keeps its translation"},
    NamedOptimisation{Optimisation::kCheckedPages, "checked-pages",
                      "code that is written often looks at its own bytes"},
    NamedOptimisation{Optimisation::kFoldStack, "fold-stack",
                      "pushes and pops in a row move the stack pointer once"},
};

class OptimisationSet {
 public:
  [[nodiscard]] constexpr bool Has(Optimisation one) const { return (off_ & BitOf(one)) == 0; }
  constexpr void Disable(Optimisation one) { off_ |= BitOf(one); }
  [[nodiscard]] static constexpr OptimisationSet AllBut(Optimisation one) {
    OptimisationSet set;
    set.Disable(one);
    return set;
  }

 private:
  [[nodiscard]] static constexpr uint32_t BitOf(Optimisation one) {
    return 1u << static_cast<unsigned>(one);
  }
  uint32_t off_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_TRANSLATOR_OPTIMISATIONS_H_
