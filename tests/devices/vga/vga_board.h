// SPDX-License-Identifier: Apache-2.0
// A VGA on a bus, used as a program uses it: through ports and memory addresses.
#ifndef VERBATIM_TESTS_DEVICES_VGA_VGA_BOARD_H_
#define VERBATIM_TESTS_DEVICES_VGA_VGA_BOARD_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "devices/vga/plane_order.h"
#include "devices/vga/renderer.h"
#include "devices/vga/vga.h"
#include "tests/devices/fakes.h"
#include "tests/devices/vga/vga_modes.h"

namespace verbatim {

// clang-format off
// Mode 13h with the planes unchained, 320 by 240: "mode X".
inline constexpr VgaMode kUnchained320x240 = {
    0xE3, {0x03, 0x01, 0x0F, 0x00, 0x06},
    {0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0x0D, 0x3E, 0x00, 0x41, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0xEA, 0xAC, 0xDF, 0x28, 0x00, 0xE7, 0x06, 0xE3, 0xFF},
    kVga320x200.graphics, kVga320x200.attribute};
// clang-format on

class VgaBoard {
 public:
  static constexpr size_t kMemoryBytes = 1u << 20;

  explicit VgaBoard(size_t memory_bytes = kMemoryBytes) : memory(memory_bytes) { vga.Attach(bus); }

  FakeClock clock;
  std::vector<uint8_t> memory;
  PortBus bus;
  Vga vga{clock, memory};

  void Out(uint16_t port, unsigned value) { bus.WritePort(port, 1, value & 0xFF); }
  uint8_t In(uint16_t port) { return static_cast<uint8_t>(bus.ReadPort(port, 1)); }

  void Sequencer(unsigned index, unsigned value) { Indexed(0x3C4, index, value); }
  void Graphics(unsigned index, unsigned value) { Indexed(0x3CE, index, value); }
  void Crtc(unsigned index, unsigned value) { Indexed(0x3D4, index, value); }
  uint8_t Crtc(unsigned index) {
    Out(0x3D4, index);
    return In(0x3D5);
  }
  // Leaves the palette to the screen.
  void Attribute(unsigned index, unsigned value) {
    In(0x3DA);
    Out(0x3C0, index);
    Out(0x3C0, value);
    Out(0x3C0, 0x20);
  }
  void Dac(unsigned entry, unsigned red, unsigned green, unsigned blue) {
    Out(0x3C8, entry);
    for (const unsigned level : {red, green, blue}) Out(0x3C9, level);
  }
  // Loads the mode and a DAC whose 256 colours differ; see ColourOf.
  void SetMode(const VgaMode& mode) {
    Out(0x3C2, mode.misc_output);
    for (unsigned i = 0; i < kSeqCount; ++i) Sequencer(i, mode.sequencer[i]);
    Crtc(kCrtcVerticalRetraceEnd, 0);  // unprotects registers 0 to 7
    for (unsigned i = 0; i < kCrtcCount; ++i) Crtc(i, mode.crtc[i]);
    for (unsigned i = 0; i < kGfxCount; ++i) Graphics(i, mode.graphics[i]);
    for (unsigned i = 0; i < kAttrCount; ++i) Attribute(i, mode.attribute[i]);
    for (unsigned i = 0; i < 256; ++i) Dac(i, i & 0x3F, i >> 2, 0);
  }
  // Of a DAC entry after SetMode.
  static uint32_t ColourOf(unsigned entry) {
    const auto level = [](unsigned six_bits) { return six_bits * 4 + six_bits / 16; };
    return level(entry & 0x3F) << 16 | level(entry >> 2) << 8;
  }

  void Vbe(unsigned index, unsigned value) {
    bus.WritePort(0x1CE, 2, index);
    bus.WritePort(0x1CF, 2, value);
  }
  unsigned Vbe(unsigned index) {
    bus.WritePort(0x1CE, 2, index);
    return bus.ReadPort(0x1CF, 2);
  }
  void SetVbeMode(unsigned width, unsigned height, unsigned bpp, unsigned more_enable_bits = 0) {
    Vbe(kVbeEnable, 0);
    Vbe(kVbeXRes, width);
    Vbe(kVbeYRes, height);
    Vbe(kVbeBpp, bpp);
    Vbe(kVbeEnable, kVbeEnabled | kVbeLinearFrameBuffer | more_enable_bits);
  }

  // Physical addresses A0000h to BFFFFh.
  void Poke(uint32_t address, uint64_t value, unsigned bytes = 1) {
    vga.window().WriteMmio(address - 0xA0000, bytes, value);
  }
  uint64_t Peek(uint32_t address, unsigned bytes = 1) {
    return vga.window().ReadMmio(address - 0xA0000, bytes);
  }
  // A byte of a plane, past the window.
  uint8_t& Plane(unsigned plane, size_t address) {
    return memory[WordOfPlanes(address) * 4 + plane];
  }

  void PutText(unsigned column, unsigned row, std::string_view text, uint8_t attribute,
               unsigned columns = 80) {
    uint32_t address = 0xB8000 + 2 * (row * columns + column);
    for (const char character : text) {
      Poke(address, static_cast<uint8_t>(character) | attribute << 8, 2);
      address += 2;
    }
  }
  // One row of dots of a character of font map `font_address` (in plane 2).
  void Glyph(uint8_t character, unsigned row, uint8_t dots, unsigned font_address = 0) {
    Plane(2, font_address + character * 32u + row) = dots;
  }

  Image Picture() {
    Image image;
    Render(vga.Display(), image);
    return image;
  }

 private:
  void Indexed(uint16_t port, unsigned index, unsigned value) {
    bus.WritePort(port, 2, (index | value << 8) & 0xFFFF);
  }
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_DEVICES_VGA_VGA_BOARD_H_
