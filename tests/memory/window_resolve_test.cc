// SPDX-License-Identifier: Apache-2.0
// What windows show after a fault, checked by using the host addresses themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "tests/memory/guest_page_tables.h"

namespace verbatim {
namespace {

constexpr uint32_t kLinear = 0x40000000;
constexpr uint32_t kFrame = 0x200000;
constexpr uint32_t kReadOnly =
    static_cast<uint32_t>(kPtePresent | kPteUser | kPteAccessed | kPteDirty);
constexpr uint32_t kClean =
    static_cast<uint32_t>(kPtePresent | kPteWritable | kPteUser | kPteAccessed);

class WindowResolveTest : public testing::Test {
 protected:
  WindowMachine machine_;
  GuestPageTables tables_{*machine_.memory, 0x10000};
};

TEST_F(WindowResolveTest, FirstTouchMapsTheFrame) {
  tables_.Set(kLinear, kFrame | kOpen);
  machine_.Use(tables_);
  machine_.Ram(kFrame + 8) = 0x12345678;
  const WindowId user = machine_.User();
  EXPECT_FALSE(machine_.Shows(user, kLinear));

  const Resolution resolution = machine_.Touch(user, kLinear + 8);
  EXPECT_EQ(resolution.outcome, ResolveOutcome::kMapped);
  EXPECT_TRUE(resolution.newly_mapped);
  EXPECT_TRUE(resolution.user_page);
  EXPECT_EQ(machine_.Seen(user, kLinear + 8), 0x12345678u);
  machine_.Seen(user, kLinear + 12) = 77;
  EXPECT_EQ(machine_.Ram(kFrame + 12), 77u);
  EXPECT_FALSE(machine_.Shows(user, kLinear + kPageBytes));
  EXPECT_FALSE(machine_.Shows(user, kLinear - 1));
  EXPECT_FALSE(machine_.Touch(user, kLinear, true).newly_mapped);
}

TEST_F(WindowResolveTest, WindowsAreAlignedAndGuarded) {
  EXPECT_EQ(machine_.windows->HostBase(0) % (uint64_t{4} << 30), 0u);
  for (WindowId id = 1; id < machine_.windows->max_windows(); ++id) {
    EXPECT_EQ(machine_.windows->HostBase(id) - machine_.windows->HostBase(id - 1),
              uint64_t{8} << 30);
  }
}

TEST_F(WindowResolveTest, TwoSetsLiveSideBySide) {
  const auto other = WindowSet::Create(machine_.mmu, {});
  ASSERT_TRUE(other.has_value());
  const uint64_t a = machine_.windows->HostBase(0);
  const uint64_t b = (*other)->HostBase(0);
  const uint64_t span = machine_.windows->max_windows() * (uint64_t{8} << 30);
  EXPECT_TRUE(b >= a + span || a >= b + span);
}

TEST_F(WindowResolveTest, GuestFaultIsReportedAndMapsNothing) {
  tables_.Set(kLinear, kFrame | kReadOnly);
  machine_.Use(tables_);
  const WindowId user = machine_.User();
  const Resolution write = machine_.Touch(user, kLinear + 4, true);
  EXPECT_EQ(write.outcome, ResolveOutcome::kGuestFault);
  EXPECT_EQ(write.fault.address.value, kLinear + 4);
  EXPECT_EQ(write.fault.error_code, kFaultPresent | kFaultWrite | kFaultUser);
  const Resolution absent = machine_.Touch(user, kLinear + kPageBytes);
  EXPECT_EQ(absent.fault.error_code, kFaultUser);
  EXPECT_FALSE(machine_.Shows(user, kLinear));
}

TEST_F(WindowResolveTest, UserWindowDoesNotShowSupervisorPages) {
  tables_.Set(kLinear, kFrame | (kOpen & ~static_cast<uint32_t>(kPteUser)));
  tables_.Set(kLinear + kPageBytes, (kFrame + kPageBytes) | kOpen);
  machine_.Use(tables_);
  const WindowId user = machine_.User();
  EXPECT_EQ(machine_.Touch(user, kLinear).outcome, ResolveOutcome::kGuestFault);
  EXPECT_TRUE(machine_.Touch(user, kLinear + kPageBytes).newly_mapped);
  EXPECT_FALSE(machine_.Shows(user, kLinear));  // not by extension of the run either
  const WindowId supervisor = machine_.Supervisor();
  EXPECT_NE(supervisor, user);
  const Resolution resolution = machine_.Touch(supervisor, kLinear);
  EXPECT_EQ(resolution.outcome, ResolveOutcome::kMapped);
  EXPECT_FALSE(resolution.user_page);
}

TEST_F(WindowResolveTest, PageBecomesWritableOnlyWithTheDirtyBit) {
  tables_.Set(kLinear, kFrame | kClean);
  machine_.Use(tables_);
  const WindowId user = machine_.User();
  EXPECT_TRUE(machine_.Touch(user, kLinear).newly_mapped);
  EXPECT_TRUE(machine_.Shows(user, kLinear));
  EXPECT_FALSE(machine_.ShowsWritable(user, kLinear));
  EXPECT_EQ(tables_.Get(kLinear), kFrame | kClean);
  EXPECT_TRUE(machine_.Touch(user, kLinear, true).newly_mapped);
  EXPECT_TRUE(machine_.ShowsWritable(user, kLinear));
  EXPECT_EQ(tables_.Get(kLinear), kFrame | kOpen);
  EXPECT_EQ(machine_.windows->statistics().runs_mapped, 1u);
  EXPECT_EQ(machine_.windows->statistics().protections, 1u);
}

// A repeated access would set A and D by itself; one that does not come must not.
TEST_F(WindowResolveTest, MapsAheadOnlyWhereNoBitHasToBeSet) {
  const auto ahead = [this](uint32_t entry, bool write) {
    tables_.Set(kLinear, entry);
    machine_.windows->FlushAll(false);
    const WindowId user = machine_.User();
    machine_.windows->MapAhead(user, LinearAddress{kLinear + 8}, write);
    EXPECT_EQ(tables_.Get(kLinear), entry);
    return write ? machine_.ShowsWritable(user, kLinear) : machine_.Shows(user, kLinear);
  };
  machine_.Use(tables_);
  EXPECT_FALSE(ahead(0, false));
  EXPECT_FALSE(ahead(kFrame | 0x7, false)) << "not accessed";
  EXPECT_FALSE(ahead(kFrame | kClean, true)) << "not dirty";
  EXPECT_FALSE(ahead(kFrame | kReadOnly, true));
  EXPECT_EQ(machine_.windows->statistics().mapped_ahead, 0u);
  EXPECT_TRUE(ahead(kFrame | kClean, false));
  EXPECT_TRUE(ahead(kFrame | kOpen, true));
  EXPECT_EQ(machine_.windows->statistics().mapped_ahead, 2u);
}

TEST_F(WindowResolveTest, RunCoversContiguousAccessedPagesOnly) {
  for (uint32_t i = 0; i < 16; ++i) {
    tables_.Set(kLinear + i * kPageBytes, (kFrame + i * kPageBytes) | kOpen);
  }
  tables_.Set(kLinear + 2 * kPageBytes, (kFrame + 2 * kPageBytes) | 0x7);      // not accessed
  tables_.Set(kLinear + 10 * kPageBytes, (kFrame + 30 * kPageBytes) | kOpen);  // elsewhere
  machine_.Use(tables_);
  const WindowId user = machine_.User();
  EXPECT_TRUE(machine_.Touch(user, kLinear + 5 * kPageBytes).newly_mapped);
  for (uint32_t i = 0; i < 16; ++i) {
    EXPECT_EQ(machine_.ShowsWritable(user, kLinear + i * kPageBytes), i >= 3 && i < 10) << i;
  }
  EXPECT_EQ(tables_.Get(kLinear + 2 * kPageBytes) & kPteAccessed, 0u);
  EXPECT_EQ(machine_.windows->statistics().runs_mapped, 1u);
  EXPECT_EQ(machine_.windows->statistics().pages_mapped, 7u);
}

TEST_F(WindowResolveTest, RunDoesNotMixCleanAndDirtyPages) {
  tables_.Set(kLinear, kFrame | kOpen);
  tables_.Set(kLinear + kPageBytes, (kFrame + kPageBytes) | kClean);
  machine_.Use(tables_);
  const WindowId user = machine_.User();
  EXPECT_TRUE(machine_.Touch(user, kLinear).newly_mapped);
  EXPECT_FALSE(machine_.Shows(user, kLinear + kPageBytes));
}

TEST_F(WindowResolveTest, LinearMapOfLargePagesBecomesOneMapping) {
  for (uint32_t i = 0; i < 16; ++i) tables_.SetLarge(0xC0000000 + (i << 22), (i << 22) | kOpen);
  machine_.Use(tables_);
  const WindowId supervisor = machine_.Supervisor();
  EXPECT_TRUE(machine_.Touch(supervisor, 0xC1234567 & ~3u, true).newly_mapped);
  EXPECT_EQ(machine_.windows->statistics().runs_mapped, 1u);
  EXPECT_EQ(machine_.windows->statistics().live_mappings, 1u);
  EXPECT_EQ(machine_.HostMappingsOfWindows(), 1u);
  machine_.Ram(0x3FFF000) = 5;
  EXPECT_EQ(machine_.Seen(supervisor, 0xC3FFF000), 5u);
}

TEST_F(WindowResolveTest, LargeRunStopsAtHolesCodeAndOtherFrames) {
  machine_.memory->AddHole({0xA0000}, 0x20000);
  machine_.memory->MarkCodePage({0x1400000}, true);
  for (uint32_t i = 0; i < 8; ++i) tables_.SetLarge(0xC0000000 + (i << 22), (i << 22) | kOpen);
  tables_.SetLarge(0xC2000000, (12 << 22) | kOpen);
  machine_.Use(tables_);
  const WindowId supervisor = machine_.Supervisor();
  EXPECT_TRUE(machine_.Touch(supervisor, 0xC0800000, true).newly_mapped);
  EXPECT_EQ(machine_.windows->statistics().pages_mapped, (0x1400000u - 0xC0000) / kPageBytes);
  EXPECT_FALSE(machine_.Shows(supervisor, 0xC00BF000));
  EXPECT_TRUE(machine_.Shows(supervisor, 0xC00C0000));
  EXPECT_FALSE(machine_.Shows(supervisor, 0xC1400000));
  EXPECT_TRUE(machine_.Touch(supervisor, 0xC1401000, true).newly_mapped);
  EXPECT_TRUE(machine_.Shows(supervisor, 0xC1FFF000));
  EXPECT_FALSE(machine_.Shows(supervisor, 0xC2000000));
  machine_.Ram(0x1FFF000) = 6;
  EXPECT_EQ(machine_.Seen(supervisor, 0xC1FFF000), 6u);
}

TEST_F(WindowResolveTest, PaeRunsCoverTwoMebibytePages) {
  machine_.state.pae = true;
  machine_.state.no_execute = true;
  GuestPageTables pae(*machine_.memory, 0x80000);
  for (uint32_t i = 0; i < 4; ++i) {
    pae.SetPaePde(0xC0000000 + (i << 21), (i << 21) | kOpen | kPteLarge | kPteNoExecute);
  }
  pae.SetPae(kLinear, kFrame | kOpen | kPteNoExecute);
  machine_.Use(pae);
  const WindowId supervisor = machine_.Supervisor();
  EXPECT_TRUE(machine_.Touch(supervisor, 0xC0200000).newly_mapped);
  machine_.Ram(0x7FF000) = 9;
  EXPECT_EQ(machine_.Seen(supervisor, 0xC07FF000), 9u);
  EXPECT_EQ(machine_.windows->statistics().live_mappings, 1u);
  EXPECT_TRUE(machine_.Touch(supervisor, kLinear, true).newly_mapped);
  EXPECT_TRUE(machine_.ShowsWritable(supervisor, kLinear));
}

TEST_F(WindowResolveTest, PagesWithTablesOutsideMemoryAreMappedAloneWithoutCrash) {
  machine_.memory->AddHole({0x300000}, 0x100000);
  tables_.SetPde(kLinear, 0x300000 | kOpen);       // a table that reads all ones
  tables_.SetPde(0x50000000, 0xF0000000 | kOpen);  // a table where nothing answers
  machine_.Use(tables_);
  const WindowId user = machine_.User();
  EXPECT_EQ(machine_.Touch(user, kLinear).outcome, ResolveOutcome::kDevice);
  EXPECT_EQ(machine_.Touch(user, 0x50000000, true).outcome, ResolveOutcome::kDevice);
  machine_.state.cr3 = 0xF0000000;  // all ones: a large page with reserved bits set
  machine_.UsePaging(machine_.state);
  const Resolution resolution = machine_.Touch(machine_.User(), kLinear);
  EXPECT_EQ(resolution.outcome, ResolveOutcome::kGuestFault);
  EXPECT_EQ(resolution.fault.error_code, kFaultPresent | kFaultReserved | kFaultUser);
}

TEST_F(WindowResolveTest, RomIsShownReadOnlyAndHolesAreNotShown) {
  const std::vector<uint8_t> rom(kPageBytes, 0xAB);
  machine_.memory->AddRom({0xF0000000}, rom);
  machine_.memory->AddHole({0xA0000}, 0x20000);
  tables_.Set(kLinear, 0xF0000000 | kOpen);
  tables_.Set(kLinear + kPageBytes, 0xA0000 | kOpen);
  machine_.Use(tables_);
  const WindowId user = machine_.User();
  EXPECT_TRUE(machine_.Touch(user, kLinear).newly_mapped);
  EXPECT_EQ(machine_.Seen(user, kLinear), 0xABABABABu);
  EXPECT_FALSE(machine_.ShowsWritable(user, kLinear));
  EXPECT_EQ(machine_.Touch(user, kLinear, true).outcome, ResolveOutcome::kDevice);
  EXPECT_EQ(machine_.Touch(user, kLinear + kPageBytes).outcome, ResolveOutcome::kDevice);
  EXPECT_FALSE(machine_.Shows(user, kLinear + kPageBytes));
}

TEST_F(WindowResolveTest, PagingOffShowsPhysicalMemoryInOneWindow) {
  machine_.memory->AddHole({0xA0000}, 0x20000);
  const WindowId window = machine_.Supervisor();
  EXPECT_EQ(machine_.User(), window);
  EXPECT_TRUE(machine_.Touch(window, 0x7C00, true).newly_mapped);
  EXPECT_TRUE(machine_.ShowsWritable(window, 0x9F000));
  EXPECT_FALSE(machine_.Shows(window, 0xA0000));
  EXPECT_TRUE(machine_.Touch(window, 0x100000).newly_mapped);
  machine_.Ram(0x3FFFFFC) = 3;
  EXPECT_EQ(machine_.Seen(window, 0x3FFFFFC), 3u);
  EXPECT_EQ(machine_.Touch(window, 0xB8000).outcome, ResolveOutcome::kDevice);
  EXPECT_EQ(machine_.HostMappingsOfWindows(), 2u);
}

TEST_F(WindowResolveTest, ClosedA20GateShowsTheWrap) {
  machine_.Ram(0x500) = 42;
  machine_.Ram(0x100500) = 43;
  ASSERT_TRUE(machine_.memory->SetA20(false));
  machine_.windows->ResetAll();
  WindowId window = machine_.Supervisor();
  EXPECT_TRUE(machine_.Touch(window, 0x100500).newly_mapped);
  EXPECT_EQ(machine_.Seen(window, 0x100500), 42u);
  ASSERT_TRUE(machine_.memory->SetA20(true));
  machine_.windows->ResetAll();
  window = machine_.Supervisor();
  EXPECT_FALSE(machine_.Shows(window, 0x100500));
  EXPECT_TRUE(machine_.Touch(window, 0x100500).newly_mapped);
  EXPECT_EQ(machine_.Seen(window, 0x100500), 43u);
}

TEST_F(WindowResolveTest, CodePageLosesWriteAccessInEveryAlias) {
  for (uint32_t i = 0; i < 8; ++i) {
    tables_.Set(kLinear + i * kPageBytes, (kFrame + i * kPageBytes) | kOpen);
  }
  tables_.Set(0x50000000, (kFrame + 3 * kPageBytes) | kOpen);
  tables_.SetLarge(0xC0000000, kOpen);
  machine_.Use(tables_);
  const WindowId user = machine_.User();
  const WindowId supervisor = machine_.Supervisor();
  ASSERT_TRUE(machine_.Touch(user, kLinear).newly_mapped);
  ASSERT_TRUE(machine_.Touch(user, 0x50000000).newly_mapped);
  ASSERT_TRUE(machine_.Touch(supervisor, 0xC0000000).newly_mapped);

  const PhysicalAddress code{kFrame + 3 * kPageBytes};
  machine_.memory->MarkCodePage(code, true);
  machine_.windows->WriteProtect(code);
  EXPECT_TRUE(machine_.Shows(user, kLinear + 3 * kPageBytes));
  EXPECT_FALSE(machine_.ShowsWritable(user, kLinear + 3 * kPageBytes));
  EXPECT_FALSE(machine_.ShowsWritable(user, 0x50000000));
  EXPECT_FALSE(machine_.ShowsWritable(supervisor, 0xC0000000 + kFrame + 3 * kPageBytes));
  EXPECT_TRUE(machine_.ShowsWritable(user, kLinear + 2 * kPageBytes));
  EXPECT_TRUE(machine_.ShowsWritable(supervisor, 0xC0000000 + kFrame + 4 * kPageBytes));
  EXPECT_EQ(machine_.windows->statistics().live_mappings, machine_.HostMappingsOfWindows());
  EXPECT_EQ(machine_.Touch(user, 0x50000000, true).outcome, ResolveOutcome::kCodePage);

  machine_.memory->MarkCodePage(code, false);
  EXPECT_TRUE(machine_.Touch(user, 0x50000000, true).newly_mapped);
  EXPECT_TRUE(machine_.ShowsWritable(user, 0x50000000));
  // Protection works again after access came back.
  machine_.memory->MarkCodePage(code, true);
  machine_.windows->WriteProtect(code);
  EXPECT_FALSE(machine_.ShowsWritable(user, 0x50000000));
}

TEST_F(WindowResolveTest, CodePageIsLeftOutOfWritableRuns) {
  for (uint32_t i = 0; i < 3; ++i) {
    tables_.Set(kLinear + i * kPageBytes, (kFrame + i * kPageBytes) | kOpen);
  }
  machine_.Use(tables_);
  machine_.memory->MarkCodePage({kFrame + kPageBytes}, true);
  const WindowId user = machine_.User();
  EXPECT_TRUE(machine_.Touch(user, kLinear).newly_mapped);
  EXPECT_FALSE(machine_.Shows(user, kLinear + kPageBytes));
  EXPECT_TRUE(machine_.Touch(user, kLinear + kPageBytes).newly_mapped);
  EXPECT_FALSE(machine_.ShowsWritable(user, kLinear + kPageBytes));
}

TEST_F(WindowResolveTest, SupervisorWritesReadOnlyPagesOnlyWhileWpIsClear) {
  tables_.Set(kLinear, kFrame | kReadOnly);
  machine_.state.write_protect = false;
  machine_.Use(tables_);
  EXPECT_TRUE(machine_.Touch(machine_.Supervisor(), kLinear, true).newly_mapped);
  EXPECT_TRUE(machine_.ShowsWritable(machine_.Supervisor(), kLinear));
  machine_.state.write_protect = true;
  machine_.mmu.SetPaging(machine_.state, false);  // no flush: WP acts at once
  const WindowId supervisor = machine_.Supervisor();
  EXPECT_FALSE(machine_.ShowsWritable(supervisor, kLinear));
  EXPECT_EQ(machine_.Touch(supervisor, kLinear, true).outcome, ResolveOutcome::kGuestFault);
}

TEST_F(WindowResolveTest, RunMadeWhileWpIsClearDoesNotMixInReadOnlyPages) {
  tables_.Set(kLinear, kFrame | kOpen);
  tables_.Set(kLinear + kPageBytes, (kFrame + kPageBytes) | kReadOnly);
  machine_.state.write_protect = false;
  machine_.Use(tables_);
  EXPECT_TRUE(machine_.Touch(machine_.Supervisor(), kLinear, true).newly_mapped);
  machine_.state.write_protect = true;
  machine_.mmu.SetPaging(machine_.state, false);
  EXPECT_FALSE(machine_.ShowsWritable(machine_.Supervisor(), kLinear + kPageBytes));
}

TEST_F(WindowResolveTest, FaultOnAStaleMappingReplacesIt) {
  tables_.Set(kLinear, kFrame | kClean);
  machine_.Use(tables_);
  machine_.Ram(kFrame) = 1;
  machine_.Ram(0x700000) = 2;
  const WindowId user = machine_.User();
  EXPECT_TRUE(machine_.Touch(user, kLinear).newly_mapped);
  tables_.Set(kLinear, 0x700000 | kOpen);  // no flush, but the write faults and is walked anew
  EXPECT_TRUE(machine_.Touch(user, kLinear, true).newly_mapped);
  EXPECT_EQ(machine_.Seen(user, kLinear), 2u);
  machine_.Seen(user, kLinear) = 3;
  EXPECT_EQ(machine_.Ram(0x700000), 3u);
  EXPECT_EQ(machine_.Ram(kFrame), 1u);
}

TEST_F(WindowResolveTest, RunLeavesOutPagesWhoseKeptEntriesAreStale) {
  tables_.Set(kLinear, kFrame | kOpen);
  tables_.Set(kLinear + kPageBytes, 0x700000 | kOpen);
  machine_.Use(tables_);
  RecordingObserver observer;
  machine_.windows->SetObserver(&observer);
  const WindowId user = machine_.User();
  ASSERT_TRUE(machine_.windows->NoteExecution(user, {kLinear + kPageBytes}).has_value());
  tables_.Set(kLinear + kPageBytes, (kFrame + kPageBytes) | kOpen);
  EXPECT_TRUE(machine_.Touch(user, kLinear).newly_mapped);
  EXPECT_FALSE(machine_.Shows(user, kLinear + kPageBytes));
  EXPECT_TRUE(machine_.Touch(user, kLinear + kPageBytes).newly_mapped);
  EXPECT_THAT(observer.dropped, testing::ElementsAre(std::pair(user, kLinear + kPageBytes)));
}

}  // namespace
}  // namespace verbatim
