// SPDX-License-Identifier: Apache-2.0
// What the windows are told when control registers change.
#include <string>

#include "memory/window.h"
#include "tests/vcpu/cpu_fixture.h"

namespace verbatim::test {
namespace {

class FakeWindows : public WindowSet {
 public:
  void SetObserver(WindowObserver*) override {}
  [[nodiscard]] uint32_t max_windows() const override { return 1; }
  [[nodiscard]] WindowId Select(Privilege) override { return 0; }
  [[nodiscard]] uint64_t HostBase(WindowId) const override { return 0; }
  [[nodiscard]] Resolution Resolve(WindowId, LinearAddress, bool) override { return {}; }
  [[nodiscard]] std::expected<Translation, PageFault> NoteExecution(WindowId,
                                                                    LinearAddress) override {
    return Translation{};
  }
  void FlushAll(bool keep_global) override { calls += keep_global ? "keep " : "flush "; }
  void InvalidatePage(LinearAddress address) override {
    calls += "page " + std::to_string(address.value) + " ";
  }
  void ResetAll() override { calls += "reset "; }
  void WriteProtect(PhysicalAddress) override {}
  [[nodiscard]] const WindowStatistics& statistics() const override { return statistics_; }

  std::string calls;

 private:
  WindowStatistics statistics_;
};

class WindowFlush : public CpuFixture {
 protected:
  WindowFlush() : cpu_with_windows_(state_, mmu_, &windows_, ports_, model_) {
    Put32(0x5000, 0x183);  // 4 MiB, global
    state_.cr3 = 0x5000;
    state_.cr4 = cr4::kPse;
  }
  // mov crN, eax.
  std::string Load(uint8_t index, uint32_t value) {
    state_.gpr[kEax] = value;
    return Execute({0x0F, 0x22, static_cast<uint8_t>(0xC0 | (index << 3))});
  }
  std::string Execute(std::vector<uint8_t> bytes) {
    windows_.calls.clear();
    cpu_with_windows_.Execute(decoder_.Decode(bytes, true));
    return windows_.calls;
  }
  FakeWindows windows_;
  VirtualCpu cpu_with_windows_;
};

TEST_F(WindowFlush, SwitchingPagingResets) {
  EXPECT_EQ(Load(0, state_.cr0 | cr0::kPg), "reset ");
  EXPECT_EQ(Load(0, state_.cr0 & ~cr0::kPg), "reset ");
}

TEST_F(WindowFlush, Cr3KeepsGlobalPagesOnlyWithPge) {
  Load(0, state_.cr0 | cr0::kPg);
  EXPECT_EQ(Load(3, 0x5000), "flush ");
  EXPECT_EQ(Load(4, state_.cr4 | cr4::kPge), "flush ");
  EXPECT_EQ(Load(3, 0x5000), "keep ");
  EXPECT_EQ(Load(4, state_.cr4 & ~cr4::kPge), "flush ");
}

TEST_F(WindowFlush, OtherBitsFlushNothing) {
  EXPECT_EQ(Load(0, state_.cr0 | cr0::kTs), "");
  EXPECT_EQ(Load(4, state_.cr4 | cr4::kOsfxsr), "");
}

TEST_F(WindowFlush, WriteProtectAndNxFlushEverything) {
  Load(0, state_.cr0 | cr0::kPg);
  EXPECT_EQ(Load(0, state_.cr0 | cr0::kWp), "flush ");
  state_.gpr[kEcx] = msr::kEfer;
  state_.gpr[kEax] = efer::kNxe;
  EXPECT_EQ(Execute({0x0F, 0x30}), "flush ");
  EXPECT_EQ(Execute({0x0F, 0x30}), "") << "unchanged";
}

TEST_F(WindowFlush, PaeWhilePagingResets) {
  Load(0, state_.cr0 | cr0::kPg);
  Put32(0x5000, 0x6001);  // as a PDPTE; the old translation is still cached
  Put32(0x5004, 0);
  Put32(0x6000, 0x83);
  EXPECT_EQ(Load(4, state_.cr4 | cr4::kPae), "reset ");
}

TEST_F(WindowFlush, InvlpgNamesTheLinearAddress) {
  state_.segments[kDs].base = 0x1000;
  state_.gpr[kEbx] = 0x234;
  EXPECT_EQ(Execute({0x0F, 0x01, 0x3B}), "page 4660 ");
}

}  // namespace
}  // namespace verbatim::test
