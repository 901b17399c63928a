// SPDX-License-Identifier: Apache-2.0
// The registers at their ports: which bits stay, who may write, what moves on by itself.
#include <gtest/gtest.h>

#include "tests/devices/vga/vga_board.h"

namespace verbatim {
namespace {

class VgaRegistersTest : public testing::Test {
 protected:
  void SetUp() override { board_.Out(0x3C2, 0x67); }
  VgaBoard board_;
};

TEST_F(VgaRegistersTest, SequencerKeepsTheBitsThatExist) {
  constexpr uint8_t kBits[] = {0x03, 0x3D, 0x0F, 0x3F, 0x0E, 0x00, 0x00, 0x00};
  for (unsigned i = 0; i < std::size(kBits); ++i) {
    board_.Sequencer(i, 0xFF);
    EXPECT_EQ(board_.In(0x3C5), kBits[i]) << i;
  }
}

TEST_F(VgaRegistersTest, GraphicsControllerKeepsTheBitsThatExist) {
  constexpr uint8_t kBits[] = {0x0F, 0x0F, 0x0F, 0x1F, 0x03, 0x7B, 0x0F, 0x0F, 0xFF, 0x00};
  for (unsigned i = 0; i < std::size(kBits); ++i) {
    board_.Graphics(i, 0xFF);
    EXPECT_EQ(board_.In(0x3CF), kBits[i]) << i;
  }
}

TEST_F(VgaRegistersTest, MiscOutputIsWrittenAndReadAtDifferentPorts) {
  board_.Out(0x3C2, 0xFF);
  EXPECT_EQ(board_.In(0x3CC), 0xEF);
  EXPECT_EQ(board_.In(0x3C2), 0x10);  // Input Status 0: a monitor is there
}

TEST_F(VgaRegistersTest, CrtcIsAtTheColourOrTheMonochromeAddress) {
  board_.Crtc(kCrtcOffset, 0x28);
  EXPECT_EQ(board_.In(0x3D5), 0x28);
  EXPECT_EQ(board_.In(0x3B5), 0xFF);
  board_.Out(0x3B5, 0x11);  // nobody there
  EXPECT_EQ(board_.In(0x3D5), 0x28);
  board_.Out(0x3C2, 0x66);
  EXPECT_EQ(board_.In(0x3B5), 0x28);
  EXPECT_EQ(board_.In(0x3B4), kCrtcOffset);
  EXPECT_EQ(board_.In(0x3D5), 0xFF);
  EXPECT_EQ(board_.In(0x3DA), 0xFF);
}

TEST_F(VgaRegistersTest, ProtectionLocksCrtcRegisters0To7ButForLineCompare8) {
  for (unsigned i = 0; i <= 7; ++i) board_.Crtc(i, 0x0F);
  board_.Crtc(kCrtcVerticalRetraceEnd, 0x8E);
  for (unsigned i = 0; i <= 7; ++i) board_.Crtc(i, 0xF0);
  for (unsigned i = 0; i <= 6; ++i) EXPECT_EQ(board_.Crtc(i), 0x0F) << i;
  EXPECT_EQ(board_.Crtc(7), 0x1F);
  board_.Crtc(8, 0x60);
  EXPECT_EQ(board_.Crtc(8), 0x60);
  board_.Crtc(kCrtcVerticalRetraceEnd, 0x0E);
  board_.Crtc(0, 0xF0);
  EXPECT_EQ(board_.Crtc(0), 0xF0);
}

TEST_F(VgaRegistersTest, CrtcRegistersThatDoNotExistReadZero) {
  board_.Crtc(0x19, 0xFF);
  EXPECT_EQ(board_.Crtc(0x19), 0);
  EXPECT_EQ(board_.Crtc(0x3F), 0);
}

TEST_F(VgaRegistersTest, AttributePortTakesIndexAndDataByTurns) {
  board_.In(0x3DA);
  board_.Out(0x3C0, 0x11);
  board_.Out(0x3C0, 0x2A);
  board_.Out(0x3C0, 0x12);
  board_.Out(0x3C0, 0xFF);
  board_.Out(0x3C0, 0x31);
  EXPECT_EQ(board_.In(0x3C0), 0x31);
  EXPECT_EQ(board_.In(0x3C1), 0x2A);
  board_.In(0x3DA);  // an index is next
  board_.Out(0x3C0, 0x12);
  EXPECT_EQ(board_.In(0x3C1), 0x0F | 0x30);
}

TEST_F(VgaRegistersTest, AttributeControllerKeepsTheBitsThatExist) {
  for (unsigned i = 0; i < 32; ++i) {
    uint8_t bits = 0;
    if (i < 0x10) bits = 0x3F;
    if (i == 0x10) bits = 0xEF;
    if (i == 0x11) bits = 0xFF;
    if (i == 0x12) bits = 0x3F;
    if (i == 0x13 || i == 0x14) bits = 0x0F;
    board_.In(0x3DA);
    board_.Out(0x3C0, i);
    board_.Out(0x3C0, 0xFF);
    EXPECT_EQ(board_.In(0x3C1), bits) << i;
  }
}

TEST_F(VgaRegistersTest, FeatureControlIsWrittenAtTheStatusPort) {
  board_.Out(0x3DA, 0xFF);
  EXPECT_EQ(board_.In(0x3CA), 0x0B);
}

TEST_F(VgaRegistersTest, DacMovesOnAfterThreeComponents) {
  board_.Out(0x3C8, 0xFF);
  for (const unsigned level : {1u, 2u, 3u, 4u, 5u, 0xC6u}) board_.Out(0x3C9, level);
  EXPECT_EQ(board_.In(0x3C8), 0x01);
  board_.Out(0x3C7, 0xFF);
  for (const unsigned level : {1u, 2u, 3u, 4u, 5u, 6u}) EXPECT_EQ(board_.In(0x3C9), level);
}

TEST_F(VgaRegistersTest, ADacEntryChangesAsAWhole) {
  board_.Dac(7, 10, 20, 30);
  board_.Out(0x3C8, 7);
  board_.Out(0x3C9, 1);
  board_.Out(0x3C9, 2);
  board_.Out(0x3C7, 7);
  EXPECT_EQ(board_.In(0x3C9), 10);
  EXPECT_EQ(board_.In(0x3C9), 20);
  EXPECT_EQ(board_.In(0x3C9), 30);
}

TEST_F(VgaRegistersTest, DacStateTellsWhichIndexWasWrittenLast) {
  board_.Out(0x3C8, 0);
  EXPECT_EQ(board_.In(0x3C7), 0);
  board_.Out(0x3C7, 0);
  EXPECT_EQ(board_.In(0x3C7), 3);
}

TEST_F(VgaRegistersTest, DacMaskIsAllOnesAfterReset) {
  EXPECT_EQ(board_.In(0x3C6), 0xFF);
  board_.Out(0x3C6, 0x0F);
  EXPECT_EQ(board_.In(0x3C6), 0x0F);
  board_.vga.Reset();
  EXPECT_EQ(board_.In(0x3C6), 0xFF);
  EXPECT_EQ(board_.In(0x3CC), 0);
}

TEST_F(VgaRegistersTest, DisabledSubsystemAnswersAtItsEnableOnly) {
  board_.SetMode(kVga320x200);
  board_.Poke(0xA0000, 0x55);
  EXPECT_EQ(board_.In(0x3C3), 1);
  board_.Out(0x3C3, 0);
  EXPECT_EQ(board_.In(0x3CC), 0xFF);
  EXPECT_EQ(board_.Peek(0xA0000), 0xFFu);
  board_.Out(0x3C2, 0);
  board_.Out(0x3C3, 1);
  EXPECT_EQ(board_.In(0x3CC), 0x63);
  EXPECT_EQ(board_.Peek(0xA0000), 0x55u);
}

// 25.175 MHz, 100 characters of 8 dots a line, 449 lines a frame.
TEST_F(VgaRegistersTest, RetraceAndDisplayEnableFollowTheClock) {
  board_.SetMode(kVga320x200);
  const auto status_at = [this](unsigned line, unsigned character) {
    board_.clock.now_ns = (uint64_t{line} * 100 + character) * 8 * 1'000'000 / 25'175 + 20;
    return board_.In(0x3DA);
  };
  EXPECT_EQ(status_at(0, 0), 0x00);
  EXPECT_EQ(status_at(0, 79), 0x00);
  EXPECT_EQ(status_at(0, 80), 0x01);
  EXPECT_EQ(status_at(1, 0), 0x00);
  EXPECT_EQ(status_at(399, 0), 0x00);
  EXPECT_EQ(status_at(400, 0), 0x01);
  EXPECT_EQ(status_at(411, 99), 0x01);
  EXPECT_EQ(status_at(412, 0), 0x09);
  EXPECT_EQ(status_at(413, 99), 0x09);
  EXPECT_EQ(status_at(414, 0), 0x01);
  EXPECT_EQ(status_at(448, 99), 0x01);
  EXPECT_EQ(status_at(449, 0), 0x00);
  EXPECT_EQ(board_.vga.Display().frame, 1u);
}

TEST_F(VgaRegistersTest, EveryModeHasARetraceAboutSixtyOrSeventyTimesASecond) {
  for (const VgaMode& mode : {kText40x25, kText80x25, kCga320x200, kVga640x480, kVga320x200}) {
    board_.SetMode(mode);
    board_.clock.now_ns = 1'000'000'000;
    const bool lines_480 = (mode.misc_output & 0x80) != 0;
    EXPECT_EQ(board_.vga.Display().frame, lines_480 ? 59u : 70u);
  }
}

TEST_F(VgaRegistersTest, SavesAndLoads) {
  board_.SetMode(kText80x25);
  board_.Poke(0xB8000, 0x1234, 2);
  board_.Peek(0xB8000);
  board_.Out(0x3C8, 5);
  board_.Out(0x3C9, 9);
  board_.SetVbeMode(64, 48, 32, kVbe8BitDac | kVbeNoClearMemory);
  board_.Vbe(kVbeVirtualWidth, 128);
  board_.Vbe(kVbeYOffset, 3);
  VgaBoard other;
  ExpectRoundTrip(board_.vga, other.vga);
  std::ranges::copy(board_.memory, other.memory.begin());
  EXPECT_EQ(other.Picture().pixels, board_.Picture().pixels);
  // Colour 5 is half written in both.
  for (VgaBoard* board : {&board_, &other}) {
    board->Out(0x3C9, 8);
    board->Out(0x3C9, 7);
    board->Out(0x3C7, 5);
    EXPECT_EQ(board->In(0x3C9), 9);
  }
}

TEST_F(VgaRegistersTest, CorruptStatesAreRefusedOrHarmless) {
  board_.SetMode(kText80x25);
  ExpectCorruptionHandled(board_.clock, board_.vga);
  board_.SetVbeMode(64, 48, 4);
  ExpectCorruptionHandled(board_.clock, board_.vga);
}

TEST_F(VgaRegistersTest, AStateOfMoreMemoryIsRefused) {
  VgaBoard big(4u << 20);
  big.SetVbeMode(1024, 768, 32);
  const std::vector<uint8_t> bytes = Saved(big.vga);
  StateReader reader(bytes);
  const Status status = board_.vga.Load(reader);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("within the video memory"), std::string::npos);
}

}  // namespace
}  // namespace verbatim
