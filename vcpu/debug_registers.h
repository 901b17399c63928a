// SPDX-License-Identifier: Apache-2.0
// Breakpoints in DR0 to DR3 (SDM vol. 3, 17.2): which of them an event matches, as bits of DR6.
//
// Only enabled breakpoints are reported. Data breakpoints match explicit accesses of instructions
// and the frames that events push; implicit reads of descriptor tables, TSS and page tables do not
// match (the manual leaves them open).
#ifndef VERBATIM_VCPU_DEBUG_REGISTERS_H_
#define VERBATIM_VCPU_DEBUG_REGISTERS_H_

#include <cstdint>

#include "base/address.h"
#include "vcpu/cpu_state.h"

namespace verbatim {

// DR6: what a debug exception reports (17.2.3).
namespace dr6 {
inline constexpr uint32_t kGeneralDetect = 1u << 13;
inline constexpr uint32_t kSingleStep = 1u << 14;
}  // namespace dr6
namespace dr7 {
inline constexpr uint32_t kGeneralDetect = 1u << 13;
}

// Does DR7 enable any breakpoint, locally or globally (L0-L3, G0-G3)?
[[nodiscard]] inline bool BreakpointsEnabled(const CpuState& state) {
  return (state.dr[7] & 0xFFu) != 0;
}
// Data accesses may have to be reported, to the guest or to a debugger outside of it.
[[nodiscard]] inline bool AccessesWatched(const CpuState& state) {
  return BreakpointsEnabled(state) || state.watch != nullptr;
}
// Something may have to be reported at each instruction: they execute one by one.
[[nodiscard]] inline bool IsTraced(const CpuState& state) {
  return (state.eflags & flag::kTf) != 0 || AccessesWatched(state);
}

// R/W 00b: the linear address of the instruction's first byte.
[[nodiscard]] uint32_t MatchInstructionBreakpoints(const CpuState& state, LinearAddress address);
// R/W 01b (writes) and 11b (reads and writes): any byte in common (17.2.5).
[[nodiscard]] uint32_t MatchDataBreakpoints(const CpuState& state, LinearAddress address,
                                            uint32_t bytes, bool write);
// R/W 10b, while CR4.DE is set: any port in common.
[[nodiscard]] uint32_t MatchPortBreakpoints(const CpuState& state, uint16_t port, unsigned bytes);

}  // namespace verbatim

#endif  // VERBATIM_VCPU_DEBUG_REGISTERS_H_
