// SPDX-License-Identifier: Apache-2.0
// The window A0000h to BFFFFh: memory map, planes, latches, read and write modes.
#include <gtest/gtest.h>

#include "tests/devices/vga/vga_board.h"

namespace verbatim {
namespace {

class VgaMemoryTest : public testing::Test {
 protected:
  // The byte at `address` of planes 3, 2, 1, 0.
  uint32_t Planes(size_t address) { return LoadLittle<uint32_t>(&board_.Plane(0, address)); }
  // Sets it, and lets the latches hold it.
  void Latch(uint32_t planes) {
    StoreLittle(&board_.memory[0], planes);
    board_.Peek(0xA0000);
  }

  VgaBoard board_;
};

TEST_F(VgaMemoryTest, MemoryMapSelectsOneOfFourWindows) {
  board_.SetMode(kVga640x480);
  struct Case {
    unsigned map;
    uint32_t first;
    uint32_t bytes;
  };
  for (const Case& c : {Case{0, 0xA0000, 0x20000}, Case{1, 0xA0000, 0x10000},
                        Case{2, 0xB0000, 0x8000}, Case{3, 0xB8000, 0x8000}}) {
    board_.Graphics(kGfxMiscellaneous, c.map << 2 | 1);
    std::ranges::fill(board_.memory, uint8_t{0});
    for (uint32_t address = 0xA0000; address < 0xC0000; address += 0x1000) {
      const bool inside = address >= c.first && address < c.first + c.bytes;
      EXPECT_EQ(board_.Peek(address), inside ? 0u : 0xFFu) << std::hex << address;
    }
    board_.Poke(c.first + 5, 0x77);
    EXPECT_EQ(Planes(5), 0x77777777u);
  }
}

TEST_F(VgaMemoryTest, AccessAcrossTheEdgeOfTheWindowIsHalfInside) {
  board_.SetMode(kText80x25);
  board_.Poke(0xB7FFE, 0x44332211, 4);
  EXPECT_EQ(board_.Plane(0, 0), 0x33);
  EXPECT_EQ(board_.Plane(1, 0), 0x44);
  EXPECT_EQ(board_.Peek(0xB7FFE, 4), 0x4433FFFFu);
  EXPECT_EQ(board_.Peek(0xBFFFE, 2), 0u);
}

TEST_F(VgaMemoryTest, RamEnableClosesTheWindow) {
  board_.SetMode(kVga640x480);
  board_.Out(0x3C2, 0xE1);
  board_.Poke(0xA0000, 1);
  EXPECT_EQ(Planes(0), 0u);
  EXPECT_EQ(board_.Peek(0xA0000), 0xFFu);
}

TEST_F(VgaMemoryTest, MapMaskSelectsThePlanesThatAreWritten) {
  board_.SetMode(kVga640x480);
  board_.Sequencer(kSeqMapMask, 0x05);
  board_.Poke(0xA0010, 0x9A);
  EXPECT_EQ(Planes(0x10), 0x009A009Au);
}

TEST_F(VgaMemoryTest, ReadMode0ReadsTheSelectedPlane) {
  board_.SetMode(kVga640x480);
  StoreLittle(&board_.Plane(0, 0x20), 0x44332211u);
  for (unsigned plane = 0; plane < 4; ++plane) {
    board_.Graphics(kGfxReadMapSelect, plane);
    EXPECT_EQ(board_.Peek(0xA0020), 0x11u * (plane + 1));
  }
}

TEST_F(VgaMemoryTest, ReadMode1ComparesColoursInThePlanesThatMatter) {
  board_.SetMode(kVga640x480);
  // Pixels, from the left: 5 5 7 5 0 0 0 D.
  board_.Plane(0, 0) = 0b11110001;
  board_.Plane(1, 0) = 0b00100000;
  board_.Plane(2, 0) = 0b11110001;
  board_.Plane(3, 0) = 0b00000001;
  board_.Graphics(kGfxMode, 0x08);
  board_.Graphics(kGfxColourCompare, 0x05);
  board_.Graphics(kGfxColourDontCare, 0x0F);
  EXPECT_EQ(board_.Peek(0xA0000), 0b11010000u);
  board_.Graphics(kGfxColourDontCare, 0x07);  // plane 3 does not matter
  EXPECT_EQ(board_.Peek(0xA0000), 0b11010001u);
  board_.Graphics(kGfxColourDontCare, 0x00);
  EXPECT_EQ(board_.Peek(0xA0000), 0xFFu);
}

TEST_F(VgaMemoryTest, WriteMode0RotatesRight) {
  board_.SetMode(kVga640x480);
  board_.Graphics(kGfxDataRotate, 3);
  board_.Poke(0xA0001, 0b10000101);
  EXPECT_EQ(Planes(1), 0xB0B0B0B0u);
}

TEST_F(VgaMemoryTest, WriteMode0TakesSetResetInThePlanesThatEnableIt) {
  board_.SetMode(kVga640x480);
  board_.Graphics(kGfxSetReset, 0x03);
  board_.Graphics(kGfxEnableSetReset, 0x05);
  board_.Poke(0xA0001, 0x3C);
  EXPECT_EQ(Planes(1), 0x3C003CFFu);
}

TEST_F(VgaMemoryTest, BitMaskTakesTheOtherBitsFromTheLatches) {
  board_.SetMode(kVga640x480);
  Latch(0xF0F0AA55);
  board_.Graphics(kGfxBitMask, 0x0F);
  board_.Poke(0xA0002, 0x96);
  EXPECT_EQ(Planes(2), 0xF6F6A656u);
}

TEST_F(VgaMemoryTest, LogicCombinesWithTheLatches) {
  board_.SetMode(kVga640x480);
  Latch(0xFF00AA55);
  board_.Graphics(kGfxDataRotate, 1 << 3);
  board_.Poke(0xA0004, 0x3C);
  EXPECT_EQ(Planes(4), 0x3C002814u);
  board_.Graphics(kGfxDataRotate, 2 << 3);
  board_.Poke(0xA0004, 0x3C);
  EXPECT_EQ(Planes(4), 0xFF3CBE7Du);
  board_.Graphics(kGfxDataRotate, 3 << 3);
  board_.Poke(0xA0004, 0x3C);
  EXPECT_EQ(Planes(4), 0xC33C9669u);
}

TEST_F(VgaMemoryTest, WriteMode1CopiesTheLatches) {
  board_.SetMode(kVga640x480);
  Latch(0x12345678);
  board_.Graphics(kGfxMode, 0x01);
  board_.Graphics(kGfxBitMask, 0x00);  // has no effect here
  board_.Sequencer(kSeqMapMask, 0x07);
  board_.Poke(0xA0008, 0xFF);
  EXPECT_EQ(Planes(8), 0x00345678u);
}

TEST_F(VgaMemoryTest, WriteMode2MakesPixelsOfTheColourInTheByte) {
  board_.SetMode(kVga640x480);
  Latch(0x00FF00FF);
  board_.Graphics(kGfxMode, 0x02);
  board_.Graphics(kGfxBitMask, 0x80);
  board_.Poke(0xA0009, 0x0A);
  EXPECT_EQ(Planes(9), 0x807F807Fu);
}

TEST_F(VgaMemoryTest, WriteMode3MasksSetResetWithTheByte) {
  board_.SetMode(kVga640x480);
  Latch(0x00000000);
  board_.Graphics(kGfxMode, 0x03);
  board_.Graphics(kGfxSetReset, 0x0C);
  board_.Graphics(kGfxDataRotate, 4);
  board_.Graphics(kGfxBitMask, 0x3F);
  board_.Poke(0xA000A, 0xF7);
  EXPECT_EQ(Planes(10), 0x3F3F0000u);
  board_.Poke(0xA000B, 0x21);
  EXPECT_EQ(Planes(11), 0x12120000u);
}

TEST_F(VgaMemoryTest, WideAccessesAreBytesInAscendingOrder) {
  board_.SetMode(kVga640x480);
  board_.Poke(0xA0100, 0x44332211, 4);
  EXPECT_EQ(Planes(0x100), 0x11111111u);
  EXPECT_EQ(Planes(0x103), 0x44444444u);
  EXPECT_EQ(board_.Peek(0xA0102, 2), 0x4433u);
  EXPECT_EQ(board_.vga.window().latches(), 0x44444444u);
}

TEST_F(VgaMemoryTest, Chain4SpreadsBytesOverThePlanesAtEveryFourthAddress) {
  board_.SetMode(kVga320x200);
  board_.Poke(0xA1234, 0x44332211, 4);
  EXPECT_EQ(Planes(0x1234), 0x44332211u);
  board_.Poke(0xA1236, 0x99);
  EXPECT_EQ(Planes(0x1234), 0x44992211u);
  EXPECT_EQ(board_.Peek(0xA1236), 0x99u);
  EXPECT_EQ(board_.Peek(0xA1234, 4), 0x44992211u);
  board_.Sequencer(kSeqMapMask, 0x0B);  // not plane 2
  board_.Poke(0xA1234, 0, 4);
  EXPECT_EQ(Planes(0x1234), 0x00990000u);
}

TEST_F(VgaMemoryTest, Chain4GoesThroughTheWriteLogicToo) {
  board_.SetMode(kVga320x200);
  board_.Graphics(kGfxBitMask, 0x0F);
  Latch(0xFFFFFFFF);
  board_.Poke(0xA0006, 0x00);
  EXPECT_EQ(Planes(4), 0x00F00000u);
}

TEST_F(VgaMemoryTest, OddEvenPutsCharactersAndAttributesIntoPlanes0And1) {
  board_.SetMode(kText80x25);
  board_.Poke(0xB8006, 0x1F41, 2);
  EXPECT_EQ(Planes(6), 0x00001F41u);
  EXPECT_EQ(Planes(7), 0u);
  board_.Poke(0xB8007, 0x2E);
  EXPECT_EQ(board_.Peek(0xB8006, 2), 0x2E41u);
  EXPECT_EQ(board_.Peek(0xB8007), 0x2Eu);
  board_.Poke(0xB8010, 0x0744074307420741, 8);
  EXPECT_EQ(Planes(0x16), 0x00000744u);
  EXPECT_EQ(board_.Peek(0xB8010, 8), 0x0744074307420741u);
}

TEST_F(VgaMemoryTest, OddEvenReachesPlanes2And3ThroughTheMapMask) {
  board_.SetMode(kText80x25);
  board_.Sequencer(kSeqMapMask, 0x0F);
  board_.Poke(0xB8000, 0xBBAA, 2);
  EXPECT_EQ(Planes(0), 0xBBAABBAAu);
  board_.Plane(3, 0) = 0xCC;
  board_.Graphics(kGfxReadMapSelect, 2);
  EXPECT_EQ(board_.Peek(0xB8000, 2), 0xCCAAu);
}

TEST_F(VgaMemoryTest, OddEvenGives128KWindowsBothHalvesOfThePlanes) {
  board_.SetMode(kText80x25);
  board_.Graphics(kGfxMiscellaneous, 0x02);
  board_.Poke(0xA0004, 0x11);
  board_.Poke(0xB0004, 0x22);
  EXPECT_EQ(board_.Plane(0, 4), 0x11);
  EXPECT_EQ(board_.Plane(0, 5), 0x22);
}

// As the BIOS loads fonts.
TEST_F(VgaMemoryTest, FontsGoToPlane2Sequentially) {
  board_.SetMode(kText80x25);
  board_.Sequencer(kSeqMapMask, 0x04);
  board_.Sequencer(kSeqMemoryMode, 0x06);
  board_.Graphics(kGfxReadMapSelect, 0x02);
  board_.Graphics(kGfxMode, 0x00);
  board_.Graphics(kGfxMiscellaneous, 0x04);
  for (unsigned i = 0; i < 32; ++i) board_.Poke(0xA0820 + i, 0x80 + i);
  EXPECT_EQ(board_.Plane(2, 0x820), 0x80);
  EXPECT_EQ(board_.Plane(2, 0x83F), 0x9F);
  EXPECT_EQ(board_.Plane(0, 0x820), 0);
  EXPECT_EQ(board_.Peek(0xA0821), 0x81u);
}

TEST_F(VgaMemoryTest, LinearModesShowBanksOf64K) {
  board_.SetMode(kText80x25);
  board_.SetVbeMode(640, 480, 8);
  board_.Vbe(kVbeBank, 3);
  board_.Poke(0xA0000, 0x0123456789ABCDEF, 8);
  EXPECT_EQ(LoadLittle<uint64_t>(&board_.memory[0x30000]), 0x0123456789ABCDEFu);
  EXPECT_EQ(board_.Peek(0xA0003, 2), 0x6789u);
  EXPECT_EQ(board_.Peek(0xB0000), 0xFFu);
  board_.Vbe(kVbeEnable, 0);
  EXPECT_EQ(board_.Peek(0xB8000), 0u);
}

TEST_F(VgaMemoryTest, PlanarVbeModesBankThePlanes) {
  board_.SetMode(kVga640x480);
  board_.SetVbeMode(1024, 768, 4);
  board_.Vbe(kVbeBank, 1);
  board_.Poke(0xA0007, 0x5A);
  EXPECT_EQ(Planes(0x10007), 0x5A5A5A5Au);
  EXPECT_EQ(board_.Peek(0xA0007), 0x5Au);
}

TEST_F(VgaMemoryTest, WritesMarkThePagesTheyChange) {
  board_.SetMode(kVga640x480);
  DirtyPages& dirty = board_.vga.dirty();
  dirty.Clear();
  board_.Peek(0xA1000);
  EXPECT_FALSE(dirty.Any(0, VgaBoard::kMemoryBytes));
  board_.Poke(0xA1000, 1);  // word 400h: page 1
  EXPECT_FALSE(dirty.Any(0, 0x1000));
  EXPECT_TRUE(dirty.Any(0x1000, 1));
  EXPECT_FALSE(dirty.Any(0x2000, VgaBoard::kMemoryBytes));
  board_.SetVbeMode(640, 480, 8, kVbeNoClearMemory);
  dirty.Clear();
  board_.Poke(0xA0FFC, 1, 8);
  EXPECT_TRUE(dirty.Any(0, 0x1000));
  EXPECT_TRUE(dirty.Any(0x1000, 0x1000));
}

}  // namespace
}  // namespace verbatim
