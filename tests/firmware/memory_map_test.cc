// SPDX-License-Identifier: Apache-2.0
#include "firmware/memory_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace verbatim {
namespace {

class MemoryMapOfSize : public testing::TestWithParam<uint64_t> {};

TEST_P(MemoryMapOfSize, IsAscendingDisjointAndEndsWithRam) {
  const uint64_t ram_bytes = GetParam();
  const auto map = BuildMemoryMap(ram_bytes);
  ASSERT_TRUE(map) << map.error().message;
  PhysicalAddress previous_end{0};
  for (const MemoryMapEntry& entry : *map) {
    EXPECT_GE(entry.range.begin, previous_end);
    EXPECT_GT(entry.range.bytes, 0u);
    previous_end = entry.range.end();
  }
  EXPECT_EQ(previous_end.value, ram_bytes);
}

TEST_P(MemoryMapOfSize, UsableMemoryIsConventionalPlusAllAboveOneMebibyte) {
  const uint64_t ram_bytes = GetParam();
  const auto map = BuildMemoryMap(ram_bytes);
  ASSERT_TRUE(map) << map.error().message;
  EXPECT_EQ(UsableBytesFrom(*map, {0}), 0x9FC00u);
  EXPECT_EQ(UsableBytesFrom(*map, kHighMemory), ram_bytes - (1u << 20));
  for (const MemoryMapEntry& entry : *map) {
    if (entry.kind != MemoryKind::kUsable) continue;
    EXPECT_FALSE(entry.range.Overlaps({.begin = {0x9FC00}, .bytes = 0x100000 - 0x9FC00}));
  }
}

TEST_P(MemoryMapOfSize, ReservesBiosAreas) {
  const auto map = BuildMemoryMap(GetParam());
  ASSERT_TRUE(map) << map.error().message;
  EXPECT_THAT(*map, testing::IsSupersetOf({
                        MemoryMapEntry{.range = {.begin = {0x9FC00}, .bytes = 0x400},
                                       .kind = MemoryKind::kReserved},
                        MemoryMapEntry{.range = {.begin = {0xF0000}, .bytes = 0x10000},
                                       .kind = MemoryKind::kReserved},
                    }));
}

INSTANTIATE_TEST_SUITE_P(Sizes, MemoryMapOfSize,
                         testing::Values(2ull << 20, 4ull << 20, 15ull << 20, 16ull << 20,
                                         64ull << 20, (64ull << 20) + 4096, 1ull << 30,
                                         2047ull << 20, 3ull << 30, 3584ull << 20));

TEST(MemoryMap, RefusesSizesOutsideItsRange) {
  for (const uint64_t bytes : {uint64_t{0}, uint64_t{1} << 20, (uint64_t{3584} << 20) + 4096,
                               uint64_t{1} << 32, UINT64_MAX}) {
    const auto map = BuildMemoryMap(bytes);
    ASSERT_FALSE(map) << bytes;
    EXPECT_THAT(map.error().message, testing::HasSubstr("expected 2048 KiB to 3670016 KiB"));
  }
}

TEST(MemoryMap, RefusesPartsOfPages) {
  const auto map = BuildMemoryMap((4 << 20) + 1);
  ASSERT_FALSE(map);
  EXPECT_EQ(map.error().message, "guest memory size is 4194305 bytes, expected a multiple of 4096");
}

}  // namespace
}  // namespace verbatim
