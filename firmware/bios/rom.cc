// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/rom.h"

#include "base/bits.h"
#include "base/check.h"

// Of rom_bytes.S.
extern "C" {
extern const uint8_t verbatim_bios_rom_begin[];  // NOLINT(readability-identifier-naming)
extern const uint8_t verbatim_bios_rom_end[];    // NOLINT(readability-identifier-naming)
}

namespace verbatim {
namespace {

// Offsets in the image; rom.asm places them.
constexpr uint32_t kVectors = 0x1EC3;
constexpr uint32_t kSlaveVectors = kVectors + 32 * 2;
constexpr uint32_t kDummy = 0xFF53;

}  // namespace

std::span<const uint8_t> RomImage() {
  const std::span image(verbatim_bios_rom_begin, verbatim_bios_rom_end);
  CHECK(image.size() == kRomBytes);
  return image;
}

uint16_t RomVector(unsigned number) {
  CHECK(number < 32);
  return LoadLittle<uint16_t>(&RomImage()[kVectors + number * 2]);
}

uint16_t RomSlaveVector(unsigned number) {
  CHECK(number < 8);
  return LoadLittle<uint16_t>(&RomImage()[kSlaveVectors + number * 2]);
}

uint16_t RomDummyVector() { return kDummy; }

}  // namespace verbatim
