// SPDX-License-Identifier: Apache-2.0
#include "vcpu/segmented_memory.h"

#include "tests/vcpu/cpu_fixture.h"

namespace verbatim::test {
namespace {

using SegmentedMemoryTest = CpuFixture;

constexpr uint16_t kExecuteOnly = 0x4098;
constexpr uint16_t kReadableCode = 0x409A;

// CLFLUSH is checked like the load of a byte, but for execute-only segments (SDM vol. 2, CLFLUSH).
TEST_F(SegmentedMemoryTest, CacheLinesAreFlushedThroughExecuteOnlySegmentsToo) {
  CpuState state;
  SegmentedMemory memory(state, mmu_);
  state.segments[kCs] = {0x08, kExecuteOnly, 0x1000, 0xFFF};
  EXPECT_FALSE(memory.Locate(kCs, 0xFFF, 1, false).has_value());
  ASSERT_TRUE(memory.LocateLine(kCs, 0xFFF).has_value());
  EXPECT_EQ(memory.LocateLine(kCs, 0xFFF)->value, 0x1FFFu);
  EXPECT_FALSE(memory.LocateLine(kCs, 0x1000).has_value());
  state.segments[kCs].attributes = kReadableCode;
  EXPECT_TRUE(memory.LocateLine(kCs, 0).has_value());
  state.segments[kDs] = {};
  EXPECT_FALSE(memory.LocateLine(kDs, 0).has_value());
}

}  // namespace
}  // namespace verbatim::test
