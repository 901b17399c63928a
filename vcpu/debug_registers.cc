// SPDX-License-Identifier: Apache-2.0
#include "vcpu/debug_registers.h"

#include "base/bits.h"

namespace verbatim {
namespace {

enum class Condition : uint8_t { kExecute = 0, kWrite = 1, kPort = 2, kAccess = 3 };

constexpr unsigned kBreakpoints = 4;

bool Enabled(const CpuState& state, unsigned index) {
  return ((state.dr[7] >> (2 * index)) & 3u) != 0;
}

Condition ConditionOf(const CpuState& state, unsigned index) {
  return static_cast<Condition>(Bits(state.dr[7], 16 + 4 * index, 2));
}

// LEN: 1, 2, 8 or 4 bytes. The address's low bits are ignored: a breakpoint is aligned.
uint32_t BytesOf(const CpuState& state, unsigned index) {
  constexpr uint32_t kBytes[] = {1, 2, 8, 4};
  return kBytes[Bits(state.dr[7], 18 + 4 * index, 2)];
}

bool Overlaps(const CpuState& state, unsigned index, uint32_t address, uint32_t bytes) {
  const uint32_t length = BytesOf(state, index);
  const uint32_t first = state.dr[index] & ~(length - 1);
  // Distances, so that an access may run over the end of the address space.
  return first - address < bytes || address - first < length;
}

template <typename Matches>
uint32_t Collect(const CpuState& state, Matches matches) {
  uint32_t hits = 0;
  for (unsigned i = 0; i < kBreakpoints; ++i) {
    if (Enabled(state, i) && matches(i, ConditionOf(state, i))) hits |= 1u << i;
  }
  return hits;
}

}  // namespace

uint32_t MatchInstructionBreakpoints(const CpuState& state, LinearAddress address) {
  return Collect(state, [&](unsigned index, Condition condition) {
    return condition == Condition::kExecute && state.dr[index] == address.value;
  });
}

uint32_t MatchDataBreakpoints(const CpuState& state, LinearAddress address, uint32_t bytes,
                              bool write) {
  return Collect(state, [&](unsigned index, Condition condition) {
    const bool kind = condition == Condition::kAccess || (write && condition == Condition::kWrite);
    return kind && Overlaps(state, index, address.value, bytes);
  });
}

uint32_t MatchPortBreakpoints(const CpuState& state, uint16_t port, unsigned bytes) {
  if ((state.cr4 & cr4::kDe) == 0) return 0;
  return Collect(state, [&](unsigned index, Condition condition) {
    return condition == Condition::kPort && Overlaps(state, index, port, bytes);
  });
}

}  // namespace verbatim
