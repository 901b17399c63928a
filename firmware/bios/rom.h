// SPDX-License-Identifier: Apache-2.0
// The assembled ROM (rom.asm) and where its vectors stand.
#ifndef VERBATIM_FIRMWARE_BIOS_ROM_H_
#define VERBATIM_FIRMWARE_BIOS_ROM_H_

#include <cstdint>
#include <span>

#include "base/address.h"

namespace verbatim {

inline constexpr PhysicalAddress kRomAddress{0xFE000};
inline constexpr uint32_t kRomBytes = 0x2000;
inline constexpr uint16_t kRomSegment = 0xF000;
inline constexpr uint16_t kApmEntry = 0xFA00;  // an offset in that segment, as are these
inline constexpr uint16_t kPciEntry = 0xFA20;
// Ends of what a reset of the processor has interrupted.
inline constexpr uint16_t kBlockMoveReturnCode = 0xE080;
inline constexpr uint16_t kInterruptReturnCode = 0xE084;
inline constexpr uint16_t kFarReturnCode = 0xE085;

[[nodiscard]] std::span<const uint8_t> RomImage();
// Offsets in kRomSegment: of vectors 00h to 1Fh, and of 70h to 77h.
[[nodiscard]] uint16_t RomVector(unsigned number);
[[nodiscard]] uint16_t RomSlaveVector(unsigned number);
// A vector of the ROM that returns at once.
[[nodiscard]] uint16_t RomDummyVector();

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_ROM_H_
