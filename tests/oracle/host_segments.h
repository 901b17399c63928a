// SPDX-License-Identifier: Apache-2.0
// The segments that the host's kernel keeps in its GDT where programs see them: with LAR, LSL, VERR
// and VERW, and by loading them (SDM vol. 3, 5.10). A program of the oracle that makes up a
// selector may hit one.
#ifndef VERBATIM_TESTS_ORACLE_HOST_SEGMENTS_H_
#define VERBATIM_TESTS_ORACLE_HOST_SEGMENTS_H_

#include <cstdint>
#include <optional>

namespace verbatim::test {

// 64-bit code: nothing of a case can run in it, and the guest, which has no such mode, has no such
// segment.
inline constexpr uint16_t kHostCode64 = 0x30;
// Data of which no byte can be read: its limit, which LSL tells, is the number of the processor and
// of its node. It depends on where the program runs at that moment.
inline constexpr uint16_t kHostProcessorNumber = 0x78;

struct HostSegment {
  uint32_t rights = 0;  // as LAR tells them: bits 8 to 23 of the descriptor's upper half
  uint32_t limit = 0;   // the last byte, as LSL tells it

  // With base 0, which neither instruction tells.
  [[nodiscard]] uint64_t Descriptor() const;
};

// What the host has there; nullopt if CPL 3 sees nothing.
[[nodiscard]] std::optional<HostSegment> ReadHostSegment(uint16_t selector);

// Whether LSL of kHostProcessorNumber may have told this, on whichever processor.
[[nodiscard]] bool IsProcessorNumber(uint32_t limit);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_HOST_SEGMENTS_H_
