// SPDX-License-Identifier: Apache-2.0
// The way into a program in compatibility mode and the way back, which is where EnterFar was called
// (SDM vol. 3, 5.8.1: far jumps between code segments of one privilege).
//
// IRET would be one instruction, but to a 16-bit stack segment it leaves the upper half of esp as
// it was; loads of SS and esp do not.
#ifndef VERBATIM_TESTS_ORACLE_NATIVE_FAR_ENTRY_H_
#define VERBATIM_TESTS_ORACLE_NATIVE_FAR_ENTRY_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "decoder/instruction.h"

namespace verbatim::test {

// Known to far_entry.S by offset.
struct FarEntry {
  std::array<uint32_t, 8> gpr{};
  uint64_t flags = 0;
  uint64_t host_rsp = 0;
  uint32_t eip = 0;
  uint16_t far_cs = 0;  // behind eip: a far pointer
  std::array<uint16_t, kSegmentCount> selectors{};
  alignas(16) std::array<uint8_t, 512> fx{};
};
static_assert(offsetof(FarEntry, flags) == 32 && offsetof(FarEntry, host_rsp) == 40 &&
              offsetof(FarEntry, eip) == 48 && offsetof(FarEntry, far_cs) == 52 &&
              offsetof(FarEntry, selectors) == 54 && offsetof(FarEntry, fx) == 80);

extern "C" {
void VerbatimEnterFar(FarEntry* entry);
[[noreturn]] void VerbatimLeaveToEntry(const FarEntry* entry);
extern const uint8_t kVerbatimEnterFarEnd;
}

// Returns when LeaveToEntry is called.
inline void EnterFar(FarEntry* entry) {
  entry->far_cs = entry->selectors[kCs];
  VerbatimEnterFar(entry);
}
[[noreturn]] inline void LeaveToEntry(const FarEntry* entry) { VerbatimLeaveToEntry(entry); }

// Is `pc` in EnterFar: does the program not run yet?
[[nodiscard]] inline bool IsEntering(uint64_t pc) {
  return pc >= reinterpret_cast<uint64_t>(&VerbatimEnterFar) &&
         pc < reinterpret_cast<uint64_t>(&kVerbatimEnterFarEnd);
}

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_NATIVE_FAR_ENTRY_H_
