// SPDX-License-Identifier: Apache-2.0
#include "devices/vga/crtc_timing.h"

#include "devices/tick_rate.h"

namespace verbatim {
namespace {

using Clock25 = TickRate<25'175'000>;
using Clock28 = TickRate<28'322'000>;

constexpr unsigned kClockSelectShift = 2;
constexpr unsigned kClock28 = 1;
constexpr unsigned kRetraceEndMask = 0x0F;  // the end is compared with these bits of the counter

// What the registers leave out of the totals.
constexpr unsigned kHorizontalTotalBias = 5;
constexpr unsigned kVerticalTotalBias = 2;

}  // namespace

BeamPosition BeamAt(const VgaRegisters& registers, uint64_t now_ns) {
  const unsigned clock = Bits(unsigned{registers.misc_output}, kClockSelectShift, 2);
  uint64_t dots = clock == kClock28 ? Clock28::TicksAt(now_ns) : Clock25::TicksAt(now_ns);
  if ((registers.sequencer[kSeqClockingMode] & kClockHalfDotClock) != 0) dots /= 2;
  // The vertical counter may count every other line only.
  const bool half_lines = (registers.crtc[kCrtcModeControl] & kModeHalfLineClock) != 0;

  const uint64_t characters = dots / registers.CellWidth();
  const unsigned line_characters = registers.crtc[kCrtcHorizontalTotal] + kHorizontalTotalBias;
  const uint64_t counts = characters / line_characters / (half_lines ? 2 : 1);
  const unsigned frame_counts = registers.VerticalTotal() + kVerticalTotalBias;
  const uint64_t count = counts % frame_counts;

  const unsigned retrace_start = registers.VerticalRetraceStart();
  const unsigned end = registers.crtc[kCrtcVerticalRetraceEnd];
  const unsigned retrace_counts = ((end - retrace_start - 1) & kRetraceEndMask) + 1;
  return {.frame = counts / frame_counts,
          .display_enabled = count <= registers.VerticalDisplayEnd() &&
                             characters % line_characters < registers.DisplayedCharacters(),
          .vertical_retrace = count >= retrace_start && count < retrace_start + retrace_counts};
}

}  // namespace verbatim
