// SPDX-License-Identifier: Apache-2.0
// The physical address map: who answers where, and what writes do.
#include "memory/physical_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>
#include <vector>

namespace verbatim {
namespace {

using testing::ElementsAre;

class RecordingDevice : public MmioHandler {
 public:
  uint64_t ReadMmio(uint32_t offset, unsigned bytes) override {
    reads.emplace_back(offset, bytes);
    return 0x8877665544332211u;
  }
  void WriteMmio(uint32_t offset, unsigned bytes, uint64_t value) override {
    writes.emplace_back(offset, bytes, value);
  }
  std::vector<std::tuple<uint32_t, unsigned>> reads;
  std::vector<std::tuple<uint32_t, unsigned, uint64_t>> writes;
};

class RecordingCodeObserver : public CodeWriteObserver {
 public:
  explicit RecordingCodeObserver(PhysicalMemory& memory) : memory_(memory) {}
  void OnCodeWrite(PhysicalAddress address, uint32_t bytes) override {
    uint8_t before = 0;
    memory_.Read(address, &before, 1);
    seen.emplace_back(address.value, bytes, before);
  }
  std::vector<std::tuple<uint64_t, uint32_t, uint8_t>> seen;

 private:
  PhysicalMemory& memory_;
};

class PhysicalMemoryTest : public testing::Test {
 protected:
  template <typename T>
  T Load(uint64_t address) {
    T value;
    memory_->Read({address}, &value, sizeof value);
    return value;
  }
  template <typename T>
  void Store(uint64_t address, T value) {
    memory_->Write({address}, &value, sizeof value);
  }
  std::unique_ptr<PhysicalMemory> memory_ = PhysicalMemory::Create(8 << 20).value();
};

TEST(PhysicalMemoryCreateTest, SizeIsChecked) {
  EXPECT_FALSE(PhysicalMemory::Create(0).has_value());
  EXPECT_FALSE(PhysicalMemory::Create((8 << 20) + 1).has_value());
  EXPECT_FALSE(PhysicalMemory::Create(PhysicalMemory::kMaxBytes + kPageBytes).has_value());
  EXPECT_TRUE(PhysicalMemory::Create(PhysicalMemory::kMaxBytes).has_value());
}

TEST_F(PhysicalMemoryTest, RamKeepsWhatIsWrittenAcrossPages) {
  Store<uint64_t>(0x1FFC, 0x1122334455667788);
  EXPECT_EQ(Load<uint64_t>(0x1FFC), 0x1122334455667788u);
  EXPECT_EQ(memory_->ram()[0x2000], 0x44);
  EXPECT_EQ(memory_->KindOf({0x7FFFFF}), PageKind::kRam);
  EXPECT_EQ(memory_->MemfdOffset({0x2004}), 0x2004u);
  EXPECT_EQ(memory_->HostPointerTo({0x2004}), memory_->ram().data() + 0x2004);
}

TEST_F(PhysicalMemoryTest, NothingAnswersBeyondRam) {
  for (const uint64_t address : {uint64_t{8 << 20}, uint64_t{0xFFFFFFFC}, uint64_t{1} << 32,
                                 uint64_t{0xF'FFFF'FFF8}, ~uint64_t{7}}) {
    EXPECT_EQ(memory_->KindOf({address}), PageKind::kUnassigned);
    EXPECT_EQ(memory_->HostPointerTo({address}), nullptr);
    Store<uint32_t>(address, 5);
    EXPECT_EQ(Load<uint32_t>(address), 0xFFFFFFFFu);
    EXPECT_FALSE(memory_->IsCodePage({address}));
  }
  memory_->ram().back() = 7;
  EXPECT_EQ(Load<uint16_t>((8 << 20) - 1), 0xFF07);
}

TEST_F(PhysicalMemoryTest, HoleHidesRam) {
  memory_->AddHole({0xA0000}, 0x20000);
  Store<uint32_t>(0xA0000, 1);
  EXPECT_EQ(Load<uint32_t>(0xA0000), 0xFFFFFFFFu);
  EXPECT_EQ(memory_->ram()[0xA0000], 0);
  EXPECT_EQ(memory_->KindOf({0x9FFFF}), PageKind::kRam);
  EXPECT_EQ(memory_->KindOf({0xBFFFF}), PageKind::kUnassigned);
  EXPECT_EQ(memory_->KindOf({0xC0000}), PageKind::kRam);
}

TEST_F(PhysicalMemoryTest, RomIgnoresWritesAndLiesInTheMemfdBehindRam) {
  const std::vector<uint8_t> first(kPageBytes, 0x11);
  const std::vector<uint8_t> second(2 * kPageBytes, 0x22);
  memory_->AddRom({0xF0000}, first);
  memory_->AddRom({0xFFFFE000}, second);
  Store<uint32_t>(0xFFFFFFF0, 0);
  EXPECT_EQ(Load<uint32_t>(0xFFFFFFF0), 0x22222222u);
  EXPECT_EQ(Load<uint8_t>(0xF0FFF), 0x11);
  EXPECT_EQ(memory_->KindOf({0xF0000}), PageKind::kRom);
  EXPECT_EQ(memory_->MemfdOffset({0xF0004}), (8u << 20) + 4);
  EXPECT_EQ(memory_->MemfdOffset({0xFFFFF000}), (8u << 20) + 2 * kPageBytes);
}

TEST_F(PhysicalMemoryTest, DeviceGetsNaturallyAlignedPieces) {
  RecordingDevice device;
  memory_->AddDevice({0xE0000000}, 2 * kPageBytes, &device);
  EXPECT_EQ(Load<uint32_t>(0xE0000010), 0x44332211u);
  EXPECT_EQ(Load<uint64_t>(0xE0000018), 0x8877665544332211u);
  EXPECT_EQ(Load<uint32_t>(0xE0001001), 0x11221111u);
  EXPECT_THAT(device.reads,
              ElementsAre(std::tuple{0x10, 4}, std::tuple{0x18, 8}, std::tuple{0x1001, 1},
                          std::tuple{0x1002, 2}, std::tuple{0x1004, 1}));
  Store<uint32_t>(0xE0000FFE, 0xAABBCCDD);
  Store<uint8_t>(0xE0000003, 0x7F);
  EXPECT_THAT(device.writes, ElementsAre(std::tuple{0xFFE, 2, 0xCCDDu},
                                         std::tuple{0x1000, 2, 0xAABBu}, std::tuple{3, 1, 0x7Fu}));
}

TEST_F(PhysicalMemoryTest, AccessMayRunFromDeviceIntoNothing) {
  RecordingDevice device;
  memory_->AddDevice({0xE0000000}, kPageBytes, &device);
  EXPECT_EQ(Load<uint32_t>(0xE0000FFE), 0xFFFF2211u);
  Store<uint32_t>(0xE0000FFE, 0x01020304);
  EXPECT_THAT(device.writes, ElementsAre(std::tuple{0xFFE, 2, 0x0304u}));
}

TEST_F(PhysicalMemoryTest, ClosedA20GateWrapsOddMebibytes) {
  memory_->ram()[0x500] = 1;
  memory_->ram()[0x100500] = 2;
  EXPECT_EQ(Load<uint8_t>(0x100500), 2);
  EXPECT_FALSE(memory_->SetA20(true));
  EXPECT_TRUE(memory_->SetA20(false));
  EXPECT_FALSE(memory_->a20());
  EXPECT_EQ(Load<uint8_t>(0x100500), 1);
  EXPECT_EQ(memory_->MemfdOffset({0x300000}), 0x200000u);
  Store<uint16_t>(0xFFFFF, 0x6677);  // the second byte wraps to 0
  EXPECT_EQ(memory_->ram()[0], 0x66);
  memory_->MarkCodePage({0x100000}, true);
  EXPECT_TRUE(memory_->SetA20(true));
  EXPECT_FALSE(memory_->IsCodePage({0x100000}));
  EXPECT_TRUE(memory_->IsCodePage({0}));
}

TEST_F(PhysicalMemoryTest, WritesToCodePagesAreReportedBeforeTheBytesChange) {
  RecordingCodeObserver observer(*memory_);
  memory_->SetCodeWriteObserver(&observer);
  memory_->ram()[0x3FFE] = 9;
  memory_->MarkCodePage({0x3000}, true);
  Store<uint32_t>(0x2FFC, 1);
  EXPECT_TRUE(observer.seen.empty());
  Store<uint32_t>(0x3FFE, 0x55555555);
  EXPECT_THAT(observer.seen, ElementsAre(std::tuple{0x3FFE, 2, 9}));
  EXPECT_EQ(Load<uint32_t>(0x3FFE), 0x55555555u);
  memory_->MarkCodePage({0x3123}, false);
  Store<uint8_t>(0x3000, 1);
  EXPECT_EQ(observer.seen.size(), 1u);
}

}  // namespace
}  // namespace verbatim
