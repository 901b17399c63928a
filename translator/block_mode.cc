// SPDX-License-Identifier: Apache-2.0
#include "translator/block_mode.h"

namespace verbatim {
namespace {

SegmentClass ByBase(const SegmentRegister& segment) {
  return segment.base == 0 ? SegmentClass::kFlat : SegmentClass::kBased;
}

SegmentClass ByExtent(const SegmentRegister& segment) {
  constexpr uint32_t k64KLimit = 0xFFFF;
  if (!segment.Present() || segment.IsExpandDown()) return SegmentClass::kChecked;
  if (segment.limit == k64KLimit) return SegmentClass::k64K;
  return segment.CoversAll() ? ByBase(segment) : SegmentClass::kLimited;
}

// These two are asked at each system call: the usual answer first.
SegmentClass ClassOfCode(const SegmentRegister& segment) {
  if (segment.IsPlainCode()) [[likely]]
    return ByBase(segment);
  return segment.IsReadable() ? ByExtent(segment) : SegmentClass::kChecked;
}

SegmentClass ClassOfData(const SegmentRegister& segment) {
  if (segment.IsPlainData()) [[likely]]
    return ByBase(segment);
  return segment.IsWritableData() ? ByExtent(segment) : SegmentClass::kChecked;
}

}  // namespace

BlockMode BlockMode::Of(const CpuState& cpu, uint32_t cs_id) {
  uint64_t bits = (cpu.cpl & 3) | (uint64_t{cs_id} << 32);
  if (cpu.segments[kCs].Big()) bits |= kCode32;
  if (cpu.segments[kSs].Big()) bits |= kStack32;
  if ((cpu.cr0 & cr0::kTs) != 0) bits |= kTs;
  if ((cpu.cr0 & cr0::kEm) != 0) bits |= kEm;
  if ((cpu.cr0 & cr0::kMp) != 0) bits |= kMp;
  if ((cpu.cr4 & cr4::kOsfxsr) != 0) bits |= kOsfxsr;
  if ((cpu.cr4 & cr4::kTsd) != 0) bits |= kTsd;
  if (!cpu.ProtectedMode() || cpu.Virtual8086()) bits |= kRealSegments;
  for (const uint8_t segment : {kEs, kSs, kDs}) {
    bits |= static_cast<uint64_t>(ClassOfData(cpu.segments[segment]))
            << (kSegmentShift + 3 * segment);
  }
  // A code segment of protected mode is not writable: reads through a readable one are as good as
  // those of data, writes are sent to software by the translator.
  const SegmentRegister& cs = cpu.segments[kCs];
  if (cs.IsWritableData()) bits |= kCsWritable;
  bits |= static_cast<uint64_t>(ClassOfCode(cs)) << (kSegmentShift + 3 * kCs);
  for (const uint8_t segment : {kFs, kGs}) {
    if (cpu.segments[segment].IsPlainData()) continue;
    const SegmentClass type = ClassOfData(cpu.segments[segment]);
    if (type != SegmentClass::k64K && type != SegmentClass::kLimited) continue;
    bits |= (static_cast<uint64_t>(type) - 1) << DynamicShift(segment);
  }
  return BlockMode(bits);
}

}  // namespace verbatim
