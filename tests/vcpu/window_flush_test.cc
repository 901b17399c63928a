// SPDX-License-Identifier: Apache-2.0
// What the windows drop when control registers change.
#include "memory/window.h"
#include "tests/vcpu/cpu_fixture.h"

namespace verbatim::test {
namespace {

class WindowFlush : public CpuFixture {
 protected:
  WindowFlush()
      : windows_(WindowSet::Create(mmu_, {}).value()),
        cpu_with_windows_(state_, mmu_, windows_.get(), ports_, model_) {
    PutDirectory(0x83);
    state_.cr3 = 0x5000;
    state_.cr4 = cr4::kPse;
    LoadControl(0, state_.cr0 | cr0::kPg);
  }
  // A 4 MiB page at 0; also through 400000h with these attributes.
  void PutDirectory(uint32_t entry) {
    Put32(0x5000, 0x83);
    Put32(0x5004, entry);
  }
  // mov crN, eax.
  void LoadControl(uint8_t index, uint32_t value) {
    state_.gpr[kEax] = value;
    Execute({0x0F, 0x22, static_cast<uint8_t>(0xC0 | (index << 3))});
  }
  void Execute(std::vector<uint8_t> bytes) {
    const uint32_t next = state_.eip + static_cast<uint32_t>(bytes.size());
    cpu_with_windows_.Execute(decoder_.Decode(bytes, true));
    EXPECT_EQ(state_.eip, next);
  }
  // Touches 400000h in the supervisor's window; true if that had to map it.
  bool Touch() {
    const WindowId window = windows_->Select(Privilege::kSupervisor);
    const Resolution resolution = windows_->Resolve(window, {0x400000}, false);
    EXPECT_EQ(resolution.outcome, ResolveOutcome::kMapped);
    return resolution.newly_mapped;
  }
  // Brings the window in line and tells how many pages were dropped so far.
  uint64_t Dropped() {
    EXPECT_LT(windows_->Select(Privilege::kSupervisor), windows_->max_windows());
    return windows_->statistics().pages_dropped;
  }

  std::unique_ptr<WindowSet> windows_;
  VirtualCpu cpu_with_windows_;
};

TEST_F(WindowFlush, Cr3LoadDropsWhatChanged) {
  EXPECT_TRUE(Touch());
  LoadControl(3, state_.cr3);
  EXPECT_FALSE(Touch()) << "unchanged tables keep their mapping";
  Put32(0x5004, 0);
  EXPECT_EQ(Dropped(), 0u) << "nothing is flushed yet";
  LoadControl(3, state_.cr3);
  EXPECT_GT(Dropped(), 0u);
}

TEST_F(WindowFlush, Cr3LoadKeepsGlobalPagesOnlyWithPge) {
  LoadControl(4, state_.cr4 | cr4::kPge);
  PutDirectory(0x183);
  EXPECT_TRUE(Touch());
  Put32(0x5004, 0);
  LoadControl(3, state_.cr3);
  EXPECT_EQ(Dropped(), 0u);
  LoadControl(4, state_.cr4 & ~cr4::kPge);
  EXPECT_GT(Dropped(), 0u);
}

TEST_F(WindowFlush, SwitchingPagingEmptiesTheWindows) {
  EXPECT_TRUE(Touch());
  EXPECT_GT(windows_->statistics().live_mappings, 0u);
  LoadControl(0, state_.cr0 & ~cr0::kPg);
  EXPECT_EQ(windows_->statistics().live_mappings, 0u);
}

TEST_F(WindowFlush, WriteProtectChangeComparesAgain) {
  EXPECT_TRUE(Touch());
  Put32(0x5004, 0);
  LoadControl(0, state_.cr0 | cr0::kTs);
  EXPECT_EQ(Dropped(), 0u) << "other bits flush nothing";
  LoadControl(0, state_.cr0 | cr0::kWp);
  EXPECT_GT(Dropped(), 0u);
}

TEST_F(WindowFlush, NxEnableDropsEverything) {
  state_.gpr[kEcx] = msr::kEfer;
  state_.gpr[kEax] = efer::kNxe;
  state_.gpr[kEdx] = 0;
  EXPECT_TRUE(Touch());
  Put32(0x5004, 0);
  Execute({0x0F, 0x30});
  // The format of the tables changed: nothing is compared, all goes.
  Dropped();
  EXPECT_EQ(windows_->statistics().live_mappings, 0u);
}

TEST_F(WindowFlush, InvlpgDropsThePageItNames) {
  EXPECT_TRUE(Touch());
  Put32(0x5004, 0);
  state_.segments[kDs].base = 0x3FF000;
  state_.gpr[kEbx] = 0x1000;
  Execute({0x0F, 0x01, 0x3B});
  EXPECT_GT(Dropped(), 0u);
}

}  // namespace
}  // namespace verbatim::test
