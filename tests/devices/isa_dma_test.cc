// SPDX-License-Identifier: Apache-2.0
// The DMA controllers as a driver programs them and as a device on a channel uses them.
#include "devices/isa_dma.h"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>

#include "tests/devices/fakes.h"
#include "tests/devices/ide_fixture.h"
#include "tests/devices/random.h"

namespace verbatim {
namespace {

using Data = std::vector<uint8_t>;

Data Counting(size_t bytes) {
  Data data(bytes);
  std::iota(data.begin(), data.end(), uint8_t{1});
  return data;
}

class IsaDmaTest : public testing::Test {
 protected:
  static constexpr unsigned kWrite = 0x44;  // single, to memory
  static constexpr unsigned kRead = 0x48;
  static constexpr unsigned kVerify = 0x40;
  static constexpr unsigned kAutoInitialise = 0x10;
  static constexpr unsigned kDecrement = 0x20;

  IsaDmaTest() {
    dma_.Attach(*bus_);
    dma_.ConfigureAsFirmware();
  }

  void Out(uint16_t port, unsigned value) { bus_->WritePort(port, 1, value); }
  unsigned In(uint16_t port) { return bus_->ReadPort(port, 1); }
  unsigned In16(uint16_t port) {
    Out(0x0C, 0);
    const unsigned low = In(port);
    return low | In(port) << 8;
  }
  // Channel 2, as for a floppy controller.
  void Program(unsigned mode, uint32_t address, unsigned bytes) {
    Out(0x0A, 0x06);
    Out(0x0C, 0);
    Out(0x04, address & 0xFF);
    Out(0x04, address >> 8 & 0xFF);
    Out(0x81, address >> 16);
    Out(0x05, (bytes - 1) & 0xFF);
    Out(0x05, (bytes - 1) >> 8);
    Out(0x0B, mode | 2);
    Out(0x0A, 0x02);
  }
  void ProgramWords(unsigned mode, uint32_t address, unsigned words) {
    Out(0xD8, 0);
    Out(0xC4, address >> 1 & 0xFF);
    Out(0xC4, address >> 9 & 0xFF);
    Out(0x8B, address >> 16);
    Out(0xC6, (words - 1) & 0xFF);
    Out(0xC6, (words - 1) >> 8);
    Out(0xD6, mode | 1);
    Out(0xD4, 0x01);
  }
  Data Memory(uint32_t at, size_t bytes) const {
    return {memory_.ram.begin() + at, memory_.ram.begin() + at + static_cast<ptrdiff_t>(bytes)};
  }
  DmaChannel& Channel() { return dma_.Channel(2); }

  FakeClock clock_;
  FakeDmaMemory memory_;
  IsaDma dma_{memory_};
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
};

TEST_F(IsaDmaTest, ADeviceWritesMemoryUntilTheTerminalCount) {
  Program(kWrite, 0x12340, 8);
  DmaProgress progress = Channel().ToMemory(Counting(5));
  EXPECT_EQ(progress.bytes, 5u);
  EXPECT_FALSE(progress.terminal_count);
  EXPECT_EQ(In16(0x04), 0x2345u);
  EXPECT_EQ(In16(0x05), 2u);
  EXPECT_EQ(In(0x08) & 0x0F, 0u);
  progress = Channel().ToMemory(Counting(5));
  EXPECT_EQ(progress.bytes, 3u);
  EXPECT_TRUE(progress.terminal_count);
  EXPECT_EQ(Memory(0x12340, 9), (Data{1, 2, 3, 4, 5, 1, 2, 3, 0}));
  EXPECT_EQ(In16(0x05), 0xFFFFu);
  EXPECT_EQ(In(0x08) & 0x0F, 0x04u);
  EXPECT_EQ(In(0x08) & 0x0F, 0x00u);  // reading clears it
  // The channel has masked itself.
  EXPECT_EQ(In(0x0F), 0x0Fu);
  EXPECT_EQ(Channel().ToMemory(Counting(1)).bytes, 0u);
}

TEST_F(IsaDmaTest, ADeviceReadsMemory) {
  const Data data = Counting(16);
  std::ranges::copy(data, memory_.ram.begin() + 0x500);
  Program(kRead, 0x500, 16);
  Data got(20);
  const DmaProgress progress = Channel().FromMemory(got);
  EXPECT_EQ(progress.bytes, 16u);
  EXPECT_TRUE(progress.terminal_count);
  EXPECT_TRUE(std::equal(data.begin(), data.end(), got.begin()));
}

TEST_F(IsaDmaTest, TheAddressWrapsWithinItsPage) {
  Program(kWrite, 0x2FFFE, 4);
  Channel().ToMemory(Counting(4));
  EXPECT_EQ(Memory(0x2FFFE, 3), (Data{1, 2, 0}));
  EXPECT_EQ(Memory(0x20000, 3), (Data{3, 4, 0}));
}

TEST_F(IsaDmaTest, WordsGoToEvenAddressesIn128KibPages) {
  ProgramWords(kWrite, 0x5FFFC, 4);  // bit 0 of the page, here 1, is part of the address
  const DmaProgress progress = dma_.Channel(5).ToMemory(Counting(8));
  EXPECT_EQ(progress.bytes, 8u);
  EXPECT_TRUE(progress.terminal_count);
  EXPECT_EQ(Memory(0x5FFFC, 5), (Data{1, 2, 3, 4, 0}));
  EXPECT_EQ(Memory(0x40000, 5), (Data{5, 6, 7, 8, 0}));
}

TEST_F(IsaDmaTest, TheAddressCanCountDown) {
  Program(kWrite | kDecrement, 0x30001, 3);
  Channel().ToMemory(Counting(3));
  EXPECT_EQ(Memory(0x30000, 2), (Data{2, 1}));
  EXPECT_EQ(Memory(0x3FFFF, 1), Data{3});
}

TEST_F(IsaDmaTest, AutoInitialiseBeginsAnew) {
  Program(kWrite | kAutoInitialise, 0x1000, 4);
  DmaProgress progress = Channel().ToMemory(Counting(6));
  EXPECT_EQ(progress.bytes, 4u);
  EXPECT_TRUE(progress.terminal_count);
  progress = Channel().ToMemory(Data{9});
  EXPECT_EQ(progress.bytes, 1u);
  EXPECT_EQ(Memory(0x1000, 4), (Data{9, 2, 3, 4}));
  EXPECT_EQ(In16(0x05), 2u);
}

TEST_F(IsaDmaTest, VerifyCountsAndTouchesNothing) {
  Program(kVerify, 0x1000, 4);
  EXPECT_TRUE(Channel().ToMemory(Counting(4)).terminal_count);
  EXPECT_EQ(Memory(0x1000, 4), Data(4));
}

TEST_F(IsaDmaTest, NothingMovesAgainstTheDirection) {
  Program(kRead, 0x1000, 4);
  EXPECT_EQ(Channel().ToMemory(Counting(4)).bytes, 0u);
  EXPECT_EQ(In16(0x05), 3u);
}

TEST_F(IsaDmaTest, NothingMovesWhileSomethingOnTheWayIsOff) {
  Program(kWrite, 0x1000, 4);
  Out(0x08, 0x04);  // the controller
  EXPECT_EQ(Channel().ToMemory(Counting(1)).bytes, 0u);
  Out(0x08, 0x00);
  Out(0xD4, 0x04);  // the cascade
  EXPECT_EQ(Channel().ToMemory(Counting(1)).bytes, 0u);
  Out(0xD4, 0x00);
  Out(0x0F, 0x04);  // the channel
  EXPECT_EQ(Channel().ToMemory(Counting(1)).bytes, 0u);
  Out(0x0E, 0x00);
  EXPECT_EQ(Channel().ToMemory(Counting(1)).bytes, 1u);
  Out(0x0D, 0x00);  // master clear masks all
  EXPECT_EQ(Channel().ToMemory(Counting(1)).bytes, 0u);
}

TEST_F(IsaDmaTest, WhereThereIsNoMemoryBytesAreLostAndReadAsOnes) {
  Program(kWrite, 0xFFFFFE, 2);
  EXPECT_EQ(Channel().ToMemory(Counting(2)).bytes, 2u);
  Program(kRead, 0x800000, 2);
  Data got(2);
  Channel().FromMemory(got);
  EXPECT_EQ(got, (Data{0xFF, 0xFF}));
}

TEST_F(IsaDmaTest, TheFlipFlopSelectsTheByteAndMasterClearResetsIt) {
  Out(0x0C, 0);
  Out(0x00, 0x34);
  Out(0x00, 0x12);
  EXPECT_EQ(In(0x00), 0x34u);
  Out(0x0D, 0);
  EXPECT_EQ(In(0x00), 0x34u);
  EXPECT_EQ(In(0x00), 0x12u);
  Out(0x00, 0x56);
  EXPECT_EQ(In16(0x00), 0x1256u);
}

TEST_F(IsaDmaTest, ASoftwareRequestRunsToItsEndInBlockModeOnly) {
  Program(kWrite, 0x1000, 3);
  Out(0x0F, 0x0F);  // it is not masked
  Out(0x09, 0x06);
  EXPECT_EQ(In(0x08), 0x40u);
  EXPECT_EQ(Memory(0x1000, 4), Data(4));
  Out(0x09, 0x02);
  Out(0x0B, 0x86);  // block, to memory
  Out(0x09, 0x06);
  EXPECT_EQ(In(0x08), 0x04u);
  EXPECT_EQ(Memory(0x1000, 4), (Data{0xFF, 0xFF, 0xFF, 0}));
}

TEST_F(IsaDmaTest, PageRegistersKeepWhatTheyAreGivenEachForItself) {
  for (uint16_t port = 0x81; port <= 0x8F; ++port) Out(port, port * 3u);
  for (uint16_t port = 0x81; port <= 0x8F; ++port) EXPECT_EQ(In(port), port * 3u & 0xFF);
  dma_.Reset();
  EXPECT_EQ(In(0x84), 0u);
  EXPECT_EQ(In(0x81), 0u);
}

TEST_F(IsaDmaTest, SavesAndLoadsAmidATransfer) {
  Program(kWrite | kAutoInitialise, 0x1000, 4);
  Channel().ToMemory(Counting(2));
  Out(0x0C, 0);
  EXPECT_EQ(In(0x04), 0x02u);
  Out(0x86, 0x77);
  IsaDma other(memory_);
  ExpectRoundTrip(dma_, other);
  EXPECT_EQ(other.ReadPort(0x04, 1), 0x10u);  // the high byte
  EXPECT_EQ(other.ReadPort(0x86, 1), 0x77u);
  EXPECT_TRUE(other.Channel(2).ToMemory(Data{7, 8}).terminal_count);
  EXPECT_EQ(Memory(0x1000, 4), (Data{1, 2, 7, 8}));
  ExpectCorruptionHandled(clock_, dma_);
}

TEST_F(IsaDmaTest, NoSequenceOfAccessesBreaksIt) {
  Random random(8237);
  Data data(700);
  for (unsigned i = 0; i < 100'000; ++i) {
    const auto port =
        static_cast<uint16_t>(random() % 2 != 0 ? random() % 16 : 0xC0 + random() % 32);
    if (random() % 3 == 0) Out(static_cast<uint16_t>(0x81 + random() % 15), random() & 0xFF);
    if (random() % 2 == 0) {
      Out(port, random() & 0xFF);
    } else {
      EXPECT_LE(In(port), 0xFFu);
    }
    DmaChannel& channel = dma_.Channel(random() % 8);
    const std::span<uint8_t> part = std::span(data).first(random() % data.size());
    const DmaProgress progress =
        random() % 2 == 0 ? channel.ToMemory(part) : channel.FromMemory(part);
    ASSERT_LE(progress.bytes, part.size());
  }
}

}  // namespace
}  // namespace verbatim
