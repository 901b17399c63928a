// SPDX-License-Identifier: Apache-2.0
// Where the window is plain bytes of the memory it may be mapped into the guest, and that makes no
// difference but in time.
#include <gtest/gtest.h>

#include "base/log.h"
#include "tests/devices/random.h"
#include "tests/devices/vga/mapped_board.h"

namespace verbatim {
namespace {

constexpr unsigned kEnough = 3000;  // accesses after which mapping pays

class PlainWindowTest : public testing::Test {
 protected:
  [[nodiscard]] const std::optional<PlainWindow>& plain() { return board_.vga.window().plain(); }
  void Use(unsigned accesses) {
    for (unsigned i = 0; i < accesses; ++i) board_.Poke(0xA0000 + i, i);
  }

  MappedBoard board_;
};

TEST_F(PlainWindowTest, IsAllOfChain4) {
  board_.SetMode(kVga320x200);
  EXPECT_EQ(plain(), (PlainWindow{0, 0x10000, 0}));
  board_.VgaBoard::Poke(0xA1236, 0x99);
  EXPECT_EQ(board_.memory[0x1236], 0x99);
  EXPECT_EQ(board_.Plane(2, 0x1234), 0x99);
}

TEST_F(PlainWindowTest, IsTheBankOfALinearMode) {
  board_.SetMode(kVga640x480);
  board_.SetVbeMode(640, 480, 16);
  board_.Vbe(kVbeBank, 3);
  EXPECT_EQ(plain(), (PlainWindow{0, 0x10000, 0x30000}));
}

TEST_F(PlainWindowTest, IsNotInPlanesAndText) {
  for (const VgaMode& mode : {kText80x25, kVga640x480, kUnchained320x240}) {
    board_.SetMode(mode);
    EXPECT_FALSE(plain());
  }
}

TEST_F(PlainWindowTest, EndsWithEachRegisterThatComesBetween) {
  struct Case {
    bool sequencer;
    unsigned index;
    unsigned value;
  };
  for (const Case& c : {Case{true, kSeqMapMask, 0x07}, Case{true, kSeqMemoryMode, 0x06},
                        Case{false, kGfxEnableSetReset, 0x01}, Case{false, kGfxDataRotate, 0x08},
                        Case{false, kGfxMode, 0x41}, Case{false, kGfxMode, 0x48},
                        Case{false, kGfxBitMask, 0x7F}, Case{false, kGfxMiscellaneous, 0x04}}) {
    board_.SetMode(kVga320x200);
    Use(kEnough);
    EXPECT_TRUE(board_.mapped);
    c.sequencer ? board_.Sequencer(c.index, c.value) : board_.Graphics(c.index, c.value);
    EXPECT_FALSE(board_.mapped) << c.index;
    EXPECT_FALSE(plain()) << c.index;
  }
  board_.SetMode(kVga320x200);
  Use(kEnough);
  board_.Out(0x3C2, 0x61);  // RAM disabled
  EXPECT_FALSE(board_.mapped);
}

TEST_F(PlainWindowTest, IsMappedOnceItIsUsedMuch) {
  board_.SetMode(kVga320x200);
  Use(100);
  EXPECT_EQ(board_.maps, 0u);
  Use(kEnough);
  EXPECT_EQ(board_.maps, 1u);
  EXPECT_GT(board_.direct, 0u);
}

TEST_F(PlainWindowTest, IsNotMappedForAProgramThatChangesRegistersAllTheTime) {
  board_.SetMode(kVga320x200);
  for (unsigned i = 0; i < 1000; ++i) {
    Use(10);
    board_.Sequencer(kSeqMapMask, 1u << i % 4);
    Use(10);
    board_.Sequencer(kSeqMapMask, 0x0F);
  }
  EXPECT_EQ(board_.maps, 0u);
}

TEST_F(PlainWindowTest, RunsCountForLittle) {
  board_.SetMode(kVga320x200);
  board_.vga.window().FillRun(0, 4, 10000, 0);
  EXPECT_FALSE(board_.wanted);
  for (unsigned i = 0; i < 3; ++i) board_.vga.window().FillRun(0, 4, 10000, 0);
  EXPECT_TRUE(board_.wanted);
}

TEST_F(PlainWindowTest, IsDirtyWhenItWasMapped) {
  board_.SetMode(kVga320x200);
  Use(kEnough);
  ASSERT_TRUE(board_.mapped);
  board_.vga.dirty().Clear();
  board_.Poke(0xAFFFF, 1);
  board_.Sequencer(kSeqMapMask, 0x07);
  EXPECT_TRUE(board_.vga.dirty().Any(0xF000, 0x1000));
}

// As mapped bytes do.
TEST_F(PlainWindowTest, ReadsLeaveTheLatchesAlone) {
  board_.SetMode(kVga640x480);
  StoreLittle(board_.memory.data(), 0x44332211u);
  board_.VgaBoard::Peek(0xA0000);
  board_.SetMode(kVga320x200);
  EXPECT_EQ(board_.VgaBoard::Peek(0xA0010, 4), 0u);
  EXPECT_EQ(board_.VgaBoard::Peek(0xA0011), 0u);
  EXPECT_EQ(board_.vga.window().latches(), 0x44332211u);
}

// Two adapters see the same program; one is mapped whenever that may be.
TEST(PlainWindowRandomTest, MappingMakesNoDifference) {
  SetLogLevel(LogLevel::kError);
  Random random(0x13);
  VgaBoard device;
  MappedBoard mapped;
  const auto both = [&](auto&& act) {
    act(device);
    act(mapped);
  };
  for (unsigned round = 0; round < 300; ++round) {
    switch (random() % 4) {
      case 0:
        both([&](auto& board) { board.Vbe(kVbeEnable, 0); });
        both([&](auto& board) { board.SetMode(kVga320x200); });
        break;
      case 1: {
        const unsigned depth = 8u << random() % 3;
        both([&](auto& board) { board.SetVbeMode(320, 200, depth, kVbeNoClearMemory); });
        break;
      }
      case 2: {
        const unsigned bank = random() % 16;
        both([&](auto& board) { board.Vbe(kVbeBank, bank); });
        break;
      }
      default: {
        const unsigned index = random() % 9;
        const unsigned value = random() & 0xFF;
        const bool sequencer = random() % 2 == 0;
        both([&](auto& board) {
          sequencer ? board.Sequencer(index % 5, value) : board.Graphics(index, value);
        });
        break;
      }
    }
    // Sometimes long enough for the device to ask by itself.
    if (random() % 2 == 0) mapped.wanted = mapped.vga.window().plain().has_value();
    for (unsigned i = random() % 4 == 0 ? kEnough : 20; i != 0; --i) {
      const unsigned bytes = 1u << random() % 4;
      const uint32_t address = 0xA0000 + random() % (0x20000 - bytes + 1);
      const uint64_t value = uint64_t{random()} << 32 | random();
      if (random() % 2 == 0) {
        both([&](auto& board) { board.Poke(address, value, bytes); });
      } else {
        ASSERT_EQ(device.Peek(address, bytes), mapped.Peek(address, bytes)) << round;
      }
    }
    ASSERT_EQ(device.vga.window().latches(), mapped.vga.window().latches()) << round;
    ASSERT_EQ(device.memory, mapped.memory) << round;
  }
  EXPECT_EQ(device.Picture().pixels, mapped.Picture().pixels);
  EXPECT_GT(mapped.maps, 50u);
  EXPECT_GT(mapped.direct, 10'000u);
  SetLogLevel(LogLevel::kWarning);
}

}  // namespace
}  // namespace verbatim
