// SPDX-License-Identifier: Apache-2.0
// One call of int 10h: the caller, the adapter's registers, and the video part of the data area, of
// which every value is brought into range when it is read.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_VIDEO_CALL_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_VIDEO_CALL_H_

#include <cstdint>

#include "firmware/bios/bios_call.h"
#include "firmware/bios/bios_data_area.h"
#include "firmware/bios/video/mode_table.h"
#include "firmware/bios/video/vga_ports.h"

namespace verbatim {

// Bits of the bytes at 40:87 and 40:89.
enum VideoControlBits : uint8_t {
  kControlNoCursorEmulation = 0x01,
  kControlMono = 0x02,
  kControlMemory256K = 0x60,
  kControlNoClear = 0x80,
};
enum VideoOptionBits : uint8_t {
  kOptionVgaActive = 0x01,
  kOptionGreySumming = 0x02,
  kOptionMono = 0x04,
  kOptionNoDefaultPalette = 0x08,
  kOption400Lines = 0x10,
  kOptionSwitching = 0x40,
  kOption200Lines = 0x80,
};

struct CellPosition {
  unsigned row = 0;
  unsigned column = 0;
};

class VideoCall {
 public:
  static constexpr unsigned kPages = 8;
  static constexpr unsigned kMaxColumns = 256;
  static constexpr unsigned kMaxCharacterHeight = 32;
  // What 40:49 holds in modes that only VBE numbers.
  static constexpr uint8_t kVbeModeNumber = 0xFF;

  VideoCall(BiosCall& call, PortIo& ports) : bios(call), regs(call.regs), vga(ports) {}

  BiosCall& bios;
  BiosRegisters& regs;
  VgaPorts vga;

  // A mode that only VBE numbers is shown: characters are those of vbe_cells.h.
  [[nodiscard]] bool ShowsVbe() {
    return bios.Read<uint8_t>(bda::kVideoMode) == kVbeModeNumber && vga.HasVbe() &&
           (vga.Vbe(kVbeEnable) & kVbeEnabled) != 0;
  }
  // nullptr: none of the VGA's.
  [[nodiscard]] const VideoMode* mode() {
    return FindVideoMode(bios.Read<uint8_t>(bda::kVideoMode));
  }
  [[nodiscard]] unsigned columns();
  [[nodiscard]] unsigned rows() { return bios.Read<uint8_t>(bda::kRowsLess1) + 1u; }
  [[nodiscard]] unsigned character_height();
  [[nodiscard]] uint16_t page_bytes() { return bios.Read<uint16_t>(bda::kPageBytes); }
  [[nodiscard]] unsigned active_page() { return bios.Read<uint8_t>(bda::kActivePage) % kPages; }
  [[nodiscard]] uint32_t PageOffset(unsigned page) { return page % kPages * page_bytes(); }

  [[nodiscard]] CellPosition Cursor(unsigned page);
  // Also of the adapter, if the page is shown.
  void SetCursor(unsigned page, CellPosition position);
  // As functions 01h and 05h.
  void SetCursorShape(uint8_t start, uint8_t end);
  void SelectPage(uint8_t page);

  [[nodiscard]] uint8_t options() { return bios.Read<uint8_t>(bda::kVideoModeOptions); }
  [[nodiscard]] uint8_t control() { return bios.Read<uint8_t>(bda::kVideoControl); }
  // Bits of a byte of the data area.
  void SetBits(LinearAddress address, uint8_t bits, bool set);

  [[nodiscard]] FarPointer ReadPointer(LinearAddress address) {
    return {bios.Read<uint16_t>(address), bios.Read<uint16_t>(address + 2)};
  }
  void WritePointer(LinearAddress address, FarPointer pointer) {
    bios.Write(address, pointer.offset);
    bios.Write(address + 2, pointer.segment);
  }
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_VIDEO_CALL_H_
