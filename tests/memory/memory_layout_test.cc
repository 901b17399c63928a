// SPDX-License-Identifier: Apache-2.0
// The layout of physical memory as it changes at run time: regions that are placed, moved and
// removed, and RAM whose decoding is switched for reads and writes, as chipsets do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>
#include <utility>
#include <vector>

#include "memory/physical_memory.h"
#include "tests/memory/guest_page_tables.h"

namespace verbatim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t kSegment = 0xF0000;
constexpr uint64_t kSegmentBytes = 4 * kPageBytes;
constexpr uint64_t kHigh = 0xE0000000;

class RecordingMapObserver : public MemoryMapObserver {
 public:
  explicit RecordingMapObserver(PhysicalMemory& memory) : memory_(memory) {}
  void OnMapChange(PhysicalAddress start, uint64_t bytes) override {
    seen.emplace_back(start.value, bytes, memory_.KindOf(start));
  }
  // In the order of the changes: where, how much, what the first page is from then on.
  std::vector<std::tuple<uint64_t, uint64_t, PageKind>> seen;

 private:
  PhysicalMemory& memory_;
};

class CountingHandler : public MmioHandler {
 public:
  uint64_t ReadMmio(uint32_t, unsigned) override { return 0x44444444; }
  void WriteMmio(uint32_t, unsigned, uint64_t) override { ++writes; }
  int writes = 0;
};

class MemoryLayoutTest : public testing::Test {
 protected:
  uint32_t Load(uint64_t address) {
    uint32_t value = 0;
    memory_->Read({address}, &value, sizeof value);
    return value;
  }
  void Store(uint64_t address, uint32_t value) { memory_->Write({address}, &value, sizeof value); }
  uint32_t& Ram(uint64_t address) {
    return *reinterpret_cast<uint32_t*>(memory_->ram().data() + address);
  }
  std::unique_ptr<PhysicalMemory> memory_ = PhysicalMemory::Create(8 << 20).value();
  const std::vector<uint8_t> rom_ = std::vector<uint8_t>(kSegmentBytes, 0x11);
};

// The four settings of a PAM register (82441FX data sheet, 3.2.18).
TEST_F(MemoryLayoutTest, ReadsAndWritesGoToRamOrRomIndependently) {
  memory_->AddRom({kSegment}, rom_);
  Ram(kSegment) = 0x55555555;
  const auto access = [this] {
    Store(kSegment, 0x77777777);
    const uint32_t read = Load(kSegment);
    return std::pair{read, std::exchange(Ram(kSegment), 0x55555555)};
  };
  EXPECT_EQ(access(), std::pair(0x11111111u, 0x55555555u));
  EXPECT_EQ(memory_->KindOf({kSegment}), PageKind::kRom);
  memory_->DecodeRam({kSegment}, kSegmentBytes, false, true);
  EXPECT_EQ(access(), std::pair(0x11111111u, 0x77777777u));
  EXPECT_EQ(memory_->KindOf({kSegment}), PageKind::kRom);
  memory_->DecodeRam({kSegment}, kSegmentBytes, true, false);
  EXPECT_EQ(access(), std::pair(0x55555555u, 0x55555555u));
  EXPECT_EQ(memory_->KindOf({kSegment}), PageKind::kRom);
  memory_->DecodeRam({kSegment}, kSegmentBytes, true, true);
  EXPECT_EQ(access(), std::pair(0x77777777u, 0x77777777u));
  EXPECT_EQ(memory_->KindOf({kSegment}), PageKind::kRam);
  EXPECT_EQ(memory_->KindOf({kSegment + kSegmentBytes}), PageKind::kRam);
}

TEST_F(MemoryLayoutTest, WritesMayReachRamThatReadsDoNotSee) {
  memory_->DecodeRam({kSegment}, kPageBytes, false, true);
  EXPECT_EQ(memory_->KindOf({kSegment}), PageKind::kDevice);
  EXPECT_EQ(memory_->HostPointerTo({kSegment}), nullptr);
  Store(kSegment, 3);
  EXPECT_EQ(Load(kSegment), 0xFFFFFFFFu);
  EXPECT_EQ(Ram(kSegment), 3u);
}

TEST_F(MemoryLayoutTest, DeviceBehindRamGetsWhatTheRamLeaves) {
  CountingHandler device;
  memory_->Place(memory_->MakeDevice(kPageBytes, &device), {kSegment});
  Store(kSegment, 1);
  EXPECT_EQ(device.writes, 0);
  memory_->DecodeRam({kSegment}, kPageBytes, true, false);
  Store(kSegment, 2);
  EXPECT_EQ(device.writes, 1);
  EXPECT_EQ(Load(kSegment), 1u);
  memory_->DecodeRam({kSegment}, kPageBytes, false, true);
  Store(kSegment, 3);
  EXPECT_EQ(device.writes, 1);
  EXPECT_EQ(Load(kSegment), 0x44444444u);
}

TEST_F(MemoryLayoutTest, RegionKeepsItsContentsWhereverItIsPlaced) {
  const RegionId video = memory_->MakeVideoMemory(2 * kPageBytes);
  memory_->Place(video, {kHigh});
  EXPECT_EQ(memory_->KindOf({kHigh + kPageBytes}), PageKind::kRam);
  EXPECT_TRUE(memory_->IsShared({kHigh}));
  Store(kHigh + kPageBytes, 0x12345678);
  EXPECT_EQ(memory_->ContentsOf(video)[kPageBytes], 0x78);
  memory_->Place(video, {kHigh + kPageBytes});
  EXPECT_EQ(Load(kHigh), 0xFFFFFFFFu);
  EXPECT_EQ(Load(kHigh + 2 * kPageBytes), 0x12345678u);
  memory_->Remove(video);
  EXPECT_EQ(memory_->KindOf({kHigh + 2 * kPageBytes}), PageKind::kUnassigned);
  memory_->Place(video, {0xFFFFE000});
  EXPECT_EQ(Load(0xFFFFF000), 0x12345678u);
}

TEST_F(MemoryLayoutTest, RegionOverRamIsHidden) {
  const RegionId video = memory_->MakeVideoMemory(4 * kPageBytes);
  memory_->Place(video, {(8 << 20) - 2 * kPageBytes});
  Store((8 << 20) - 4, 5);
  Store(8 << 20, 6);
  EXPECT_EQ(memory_->ram()[(8 << 20) - 4], 5);
  EXPECT_EQ(memory_->ContentsOf(video)[2 * kPageBytes - 4], 0);
  EXPECT_EQ(memory_->ContentsOf(video)[2 * kPageBytes], 6);
}

TEST_F(MemoryLayoutTest, OfOverlappingRegionsTheFirstMadeAnswersAndTheOtherComesBack) {
  CountingHandler device;
  const RegionId rom = memory_->MakeRom(rom_);
  const RegionId bar = memory_->MakeDevice(2 * kPageBytes, &device);
  memory_->Place(bar, {kHigh});
  EXPECT_EQ(Load(kHigh + kPageBytes), 0x44444444u);
  memory_->Place(rom, {kHigh + kPageBytes});
  EXPECT_EQ(Load(kHigh), 0x44444444u);
  EXPECT_EQ(Load(kHigh + kPageBytes), 0x11111111u);
  memory_->Remove(rom);
  EXPECT_EQ(Load(kHigh + kPageBytes), 0x44444444u);
}

TEST_F(MemoryLayoutTest, RegistersOfTheProcessorLieAboveAll) {
  CountingHandler handler;
  const RegionId rom = memory_->AddRom({kHigh}, rom_);
  const RegionId registers = memory_->MakeProcessorRegisters(kPageBytes, &handler);
  constexpr uint64_t kBlockBytes = 64 * kPageBytes;
  Ram(kBlockBytes) = 0x55555555;
  EXPECT_TRUE(memory_->IsPlainRam({kBlockBytes}, 64));
  memory_->Place(registers, {kBlockBytes});
  EXPECT_EQ(Load(kBlockBytes), 0x44444444u);
  Store(kBlockBytes, 1);
  EXPECT_EQ(handler.writes, 1);
  EXPECT_EQ(memory_->KindOf({kBlockBytes}), PageKind::kDevice);
  EXPECT_EQ(memory_->KindOf({kBlockBytes + kPageBytes}), PageKind::kRam);
  EXPECT_FALSE(memory_->IsPlainRam({kBlockBytes}, 64));
  EXPECT_TRUE(memory_->IsPlainRam({2 * kBlockBytes}, 64));
  memory_->DecodeRam({kBlockBytes}, kPageBytes, true, true);  // changes nothing above it
  EXPECT_EQ(Load(kBlockBytes), 0x44444444u);

  memory_->Place(registers, {kHigh});
  EXPECT_EQ(Load(kBlockBytes), 0x55555555u);
  EXPECT_TRUE(memory_->IsPlainRam({kBlockBytes}, 64));
  EXPECT_EQ(Load(kHigh), 0x44444444u);
  memory_->Place(rom, {kHigh});
  EXPECT_EQ(Load(kHigh), 0x44444444u);
  memory_->Remove(registers);
  EXPECT_EQ(Load(kHigh), 0x11111111u);
}

TEST_F(MemoryLayoutTest, ViewShowsAPartOfVideoMemoryWhereADeviceIs) {
  CountingHandler device;
  const RegionId video = memory_->MakeVideoMemory(8 * kPageBytes);
  const RegionId view = memory_->MakeView();
  memory_->AddDevice({0xA0000}, 4 * kPageBytes, &device);
  EXPECT_EQ(Load(0xA1000), 0x44444444u);
  memory_->ShowView(view, {0xA1000}, video, 3 * kPageBytes, 2 * kPageBytes);
  EXPECT_EQ(memory_->KindOf({0xA0000}), PageKind::kDevice);
  EXPECT_EQ(memory_->KindOf({0xA2000}), PageKind::kRam);
  EXPECT_TRUE(memory_->IsView({0xA1000}));
  EXPECT_TRUE(memory_->IsShared({0xA1000}));
  Store(0xA2000, 0x1234);
  EXPECT_EQ(memory_->ContentsOf(video)[4 * kPageBytes], 0x34);
  EXPECT_EQ(device.writes, 0);
  memory_->ShowView(view, {0xA1000}, video, 4 * kPageBytes, kPageBytes);
  EXPECT_EQ(Load(0xA1000), 0x1234u);
  EXPECT_EQ(Load(0xA2000), 0x44444444u);
  memory_->HideView(view);
  EXPECT_EQ(memory_->KindOf({0xA1000}), PageKind::kDevice);
  EXPECT_FALSE(memory_->IsView({0xA1000}));
}

TEST_F(MemoryLayoutTest, ObserverHearsOfThePagesThatChangedAfterwards) {
  memory_->AddRom({kSegment}, rom_);
  const RegionId video = memory_->MakeVideoMemory(2 * kPageBytes);
  RecordingMapObserver observer(*memory_);
  memory_->SetMapObserver(&observer);
  memory_->DecodeRam({kSegment - kPageBytes}, 2 * kPageBytes, true, true);  // the first is already
  memory_->DecodeRam({kSegment}, kPageBytes, true, true);                   // so are all
  memory_->Remove(video);                                                   // nowhere
  EXPECT_THAT(std::exchange(observer.seen, {}),
              ElementsAre(std::tuple(kSegment, kPageBytes, PageKind::kRam)));
  memory_->Place(video, {0x1000});  // behind RAM
  EXPECT_THAT(observer.seen, IsEmpty());
  memory_->Place(video, {kHigh});
  memory_->Place(video, {kHigh + kPageBytes});
  EXPECT_THAT(observer.seen,
              ElementsAre(std::tuple(kHigh, 2 * kPageBytes, PageKind::kRam),
                          std::tuple(kHigh, 2 * kPageBytes, PageKind::kUnassigned),
                          std::tuple(kHigh + kPageBytes, 2 * kPageBytes, PageKind::kRam)));
}

TEST_F(MemoryLayoutTest, PlainRamIsRamForReadsAndWrites) {
  EXPECT_TRUE(memory_->IsPlainRam({0xC0000}, 64));
  memory_->DecodeRam({kSegment}, kPageBytes, true, false);
  EXPECT_FALSE(memory_->IsPlainRam({0xC0000}, 64));
}

// Windows show video memory writable, and nothing of the old layout after a reset.
TEST(WindowLayoutTest, VideoMemoryIsMappedLikeRam) {
  WindowMachine machine;
  const RegionId video = machine.memory->MakeVideoMemory(4 * kPageBytes);
  machine.memory->Place(video, {kHigh});
  const WindowId window = machine.Supervisor();
  EXPECT_TRUE(machine.Touch(window, kHigh, true).newly_mapped);
  EXPECT_TRUE(machine.ShowsWritable(window, kHigh + 3 * kPageBytes));
  EXPECT_EQ(machine.windows->statistics().runs_mapped, 1u);
  machine.Seen(window, kHigh + 3 * kPageBytes) = 0x99;
  EXPECT_EQ(machine.memory->ContentsOf(video)[3 * kPageBytes], 0x99);
  machine.memory->Remove(video);
  machine.windows->ResetAll();
  EXPECT_EQ(machine.HostMappingsOfWindows(), 0u);
  EXPECT_EQ(machine.Touch(machine.Supervisor(), kHigh).outcome, ResolveOutcome::kDevice);
}

class WindowViewTest : public testing::Test {
 protected:
  WindowViewTest() { Show(); }
  void Show() {
    machine_.memory->ShowView(view_, {0xA0000}, video_, 4 * kPageBytes, 4 * kPageBytes);
  }
  uint64_t FirstPage() { return machine_.memory->MemfdOffset({0xA0000}) >> kPageShift; }

  WindowMachine machine_;
  RegionId video_ = machine_.memory->MakeVideoMemory(8 * kPageBytes);
  RegionId view_ = machine_.memory->MakeView();
  CountingHandler device_;
  RegionId behind_ = machine_.memory->AddDevice({0xA0000}, 8 * kPageBytes, &device_);
};

TEST_F(WindowViewTest, AWithdrawnViewIsGoneAndAllElseStays) {
  const WindowId window = machine_.Supervisor();
  EXPECT_TRUE(machine_.Touch(window, 0x5000, true).newly_mapped);
  EXPECT_TRUE(machine_.Touch(window, 0xA2000, true).newly_mapped);
  machine_.Seen(window, 0xA2000) = 0x77;
  EXPECT_EQ(machine_.memory->ContentsOf(video_)[6 * kPageBytes], 0x77);
  machine_.windows->Withdraw(FirstPage(), 4);
  machine_.memory->HideView(view_);
  for (uint32_t page = 0xA0000; page < 0xA4000; page += kPageBytes) {
    EXPECT_FALSE(machine_.Shows(window, page)) << page;
  }
  EXPECT_TRUE(machine_.ShowsWritable(window, 0x5000));
  EXPECT_EQ(machine_.Touch(window, 0xA2000).outcome, ResolveOutcome::kDevice);
  EXPECT_EQ(machine_.HostMappingsOfWindows(), machine_.windows->statistics().live_mappings);
  Show();
  EXPECT_TRUE(machine_.Touch(window, 0xA2000, true).newly_mapped);
}

// It could not be found again: nothing leads from a page to where it is shown read-only.
TEST_F(WindowViewTest, AViewIsNeverShownReadOnly) {
  GuestPageTables tables(*machine_.memory, 0x100000);
  tables.Set(0x400000, 0xA1000 | kPtePresent | kPteWritable | kPteAccessed);
  machine_.Use(tables);
  const WindowId window = machine_.Supervisor();
  EXPECT_EQ(machine_.Touch(window, 0x400000).outcome, ResolveOutcome::kDevice);
  EXPECT_TRUE(machine_.Touch(window, 0x400000, true).newly_mapped);
  EXPECT_TRUE(machine_.ShowsWritable(window, 0x400000));
  machine_.windows->Withdraw(FirstPage(), 4);
  EXPECT_FALSE(machine_.Shows(window, 0x400000));
}

TEST(WindowLayoutTest, RamThatIgnoresWritesIsShownReadOnly) {
  WindowMachine machine;
  machine.memory->DecodeRam({kSegment}, kPageBytes, true, false);
  const WindowId window = machine.Supervisor();
  machine.Ram(kSegment) = 42;
  EXPECT_EQ(machine.Touch(window, kSegment, true).outcome, ResolveOutcome::kDevice);
  EXPECT_TRUE(machine.Touch(window, kSegment).newly_mapped);
  EXPECT_EQ(machine.Seen(window, kSegment), 42u);
  EXPECT_FALSE(machine.ShowsWritable(window, kSegment));
}

}  // namespace
}  // namespace verbatim
