// SPDX-License-Identifier: Apache-2.0
// What a user does with hands: keys of a keyboard with 105 keys, named as on the US layout by what
// is printed on them unshifted, and a mouse with up to five buttons and a wheel.
#ifndef VERBATIM_DEVICES_INPUT_EVENTS_H_
#define VERBATIM_DEVICES_INPUT_EVENTS_H_

#include <cstdint>

namespace verbatim {

enum class Key : uint8_t {
  kEscape,
  kF1,
  kF2,
  kF3,
  kF4,
  kF5,
  kF6,
  kF7,
  kF8,
  kF9,
  kF10,
  kF11,
  kF12,
  kGrave,
  k1,
  k2,
  k3,
  k4,
  k5,
  k6,
  k7,
  k8,
  k9,
  k0,
  kMinus,
  kEqual,
  kBackspace,
  kTab,
  kQ,
  kW,
  kE,
  kR,
  kT,
  kY,
  kU,
  kI,
  kO,
  kP,
  kLeftBracket,
  kRightBracket,
  kBackslash,
  kCapsLock,
  kA,
  kS,
  kD,
  kF,
  kG,
  kH,
  kJ,
  kK,
  kL,
  kSemicolon,
  kApostrophe,
  kEnter,
  kLeftShift,
  kLess,  // beside the left shift key, on keyboards with 102 or 105 keys
  kZ,
  kX,
  kC,
  kV,
  kB,
  kN,
  kM,
  kComma,
  kDot,
  kSlash,
  kRightShift,
  kLeftCtrl,
  kLeftWindows,
  kLeftAlt,
  kSpace,
  kRightAlt,
  kRightWindows,
  kMenu,
  kRightCtrl,
  kPrintScreen,
  kScrollLock,
  kPause,
  kInsert,
  kHome,
  kPageUp,
  kDelete,
  kEnd,
  kPageDown,
  kUp,
  kLeft,
  kDown,
  kRight,
  kNumLock,
  kKeypadSlash,
  kKeypadStar,
  kKeypadMinus,
  kKeypad7,
  kKeypad8,
  kKeypad9,
  kKeypadPlus,
  kKeypad4,
  kKeypad5,
  kKeypad6,
  kKeypad1,
  kKeypad2,
  kKeypad3,
  kKeypadEnter,
  kKeypad0,
  kKeypadDot,
};

inline constexpr unsigned kKeyCount = static_cast<unsigned>(Key::kKeypadDot) + 1;

struct KeyEvent {
  Key key = Key::kEscape;
  bool pressed = false;

  bool operator==(const KeyEvent&) const = default;
};

struct MouseEvent {
  static constexpr uint8_t kLeftButton = 0x01;
  static constexpr uint8_t kRightButton = 0x02;
  static constexpr uint8_t kMiddleButton = 0x04;
  static constexpr uint8_t kFourthButton = 0x08;
  static constexpr uint8_t kFifthButton = 0x10;

  // Counts of the mouse: to the right, and down as on a screen.
  int dx = 0;
  int dy = 0;
  int wheel = 0;        // notches towards the user
  uint8_t buttons = 0;  // those held from now on

  bool operator==(const MouseEvent&) const = default;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_INPUT_EVENTS_H_
