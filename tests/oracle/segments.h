// SPDX-License-Identifier: Apache-2.0
// The segments that cases run in: a local descriptor table by seed, which of them a program starts
// with, and which selectors it loads (SDM vol. 3, 3.4.5 and 5.3).
#ifndef VERBATIM_TESTS_ORACLE_SEGMENTS_H_
#define VERBATIM_TESTS_ORACLE_SEGMENTS_H_

#include <cstdint>

#include "tests/oracle/case.h"
#include "tests/oracle/random.h"

namespace verbatim::test {

// Code, data and stack segments that show the case's memory: flat, based, with limits at their
// edges, growing down, read-only, execute-only, conforming, absent; 16- and 32-bit ones of each.
// The last quarter is anything at all.
[[nodiscard]] LdtTable MakeLdt(uint64_t seed);

class Segments {
 public:
  explicit Segments(const LdtTable& table) : table_(table) {}

  // What a selector names. Flat ones and those that name nothing are the flat segment.
  [[nodiscard]] const LdtSegment& Of(uint16_t selector) const;
  // The last offset for which the limit holds; the first one of a segment that grows down.
  [[nodiscard]] static uint32_t LastOffset(const LdtSegment& segment);

  // Whether the processor takes the selector, at CPL 3, for that purpose.
  [[nodiscard]] bool GoodForCode(uint16_t selector) const;
  [[nodiscard]] bool GoodForStack(uint16_t selector) const;
  [[nodiscard]] bool GoodForData(uint16_t selector) const;

  // Segments of 64 KiB, of 16 bits, that hold the whole area of their kind.
  [[nodiscard]] static uint16_t Code16();
  [[nodiscard]] static uint16_t Data16();
  [[nodiscard]] static uint16_t Stack16();
  // Such selectors, for a start. Code contains `linear` and more bytes behind it.
  [[nodiscard]] uint16_t PickCode(Random& random, uint32_t linear) const;
  [[nodiscard]] uint16_t PickStack(Random& random) const;
  [[nodiscard]] uint16_t PickData(Random& random) const;
  // Anything that a program may try to load: good ones for segment register `segment`, good ones
  // for another, null, absent, beyond the table; any RPL. Never one of the GDT's, but for the two
  // flat segments: the host's GDT is not the guest's. Null is 0: of 1 to 3 the host's kernel makes
  // 0 when it returns (SDM vol. 2, IRET), which it does whenever it likes.
  [[nodiscard]] uint16_t PickAny(Random& random, uint8_t segment) const;

 private:
  [[nodiscard]] static bool IsNull(uint16_t selector) { return (selector & 0xFFFC) == 0; }
  [[nodiscard]] bool Exists(uint16_t selector) const;

  const LdtTable& table_;
};

// A stack pointer that lies in the case's stack, as far as the segment lets it.
[[nodiscard]] uint32_t PickStackPointer(Random& random, const LdtSegment& segment);

// One with a few hundred bytes of memory on both sides that are all within the segment's limit, or
// all beyond it.
[[nodiscard]] uint32_t PickStackMiddle(Random& random, const LdtSegment& segment);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_SEGMENTS_H_
