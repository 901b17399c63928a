// SPDX-License-Identifier: Apache-2.0
// Int 10h, function 4Fh, on an adapter of 16 MiB.
#include <initializer_list>
#include <map>
#include <numeric>

#include "firmware/bios/video/video_rom.h"
#include "tests/firmware/bios/video_fixture.h"

namespace verbatim {
namespace {

constexpr uint16_t kDone = 0x004F;
constexpr uint16_t kFailed = 0x014F;
constexpr uint16_t kWrongMode = 0x034F;
constexpr uint32_t kFrameBuffer = 0xE0000000;

// The adapter's function on the PCI bus, as far as the BIOS asks for it.
class PciStandIn : public PortDevice {
 public:
  uint32_t ReadPort(uint16_t /*port*/, unsigned /*bytes*/) override {
    const auto found = registers.find(address_);
    return found == registers.end() ? ~0u : found->second;
  }
  void WritePort(uint16_t /*port*/, unsigned /*bytes*/, uint32_t value) override {
    address_ = value;
  }

  std::map<uint32_t, uint32_t> registers;

 private:
  uint32_t address_ = 0;
};

class VbeTest : public VideoTest {
 protected:
  VbeTest() {
    bus_.Claim(0xCF8, 4, 4, pci_);
    bus_.Claim(0xCFC, 4, 4, pci_);
    pci_.registers = {
        {0x80001800, 0x11111234}, {0x80001804, 0x00000003}, {0x80001810, kFrameBuffer | 8}};
  }
  uint16_t Vbe(uint8_t function, Registers in = {}) {
    in.ax = static_cast<uint16_t>(0x4F00 | function);
    Int10(in);
    return regs().ax();
  }
  uint16_t SetVbeMode(unsigned mode) { return Vbe(0x02, {.bx = static_cast<uint16_t>(mode)}); }

  PciStandIn pci_;
};

TEST_F(VbeTest, TheControllerIsDescribed) {
  Poke(kBuffer, uint32_t{0x32454256});  // "VBE2"
  ASSERT_EQ(Vbe(0x00), kDone);
  EXPECT_EQ(Peek<uint32_t>(kBuffer), 0x41534556u);  // "VESA"
  EXPECT_EQ(Peek<uint16_t>(kBuffer + 4), 0x0300);
  EXPECT_EQ(Peek<uint32_t>(kBuffer + 0x0A), 1u);   // the DAC has 6 or 8 bits
  EXPECT_EQ(Peek<uint16_t>(kBuffer + 0x12), 256);  // 64 KiB each
  EXPECT_EQ(Peek<uint16_t>(kBuffer + 0x08), 0xC000);
  EXPECT_EQ(Peek<uint8_t>(0xC0000 + Peek<uint16_t>(kBuffer + 0x06)), 'V');
}

TEST_F(VbeTest, CallersOfOldVersionsGetShortInformation) {
  Poke(kBuffer + 256, uint32_t{0x5A5A5A5A});
  ASSERT_EQ(Vbe(0x00), kDone);
  EXPECT_EQ(Peek<uint32_t>(kBuffer + 256), 0x5A5A5A5Au);
}

TEST_F(VbeTest, EveryModeOfTheListIsDescribedSetAndReported) {
  Poke(kBuffer, uint32_t{0x32454256});
  ASSERT_EQ(Vbe(0x00), kDone);
  const uint32_t list = Peek<uint16_t>(kBuffer + 0x10) * 16u + Peek<uint16_t>(kBuffer + 0x0E);
  std::vector<uint16_t> modes;
  for (uint32_t at = list; Peek<uint16_t>(at) != 0xFFFF; at += 2) {
    modes.push_back(Peek<uint16_t>(at));
  }
  ASSERT_EQ(modes.size(), 70u);
  for (const uint16_t mode : modes) {
    ASSERT_EQ(Vbe(0x01, {.cx = mode, .di = 0x400}), kDone) << std::hex << mode;
    const auto width = Peek<uint16_t>(kBuffer + 0x412);
    const auto height = Peek<uint16_t>(kBuffer + 0x414);
    const auto bits = Peek<uint8_t>(kBuffer + 0x419);
    const bool linear = (Peek<uint16_t>(kBuffer + 0x400) & 0x80) != 0;
    EXPECT_EQ(linear, bits != 4);
    EXPECT_EQ(Peek<uint32_t>(kBuffer + 0x428), linear ? kFrameBuffer : 0);
    const uint16_t number = static_cast<uint16_t>(mode | (linear ? 0x4000 : 0) | 0x8000);
    ASSERT_EQ(SetVbeMode(number), kDone) << std::hex << mode;
    const VbeRegisters vbe = vga_.Display().vbe;
    EXPECT_TRUE(vbe.enabled());
    EXPECT_EQ(vbe.x_res, width);
    EXPECT_EQ(vbe.y_res, height);
    EXPECT_EQ(vbe.bpp, bits);
    EXPECT_EQ(vbe.PitchBytes(), Peek<uint16_t>(kBuffer + 0x410));
    EXPECT_FALSE(vga_.Display().IsBlank());
    ASSERT_EQ(Vbe(0x03), kDone);
    EXPECT_EQ(regs().bx(), number);
  }
}

TEST_F(VbeTest, WithoutAPciFunctionThereIsNoLinearFrameBuffer) {
  pci_.registers.clear();
  ASSERT_EQ(Vbe(0x01, {.cx = 0x101}), kDone);
  EXPECT_EQ(Peek<uint16_t>(kBuffer) & 0x80, 0);
  EXPECT_EQ(Peek<uint32_t>(kBuffer + 0x28), 0u);
}

TEST_F(VbeTest, ModesThatAreNotThereFail) {
  EXPECT_EQ(Vbe(0x01, {.cx = 0x1FF}), kFailed);
  EXPECT_EQ(SetVbeMode(0x1FF), kFailed);
  EXPECT_EQ(SetVbeMode(0x4102), kFailed);  // planes have no linear frame buffer
  EXPECT_EQ(SetVbeMode(0x055), kFailed);
  EXPECT_EQ(Peek<uint8_t>(0x449), 3);
}

TEST_F(VbeTest, PixelsOfADirectColourModeLieAsDescribed) {
  ASSERT_EQ(Vbe(0x01, {.cx = 0x111}), kDone);
  EXPECT_EQ(Peek<uint8_t>(kBuffer + 0x1B), 6);
  EXPECT_EQ(Peek<uint32_t>(kBuffer + 0x1F), 0x05060B05u);  // red 5 at 11, green 6 at 5
  ASSERT_EQ(SetVbeMode(0x4111), kDone);
  Poke(0xA0000, uint16_t{0xF800});
  EXPECT_EQ(Picture().At(0, 0), 0xFF0000u);
  EXPECT_EQ(Picture().At(1, 0), 0u);
}

TEST_F(VbeTest, MemoryIsClearedUnlessBit15IsSet) {
  ASSERT_EQ(SetVbeMode(0x4101), kDone);
  EXPECT_EQ(Peek<uint8_t>(0xA0000), 0);
  Poke(0xA0000, uint8_t{15});
  ASSERT_EQ(SetVbeMode(0xC101), kDone);
  EXPECT_EQ(Peek<uint8_t>(0xA0000), 15);
  EXPECT_EQ(Picture().At(0, 0), 0xFFFFFFu);
}

TEST_F(VbeTest, TheWindowShowsEachBank) {
  ASSERT_EQ(Vbe(0x05), kWrongMode);
  ASSERT_EQ(SetVbeMode(0x103), kDone);
  ASSERT_EQ(Vbe(0x05, {.dx = 3}), kDone);
  Poke(0xA0000, uint8_t{7});
  EXPECT_EQ(video_memory_[3 * 0x10000], 7);
  ASSERT_EQ(Vbe(0x05, {.bx = 0x0100}), kDone);
  EXPECT_EQ(regs().dx(), 3);
  EXPECT_EQ(Vbe(0x05, {.dx = 256}), kFailed);
  EXPECT_EQ(Vbe(0x05, {.bx = 0x0001}), kFailed);  // there is no window B
  ASSERT_EQ(SetVbeMode(0x4103), kDone);
  EXPECT_EQ(Vbe(0x05, {.bx = 0x0100}), kWrongMode);
}

TEST_F(VbeTest, LinesCanBeLongerThanTheyShow) {
  ASSERT_EQ(SetVbeMode(0x4111), kDone);
  ASSERT_EQ(Vbe(0x06, {.bx = 0, .cx = 1024}), kDone);
  EXPECT_EQ(regs().bx(), 2048);
  EXPECT_EQ(regs().cx(), 1024);
  EXPECT_EQ(regs().dx(), (16u << 20) / 2048);
  ASSERT_EQ(Vbe(0x06, {.bx = 2, .cx = 1601}), kDone);  // bytes, rounded up to pixels
  EXPECT_EQ(regs().cx(), 801);
  EXPECT_EQ(Vbe(0x06, {.bx = 0, .cx = 639}), kFailed);
  ASSERT_EQ(Vbe(0x06, {.bx = 1}), kDone);
  EXPECT_EQ(regs().cx(), 801);
  ASSERT_EQ(Vbe(0x06, {.bx = 3}), kDone);
  EXPECT_EQ(regs().cx(), (16u << 20) / 480 / 2);
}

TEST_F(VbeTest, TheDisplayStartsWhereItIsTold) {
  ASSERT_EQ(SetVbeMode(0x4101), kDone);
  video_memory_[640 * 100 + 5] = 15;
  ASSERT_EQ(Vbe(0x06, {.bx = 0, .cx = 800}), kDone);
  video_memory_[800 * 100 + 5] = 15;
  ASSERT_EQ(Vbe(0x07, {.bx = 0, .cx = 5, .dx = 100}), kDone);
  EXPECT_EQ(Picture().At(0, 0), 0xFFFFFFu);
  ASSERT_EQ(Vbe(0x07, {.bx = 1}), kDone);
  EXPECT_EQ(regs().cx(), 5);
  EXPECT_EQ(regs().dx(), 100);
  EXPECT_EQ(Vbe(0x07, {.bx = 0x80, .cx = 161, .dx = 0}), kFailed);
  ASSERT_EQ(Vbe(0x07, {.bx = 1}), kDone);
  EXPECT_EQ(regs().cx(), 5);
  ASSERT_EQ(Vbe(0x07, {.bx = 0x82, .cx = 800 * 3 + 2}), kDone);
  ASSERT_EQ(Vbe(0x07, {.bx = 1}), kDone);
  EXPECT_EQ(regs().cx(), 2);
  EXPECT_EQ(regs().dx(), 3);
}

TEST_F(VbeTest, TheDacHasSixOrEightBits) {
  ASSERT_EQ(SetVbeMode(0x4101), kDone);
  ASSERT_EQ(Vbe(0x08, {.bx = 0x0800}), kDone);
  EXPECT_EQ(regs().bh(), 8);
  Poke(kBuffer, uint32_t{0x00FF8040});
  ASSERT_EQ(Vbe(0x09, {.bx = 0, .cx = 1, .dx = 200}), kDone);
  Poke(0xA0000, uint8_t{200});
  EXPECT_EQ(Picture().At(0, 0), 0xFF8040u);
  ASSERT_EQ(Vbe(0x09, {.bx = 1, .cx = 1, .dx = 200, .di = 8}), kDone);
  EXPECT_EQ(Peek<uint32_t>(kBuffer + 8), 0x00FF8040u);
  EXPECT_EQ(Vbe(0x09, {.bx = 0, .cx = 2, .dx = 255}), kFailed);
  ASSERT_EQ(Vbe(0x08, {.bx = 0x0600}), kDone);
  EXPECT_EQ(regs().bh(), 6);
  ASSERT_EQ(SetVbeMode(0x4111), kDone);
  EXPECT_EQ(Vbe(0x08, {.bx = 1}), kWrongMode);
}

TEST_F(VbeTest, StateIsSavedAndRestored) {
  ASSERT_EQ(SetVbeMode(0x4101), kDone);
  ASSERT_EQ(Vbe(0x06, {.bx = 0, .cx = 704}), kDone);
  ASSERT_EQ(Vbe(0x07, {.bx = 0, .cx = 8, .dx = 16}), kDone);
  Int10({.ax = 0x1010, .bx = 77, .cx = 0x0102, .dx = 0x0300});
  ASSERT_EQ(Vbe(0x04, {.cx = 15, .dx = 0}), kDone);
  EXPECT_EQ(regs().bx(), 1 + 2 + 1 + 13);
  ASSERT_EQ(Vbe(0x04, {.bx = 0, .cx = 15, .dx = 1}), kDone);
  const VbeRegisters before = vga_.Display().vbe;

  SetMode(0x03);
  ASSERT_EQ(Vbe(0x04, {.bx = 0, .cx = 15, .dx = 2}), kDone);
  const VbeRegisters after = vga_.Display().vbe;
  EXPECT_TRUE(after.enabled());
  EXPECT_EQ(after.x_res, before.x_res);
  EXPECT_EQ(after.virtual_width, before.virtual_width);
  EXPECT_EQ(after.x_offset, before.x_offset);
  EXPECT_EQ(after.y_offset, before.y_offset);
  EXPECT_EQ(Dac(77), (std::array<uint8_t, 3>{3, 1, 2}));
  EXPECT_EQ(Peek<uint8_t>(0x449), 0xFF);
}

TEST_F(VbeTest, ATextModeEndsIt) {
  ASSERT_EQ(SetVbeMode(0x4112), kDone);
  SetMode(0x03);
  EXPECT_FALSE(vga_.Display().vbe.enabled());
  Teletype("text");
  EXPECT_EQ(Row(0), "text");
  ASSERT_EQ(Vbe(0x03), kDone);
  EXPECT_EQ(regs().bx(), 3);
  ASSERT_EQ(SetVbeMode(0x8003), kDone);  // a mode of the VGA through VBE
  EXPECT_EQ(Row(0), "text");
}

TEST_F(VbeTest, TheMonitorTellsItsTimings) {
  ASSERT_EQ(Vbe(0x15, {.bx = 0}), kDone);
  EXPECT_EQ(regs().bl(), 2);
  ASSERT_EQ(Vbe(0x15, {.bx = 1}), kDone);
  std::array<uint8_t, 128> edid{};
  caller_.memory().Read({kBuffer}, edid.data(), edid.size());
  EXPECT_EQ(std::accumulate(edid.begin(), edid.end(), 0u) & 0xFF, 0u);
  EXPECT_EQ(edid[0], 0x00);
  EXPECT_EQ(edid[1], 0xFF);
  EXPECT_EQ(edid[7], 0x00);
  EXPECT_EQ(edid[56] | (edid[58] & 0xF0) << 4, 1024);  // of the best timing
  EXPECT_EQ(edid[59] | (edid[61] & 0xF0) << 4, 768);
  EXPECT_EQ(Vbe(0x15, {.bx = 1, .dx = 1}), kFailed);
}

TEST_F(VbeTest, TheProtectedModeInterfaceLiesInTheRom) {
  ASSERT_EQ(Vbe(0x0A), kDone);
  const uint32_t table = 0xC0000u + regs().di();
  EXPECT_EQ(caller_.state().segments[kEs].selector, 0xC000);
  for (uint32_t i = 0; i < 4; ++i) EXPECT_LT(Peek<uint16_t>(table + 2 * i), regs().cx());
}

TEST_F(VbeTest, UnknownFunctionsAreNotSupported) { EXPECT_EQ(Vbe(0x77), 0x0100); }

TEST(VideoRomTest, IsAnAdapterRomWhoseBytesAddUpToZero) {
  const std::vector<uint8_t> rom = VideoRomImage();
  EXPECT_EQ(rom[0], 0x55);
  EXPECT_EQ(rom[1], 0xAA);
  EXPECT_EQ(rom[2] * 512u, rom.size());
  EXPECT_EQ(std::accumulate(rom.begin(), rom.end(), 0u) & 0xFF, 0u);
  EXPECT_EQ(std::string(rom.begin() + 0x1E, rom.begin() + 0x21), "IBM");
}

// Glyph lines of CP437's full block (DBh) are all of the character's colour.
TEST_F(VbeTest, CharactersHaveTheColoursOfTheDefaultPalette) {
  ASSERT_EQ(SetVbeMode(0x114), kDone);           // 800 by 600 of 5:6:5
  Int10({.ax = 0x09DB, .bx = 0x000C, .cx = 2});  // light red
  EXPECT_EQ(Peek<uint16_t>(0xA0000), 0xFAAA);
  EXPECT_EQ(Peek<uint16_t>(0xA0000 + 15 * 1600 + 30), 0xFAAA);
  EXPECT_EQ(Peek<uint16_t>(0xA0000 + 32), 0);         // the third cell
  EXPECT_EQ(Peek<uint16_t>(0xA0000 + 16 * 1600), 0);  // the second row
  Int10({.ax = 0x0920, .bx = 0x010C, .cx = 1});       // a blank on blue
  EXPECT_EQ(Peek<uint16_t>(0xA0000), 0x0014);
  EXPECT_EQ(Peek<uint16_t>(0xA0000 + 16), 0xFAAA);

  ASSERT_EQ(SetVbeMode(0x103), kDone);  // a byte per pixel: as they are
  Int10({.ax = 0x0EDB, .bx = 0x00C5});
  EXPECT_EQ(Peek<uint8_t>(0xA0000), 0xC5);
}

TEST_F(VbeTest, CharactersBeyondTheWindowLeaveItWhereItIs) {
  ASSERT_EQ(SetVbeMode(0x143), kDone);  // lines of 3200 bytes
  ASSERT_EQ(Vbe(0x05, {.bx = 0, .dx = 3}), kDone);
  SetCursor(36, 99);  // the last cell
  Int10({.ax = 0x0ADB, .bx = 0x000F, .cx = 5});
  ASSERT_EQ(Vbe(0x05, {.bx = 0x0100}), kDone);
  EXPECT_EQ(regs().dx(), 3);
  constexpr uint32_t kLast = (36 * 16 + 15) * 3200 + 799 * 4;
  ASSERT_EQ(Vbe(0x05, {.bx = 0, .dx = kLast >> 16}), kDone);
  EXPECT_EQ(Peek<uint32_t>(0xA0000 + (kLast & 0xFFFF)), 0x00FFFFFFu);
  // The four that had no place are nowhere: the rows end 8 lines above the picture's end.
  EXPECT_EQ(Peek<uint32_t>(0xA0000 + (kLast & 0xFFFF) + 4), 0u);
}

TEST_F(VbeTest, CharactersInPlanesAreCombinedIfWanted) {
  ASSERT_EQ(SetVbeMode(0x102), kDone);
  const auto plane = [&](unsigned which) {
    bus_.WritePort(0x3CE, 2, which << 8 | 4);
    return Peek<uint8_t>(0xA0000);
  };
  Int10({.ax = 0x0ADB, .bx = 0x0005, .cx = 1});
  EXPECT_EQ(plane(0), 0xFF);
  EXPECT_EQ(plane(1), 0x00);
  EXPECT_EQ(plane(2), 0xFF);
  Int10({.ax = 0x0ADB, .bx = 0x0084, .cx = 1});
  EXPECT_EQ(plane(0), 0xFF);
  EXPECT_EQ(plane(2), 0x00);
}

TEST_F(VbeTest, PartsOfTheScreenScrollBothWays) {
  ASSERT_EQ(SetVbeMode(0x103), kDone);
  const auto pixel = [&](unsigned row, unsigned column) {
    return Peek<uint8_t>(0xA0000 + row * 16 * 800 + column * 8);
  };
  for (uint8_t row = 0; row < 4; ++row) {
    SetCursor(row, 0);
    Int10({.ax = 0x09DB, .bx = static_cast<uint16_t>(row + 1), .cx = 4});
  }
  // Columns 1 and 2 of rows 1 to 3.
  Int10({.ax = 0x0601, .bx = 0x0900, .cx = 0x0101, .dx = 0x0302});
  EXPECT_EQ(pixel(0, 1), 1);
  EXPECT_EQ(pixel(1, 1), 3);
  EXPECT_EQ(pixel(2, 2), 4);
  EXPECT_EQ(pixel(3, 1), 9);
  EXPECT_EQ(pixel(1, 0), 2);
  EXPECT_EQ(pixel(1, 3), 2);
  Int10({.ax = 0x0702, .bx = 0x0700, .cx = 0x0101, .dx = 0x0302});
  EXPECT_EQ(pixel(1, 1), 7);
  EXPECT_EQ(pixel(2, 2), 7);
  EXPECT_EQ(pixel(3, 2), 3);
  EXPECT_EQ(pixel(3, 3), 4);
  Int10({.ax = 0x0600, .bx = 0x0200, .cx = 0x0000, .dx = 0x184F});  // all of it
  EXPECT_EQ(pixel(0, 0), 2);
}

// 640 by 480, of 4, 8, 16 and 32 bits a pixel.
TEST_F(VbeTest, CharactersThatWereWrittenAreRead) {
  for (const uint16_t mode : std::initializer_list<uint16_t>{0x112, 0x101, 0x111}) {
    ASSERT_EQ(SetVbeMode(mode), kDone);
    Int10({.ax = 0x0200, .dx = 0x0403});
    Int10({.ax = 0x0941, .bx = 0x000C, .cx = 1});
    Int10({.ax = 0x0800});
    EXPECT_EQ(regs().ax(), 0x0041) << std::hex << mode;
    Int10({.ax = 0x0200, .dx = 0x0404});
    Int10({.ax = 0x0800});
    EXPECT_EQ(regs().al(), 0) << std::hex << mode;  // black, as character 0 is
  }
}

TEST_F(VbeTest, CharactersInPlanesAreRead) {
  ASSERT_EQ(SetVbeMode(0x102), kDone);
  Int10({.ax = 0x0200, .dx = 0x0507});
  Int10({.ax = 0x095A, .bx = 0x0006, .cx = 1});
  Int10({.ax = 0x0800});
  EXPECT_EQ(regs().al(), 'Z');
}

TEST_F(VbeTest, DotsThatWereWrittenAreRead) {
  for (const uint16_t mode : std::initializer_list<uint16_t>{0x102, 0x101, 0x111, 0x112}) {
    ASSERT_EQ(SetVbeMode(mode), kDone);
    Int10({.ax = 0x0C0D, .cx = 301, .dx = 477});  // in the last bank of the window
    Int10({.ax = 0x0C06, .cx = 302, .dx = 477});
    for (const auto& [x, colour] : {std::pair{300, 0}, {301, 0x0D}, {302, 6}, {303, 0}}) {
      Int10({.ax = 0x0D00, .cx = static_cast<uint16_t>(x), .dx = 477});
      EXPECT_EQ(regs().al(), colour) << std::hex << mode << " at " << std::dec << x;
    }
  }
}

TEST_F(VbeTest, DotsInPlanesAreCombinedIfWanted) {
  ASSERT_EQ(SetVbeMode(0x102), kDone);
  Int10({.ax = 0x0C05, .cx = 9, .dx = 3});
  Int10({.ax = 0x0C83, .cx = 9, .dx = 3});
  Int10({.ax = 0x0D00, .cx = 9, .dx = 3});
  EXPECT_EQ(regs().al(), 5 ^ 3);
}

TEST_F(VbeTest, DotsAnywhereReachNothingElse) {
  ASSERT_EQ(SetVbeMode(0x112), kDone);
  Poke(0x90000, uint32_t{0x12345678});
  for (const uint16_t x : std::initializer_list<uint16_t>{0, 639, 640, 0x7FFF, 0xFFFF}) {
    for (const uint16_t y : std::initializer_list<uint16_t>{0, 479, 480, 0xFFFF}) {
      Int10({.ax = 0x0C0F, .cx = x, .dx = y});
      Int10({.ax = 0x0D00, .cx = x, .dx = y});
    }
  }
  EXPECT_EQ(Peek<uint32_t>(0x90000), 0x12345678u);
  EXPECT_EQ(vga_.Display().vbe.bank, 0);
}

}  // namespace
}  // namespace verbatim
