// SPDX-License-Identifier: Apache-2.0
// The VBE registers, and the adapter as a PCI function.
#include <gtest/gtest.h>

#include "devices/pci_config_ports.h"
#include "devices/reset_control.h"
#include "devices/vga/vga_pci.h"
#include "tests/devices/vga/vga_board.h"

namespace verbatim {
namespace {

class VbeTest : public testing::Test {
 protected:
  VgaBoard board_{16u << 20};
};

TEST_F(VbeTest, TellsVersionMemoryAndCapabilities) {
  EXPECT_EQ(board_.Vbe(kVbeId), 0xB0C5u);
  board_.Vbe(kVbeId, 0xB0C2);
  EXPECT_EQ(board_.Vbe(kVbeId), 0xB0C2u);
  board_.Vbe(kVbeId, 0x1234);
  EXPECT_EQ(board_.Vbe(kVbeId), 0xB0C2u);
  EXPECT_EQ(board_.Vbe(kVbeVideoMemory64K), 256u);
  EXPECT_EQ(board_.Vbe(kVbeXRes), 0u);
  board_.Vbe(kVbeEnable, kVbeGetCapabilities);
  EXPECT_EQ(board_.Vbe(kVbeXRes), 2560u);
  EXPECT_EQ(board_.Vbe(kVbeYRes), 1600u);
  EXPECT_EQ(board_.Vbe(kVbeBpp), 32u);
  EXPECT_EQ(board_.Vbe(0x77), 0u);
}

TEST_F(VbeTest, EnablingSetsTheVirtualScreen) {
  board_.Vbe(kVbeXOffset, 5);
  board_.SetVbeMode(1024, 768, 32);
  EXPECT_EQ(board_.Vbe(kVbeEnable), 0x41u);
  EXPECT_EQ(board_.Vbe(kVbeVirtualWidth), 1024u);
  EXPECT_EQ(board_.Vbe(kVbeVirtualHeight), 4096u);
  EXPECT_EQ(board_.Vbe(kVbeXOffset), 0u);
  EXPECT_EQ(ScreenSize(board_.vga.Display()), (ImageSize{1024, 768}));
}

TEST_F(VbeTest, TheModeStaysWhileEnabled) {
  board_.SetVbeMode(640, 480, 16);
  board_.Vbe(kVbeXRes, 800);
  board_.Vbe(kVbeYRes, 600);
  board_.Vbe(kVbeBpp, 8);
  EXPECT_EQ(board_.Vbe(kVbeXRes), 640u);
  EXPECT_EQ(board_.Vbe(kVbeYRes), 480u);
  EXPECT_EQ(board_.Vbe(kVbeBpp), 16u);
}

TEST_F(VbeTest, RefusesWhatDoesNotExistOrFit) {
  board_.Vbe(kVbeXRes, 2561);
  EXPECT_EQ(board_.Vbe(kVbeXRes), 0u);
  board_.Vbe(kVbeBpp, 7);
  EXPECT_EQ(board_.Vbe(kVbeBpp), 8u);
  board_.SetVbeMode(0, 480, 8);
  EXPECT_EQ(board_.Vbe(kVbeEnable), 0u);
  board_.SetVbeMode(2560, 1600, 32);
  EXPECT_EQ(board_.Vbe(kVbeEnable), 0x41u);
  VgaBoard small;  // 1 MiB
  small.SetVbeMode(1024, 768, 16);
  EXPECT_EQ(small.Vbe(kVbeEnable), 0u);
  small.SetVbeMode(1024, 768, 8);
  EXPECT_EQ(small.Vbe(kVbeEnable), 0x41u);
  small.Vbe(kVbeBank, 16);
  EXPECT_EQ(small.Vbe(kVbeBank), 0u);
}

TEST_F(VbeTest, OffsetsStayWithinTheVirtualScreen) {
  board_.SetVbeMode(640, 480, 32);
  board_.Vbe(kVbeXOffset, 1);
  EXPECT_EQ(board_.Vbe(kVbeXOffset), 0u);
  board_.Vbe(kVbeVirtualWidth, 1000);
  EXPECT_EQ(board_.Vbe(kVbeVirtualHeight), 4194u);
  board_.Vbe(kVbeXOffset, 360);
  board_.Vbe(kVbeYOffset, 3714);
  EXPECT_EQ(board_.Vbe(kVbeXOffset), 360u);
  EXPECT_EQ(board_.Vbe(kVbeYOffset), 3714u);
  board_.Vbe(kVbeXOffset, 361);
  board_.Vbe(kVbeYOffset, 3715);
  EXPECT_EQ(board_.Vbe(kVbeXOffset), 360u);
  EXPECT_EQ(board_.Vbe(kVbeYOffset), 3714u);
  board_.Vbe(kVbeVirtualWidth, 639);
  EXPECT_EQ(board_.Vbe(kVbeVirtualWidth), 1000u);
  board_.Vbe(kVbeVirtualWidth, 2000);  // half as high: the line offset no longer fits
  EXPECT_EQ(board_.Vbe(kVbeXOffset), 360u);
  EXPECT_EQ(board_.Vbe(kVbeYOffset), 0u);
}

TEST_F(VbeTest, EnablingClearsTheMemoryUnlessAskedNotTo) {
  board_.memory[12345] = 0x77;
  board_.SetVbeMode(640, 480, 32, kVbeNoClearMemory);
  EXPECT_EQ(board_.memory[12345], 0x77);
  EXPECT_EQ(board_.Vbe(kVbeEnable), 0xC1u);
  board_.Vbe(kVbeEnable, kVbeEnabled);  // it was enabled before
  EXPECT_EQ(board_.memory[12345], 0x77);
  board_.SetVbeMode(640, 480, 32);
  EXPECT_EQ(board_.memory[12345], 0);
}

TEST_F(VbeTest, PortsAreWords) {
  board_.bus.WritePort(0x1CE, 2, kVbeId);
  board_.bus.WritePort(0x1CE, 1, kVbeXRes);
  EXPECT_EQ(board_.bus.ReadPort(0x1CE, 2), unsigned{kVbeId});
  EXPECT_EQ(board_.bus.ReadPort(0x1CF, 1), 0xFFu);
}

class FakeMapping final : public DisplayMapping {
 public:
  void MapFrameBuffer(std::optional<PhysicalAddress> start) override {
    frame_buffer = start;
    ++changes;
  }
  void MapRegisters(std::optional<PhysicalAddress> start) override {
    registers = start;
    ++changes;
  }
  void MapRom(std::optional<PhysicalAddress> start) override {
    rom = start;
    ++changes;
  }
  std::optional<PhysicalAddress> frame_buffer;
  std::optional<PhysicalAddress> registers;
  std::optional<PhysicalAddress> rom;
  unsigned changes = 0;
};

TEST(VgaPciTest, IsADisplayWithTwoRegionsThatFollowTheirBaseAddresses) {
  FakeMapping mapping;
  VgaPci pci(16u << 20, mapping);
  EXPECT_EQ(pci.ReadConfig(0, 4), 0x11111234u);
  EXPECT_EQ(pci.ReadConfig(8, 4), 0x03000000u);
  pci.WriteConfig(0x10, 4, 0xFFFFFFFF);
  EXPECT_EQ(pci.ReadConfig(0x10, 4), 0xFF000008u);
  pci.WriteConfig(0x18, 4, 0xFFFFFFFF);
  EXPECT_EQ(pci.ReadConfig(0x18, 4), 0xFFFFF000u);
  EXPECT_EQ(mapping.changes, 0u);
  pci.WriteConfig(0x10, 4, 0xE0000000);
  pci.WriteConfig(0x18, 4, 0xFEBF0000);
  pci.WriteConfig(4, 2, 2);
  EXPECT_EQ(mapping.frame_buffer, PhysicalAddress{0xE0000000});
  EXPECT_EQ(mapping.registers, PhysicalAddress{0xFEBF0000});
  EXPECT_EQ(mapping.changes, 2u);
  pci.WriteConfig(0x10, 4, 0xE0000000);  // no change
  EXPECT_EQ(mapping.changes, 2u);
  FakeMapping other_mapping;
  VgaPci other(16u << 20, other_mapping);
  ExpectRoundTrip(pci, other);
  EXPECT_EQ(other_mapping.registers, PhysicalAddress{0xFEBF0000});
  pci.WriteConfig(4, 2, 0);
  EXPECT_EQ(mapping.frame_buffer, std::nullopt);
  EXPECT_EQ(mapping.registers, std::nullopt);
}

TEST(VgaPciTest, AnExpansionRomIsDecodedWhileBothItAndMemorySpaceAreEnabled) {
  FakeMapping mapping;
  VgaPci pci(16u << 20, mapping);
  pci.WriteConfig(0x30, 4, 0xFFFFFFFF);
  EXPECT_EQ(pci.ReadConfig(0x30, 4), 0u);  // there is none yet
  pci.AddRom(64 << 10);
  pci.WriteConfig(0x30, 4, 0xFFFFFFFE);
  EXPECT_EQ(pci.ReadConfig(0x30, 4), 0xFFFF0000u);
  pci.WriteConfig(4, 2, 2);
  pci.WriteConfig(0x30, 4, 0xFEBE0000);
  EXPECT_EQ(mapping.rom, std::nullopt);
  pci.WriteConfig(0x30, 4, 0xFEBE0001);
  EXPECT_EQ(mapping.rom, PhysicalAddress{0xFEBE0000});
  pci.WriteConfig(4, 2, 0);
  EXPECT_EQ(mapping.rom, std::nullopt);
}

TEST(VgaPciTest, TheRegisterPageShowsPortsAndVbe) {
  VgaBoard board;
  VgaRegisterPage page(board.vga);
  page.WriteMmio(0x402, 1, 0x67);  // 3C2h
  EXPECT_EQ(page.ReadMmio(0x40C, 1), 0x67u);
  page.WriteMmio(0x414, 2, 0x2813);  // CRTC index 13h
  EXPECT_EQ(board.Crtc(0x13), 0x28);
  EXPECT_EQ(page.ReadMmio(0x500, 2), 0xB0C5u);
  page.WriteMmio(0x502, 4, 0x00C80140);  // 320 by 200
  EXPECT_EQ(board.Vbe(kVbeXRes), 320u);
  EXPECT_EQ(board.Vbe(kVbeYRes), 200u);
  EXPECT_EQ(page.ReadMmio(0x502, 4), 0x00C80140u);
  page.WriteMmio(0x502, 1, 0xFF);
  page.WriteMmio(0x503, 1, 0xFF);
  EXPECT_EQ(board.Vbe(kVbeXRes), 320u);
  page.WriteMmio(0x504, 2, 240);
  EXPECT_EQ(board.Vbe(kVbeYRes), 240u);
  EXPECT_EQ(page.ReadMmio(0x000, 8), UINT64_MAX);
  EXPECT_EQ(page.ReadMmio(0x516, 2), 0xFFFFu);
  board.In(0x3DA);
  board.Out(0x3C0, kAttrOverscan);  // data is next, whatever is read where no register is
  EXPECT_EQ(page.ReadMmio(0x41C, 8), UINT64_MAX);
  board.Out(0x3C0, 0x22);
  page.WriteMmio(0x41C, 8, 0);
  EXPECT_EQ(board.In(0x3C1), 0x22);
}

}  // namespace
}  // namespace verbatim
