// SPDX-License-Identifier: Apache-2.0
#include "translator/block_mode.h"

namespace verbatim {
namespace {

SegmentClass ByExtent(const SegmentRegister& segment) {
  constexpr uint32_t k64KLimit = 0xFFFF;
  if (!segment.Present() || segment.IsExpandDown()) return SegmentClass::kChecked;
  if (segment.limit == k64KLimit) return SegmentClass::k64K;
  if (!segment.CoversAll()) return SegmentClass::kLimited;
  return segment.base == 0 ? SegmentClass::kFlat : SegmentClass::kBased;
}

SegmentClass ClassOfData(const SegmentRegister& segment) {
  return segment.IsWritableData() ? ByExtent(segment) : SegmentClass::kChecked;
}

// What nearly every system has, found out at once: ES, CS, SS and DS are plain, with base 0.
bool AllFlat(const CpuState& cpu) {
  constexpr uint32_t kPlainData = 0x92;  // present, a segment, writable
  constexpr uint32_t kNotPlain = 0x0C;   // code, expand-down
  const SegmentRegister& es = cpu.segments[kEs];
  const SegmentRegister& cs = cpu.segments[kCs];
  const SegmentRegister& ss = cpu.segments[kSs];
  const SegmentRegister& ds = cpu.segments[kDs];
  const uint32_t limits = es.limit & ss.limit & ds.limit;
  const uint32_t bases = es.base | cs.base | ss.base | ds.base;
  const uint32_t all = uint32_t{es.attributes} & ss.attributes & ds.attributes;
  const uint32_t any = uint32_t{es.attributes} | ss.attributes | ds.attributes;
  return limits == 0xFFFFFFFFu && bases == 0 && (all & kPlainData) == kPlainData &&
         (any & kNotPlain) == 0 && cs.IsPlainCode();
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
  static_assert(static_cast<unsigned>(SegmentClass::kFlat) == 0);
  if (!AllFlat(cpu)) {
    for (const uint8_t segment : {kEs, kSs, kDs}) {
      bits |= static_cast<uint64_t>(ClassOfData(cpu.segments[segment]))
              << (kSegmentShift + 3 * segment);
    }
    // A code segment of protected mode is not writable: reads through a readable one are as good as
    // those of data, writes are sent to software by the translator.
    const SegmentRegister& cs = cpu.segments[kCs];
    if (cs.IsWritableData()) bits |= kCsWritable;
    const SegmentClass cs_class = cs.IsReadable() ? ByExtent(cs) : SegmentClass::kChecked;
    bits |= static_cast<uint64_t>(cs_class) << (kSegmentShift + 3 * kCs);
  }
  for (const uint8_t segment : {kFs, kGs}) {
    const bool usual = cpu.segments[segment].attributes == 0 || cpu.segments[segment].IsPlainData();
    if (usual) continue;
    const SegmentClass type = ClassOfData(cpu.segments[segment]);
    if (type != SegmentClass::k64K && type != SegmentClass::kLimited) continue;
    bits |= (static_cast<uint64_t>(type) - 1) << DynamicShift(segment);
  }
  return BlockMode(bits);
}

}  // namespace verbatim
