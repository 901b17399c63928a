// SPDX-License-Identifier: Apache-2.0
// What a 32-bit program can see of its processor, and how a run of it ended: the common language of
// the native processor and of the engine. Both start from a CpuImage and end in an Outcome.
#ifndef VERBATIM_TESTS_ENGINE_CPU_IMAGE_H_
#define VERBATIM_TESTS_ENGINE_CPU_IMAGE_H_

#include <array>
#include <cstdint>
#include <string>

#include "decoder/instruction.h"

namespace verbatim::test {

// Linear addresses at which a snippet finds its memory, natively and in the guest. All of it is
// readable, writable and executable; everything around it is not present.
inline constexpr uint32_t kCode = 0x00400000;
inline constexpr uint32_t kCodeBytes =
    0x22000;  // more than the 64 KiB after which jump tables repeat
inline constexpr uint32_t kData = 0x00500000;
inline constexpr uint32_t kDataBytes = 0x4000;
inline constexpr uint32_t kStack = 0x00600000;
inline constexpr uint32_t kStackBytes = 0x100000;
inline constexpr uint32_t kStackTop = kStack + kStackBytes - 0x800;
inline constexpr uint32_t kArenaEnd = kStack + kStackBytes;

// The FXSAVE image, as far as it is compared: x87 control, status and tag words, MXCSR, the eight
// x87 registers and XMM0 to XMM7 (SDM vol. 1, 10.5.1).
inline constexpr uint32_t kFxMxcsr = 24;
inline constexpr uint32_t kFxX87 = 32;
inline constexpr uint32_t kFxXmm = 160;

struct CpuImage {
  std::array<uint32_t, 8> gpr{};
  uint32_t eip = kCode;
  uint32_t eflags = flag::kReservedOne;
  alignas(16) std::array<uint8_t, 512> fx{};

  // Registers with recognisable values, pointers into the data and the stack, an empty x87 stack.
  [[nodiscard]] static CpuImage Typical();
};

struct Outcome {
  CpuImage cpu;
  std::array<uint16_t, kSegmentCount> selectors{};  // by Segment
  uint8_t vector = 0;
  uint32_t error_code = 0;
  uint32_t fault_address = 0;  // page faults only
};

// Flags that a program can set or see through PUSHF and that decide jumps.
inline constexpr uint32_t kComparedFlags = flag::kHostResident;

// Empty if they agree (in the flags of `flags` only), else one line for each difference.
[[nodiscard]] std::string Differences(const Outcome& expected, const Outcome& actual,
                                      uint32_t flags);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ENGINE_CPU_IMAGE_H_
