// SPDX-License-Identifier: Apache-2.0
// One case of the oracle: a short program and the processor it starts on. Everything in it follows
// from (seed, index) alone, so that naming the two replays it. The generator makes cases, the
// runner runs them; neither knows more of the other than this file.
#ifndef VERBATIM_TESTS_ORACLE_CASE_H_
#define VERBATIM_TESTS_ORACLE_CASE_H_

#include <array>
#include <cstdint>
#include <vector>

#include "decoder/instruction.h"
#include "tests/engine/cpu_image.h"

namespace verbatim::test {

// A segment of the local descriptor table, as far as an unprivileged program can ask for one
// (modify_ldt): DPL 3, code or data. The guest's LDT holds the same (SDM vol. 3, 3.4.5).
struct LdtSegment {
  uint32_t base = 0;
  uint32_t limit = 0;     // raw 20 bits, in units of `in_pages`
  bool in_pages = false;  // G
  bool big = true;        // D/B
  bool code = false;
  bool conforming = false;   // code only, and not present: Linux gives out no other; Linux wants
                             // such a segment not to be present
  bool expand_down = false;  // data only
  bool accessible = true;    // writable data, readable code
  bool present = true;

  friend bool operator==(const LdtSegment&, const LdtSegment&) = default;
};

// Selectors that a program finds natively as well as in the guest.
inline constexpr uint16_t kFlatCode = 0x23;  // Linux's 32-bit user code segment
inline constexpr uint16_t kFlatData = 0x2B;  // and its user data segment
inline constexpr uint32_t kLdtSegments = 64;
[[nodiscard]] constexpr uint16_t LdtSelector(uint32_t index) {
  return static_cast<uint16_t>((index << 3) | 7);  // TI = 1, RPL = 3
}
using LdtTable = std::array<LdtSegment, kLdtSegments>;

// What of the areas of cpu_image.h is present while a case runs; all else is not. The code area is
// full of HLT, which ends a program at CPL 3 wherever it strays to; the others hold what
// `memory_seed` makes of them.
struct CaseArea {
  uint32_t start;
  uint32_t bytes;
};
inline constexpr CaseArea kCaseCode{kCode, 0x3000};
inline constexpr CaseArea kCaseData{kData, 0x3000};
inline constexpr CaseArea kCaseStack{kArenaEnd - 0x2000, 0x2000};
inline constexpr std::array<CaseArea, 3> kCaseAreas{kCaseCode, kCaseData, kCaseStack};
inline constexpr uint32_t kMemoryFillings = 4;
// Of start.eflags; all else is as Linux starts a program.
inline constexpr uint32_t kStartFlags = flag::kHostResident;
inline constexpr uint8_t kCaseEnd = 0xF4;  // HLT
// A program's length at most; the runner puts kCaseEnd behind it.
inline constexpr uint32_t kMaxCaseCode = 512;

// What stands at one of a case's instructions.
struct InstructionNote {
  uint16_t form = kNoForm;  // in FormTable::forms()
  bool code32 = true;       // the code size it runs with
  bool certain = false;     // reached whatever happens: nothing before it can fault or branch

  static constexpr uint16_t kNoForm = 0xFFFF;  // undefined, too long or wrongly locked
};

struct Case {
  uint64_t seed = 0;
  uint64_t index = 0;

  // The program (and data that it wants at known places); its first byte at linear address code_at,
  // all of it in kCaseCode. What follows it ends it: the runner adds that.
  std::vector<uint8_t> code;
  uint32_t code_at = kCode;
  // Offsets into `code` at which instructions start; [0] is where the program does. What shrinking
  // takes apart and what the coverage table counts.
  std::vector<uint16_t> instructions;
  std::vector<InstructionNote> notes;  // one for each of `instructions`

  // Registers of the start on whose values the program does not rely, as a set of Gpr.
  uint8_t free_registers = 0;
  // start.eip and esp are offsets in CS and SS. The selectors are flat or of the LDT.
  CpuImage start = CpuImage::Typical();
  std::array<uint16_t, kSegmentCount> selectors{kFlatData, kFlatCode, kFlatData,
                                                kFlatData, 0,         0};  // by Segment
  // Which of a few fillings the data and stack areas have: modulo kMemoryFillings.
  uint32_t memory_seed = 0;
  // Flags that are defined at the end, as a set of EFLAGS bits (see UndefinedFlagsOf).
  uint32_t flags = kComparedFlags;
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_CASE_H_
