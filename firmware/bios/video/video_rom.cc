// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/video/video_rom.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/check.h"
#include "firmware/bios/video/mode_table.h"
#include "firmware/fonts.h"

// Of video_rom_bytes.S.
extern "C" {
extern const uint8_t verbatim_video_rom_begin[];  // NOLINT(readability-identifier-naming)
extern const uint8_t verbatim_video_rom_end[];    // NOLINT(readability-identifier-naming)
}

namespace verbatim {
namespace {

std::span<const uint8_t> Assembled() {
  const std::span assembled(verbatim_video_rom_begin, verbatim_video_rom_end);
  CHECK(assembled.size() == video_rom::kProtectedModeEnd);
  return assembled;
}

}  // namespace

std::vector<uint8_t> VideoRomImage() {
  std::vector<uint8_t> rom(kVideoRomBytes);
  const auto put = [&rom](uint16_t offset, std::span<const uint8_t> bytes) {
    std::ranges::copy(bytes, rom.begin() + offset);
  };
  put(0, Assembled());
  std::memcpy(&rom[video_rom::kParameters], kVideoParameters.data(), sizeof kVideoParameters);
  put(video_rom::kFont8x16, kFont8x16);
  put(video_rom::kFont8x14, kFont8x14);
  put(video_rom::kFont8x8, kFont8x8);
  // All bytes of an adapter ROM add up to 0.
  rom.back() = static_cast<uint8_t>(0 - std::accumulate(rom.begin(), rom.end(), 0u));
  return rom;
}

std::span<const uint8_t> ProtectedModeInterface() {
  return Assembled().subspan(video_rom::kProtectedMode);
}

}  // namespace verbatim
