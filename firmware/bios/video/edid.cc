// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/video/edid.h"

#include <algorithm>
#include <numeric>

namespace verbatim {
namespace {

// By offset in the block. Three letters of five bits each name the maker: VBM.
constexpr std::array<uint8_t, 8> kHeader = {0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00};
constexpr std::array<uint8_t, 12> kProduct = {
    0x58, 0x4D, 0x01, 0x00, 1, 0, 0, 0, 1, 36, 1, 3};  // week 1 of 2026, EDID 1.3
constexpr std::array<uint8_t, 5> kDisplay = {
    0x0E, 32, 24, 120, 0x0A};  // analogue, 32 by 24 cm, gamma 2.2, colour, the first timing is best
constexpr std::array<uint8_t, 10> kChromaticity = {0xEE, 0x91, 0xA3, 0x54, 0x4C,
                                                   0x99, 0x26, 0x0F, 0x50, 0x54};  // sRGB
constexpr std::array<uint8_t, 3> kEstablished = {0xA1, 0x08, 0x00};  // up to 1024 by 768, 60 Hz

// Width / 8 - 31, then shape and refresh rate - 60.
constexpr std::array<uint8_t, 16> kStandard = {
    0x81, 0x80, 0xA9, 0x40, 0x81, 0x40, 0x71, 0x4F,   // 1280x1024, 1600x1200, 1280x960, 1152x864
    0x81, 0xC0, 0xD1, 0xC0, 0x95, 0x00, 0xB3, 0x00};  // 1280x720, 1920x1080, 1440x900, 1680x1050

// 65 MHz; 1024 dots of 1344, 768 lines of 806; syncs of 136 dots after 24, 6 lines after 3.
constexpr std::array<uint8_t, 18> kBestTiming = {0x64, 0x19, 0x00, 0x40, 0x41, 0x00,
                                                 0x26, 0x30, 0x18, 0x88, 0x36, 0x00,
                                                 0x40, 0xF0, 0x10, 0x00, 0x00, 0x18};
constexpr std::array<uint8_t, 18> kLimits = {0,        0, 0,    0xFD, 0,   50,  120, 30,  160,
                                             300 / 10, 0, '\n', ' ',  ' ', ' ', ' ', ' ', ' '};
constexpr std::array<uint8_t, 18> kName = {0,   0,   0,   0xFC, 0,    'V', 'e', 'r', 'b',
                                           'a', 't', 'i', 'm',  '\n', ' ', ' ', ' ', ' '};
constexpr std::array<uint8_t, 18> kNothing = {0, 0, 0, 0x10};

}  // namespace

EdidBlock MakeEdid() {
  EdidBlock block{};
  auto to = block.begin();
  const auto append = [&to](const auto& part) { to = std::ranges::copy(part, to).out; };
  append(kHeader);
  append(kProduct);
  append(kDisplay);
  append(kChromaticity);
  append(kEstablished);
  append(kStandard);
  append(kBestTiming);
  append(kLimits);
  append(kName);
  append(kNothing);
  block.back() = static_cast<uint8_t>(0 - std::accumulate(block.begin(), block.end(), 0u));
  return block;
}

}  // namespace verbatim
