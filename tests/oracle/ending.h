// SPDX-License-Identifier: Apache-2.0
// Where a run ended: the instruction that stands there, what it addresses and its stack, with
// memory as the run left it. For the few runs that differ; made to be exact, not fast.
#ifndef VERBATIM_TESTS_ORACLE_ENDING_H_
#define VERBATIM_TESTS_ORACLE_ENDING_H_

#include <cstdint>
#include <span>

#include "decoder/instruction.h"
#include "tests/oracle/case.h"
#include "tests/oracle/memory_image.h"

namespace verbatim::test {

// #SS, #GP or #PF.
[[nodiscard]] constexpr bool IsMemoryFault(uint8_t vector) {
  constexpr uint8_t kFirst = 12;
  constexpr uint8_t kLast = 14;
  return vector >= kFirst && vector <= kLast;
}

class Ending {
 public:
  // `outcome` and `table` outlive it. `lines` are those that the run changed.
  Ending(const Case& one, const LdtTable& table, const Outcome& outcome,
         std::span<const ChangedLine> lines);

  [[nodiscard]] const GuestInstruction& instruction() const { return instruction_; }
  [[nodiscard]] const LdtSegment& SegmentOf(uint8_t segment) const;
  // Of code: its D bit.
  [[nodiscard]] bool code32() const { return SegmentOf(kCs).big; }
  // Four bytes from `offset` of the instruction's operand in memory on; 0 where nothing is mapped.
  // The registers that form the address are those of the outcome.
  [[nodiscard]] uint32_t OperandDword(uint32_t offset) const;
  // How many bytes below the stack pointer an address lies, 0 for the first one; a 16-bit stack
  // pointer wraps (SDM vol. 1, 6.2.3).
  [[nodiscard]] uint32_t DepthInStack(uint32_t linear) const;
  // How many bytes from the instruction's first one on are within the limit of its segment.
  [[nodiscard]] uint64_t BytesUpToLimit() const;

 private:
  // 0 where nothing is mapped.
  [[nodiscard]] uint8_t At(uint32_t linear) const;

  const LdtTable& table_;
  const Outcome& outcome_;
  std::span<const ChangedLine> lines_;
  MemoryImage image_;
  GuestInstruction instruction_;
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_ENDING_H_
