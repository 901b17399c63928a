// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>

namespace verbatim::test {
namespace {

constexpr uint8_t kPageFault = 14;

uint32_t ComparedFlags(const Case& one) {
  return (one.flags & flag::kHostResident) | kControlFlags;
}

bool SameFx(const CpuImage& a, const CpuImage& b) {
  const auto same = [&](uint32_t from, size_t bytes) {
    return std::memcmp(&a.fx[from], &b.fx[from], bytes) == 0;
  };
  if (!same(0, 5) || !same(kFxMxcsr, 4) || !same(kFxXmm, 8 * 16)) return false;
  for (uint32_t i = 0; i < 8; ++i) {
    if (!same(kFxX87 + i * 16, 10)) return false;
  }
  return true;
}

bool SameOutcome(const Outcome& a, const Outcome& b, uint32_t flags) {
  // Natively a fetch is told apart from a read; without NX (SDM vol. 3, 4.7) it is not.
  const uint32_t error_bits = a.vector == kPageFault ? 7 : 0xFFFFFFFFu;
  return a.vector == b.vector && a.cpu.eip == b.cpu.eip && a.cpu.gpr == b.cpu.gpr &&
         ((a.error_code ^ b.error_code) & error_bits) == 0 && a.selectors == b.selectors &&
         ((a.cpu.eflags ^ b.cpu.eflags) & flags) == 0 &&
         (a.vector != kPageFault || a.fault_address == b.fault_address) && SameFx(a.cpu, b.cpu);
}

// By address; where one side changed nothing it has what the case began with.
std::string DescribeMemory(const Case& one, std::span<const ChangedLine> native,
                           std::span<const ChangedLine> translated) {
  MemoryImage image;
  image.Set(one.memory_seed % kMemoryFillings, one.code_at, one.code);
  std::map<uint32_t, std::pair<const ChangedLine*, const ChangedLine*>> lines;
  for (const ChangedLine& line : native) lines[line.address].first = &line;
  for (const ChangedLine& line : translated) lines[line.address].second = &line;
  std::string text;
  for (const auto& [address, both] : lines) {
    for (uint32_t i = 0; i < kLineBytes; ++i) {
      const uint8_t before = image.At(address + i);
      const uint8_t a = both.first != nullptr ? both.first->bytes[i] : before;
      const uint8_t b = both.second != nullptr ? both.second->bytes[i] : before;
      if (a == b) continue;
      text += fmt::format("  memory at {:08x}: natively {:02x}, here {:02x} (was {:02x})\n",
                          address + i, a, b, before);
    }
  }
  return text;
}

}  // namespace

bool Agree(const Case& one, const NativeRun& native, const TranslatedOutcome& translated) {
  return translated.outcome &&
         SameOutcome(native.outcome, *translated.outcome, ComparedFlags(one)) &&
         std::ranges::equal(native.lines, translated.lines);
}

std::string Describe(const Case& one, const NativeRun& native,
                     const TranslatedOutcome& translated) {
  if (!translated.outcome) {
    return fmt::format(
        "  natively vector {} at eip {:08x}; here no end: it did not come back, or "
        "the guest died\n",
        native.outcome.vector, native.outcome.cpu.eip);
  }
  return Differences(native.outcome, *translated.outcome, ComparedFlags(one)) +
         DescribeMemory(one, native.lines, translated.lines);
}

}  // namespace verbatim::test
