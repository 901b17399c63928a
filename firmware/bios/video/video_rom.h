// SPDX-License-Identifier: Apache-2.0
// The video BIOS in ROM at C000:0000: an adapter ROM with the entry of int 10h, fonts, and the
// tables that guests find through pointers (IBM PS/2 and PC BIOS Interface Technical Reference,
// "Save pointer table" and int 10h function 1Bh). video_rom.asm is its code and what of the tables
// is constant; fonts and mode parameters are put in here.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_VIDEO_ROM_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_VIDEO_ROM_H_

#include <cstdint>
#include <span>
#include <vector>

#include "base/address.h"
#include "firmware/bios/bios_call.h"

namespace verbatim {

inline constexpr PhysicalAddress kVideoRomAddress{0xC0000};
inline constexpr uint32_t kVideoRomBytes = 0x8000;
inline constexpr uint16_t kVideoRomSegment = 0xC000;

// Offsets in the segment; video_rom.asm has the same.
namespace video_rom {
inline constexpr uint16_t kInt10 = 0x0040;
inline constexpr uint16_t kWindowFunction = 0x0060;
inline constexpr uint16_t kSavePointers = 0x00A0;
inline constexpr uint16_t kDisplayCombinations = 0x00E0;
inline constexpr uint16_t kDisplayCombinationCount = 16;
inline constexpr uint16_t kStaticFunctionality = 0x0110;
inline constexpr uint16_t kNoAlternates = 0x0120;
inline constexpr uint16_t kOemName = 0x0130;
inline constexpr uint16_t kVendorName = 0x0150;
inline constexpr uint16_t kProductName = 0x0160;
inline constexpr uint16_t kProductRevision = 0x0180;
inline constexpr uint16_t kProtectedMode = 0x0200;
inline constexpr uint16_t kProtectedModeEnd = 0x0400;
inline constexpr uint16_t kParameters = 0x0800;
inline constexpr uint16_t kFont8x16 = 0x1000;
inline constexpr uint16_t kFont8x14 = 0x2000;
inline constexpr uint16_t kFont8x8 = 0x3000;
inline constexpr uint16_t kFont8x8Upper = kFont8x8 + 128 * 8;
}  // namespace video_rom

[[nodiscard]] constexpr FarPointer InVideoRom(uint16_t offset) {
  return {.offset = offset, .segment = kVideoRomSegment};
}

// The whole ROM, with its checksum.
[[nodiscard]] std::vector<uint8_t> VideoRomImage();
// The protected-mode interface of VBE: its table and code.
[[nodiscard]] std::span<const uint8_t> ProtectedModeInterface();

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_VIDEO_ROM_H_
