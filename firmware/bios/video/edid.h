// SPDX-License-Identifier: Apache-2.0
// What the monitor says about itself (VESA E-EDID 1.3), for VBE function 15h.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_EDID_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_EDID_H_

#include <array>
#include <cstdint>

namespace verbatim {

using EdidBlock = std::array<uint8_t, 128>;

// A monitor for which 1024 by 768 is best, with its checksum.
[[nodiscard]] EdidBlock MakeEdid();

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_EDID_H_
