// SPDX-License-Identifier: Apache-2.0
// What a key of the US keyboard puts into the BIOS's buffer: IBM PS/2 and PC BIOS Interface
// Technical Reference, "Keyboard", table of extended codes. The low byte is the character, the high
// byte the scan code or the number of an extended code.
//
// Low bytes of two kinds mark what int 16h translates: E0h keys that the 84-key keyboard had
// elsewhere (the grey ones), F0h combinations that it could not type.
#ifndef VERBATIM_FIRMWARE_BIOS_KEYBOARD_KEY_CODES_H_
#define VERBATIM_FIRMWARE_BIOS_KEYBOARD_KEY_CODES_H_

#include <cstdint>

namespace verbatim {

inline constexpr uint8_t kGreyMark = 0xE0;
inline constexpr uint8_t kEnhancedMark = 0xF0;

// Scan codes of set 1.
namespace scan {
inline constexpr uint8_t kBreak = 0x80;
inline constexpr uint8_t kExtended = 0xE0;
inline constexpr uint8_t kExtended1 = 0xE1;
inline constexpr uint8_t kCtrl = 0x1D;
inline constexpr uint8_t kLeftShift = 0x2A;
inline constexpr uint8_t kRightShift = 0x36;
inline constexpr uint8_t kKeypadStar = 0x37;  // extended: Print Screen
inline constexpr uint8_t kAlt = 0x38;
inline constexpr uint8_t kCapsLock = 0x3A;
inline constexpr uint8_t kNumLock = 0x45;
inline constexpr uint8_t kScrollLock = 0x46;  // extended: Break
inline constexpr uint8_t kKeypad7 = 0x47;
inline constexpr uint8_t kInsert = 0x52;
inline constexpr uint8_t kDelete = 0x53;
inline constexpr uint8_t kSysRq = 0x54;
}  // namespace scan

// By modifiers, Alt before Ctrl before Shift; 0: no code. `alpha`: Caps Lock inverts Shift.
// `keypad`: Num Lock does.
struct KeyCodes {
  uint16_t normal = 0;
  uint16_t shift = 0;
  uint16_t ctrl = 0;
  uint16_t alt = 0;
  bool alpha = false;
  bool keypad = false;
};

// `make` is a scan code of set 1 without the break bit; a key without codes gives all zeros.
[[nodiscard]] KeyCodes CodesOfKey(uint8_t make, bool extended);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_KEYBOARD_KEY_CODES_H_
