// SPDX-License-Identifier: Apache-2.0
// A caller of int 10h with a VGA that the service works on: after power-on, in mode 03h.
#ifndef VERBATIM_TESTS_FIRMWARE_BIOS_VIDEO_FIXTURE_H_
#define VERBATIM_TESTS_FIRMWARE_BIOS_VIDEO_FIXTURE_H_

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "devices/port_bus.h"
#include "devices/vga/renderer.h"
#include "devices/vga/text_screen.h"
#include "devices/vga/vga.h"
#include "firmware/bios/video/video.h"
#include "tests/devices/fakes.h"
#include "tests/firmware/bios/bios_fixture.h"

namespace verbatim {

class VideoTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kBuffer = 0x20000;  // of the caller; es points there
  static constexpr uint16_t kBufferSegment = kBuffer >> 4;

  VideoTest() {
    vga_.Attach(bus_);
    caller_.memory().AddDevice(VgaMemory::kWindow, VgaMemory::kWindowBytes, &vga_.window());
    video_.InstallRom(caller_.memory());
    caller_.SetSegment(kEs, kBufferSegment);
    caller_.Call([&](BiosCall& call) { video_.PowerOn(call); });
  }

  struct Registers {
    uint16_t ax = 0;
    uint16_t bx = 0;
    uint16_t cx = 0;
    uint16_t dx = 0;
    uint16_t bp = 0;
    uint16_t di = 0;
  };
  // Int 10h; what comes back is in regs().
  void Int10(const Registers& in) {
    regs().set_ax(in.ax);
    regs().set_bx(in.bx);
    regs().set_cx(in.cx);
    regs().set_dx(in.dx);
    regs().set_bp(in.bp);
    regs().set_di(in.di);
    caller_.Call([&](BiosCall& call) { video_.Call(call); });
  }
  void SetMode(uint8_t mode) { Int10({.ax = mode}); }
  void SetCursor(uint8_t row, uint8_t column, uint8_t page = 0) {
    Int10({.ax = 0x0200,
           .bx = static_cast<uint16_t>(page << 8),
           .dx = static_cast<uint16_t>(row << 8 | column)});
  }
  // Row in the high byte, column in the low one.
  uint16_t Cursor(uint8_t page = 0) {
    Int10({.ax = 0x0300, .bx = static_cast<uint16_t>(page << 8)});
    return regs().dx();
  }
  void Teletype(std::string_view text, uint8_t colour = 0x0F) {
    for (const char character : text) {
      Int10({.ax = static_cast<uint16_t>(0x0E00 | static_cast<uint8_t>(character)), .bx = colour});
    }
  }
  void PutString(std::span<const uint8_t> bytes) {
    caller_.memory().Write({kBuffer}, bytes.data(), bytes.size());
  }
  BiosRegisters& regs() { return caller_.regs(); }

  template <typename T>
  T Peek(uint32_t address) {
    return caller_.Read<T>({address});
  }
  template <typename T>
  void Poke(uint32_t address, T value) {
    caller_.Write<T>({address}, value);
  }

  // A row of a text screen, without blanks at its end.
  std::string Row(unsigned row) {
    const std::optional<TextScreen> screen = ReadTextScreen(vga_.Display());
    if (!screen || row >= screen->rows) return "no such row";
    std::string text;
    for (unsigned column = 0; column < screen->columns; ++column) {
      text += static_cast<char>(screen->cells[row * screen->columns + column].character);
    }
    const size_t end = text.find_last_not_of(' ');
    return text.substr(0, end == std::string::npos ? 0 : end + 1);
  }
  uint8_t AttributeAt(unsigned row, unsigned column) {
    return Peek<uint8_t>(0xB8000 + (row * 80 + column) * 2 + 1);
  }
  Image Picture() {
    Image image;
    Render(vga_.Display(), image);
    return image;
  }

  uint8_t In(uint16_t port) { return static_cast<uint8_t>(bus_.ReadPort(port, 1)); }
  uint8_t Indexed(uint16_t port, uint8_t index) {
    bus_.WritePort(port, 1, index);
    return In(static_cast<uint16_t>(port + 1));
  }
  uint8_t Crtc(uint8_t index) { return Indexed(0x3D4, index); }
  uint8_t Attribute(uint8_t index) {
    In(0x3DA);
    bus_.WritePort(0x3C0, 1, index);
    const uint8_t value = In(0x3C1);
    In(0x3DA);
    bus_.WritePort(0x3C0, 1, 0x20);
    return value;
  }
  std::array<uint8_t, 3> Dac(uint8_t entry) {
    bus_.WritePort(0x3C7, 1, entry);
    return {In(0x3C9), In(0x3C9), In(0x3C9)};
  }

  FakeClock clock_;
  std::vector<uint8_t> video_memory_ = std::vector<uint8_t>(16u << 20, 0xEE);
  PortBus bus_;
  Vga vga_{clock_, video_memory_};
  BiosCaller caller_;
  VideoService video_{bus_};
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_FIRMWARE_BIOS_VIDEO_FIXTURE_H_
