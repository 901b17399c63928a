// SPDX-License-Identifier: Apache-2.0
// The characters of code page 437 as a VGA's firmware has them in its ROM: 256 characters one after
// the other, each as many bytes as it has rows, the leftmost of eight dots in bit 7.
//
// The data is written by fonts/generate; fonts/README.md says from what and under which licences.
#ifndef VERBATIM_FIRMWARE_FONTS_H_
#define VERBATIM_FIRMWARE_FONTS_H_

#include <array>
#include <cstdint>

namespace verbatim {

extern const std::array<uint8_t, 256 * 16> kFont8x16;
extern const std::array<uint8_t, 256 * 14> kFont8x14;
extern const std::array<uint8_t, 256 * 8> kFont8x8;

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_FONTS_H_
