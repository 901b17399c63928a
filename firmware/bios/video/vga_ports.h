// SPDX-License-Identifier: Apache-2.0
// The registers of the display adapter as programs reach them: through ports. The CRTC is addressed
// where the adapter has it, which Miscellaneous Output tells; what the data area says about it is
// not believed.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_VGA_PORTS_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_VGA_PORTS_H_

#include <cstdint>
#include <span>

#include "devices/vga/vbe.h"
#include "devices/vga/vga_registers.h"
#include "vcpu/port_io.h"

namespace verbatim {

class VgaPorts {
 public:
  static constexpr uint16_t kSubsystemEnable = 0x3C3;
  static constexpr uint16_t kMonoCrtc = 0x3B4;
  static constexpr uint16_t kColourCrtc = 0x3D4;
  // Offsets from the CRTC's port.
  static constexpr uint16_t kStatus1 = 6;

  explicit VgaPorts(PortIo& io) : io_(io) {}

  [[nodiscard]] uint8_t In(uint16_t port) { return static_cast<uint8_t>(io_.ReadPort(port, 1)); }
  void Out(uint16_t port, unsigned value) { io_.WritePort(port, 1, value & 0xFF); }

  [[nodiscard]] uint8_t misc_output() { return In(0x3CC); }
  void set_misc_output(uint8_t value) { Out(0x3C2, value); }
  [[nodiscard]] uint8_t feature_control() { return In(0x3CA); }
  void set_feature_control(uint8_t value);
  [[nodiscard]] uint16_t CrtcPort() {
    return (misc_output() & kMiscColourAddresses) != 0 ? kColourCrtc : kMonoCrtc;
  }

  [[nodiscard]] uint8_t Sequencer(unsigned index) { return Indexed(kSequencer, index); }
  void SetSequencer(unsigned index, unsigned value) { SetIndexed(kSequencer, index, value); }
  [[nodiscard]] uint8_t Graphics(unsigned index) { return Indexed(kGraphics, index); }
  void SetGraphics(unsigned index, unsigned value) { SetIndexed(kGraphics, index, value); }
  [[nodiscard]] uint8_t Crtc(unsigned index) { return Indexed(CrtcPort(), index); }
  void SetCrtc(unsigned index, unsigned value) { SetIndexed(CrtcPort(), index, value); }
  // A high and a low byte at two indices that follow each other.
  void SetCrtcPair(unsigned index, unsigned value);

  // The screen shows the palette afterwards.
  [[nodiscard]] uint8_t Attribute(unsigned index);
  void SetAttribute(unsigned index, unsigned value);

  // Entries of three bytes, from `first`; they wrap after 255.
  void ReadDac(unsigned first, std::span<uint8_t> to);
  void WriteDac(unsigned first, std::span<const uint8_t> from);
  [[nodiscard]] uint8_t dac_mask() { return In(0x3C6); }
  void set_dac_mask(uint8_t value) { Out(0x3C6, value); }

  [[nodiscard]] uint16_t Vbe(VbeIndex index);
  void SetVbe(VbeIndex index, unsigned value);
  [[nodiscard]] bool HasVbe();

  [[nodiscard]] PortIo& io() { return io_; }

 private:
  static constexpr uint16_t kSequencer = 0x3C4;
  static constexpr uint16_t kGraphics = 0x3CE;

  [[nodiscard]] uint8_t Indexed(uint16_t port, unsigned index);
  void SetIndexed(uint16_t port, unsigned index, unsigned value);

  PortIo& io_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_VGA_PORTS_H_
