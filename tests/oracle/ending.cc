// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/ending.h"

#include <array>

#include "tests/oracle/forms.h"
#include "tests/oracle/segments.h"

namespace verbatim::test {

Ending::Ending(const Case& one, const LdtTable& table, const Outcome& outcome,
               std::span<const ChangedLine> lines)
    : table_(table), outcome_(outcome), lines_(lines) {
  image_.Set(one.memory_seed % kMemoryFillings, one.code_at, one.code);
  std::array<uint8_t, kMaxInstructionBytes> bytes{};
  const uint32_t linear = SegmentOf(kCs).base + outcome.cpu.eip;
  for (uint32_t i = 0; i < bytes.size(); ++i) bytes[i] = At(linear + i);
  instruction_ = FormTable::Get().decoder().Decode(bytes, code32());
}

const LdtSegment& Ending::SegmentOf(uint8_t segment) const {
  return Segments(table_).Of(outcome_.selectors[segment]);
}

uint8_t Ending::At(uint32_t linear) const {
  for (const ChangedLine& line : lines_) {
    if (linear - line.address < kLineBytes) return line.bytes[linear - line.address];
  }
  return image_.At(linear);
}

uint32_t Ending::OperandDword(uint32_t offset) const {
  const MemoryOperand& memory = instruction_.memory;
  const auto value = [&](uint8_t gpr) { return gpr == kNoGpr ? 0 : outcome_.cpu.gpr[gpr]; };
  uint32_t effective = value(memory.base) + value(memory.index) * memory.scale +
                       static_cast<uint32_t>(memory.displacement);
  if (instruction_.address_bits == 16) effective &= 0xFFFF;
  const uint32_t linear = SegmentOf(memory.segment).base + effective + offset;
  uint32_t dword = 0;
  for (uint32_t i = 0; i < sizeof dword; ++i) dword |= uint32_t{At(linear + i)} << (8 * i);
  return dword;
}

uint32_t Ending::DepthInStack(uint32_t linear) const {
  const LdtSegment& stack = SegmentOf(kSs);
  const uint32_t depth = outcome_.cpu.gpr[kEsp] - 1 - (linear - stack.base);
  return stack.big ? depth : depth & 0xFFFF;
}

uint64_t Ending::BytesUpToLimit() const {
  const uint64_t end = uint64_t{Segments::LastOffset(SegmentOf(kCs))} + 1;
  return end < outcome_.cpu.eip ? 0 : end - outcome_.cpu.eip;
}

}  // namespace verbatim::test
