// SPDX-License-Identifier: Apache-2.0
// Where operands in memory lie, and how ModRM and SIB say so (SDM vol. 2, 2.1.5).
#include <algorithm>

#include "tests/oracle/program.h"

namespace verbatim::test {
namespace {

constexpr uint8_t kNoIndex = 4;     // SIB.index
constexpr uint8_t kNoBase = 5;      // ModRM.rm and SIB.base with mod 0
constexpr uint8_t kSibFollows = 4;  // ModRM.rm
constexpr uint8_t kNoBase16 = 6;    // ModRM.rm with mod 0 and 16-bit addresses
constexpr uint32_t kPage = 0x1000;

constexpr std::array<uint8_t, 6> kSegmentPrefixes = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65};

struct Pair {
  uint8_t base;
  uint8_t index;
};
// SDM vol. 2, table 2-1.
constexpr std::array<Pair, 8> kPairs16 = {{{kEbx, kEsi},
                                           {kEbx, kEdi},
                                           {kEbp, kEsi},
                                           {kEbp, kEdi},
                                           {kEsi, kNoGpr},
                                           {kEdi, kNoGpr},
                                           {kEbp, kNoGpr},
                                           {kEbx, kNoGpr}}};

bool FitsByte(uint32_t displacement) { return displacement + 0x80 < 0x100; }

}  // namespace

uint8_t Program::PickSegmentPrefix() {
  if (!random_.OneIn(8)) return 0;
  return kSegmentPrefixes[random_.OneIn(4) ? random_.Below(6) : random_.Below(4)];
}

uint32_t Program::PickTarget(uint32_t bytes) {
  const uint32_t kind = random_.Below(64);
  if (kind < 44) {
    // Aligned as the operand is large, so that SSE's demands are mostly met.
    const uint32_t place = kCaseData.start + random_.Below(kCaseData.bytes - 512);
    return bytes < 2 ? place : place & ~15u;
  }
  if (kind < 50) return kCaseData.start + random_.Below(kCaseData.bytes - 512);
  if (kind < 54) return kCaseData.start + kPage - random_.Below(20);            // across a page
  if (kind < 56) return kCaseData.start + kCaseData.bytes - random_.Below(20);  // half outside
  if (kind < 57) return kCaseData.start - random_.Below(20);                    // likewise
  if (kind < 60) return kCaseStack.start + random_.Below(kCaseStack.bytes - 64);
  // A write may change the code ahead; in a loop it might never end.
  if (kind < 62 && pinned_ == 0) return kCaseCode.start + random_.Below(kCaseCode.bytes);
  // Across the end of the address space a processor may wrap or fault as it likes (SDM vol. 3,
  // 5.3): up to it only.
  if (kind < 63) return 0u - std::max(bytes, 1u) - random_.Below(20);
  return random_.Next();
}

uint8_t Program::SegmentOf(uint8_t prefix, bool stack) {
  switch (prefix) {
    case 0x26:
      return kEs;
    case 0x2E:
      return kCs;
    case 0x36:
      return kSs;
    case 0x3E:
      return kDs;
    case 0x64:
      return kFs;
    case 0x65:
      return kGs;
    default:
      return stack ? kSs : kDs;
  }
}

uint32_t Program::PickOffset(uint8_t segment, uint32_t bytes, std::optional<uint32_t> linear) {
  const uint16_t selector = selectors_[segment];
  const LdtSegment& named = segments_.Of(selector);
  const bool whole = Segments::LastOffset(named) == 0xFFFFFFFF;
  if (!linear && (selector & 4) != 0 && !whole && random_.OneIn(6)) {
    return Segments::LastOffset(named) + 8 - random_.Below(16 + bytes);
  }
  return linear.value_or(PickTarget(bytes)) - named.base;
}

Address Program::PickAddress(const Form& form, std::optional<uint32_t> linear) {
  return form.address_bits == 32 ? PickAddress32(form.memory.bytes, linear)
                                 : PickAddress16(form.memory.bytes, linear);
}

Address Program::DirectAddress(uint32_t linear, uint32_t address_bits) const {
  Address address;
  address.rm = address_bits == 32 ? kNoBase : kNoBase16;
  address.displacement = linear - BaseOf(kDs);
  address.displacement_bytes = static_cast<uint8_t>(address_bits / 8);
  return address;
}

Address Program::PickDirectOffset(const Form& form) {
  Address address;
  address.segment_prefix = PickSegmentPrefix();
  address.displacement =
      PickOffset(SegmentOf(address.segment_prefix, false), form.memory.bytes, {});
  address.displacement_bytes = form.address_bits / 8;
  return address;
}

Address Program::PickAddress32(uint32_t bytes, std::optional<uint32_t> linear) {
  Address address;
  const uint32_t bits = random_.Next();
  const bool has_base = (bits & 7) != 0;
  const auto base = static_cast<uint8_t>((bits >> 3) & 7);
  auto index = static_cast<uint8_t>((bits >> 6) & 7);
  const auto scale = static_cast<uint8_t>((bits >> 9) & 3);
  if ((bits & (3u << 11)) != 0) index = kNoIndex;
  if (!linear) address.segment_prefix = PickSegmentPrefix();
  const bool stack = has_base && (base == kEsp || base == kEbp);
  uint32_t offset = PickOffset(SegmentOf(address.segment_prefix, stack), bytes, linear);

  address.has_sib = index != kNoIndex || (has_base && base == kEsp) || ((bits >> 13) & 15) == 0;
  if (index != kNoIndex) {
    if (!Known(index) && MaySet(index)) SetRegister(index, (random_.Below(64) - 32) & ~1u);
    offset -= Consult(index) << scale;
  }
  if (!has_base) {
    address.rm = address.has_sib ? kSibFollows : kNoBase;
    address.sib = static_cast<uint8_t>((scale << 6) | (index << 3) | kNoBase);
    address.displacement = offset;
    address.displacement_bytes = 4;
    return address;
  }
  address.rm = address.has_sib ? kSibFollows : base;
  address.sib = static_cast<uint8_t>((scale << 6) | (index << 3) | base);
  // Mostly near enough for a short displacement or none; setting a register that is the index as
  // well would move the target.
  const uint32_t near = ((bits >> 17) & 1) != 0 ? 0 : random_.Below(256) - 128;
  const bool reset = ((bits >> 18) & (Known(base) ? 1 : 7)) != 0;
  if (reset && base != index && MaySet(base)) SetRegister(base, offset - near);
  address.displacement = offset - Consult(base);
  if (address.displacement == 0 && base != kNoBase && ((bits >> 21) & 7) != 0) return address;
  address.mod = FitsByte(address.displacement) && ((bits >> 24) & 7) != 0 ? 1 : 2;
  address.displacement_bytes = address.mod == 1 ? 1 : 4;
  return address;
}

Address Program::PickAddress16(uint32_t bytes, std::optional<uint32_t> linear) {
  Address address;
  const uint32_t bits = random_.Next();
  address.rm = static_cast<uint8_t>(bits & 7);
  const bool has_base = address.rm != kNoBase16 || ((bits >> 3) & 1) != 0;
  const Pair pair = kPairs16[address.rm];
  if (!linear) address.segment_prefix = PickSegmentPrefix();
  const bool stack = has_base && pair.base == kEbp;
  uint32_t offset = PickOffset(SegmentOf(address.segment_prefix, stack), bytes, linear);
  if (!has_base) {
    address.displacement = offset;
    address.displacement_bytes = 2;
    return address;
  }
  if (pair.index != kNoGpr) {
    if (!Known(pair.index) && MaySet(pair.index)) SetRegister(pair.index, random_.Next());
    offset -= Consult(pair.index);
  }
  const uint32_t near = ((bits >> 4) & 1) != 0 ? 0 : random_.Below(256) - 128;
  const bool reset = ((bits >> 5) & (Known(pair.base) ? 1 : 7)) != 0;
  // The upper half of a register means nothing here: it is random.
  if (reset && MaySet(pair.base)) {
    SetRegister(pair.base, ((offset - near) & 0xFFFF) | (random_.Next() & 0xFFFF0000));
  }
  address.displacement = (offset - Consult(pair.base)) & 0xFFFF;
  const bool fits = FitsByte(static_cast<uint32_t>(static_cast<int16_t>(address.displacement)));
  if (address.displacement == 0 && address.rm != kNoBase16 && ((bits >> 8) & 7) != 0) {
    return address;
  }
  address.mod = fits && ((bits >> 11) & 7) != 0 ? 1 : 2;
  address.displacement_bytes = address.mod == 1 ? 1 : 2;
  return address;
}

}  // namespace verbatim::test
