// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/segments.h"

#include <algorithm>

namespace verbatim::test {
namespace {

constexpr uint32_t kPages = 0xFFFFF;  // as a limit in pages: 4 GiB
constexpr uint32_t kPage = 0x1000;
constexpr uint32_t kStackEnd = kCaseStack.start + kCaseStack.bytes;
constexpr uint64_t kLdtStream = ~uint64_t{0};  // no case has this index
constexpr LdtSegment kFlat = {.limit = kPages, .in_pages = true, .code = true};

// Rows of the table; the rest is random.
enum Row : uint32_t {
  kFirstCode = 0,
  kCode16 = 8,
  kFirstData = 16,
  kData16 = 21,
  kFirstStack = 34,
  kStack16 = 35,
  kFirstRandom = 46,
};

LdtSegment Code(uint32_t base, uint32_t limit, bool big) {
  return {.base = base, .limit = limit, .big = big, .code = true};
}
LdtSegment Data(uint32_t base, uint32_t limit, bool big = true) {
  return {.base = base, .limit = limit, .big = big};
}
LdtSegment InPages(LdtSegment segment) {
  segment.in_pages = true;
  return segment;
}
LdtSegment GrowingDown(LdtSegment segment) {
  segment.expand_down = true;
  return segment;
}
LdtSegment Inaccessible(LdtSegment segment) {
  segment.accessible = false;
  return segment;
}
LdtSegment Absent(LdtSegment segment) {
  segment.present = false;
  return segment;
}
// Linux gives out conforming segments only if they are absent.
LdtSegment Conforming(LdtSegment segment) {
  segment.conforming = true;
  return Absent(segment);
}

void PutCode(LdtSegment* row, Random& random) {
  const uint32_t code = kCaseCode.start;
  const uint32_t last = kCaseCode.bytes - 1;
  const LdtSegment rows[] = {
      InPages(Code(0, kPages, true)),
      Code(code, last, true),
      InPages(Code(code - random.Below(0x8000), kPages, true)),
      Conforming(InPages(Code(0, kPages, true))),
      Inaccessible(Code(code, last, true)),
      Code(code, 0x800 + random.Below(0x1000), true),
      InPages(Code(code + kPage, 0, true)),
      InPages(Code(code + 0x10000000, kPages, true)),  // offsets wrap at 4 GiB
      Code(code, 0xFFFF, false),
      Code(code - random.Below(0xC000), 0xFFFF, false),
      Conforming(Code(code, 0xFFFF, false)),
      Inaccessible(Code(code, last, false)),
      Code(code, 0x800 + random.Below(0x1000), false),
      InPages(Code(0, kPages, false)),  // eip beyond 64 KiB in 16-bit code
      Absent(Code(code, last, true)),
      Code(code - 0x10000 + 0x1000 + random.Below(0x1000), 0xFFFF, false),  // ends in the area
  };
  static_assert(std::size(rows) == kFirstData - kFirstCode);
  std::ranges::copy(rows, row);
}

void PutData(LdtSegment* row, Random& random) {
  const uint32_t data = kCaseData.start;
  const LdtSegment rows[] = {
      InPages(Data(0, kPages)),
      Inaccessible(InPages(Data(0, kPages))),
      Data(data, 0xFFF),
      Data(data, kCaseData.bytes - 1),
      Data(data, random.Below(32)),
      Data(data, 0xFFFF, false),
      InPages(Data(data, 2)),
      InPages(Data(data + 0x10000000, kPages)),
      GrowingDown(Data(data, random.Below(0x1000))),
      GrowingDown(Data(data + kCaseData.bytes - 0x10000, 0x10000 - random.Below(0x3000), false)),
      GrowingDown(InPages(Data(data - kPage, 0))),
      GrowingDown(InPages(Data(0, kPages))),
      Absent(Data(data, 0xFFF)),
      Inaccessible(Data(data, 0x1000 + random.Below(0x1000))),
      Data(data - random.Below(0x1000), 0xFFFFF),
      Data(data + 1 + random.Below(15), 0x2000 + random.Below(16)),
      InPages(Data(data - random.Below(0x10000), kPages)),
      GrowingDown(Inaccessible(Data(data, 0x10 + random.Below(0x100)))),
  };
  static_assert(std::size(rows) == kFirstStack - kFirstData);
  std::ranges::copy(rows, row);
}

void PutStacks(LdtSegment* row, Random& random) {
  const uint32_t stack = kCaseStack.start;
  const LdtSegment rows[] = {
      InPages(Data(0, kPages)),
      Data(stack, 0xFFFF, false),
      Data(kStackEnd - 0x10000, 0xFFFF, false),  // sp wraps at its end
      Data(stack, 0x1000 + random.Below(0xFFF), false),
      Data(stack, 0x1000 + random.Below(0xFFF), true),
      Data(stack, kCaseStack.bytes - 1, true),
      GrowingDown(Data(stack, random.Below(0x1800), true)),
      GrowingDown(Data(kStackEnd - 0x10000, 0xE000 + random.Below(0x1800), false)),
      InPages(Data(stack - random.Below(0x1000), kPages, true)),
      Data(stack - random.Below(0x4000), 0xFFFF, false),
      Absent(Data(stack, 0xFFFF, false)),
      InPages(Data(stack + 0x20000000, kPages, true)),
  };
  static_assert(std::size(rows) == kFirstRandom - kFirstStack);
  std::ranges::copy(rows, row);
}

LdtSegment Anything(Random& random) {
  LdtSegment segment;
  segment.base = random.Pick(kCaseAreas).start - random.Below(0x2000);
  if (random.OneIn(4)) segment.base = random.Next();
  // Never both zero: the kernel takes that for an empty row.
  segment.limit = 1 + random.Below(random.OneIn(2) ? 0x4000 : kPages);
  segment.in_pages = random.OneIn(3);
  segment.big = !random.OneIn(3);
  segment.code = random.OneIn(3);
  segment.conforming = segment.code && random.OneIn(4);
  segment.expand_down = !segment.code && random.OneIn(2);
  segment.accessible = !random.OneIn(4);
  segment.present = !segment.conforming && !random.OneIn(6);
  return segment;
}

bool Contains(const LdtSegment& segment, uint32_t linear) {
  return linear - segment.base <= Segments::LastOffset(segment);
}

}  // namespace

LdtTable MakeLdt(uint64_t seed) {
  Random random(seed, kLdtStream);
  LdtTable table;
  PutCode(&table[kFirstCode], random);
  PutData(&table[kFirstData], random);
  PutStacks(&table[kFirstStack], random);
  for (uint32_t i = kFirstRandom; i < kLdtSegments; ++i) table[i] = Anything(random);
  return table;
}

bool Segments::Exists(uint16_t selector) const {
  return (selector & 4) != 0 && (selector >> 3) < table_.size();
}

const LdtSegment& Segments::Of(uint16_t selector) const {
  return Exists(selector) ? table_[selector >> 3] : kFlat;
}

uint32_t Segments::LastOffset(const LdtSegment& segment) {
  return segment.in_pages ? (segment.limit << 12) | 0xFFF : segment.limit;
}

bool Segments::GoodForCode(uint16_t selector) const {
  if ((selector & 0xFFFC) == (kFlatCode & 0xFFFC)) return true;
  return Exists(selector) && Of(selector).code && Of(selector).present;
}

bool Segments::GoodForStack(uint16_t selector) const {
  if (selector == kFlatData) return true;
  const LdtSegment& segment = Of(selector);
  return Exists(selector) && (selector & 3) == 3 && !segment.code && segment.accessible &&
         segment.present;
}

bool Segments::GoodForData(uint16_t selector) const {
  if (IsNull(selector) || (selector & 0xFFFC) == (kFlatData & 0xFFFC)) return true;
  const LdtSegment& segment = Of(selector);
  return Exists(selector) && segment.present && (!segment.code || segment.accessible);
}

uint16_t Segments::Code16() { return LdtSelector(kCode16); }
uint16_t Segments::Data16() { return LdtSelector(kData16); }
uint16_t Segments::Stack16() { return LdtSelector(kStack16); }

uint16_t Segments::PickCode(Random& random, uint32_t linear) const {
  for (uint32_t tries = 0; tries < 8; ++tries) {
    const uint16_t selector = LdtSelector(kFirstCode + random.Below(kFirstData - kFirstCode));
    if (GoodForCode(selector) && Contains(Of(selector), linear)) return selector;
  }
  return kFlatCode;
}

uint16_t Segments::PickStack(Random& random) const {
  const uint16_t selector = LdtSelector(kFirstStack + random.Below(kFirstRandom - kFirstStack));
  return GoodForStack(selector) ? selector : kFlatData;
}

uint16_t Segments::PickData(Random& random) const {
  const uint32_t kind = random.Below(16);
  if (kind == 0) return 0;
  if (kind < 4) return kFlatData;
  const uint32_t first = kind < 6 ? kFirstCode : kFirstData;
  const uint32_t end = kind < 8 ? kLdtSegments : uint32_t{kFirstStack};
  const uint16_t selector = LdtSelector(first + random.Below(end - first));
  return GoodForData(selector) ? selector : kFlatData;
}

uint16_t Segments::PickAny(Random& random, uint8_t segment) const {
  const uint32_t kind = random.Below(16);
  if (kind == 0) return 0;
  if (kind == 1)
    return static_cast<uint16_t>(((64 + random.Below(8128)) << 3) | random.Below(8) | 4);
  const auto rpl = static_cast<uint16_t>(random.OneIn(8) ? random.Below(4) : 3);
  if (kind < 5) {
    return static_cast<uint16_t>((random.Below(kLdtSegments) << 3) | 4 | rpl);
  }
  uint16_t selector = kFlatData;
  if (segment == kCs) {
    selector = kind < 7 ? kFlatCode : LdtSelector(kFirstCode + random.Below(kFirstData));
  } else if (segment == kSs) {
    selector = PickStack(random);
  } else {
    selector = PickData(random);
    if ((selector & 0xFFFC) == 0) return selector;
  }
  return static_cast<uint16_t>((selector & ~3u) | rpl);
}

uint32_t PickStackPointer(Random& random, const LdtSegment& segment) {
  uint32_t linear = kCaseStack.start + 0x200 + random.Below(kCaseStack.bytes - 0x600);
  if (!random.OneIn(8)) linear &= ~3u;
  const uint32_t kind = random.Below(32);
  // Near the ends, where a push or a pop leaves the memory.
  if (kind == 0) linear = kCaseStack.start + random.Below(40);
  if (kind == 1) linear = kStackEnd - random.Below(40);
  uint32_t offset = linear - segment.base;
  if (segment.expand_down ? offset <= Segments::LastOffset(segment)
                          : offset > Segments::LastOffset(segment)) {
    // Cannot hit: a few words off the limit instead.
    offset = Segments::LastOffset(segment) + (segment.expand_down ? 0x100 : -0x100u);
  }
  const bool whole = Segments::LastOffset(segment) == 0xFFFFFFFF;
  if (kind == 2 && !whole) offset = Segments::LastOffset(segment) + 8 - random.Below(20);
  if (segment.big) return offset;
  // The upper half of esp means nothing to a 16-bit stack, and stays.
  if (kind == 3) offset = random.Below(40) - 20;
  return (offset & 0xFFFF) | (random.OneIn(2) ? random.Next() & 0xFFFF0000 : 0);
}

uint32_t PickStackMiddle(Random& random, const LdtSegment& segment) {
  constexpr uint32_t kAround = 0x180;
  const auto within = [&](uint32_t offset) {
    return (offset <= Segments::LastOffset(segment)) != segment.expand_down &&
           (segment.big || offset <= 0xFFFF);
  };
  uint32_t offset = 0;
  for (uint32_t tries = 0; tries < 16; ++tries) {
    const uint32_t room = kCaseStack.bytes - 2 * kAround;
    offset = kCaseStack.start + kAround + random.Below(room) - segment.base;
    if (!random.OneIn(8)) offset &= ~3u;
    if (within(offset - kAround) && within(offset + kAround)) break;
  }
  return segment.big ? offset : (offset & 0xFFFF) | (random.Next() & 0xFFFF0000);
}

}  // namespace verbatim::test
