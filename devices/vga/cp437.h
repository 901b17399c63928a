// SPDX-License-Identifier: Apache-2.0
// Code page 437, the characters in the ROM of every PC display adapter, as UTF-8.
#ifndef VERBATIM_DEVICES_VGA_CP437_H_
#define VERBATIM_DEVICES_VGA_CP437_H_

#include <cstdint>
#include <string_view>

namespace verbatim {

// What the character looks like: 00h and FFh are spaces, 01h to 1Fh and 7Fh their pictures.
[[nodiscard]] std::string_view Cp437ToUtf8(uint8_t character);

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_CP437_H_
