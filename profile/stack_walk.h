// SPDX-License-Identifier: Apache-2.0
// The call stack of a guest between two instructions, by its frame pointers. What is there may be
// anything: a frame counts only if it lies above the one before, aligned and not far, and if its
// return address stands behind a call instruction. Code that keeps no frame pointers ends the walk
// early, or hides callers; it is never made up.
#ifndef VERBATIM_PROFILE_STACK_WALK_H_
#define VERBATIM_PROFILE_STACK_WALK_H_

#include <cstdint>
#include <span>
#include <vector>

#include "memory/mmu.h"
#include "vcpu/cpu_state.h"

namespace verbatim {

inline constexpr size_t kMaxFrames = 64;

// Whether a CALL ends at the end of `before`, which are the bytes in front of an address, at most 7
// (SDM vol. 2, "CALL": E8, FF /2, and 9A and FF /3 of far calls).
[[nodiscard]] bool EndsWithCall(std::span<const uint8_t> before);

// Linear addresses: the instruction that comes next, and the return addresses outwards. Only the
// first in 16-bit code. Nothing of the guest changes.
[[nodiscard]] std::vector<uint32_t> WalkStack(const CpuState& cpu, Mmu& mmu);

}  // namespace verbatim

#endif  // VERBATIM_PROFILE_STACK_WALK_H_
