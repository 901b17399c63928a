// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/values.h"

#include <array>

#include "base/bits.h"
#include "tests/oracle/case.h"

namespace verbatim::test {
namespace {

constexpr std::array<uint32_t, 20> kIntegers = {
    0,          1,          2,          0x7F,       0x80,       0xFF,       0x100,
    0x7FFF,     0x8000,     0xFFFF,     0x10000,    0x7FFFFFFF, 0x80000000, 0x80000001,
    0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFF80, 0xFFFF8000, 0x55555555, 0x0F0F0F0F};

constexpr std::array<uint32_t, 18> kSingles = {
    0x00000000, 0x80000000,                          // zeroes
    0x3F800000, 0xBF800000, 0x40490FDB,              // 1, -1, pi
    0x00000001, 0x807FFFFF, 0x00400000,              // denormal
    0x00800000, 0x7F7FFFFF, 0xFF7FFFFF,              // smallest normal, largest
    0x7F800000, 0xFF800000,                          // infinities
    0x7FC00000, 0xFFC12345, 0x7F800001, 0xFFA00000,  // quiet and signalling NaNs
    0x4F000000};                                     // 2^31: an integer overflow

constexpr std::array<uint64_t, 18> kDoubles = {
    0x0000000000000000, 0x8000000000000000, 0x3FF0000000000000, 0xBFF0000000000000,
    0x400921FB54442D18, 0x0000000000000001, 0x800FFFFFFFFFFFFF, 0x0008000000000000,
    0x0010000000000000, 0x7FEFFFFFFFFFFFFF, 0xFFEFFFFFFFFFFFFF, 0x7FF0000000000000,
    0xFFF0000000000000, 0x7FF8000000000000, 0xFFF8123456789ABC, 0x7FF0000000000001,
    0xFFF4000000000000, 0x41E0000000000000};

constexpr std::array<Extended, 24> kExtended = {{
    {0, 0x0000},                   // 0
    {0, 0x8000},                   // -0
    {0x8000000000000000, 0x3FFF},  // 1
    {0x8000000000000000, 0xBFFF},  // -1
    {0xC90FDAA22168C235, 0x4000},  // pi
    {0x8000000000000000, 0x3FFE},  // 1/2
    {0xFFFFFFFFFFFFFFFF, 0x3FFE},  // just below 1
    {0x0000000000000001, 0x0000},  // denormal
    {0x7FFFFFFFFFFFFFFF, 0x8000},  // denormal
    {0x8000000000000000, 0x0000},  // pseudo-denormal
    {0x8000000000000000, 0x0001},  // smallest normal
    {0xFFFFFFFFFFFFFFFF, 0x7FFE},  // largest
    {0x8000000000000000, 0x7FFF},  // infinity
    {0x8000000000000000, 0xFFFF},  // -infinity
    {0xC000000000000000, 0xFFFF},  // the indefinite
    {0xC123456789ABCDEF, 0x7FFF},  // quiet NaN
    {0x8000000000000001, 0x7FFF},  // signalling NaN
    {0xA000000000000000, 0xFFFF},  // signalling NaN
    {0x0000000000000000, 0x7FFF},  // pseudo-infinity
    {0x4000000000000000, 0x7FFF},  // pseudo-NaN
    {0x0000000000000000, 0x4001},  // unnormal zero
    {0x4000000000000000, 0xC001},  // unnormal
    {0x8000000000000000, 0x403E},  // 2^63: an integer overflow
    {0x8000000000000000, 0x401E},  // 2^31
}};

uint32_t DataPointer(Random& random) {
  const uint32_t offset = random.Below(kCaseData.bytes);
  return kCaseData.start + (random.OneIn(4) ? offset : offset & ~15u);
}

void PickX87(Random& random, CpuImage& start) {
  constexpr uint16_t kAllMasked = 0x3F;
  const uint32_t bits = random.Next();
  // Bit 6 reads as one; precision and rounding control anything.
  auto control = static_cast<uint16_t>((bits & 0x0F3F) | 0x0040);
  if (!random.OneIn(4)) control |= kAllMasked;
  if (random.OneIn(2)) control = 0x037F;
  // Exceptions that wait: rarely, because the next x87 instruction takes them.
  auto status = static_cast<uint16_t>((bits >> 16) & 0x7F00);
  if (random.OneIn(4)) status |= static_cast<uint16_t>(random.Next() & 0x7F);
  constexpr uint16_t kSummary = 0x8080;
  if ((status & ~control & kAllMasked) != 0) status |= kSummary;
  StoreLittle<uint16_t>(&start.fx[0], control);
  StoreLittle<uint16_t>(&start.fx[2], status);
  const uint8_t tags = random.NextByte();
  start.fx[4] = random.OneIn(3) ? tags : random.OneIn(2) ? uint8_t{0xFF} : uint8_t{0};
  for (uint32_t i = 0; i < 8; ++i) {
    const Extended value = PickExtended(random);
    StoreLittle<uint64_t>(&start.fx[kFxX87 + i * 16], value.significand);
    StoreLittle<uint16_t>(&start.fx[kFxX87 + i * 16 + 8], value.sign_exponent);
  }
}

void PickSse(Random& random, CpuImage& start) {
  constexpr uint32_t kAllMasked = 0x1F80;
  constexpr uint32_t kDefined = 0xFFFF;
  uint32_t control = kAllMasked;
  if (!random.OneIn(3)) {
    control = random.Next() & kDefined;
    if (!random.OneIn(4)) control |= kAllMasked;
  }
  StoreLittle<uint32_t>(&start.fx[kFxMxcsr], control);
  for (uint32_t i = 0; i < 8; ++i) {
    uint8_t* at = &start.fx[kFxXmm + i * 16];
    const uint32_t kind = random.Below(4);
    for (uint32_t j = 0; j < 2; ++j) {
      const uint64_t low = PickSingle(random);
      StoreLittle<uint64_t>(at + j * 8, kind == 0   ? PickDouble(random)
                                        : kind == 1 ? random.Next64()
                                                    : low | uint64_t{PickSingle(random)} << 32);
    }
  }
}

}  // namespace

uint32_t PickInteger(Random& random) {
  const uint32_t bits = random.Next();
  switch (bits & 3) {
    case 0:
      return kIntegers[(bits >> 2) % kIntegers.size()];
    case 1:
      return (bits >> 8) % 40 - 8;
    default:
      return random.Next();
  }
}

uint32_t PickSingle(Random& random) {
  const uint32_t bits = random.Next();
  switch (bits & 3) {
    case 0:
      return random.Next();
    case 1:  // a number whose exponent is near those of others
      return (bits & 0x807FFFFC) | ((0x78 + ((bits >> 2) & 15)) << 23);
    default:
      return kSingles[(bits >> 2) % kSingles.size()];
  }
}

uint64_t PickDouble(Random& random) {
  const uint64_t bits = random.Next64();
  switch (bits & 3) {
    case 0:
      return random.Next64();
    case 1:
      return (bits & 0x800FFFFFFFFFFFFC) | ((0x3F8 + ((bits >> 2) & 15)) << 52);
    default:
      return kDoubles[(bits >> 2) % kDoubles.size()];
  }
}

Extended PickExtended(Random& random) {
  const uint64_t bits = random.Next64();
  switch (bits & 3) {
    case 0:  // anything at all
      return {random.Next64(), static_cast<uint16_t>(bits >> 16)};
    case 1:  // ordinary
      return {bits | 0x8000000000000000,
              static_cast<uint16_t>(0x3FF8 + ((bits >> 2) & 31) + ((bits & 0x100) << 7))};
    default:
      return kExtended[(bits >> 2) % kExtended.size()];
  }
}

void PickStart(Random& random, CpuImage& start) {
  for (uint8_t gpr = 0; gpr < 8; ++gpr) {
    start.gpr[gpr] = random.OneIn(3) ? DataPointer(random) : PickInteger(random);
  }
  const uint32_t in_stack = 0x200 + random.Below(kCaseStack.bytes - 0x600);
  start.gpr[kEsp] = kCaseStack.start + (random.OneIn(8) ? in_stack : in_stack & ~3u);
  start.eflags = flag::kReservedOne | (random.Next() & flag::kArithmetic);
  if (random.OneIn(6)) start.eflags |= flag::kDf;
  PickX87(random, start);
  PickSse(random, start);
}

}  // namespace verbatim::test
