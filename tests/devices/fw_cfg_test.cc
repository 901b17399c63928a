// SPDX-License-Identifier: Apache-2.0
// The firmware configuration device: items, files and DMA.
#include "devices/fw_cfg.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "base/bits.h"
#include "tests/devices/fakes.h"
#include "tests/devices/random.h"

namespace verbatim {
namespace {

// RAM from 0 on, and nothing behind it.
class FlatRam final : public DmaMemory {
 public:
  bool DmaRead(PhysicalAddress from, std::span<uint8_t> to) override {
    if (from.value > bytes.size() || to.size() > bytes.size() - from.value) return false;
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(from.value), to.size(), to.begin());
    return true;
  }
  bool DmaWrite(PhysicalAddress to, std::span<const uint8_t> from) override {
    if (to.value > bytes.size() || from.size() > bytes.size() - to.value) return false;
    std::ranges::copy(from, bytes.begin() + static_cast<ptrdiff_t>(to.value));
    return true;
  }
  std::vector<uint8_t> bytes = std::vector<uint8_t>(64 << 10, 0xEE);
};

constexpr uint32_t kRead = 0x02;
constexpr uint32_t kSkip = 0x04;
constexpr uint32_t kSelect = 0x08;
constexpr uint32_t kWrite = 0x10;
constexpr uint32_t kError = 0x01;

class FwCfgTest : public testing::Test {
 protected:
  FwCfgTest() { device_.Attach(*bus_); }
  void Select(uint16_t key) { bus_->WritePort(0x510, 2, key); }
  std::string Read(size_t count) {
    std::string text;
    while (count-- != 0) text += static_cast<char>(bus_->ReadPort(0x511, 1));
    return text;
  }
  void StoreBig32(uint64_t at, uint32_t value) {
    StoreLittle(&ram_.bytes[at], __builtin_bswap32(value));
  }
  // Runs a descriptor at 1000h; the result is what the device left in its control field.
  uint32_t Dma(uint32_t control, uint32_t length, uint64_t address) {
    StoreBig32(0x1000, control);
    StoreBig32(0x1004, length);
    StoreBig32(0x1008, static_cast<uint32_t>(address >> 32));
    StoreBig32(0x100C, static_cast<uint32_t>(address));
    bus_->WritePort(0x514, 4, 0);
    bus_->WritePort(0x518, 4, __builtin_bswap32(0x1000));
    return __builtin_bswap32(LoadLittle<uint32_t>(&ram_.bytes[0x1000]));
  }
  std::string Memory(uint64_t at, size_t count) {
    return {ram_.bytes.begin() + static_cast<ptrdiff_t>(at),
            ram_.bytes.begin() + static_cast<ptrdiff_t>(at + count)};
  }

  FlatRam ram_;
  FwCfg device_{ram_};
  FakeClock clock_;
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
};

TEST_F(FwCfgTest, TellsItsSignatureAndThatItHasDma) {
  Select(0x0000);
  EXPECT_EQ(Read(4), "QEMU");
  Select(0x0001);
  EXPECT_EQ(Read(4), std::string("\3\0\0\0", 4));
  EXPECT_EQ(bus_->ReadPort(0x514, 4), 0x554D4551u);  // "QEMU"
  EXPECT_EQ(bus_->ReadPort(0x518, 4), 0x47464320u);  // " CFG"
}

TEST_F(FwCfgTest, ReadsBehindTheEndAndOfNoItemGiveZeros) {
  Select(0x0000);
  EXPECT_EQ(Read(6), std::string("QEMU\0\0", 6));
  Select(0x7777);
  EXPECT_EQ(Read(2), std::string("\0\0", 2));
  Select(0x4000);  // the write channel of item 0
  EXPECT_EQ(Read(4), "QEMU");
}

TEST_F(FwCfgTest, SelectingStartsAnew) {
  Select(0);
  EXPECT_EQ(Read(2), "QE");
  Select(0);
  EXPECT_EQ(Read(2), "QE");
  Read(1);
  bus_->WritePort(0x511, 1, 0xFF);  // nothing can be written
  bus_->WritePort(0x510, 1, 0x01);  // half a selector selects nothing
  EXPECT_EQ(Read(1), "U");
}

TEST_F(FwCfgTest, TheDirectoryNamesEachFileWithItsSizeAndKey) {
  device_.AddInteger(FwCfgItem::kRamBytes, 8, 0x12345678);
  device_.AddFile("bootorder", FwCfg::Bytes{'a', 'b', 'c'});
  device_.AddFile(std::string(FwCfg::kMaxNameBytes, 'n'), FwCfg::Bytes(0x10203));
  Select(0x19);
  EXPECT_EQ(Read(4), std::string("\0\0\0\2", 4));
  EXPECT_EQ(Read(8), std::string("\0\0\0\3\0\x20\0\0", 8));
  EXPECT_EQ(Read(56), "bootorder" + std::string(56 - 9, '\0'));
  EXPECT_EQ(Read(8), std::string("\0\1\2\3\0\x21\0\0", 8));
  EXPECT_EQ(Read(56), std::string(55, 'n') + '\0');
  Select(0x20);
  EXPECT_EQ(Read(3), "abc");
  Select(0x03);
  EXPECT_EQ(Read(8), std::string("\x78\x56\x34\x12\0\0\0\0", 8));
}

TEST_F(FwCfgTest, AFileMayBeMadeWhenItIsSelected) {
  uint8_t count = 0;
  device_.AddFile("made", [&count] { return FwCfg::Bytes{count++}; });
  Select(0x20);
  EXPECT_EQ(Read(1), "\1");
  Select(0x20);
  EXPECT_EQ(Read(1), "\2");
}

TEST_F(FwCfgTest, DmaSelectsSkipsAndReads) {
  device_.AddFile("file", FwCfg::Bytes{'0', '1', '2', '3', '4', '5', '6', '7'});
  EXPECT_EQ(Dma(0x20u << 16 | kSelect | kRead, 3, 0x2000), 0u);
  EXPECT_EQ(Memory(0x2000, 4), "012\xEE");
  EXPECT_EQ(Dma(kSkip, 2, 0), 0u);
  EXPECT_EQ(Dma(kRead, 2, 0x3000), 0u);
  EXPECT_EQ(Memory(0x3000, 3), "56\xEE");
  EXPECT_EQ(Read(1), "7");  // both ways move the same place
  EXPECT_EQ(Dma(0x20u << 16 | kSelect, 0, 0), 0u);
  EXPECT_EQ(Read(1), "0");
}

TEST_F(FwCfgTest, DmaPadsWithZeros) {
  EXPECT_EQ(Dma(kSelect | kRead, 0x3000, 0x2000), 0u);
  EXPECT_EQ(Memory(0x2000, 4), "QEMU");
  EXPECT_EQ(Memory(0x2004, 0x2FFC), std::string(0x2FFC, '\0'));
  EXPECT_EQ(Memory(0x5000, 1), "\xEE");
  EXPECT_EQ(Dma(kSkip, UINT32_MAX, 0), 0u);
  EXPECT_EQ(Dma(kSkip, UINT32_MAX, 0), 0u);
  EXPECT_EQ(Read(1), std::string(1, '\0'));
}

TEST_F(FwCfgTest, DmaReportsWhatItCannotDo) {
  EXPECT_EQ(Dma(kSelect | kWrite, 1, 0x2000), kError);
  EXPECT_EQ(Dma(kSelect | kRead, 1, ram_.bytes.size()), kError);
  EXPECT_EQ(Dma(kSelect | kRead, 1, uint64_t{1} << 32), kError);
  EXPECT_EQ(Dma(kSelect | kRead, 1, UINT64_MAX), kError);
  EXPECT_EQ(Dma(kSelect | kRead, UINT32_MAX, 0x2000), kError);
  // A descriptor where nothing answers.
  bus_->WritePort(0x518, 4, __builtin_bswap32(0xFFFFFFF8));
  EXPECT_EQ(Dma(kSelect, 0, 0), 0u);
}

TEST_F(FwCfgTest, TheUpperHalfOfTheAddressHoldsForOneTransfer) {
  StoreBig32(0x1000, kSelect);
  bus_->WritePort(0x514, 4, __builtin_bswap32(1));
  bus_->WritePort(0x518, 4, __builtin_bswap32(0x1000));
  EXPECT_EQ(Memory(0x1000, 4), std::string("\0\0\0\x08", 4));  // untouched
  bus_->WritePort(0x518, 4, __builtin_bswap32(0x1000));
  EXPECT_EQ(Memory(0x1000, 4), std::string(4, '\0'));
}

TEST_F(FwCfgTest, SavesAndLoads) {
  Select(0);
  Read(2);
  bus_->WritePort(0x514, 4, 7);
  FwCfg other(ram_);
  ExpectRoundTrip(device_, other);
  EXPECT_EQ(other.ReadPort(0x511, 1), 'M');
  ExpectCorruptionHandled(clock_, device_);
  device_.Reset();
  EXPECT_EQ(Read(1), "Q");
}

TEST_F(FwCfgTest, NoSequenceOfAccessesBreaksIt) {
  device_.AddFile("file", FwCfg::Bytes(5000, 1));
  Random random(0x510);
  for (int i = 0; i < 100000; ++i) {
    const auto port = static_cast<uint16_t>(0x50E + random() % 18);
    const unsigned bytes = 1u << random() % 3;
    switch (random() % 4) {
      case 0:
        bus_->ReadPort(port, bytes);
        break;
      case 1:
        bus_->WritePort(port, bytes, random());
        break;
      case 2:
        bus_->WritePort(0x518, 4, __builtin_bswap32(random() % 0x10010));
        break;
      default:
        ram_.bytes[random() % ram_.bytes.size()] = static_cast<uint8_t>(random());
        break;
    }
  }
}

}  // namespace
}  // namespace verbatim
