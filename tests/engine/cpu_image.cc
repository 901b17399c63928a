// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/cpu_image.h"

#include <fmt/format.h>

#include <cstring>

#include "base/bits.h"

namespace verbatim::test {
namespace {

constexpr uint8_t kPageFaultVector = 14;
// Natively a fetch is told apart; without NX (SDM vol. 3, 4.7) it is not.
constexpr uint32_t kComparedErrorBits = 7;  // of a page fault

std::string Hex(const uint8_t* bytes, uint32_t count) {
  std::string text;
  for (uint32_t i = count; i-- > 0;) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

class Comparison {
 public:
  void Value(std::string_view name, uint32_t expected, uint32_t actual) {
    if (expected != actual) {
      text_ += fmt::format("  {}: natively {:08x}, here {:08x}\n", name, expected, actual);
    }
  }
  void Bytes(std::string_view name, const uint8_t* expected, const uint8_t* actual,
             uint32_t count) {
    if (std::memcmp(expected, actual, count) != 0) {
      text_ += fmt::format("  {}: natively {}, here {}\n", name, Hex(expected, count),
                           Hex(actual, count));
    }
  }
  [[nodiscard]] std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

CpuImage CpuImage::Typical() {
  CpuImage image;
  image.gpr = {0x80F10203, 0x00000005,    0x7654C0DE,    kData + 0x100,
               kStackTop,  kData + 0x800, kData + 0x400, kData + 0x1200};
  StoreLittle<uint16_t>(&image.fx[0], 0x037F);  // FNINIT
  StoreLittle<uint32_t>(&image.fx[kFxMxcsr], 0x1F80);
  for (uint32_t i = 0; i < 8 * 16; ++i) {
    image.fx[kFxXmm + i] = static_cast<uint8_t>(i * 37 + 11);
  }
  // Four of them hold ordinary numbers: 1.5, -2.25, 3.0 and 100.0 as packed doubles.
  const double numbers[] = {1.5, -2.25, 3.0, 100.0};
  for (uint32_t i = 0; i < 4; ++i) std::memcpy(&image.fx[kFxXmm + i * 16], &numbers[i], 8);
  return image;
}

std::string Differences(const Outcome& expected, const Outcome& actual, uint32_t flags) {
  static constexpr const char* kNames[] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
  static constexpr const char* kSegments[] = {"es", "cs", "ss", "ds", "fs", "gs"};
  Comparison compare;
  compare.Value("vector", expected.vector, actual.vector);
  compare.Value("eip", expected.cpu.eip, actual.cpu.eip);
  const bool page_fault = expected.vector == kPageFaultVector;
  const uint32_t error_bits = page_fault ? kComparedErrorBits : 0xFFFFFFFFu;
  compare.Value("error code", expected.error_code & error_bits, actual.error_code & error_bits);
  if (page_fault) compare.Value("cr2", expected.fault_address, actual.fault_address);
  for (uint32_t i = 0; i < kSegmentCount; ++i) {
    compare.Value(kSegments[i], expected.selectors[i], actual.selectors[i]);
  }
  for (uint32_t i = 0; i < 8; ++i) {
    compare.Value(kNames[i], expected.cpu.gpr[i], actual.cpu.gpr[i]);
  }
  compare.Value("flags", expected.cpu.eflags & flags, actual.cpu.eflags & flags);
  compare.Bytes("x87 control, status, tag", &expected.cpu.fx[0], &actual.cpu.fx[0], 5);
  compare.Bytes("mxcsr", &expected.cpu.fx[kFxMxcsr], &actual.cpu.fx[kFxMxcsr], 4);
  for (uint32_t i = 0; i < 8; ++i) {
    compare.Bytes(fmt::format("st{}", i), &expected.cpu.fx[kFxX87 + i * 16],
                  &actual.cpu.fx[kFxX87 + i * 16], 10);
    compare.Bytes(fmt::format("xmm{}", i), &expected.cpu.fx[kFxXmm + i * 16],
                  &actual.cpu.fx[kFxXmm + i * 16], 16);
  }
  return compare.Take();
}

}  // namespace verbatim::test
