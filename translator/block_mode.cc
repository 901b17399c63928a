// SPDX-License-Identifier: Apache-2.0
#include "translator/block_mode.h"

namespace verbatim {

SegmentClass BlockMode::ClassOf(const SegmentRegister& segment) {
  if (!segment.CoversAll() || !segment.IsWritableData()) return SegmentClass::kChecked;
  return segment.base == 0 ? SegmentClass::kFlat : SegmentClass::kBased;
}

BlockMode BlockMode::Of(const CpuState& cpu, uint32_t cs_id) {
  uint64_t bits = (cpu.cpl & 3) | (uint64_t{cs_id} << 32);
  if (cpu.segments[kCs].Big()) bits |= kCode32;
  if (cpu.segments[kSs].Big()) bits |= kStack32;
  if ((cpu.cr0 & cr0::kTs) != 0) bits |= kTs;
  if ((cpu.cr0 & cr0::kEm) != 0) bits |= kEm;
  if ((cpu.cr0 & cr0::kMp) != 0) bits |= kMp;
  if ((cpu.cr4 & cr4::kOsfxsr) != 0) bits |= kOsfxsr;
  if ((cpu.cr4 & cr4::kTsd) != 0) bits |= kTsd;
  for (const uint8_t segment : {kEs, kSs, kDs}) {
    bits |= static_cast<uint64_t>(ClassOf(cpu.segments[segment])) << (kSegmentShift + 2 * segment);
  }
  // Code segments are never writable: a read through a flat, readable one is as good as flat data;
  // writes through CS are sent to software by the translator.
  const SegmentRegister& cs = cpu.segments[kCs];
  SegmentClass cs_class = SegmentClass::kChecked;
  if (cs.CoversAll() && cs.IsReadable()) {
    cs_class = cs.base == 0 ? SegmentClass::kFlat : SegmentClass::kBased;
  }
  bits |= static_cast<uint64_t>(cs_class) << (kSegmentShift + 2 * kCs);
  return BlockMode(bits);
}

}  // namespace verbatim
