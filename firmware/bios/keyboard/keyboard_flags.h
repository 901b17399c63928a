// SPDX-License-Identifier: Apache-2.0
// The keyboard's flags in the BIOS data area, 40:17, 40:18, 40:96 and 40:97 (IBM PS/2 and PC BIOS
// Interface Technical Reference, section 3). Guests set some of them, the locks above all.
#ifndef VERBATIM_FIRMWARE_BIOS_KEYBOARD_KEYBOARD_FLAGS_H_
#define VERBATIM_FIRMWARE_BIOS_KEYBOARD_KEYBOARD_FLAGS_H_

#include <cstdint>

#include "base/bits.h"
#include "firmware/bios/bios_call.h"
#include "firmware/bios/bios_data_area.h"

namespace verbatim {

// 40:17.
inline constexpr uint8_t kRightShiftDown = 0x01;
inline constexpr uint8_t kLeftShiftDown = 0x02;
inline constexpr uint8_t kCtrlDown = 0x04;
inline constexpr uint8_t kAltDown = 0x08;
inline constexpr uint8_t kScrollOn = 0x10;
inline constexpr uint8_t kNumOn = 0x20;
inline constexpr uint8_t kCapsOn = 0x40;
inline constexpr uint8_t kInsertOn = 0x80;
inline constexpr uint8_t kShiftDown = kRightShiftDown | kLeftShiftDown;
inline constexpr unsigned kLocksShift = 4;
inline constexpr uint8_t kLeds = 0x07;
// 40:18.
inline constexpr uint8_t kLeftCtrlDown = 0x01;
inline constexpr uint8_t kLeftAltDown = 0x02;
inline constexpr uint8_t kSysRqDown = 0x04;
inline constexpr uint8_t kPaused = 0x08;
inline constexpr uint8_t kScrollDown = 0x10;
inline constexpr uint8_t kNumDown = 0x20;
inline constexpr uint8_t kCapsDown = 0x40;
inline constexpr uint8_t kInsertDown = 0x80;
// 40:96.
inline constexpr uint8_t kLastWasE1 = 0x01;
inline constexpr uint8_t kLastWasE0 = 0x02;
inline constexpr uint8_t kRightCtrlDown = 0x04;
inline constexpr uint8_t kRightAltDown = 0x08;
inline constexpr uint8_t kEnhancedKeyboard = 0x10;
// 40:97, above the LEDs.
inline constexpr uint8_t kAcknowledgeSeen = 0x10;
inline constexpr uint8_t kResendSeen = 0x20;
inline constexpr uint8_t kLedsChanging = 0x40;
inline constexpr uint8_t kSendError = 0x80;

// The four bytes as one call found them; Store writes back those that changed.
class KeyboardFlags {
 public:
  explicit KeyboardFlags(BiosCall& call)
      : shift(call.Read<uint8_t>(bda::kKeyboardFlags)),
        keys(call.Read<uint8_t>(bda::kKeyboardFlags + 1)),
        mode(call.Read<uint8_t>(bda::kKeyboardMode)),
        leds(call.Read<uint8_t>(bda::kKeyboardLeds)) {}

  void Store(BiosCall& call) const {
    call.Write(bda::kKeyboardFlags, shift);
    call.Write(bda::kKeyboardFlags + 1, keys);
    call.Write(bda::kKeyboardMode, mode);
    call.Write(bda::kKeyboardLeds, leds);
  }

  static void Put(uint8_t& flags, uint8_t mask, bool on) {
    flags = static_cast<uint8_t>(on ? flags | mask : flags & ~mask);
  }
  void UpdateCtrl() { Put(shift, kCtrlDown, (keys & kLeftCtrlDown) || (mode & kRightCtrlDown)); }
  void UpdateAlt() { Put(shift, kAltDown, (keys & kLeftAltDown) || (mode & kRightAltDown)); }

  uint8_t shift;
  uint8_t keys;
  uint8_t mode;
  uint8_t leds;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_KEYBOARD_KEYBOARD_FLAGS_H_
