// SPDX-License-Identifier: Apache-2.0
// Int 09h.
#include <iterator>

#include "firmware/bios/keyboard/key_buffer.h"
#include "firmware/bios/keyboard/key_codes.h"
#include "firmware/bios/keyboard/keyboard.h"
#include "firmware/bios/keyboard/keyboard_flags.h"

namespace verbatim {
namespace {

constexpr uint8_t kAcknowledge = 0xFA;
constexpr uint8_t kResend = 0xFE;
constexpr uint8_t kOverrunSet1 = 0xFF;
constexpr uint8_t kOverrunSet2 = 0x00;
constexpr uint8_t kBreakFlag = 0x80;  // 40:71

// What the keypad's digits stand for while Alt is down; in between lie minus and plus.
constexpr uint8_t kNoDigit = 0xFF;
constexpr uint8_t kKeypadDigits[] = {7, 8, 9, kNoDigit, 4, 5, 6, kNoDigit, 1, 2, 3, 0};

struct Lock {
  uint8_t make;
  uint8_t on;    // in 40:17
  uint8_t down;  // in 40:18
};
constexpr Lock kLocks[] = {{scan::kCapsLock, kCapsOn, kCapsDown},
                           {scan::kNumLock, kNumOn, kNumDown},
                           {scan::kScrollLock, kScrollOn, kScrollDown}};

const Lock* LockOf(uint8_t make) {
  for (const Lock& lock : kLocks) {
    if (lock.make == make) return &lock;
  }
  return nullptr;
}

// Shift and Ctrl around the grey keys come and go without anyone pressing them.
bool IsFakeShift(uint8_t make, bool extended) {
  return extended && (make == scan::kLeftShift || make == scan::kRightShift);
}

uint16_t Choose(const KeyCodes& codes, const KeyboardFlags& flags) {
  if ((flags.shift & kAltDown) != 0) return codes.alt;
  if ((flags.shift & kCtrlDown) != 0) return codes.ctrl;
  bool shifted = (flags.shift & kShiftDown) != 0;
  if (codes.alpha && (flags.shift & kCapsOn) != 0) shifted = !shifted;
  if (codes.keypad && (flags.shift & kNumOn) != 0) shifted = !shifted;
  return shifted ? codes.shift : codes.normal;
}

// Sets the flag of a Shift, Ctrl or Alt key; false: it is none.
bool SetModifier(KeyboardFlags& flags, uint8_t make, bool extended, bool down) {
  switch (make) {
    case scan::kLeftShift:
      KeyboardFlags::Put(flags.shift, kLeftShiftDown, down);
      return true;
    case scan::kRightShift:
      KeyboardFlags::Put(flags.shift, kRightShiftDown, down);
      return true;
    case scan::kCtrl:
      if (extended) {
        KeyboardFlags::Put(flags.mode, kRightCtrlDown, down);
      } else {
        KeyboardFlags::Put(flags.keys, kLeftCtrlDown, down);
      }
      flags.UpdateCtrl();
      return true;
    case scan::kAlt:
      if (extended) {
        KeyboardFlags::Put(flags.mode, kRightAltDown, down);
      } else {
        KeyboardFlags::Put(flags.keys, kLeftAltDown, down);
      }
      flags.UpdateAlt();
      return true;
    default:
      return false;
  }
}

}  // namespace

void KeyboardService::KeyArrived(BiosCall& call) {
  const uint8_t byte = call.regs.al();
  call.regs.set_ax(kNothing);
  KeyboardFlags flags(call);
  switch (byte) {
    case kOverrunSet1:
    case kOverrunSet2:
      return;
    case kAcknowledge:
      commands_.Acknowledged();
      flags.leds |= kAcknowledgeSeen;
      KeyboardFlags::Put(flags.leds, kLedsChanging, commands_.busy());
      flags.Store(call);
      return;
    case kResend:
      flags.leds |= kResendSeen;
      if (commands_.Refused()) {
        flags.leds |= kSendError;
        KeyboardFlags::Put(flags.leds, kLedsChanging, false);
      }
      flags.Store(call);
      return;
    case scan::kExtended:
      flags.mode |= kLastWasE0;
      flags.Store(call);
      return;
    case scan::kExtended1:
      flags.mode |= kLastWasE1;
      flags.Store(call);
      return;
    default:
      break;
  }
  const auto make = static_cast<uint8_t>(byte & ~scan::kBreak);
  const bool pressed = (byte & scan::kBreak) == 0;
  if ((flags.mode & kLastWasE1) != 0) {
    // Pause is E1 1D 45 E1 9D C5.
    if (make == scan::kCtrl) return;
    KeyboardFlags::Put(flags.mode, kLastWasE1, false);
    const bool pause = pressed && make == scan::kNumLock && (flags.keys & kPaused) == 0;
    if (pause) flags.keys |= kPaused;
    flags.Store(call);
    if (pause) call.regs.set_ah(kPause);
    return;
  }
  const bool extended = (flags.mode & kLastWasE0) != 0;
  KeyboardFlags::Put(flags.mode, kLastWasE0, false);
  flags.Store(call);
  if (IsFakeShift(make, extended)) return;
  if (!pressed) {
    Release(call, make, extended);
    if (make == scan::kSysRq) {
      call.regs.set_ax(kSystemRequest << 8 | 1);
    }
    return;
  }
  const Action action = Press(call, make, extended);
  call.regs.set_ax(static_cast<uint16_t>(action << 8));
  UpdateLeds(call);
}

void KeyboardService::Release(BiosCall& call, uint8_t make, bool extended) {
  KeyboardFlags flags(call);
  if (SetModifier(flags, make, extended, false)) {
    if (make == scan::kAlt && (flags.shift & kAltDown) == 0) {
      const auto number = call.Read<uint8_t>(bda::kAltKeypad);
      call.Write<uint8_t>(bda::kAltKeypad, 0);
      // Where it does not fit it is lost, as any key.
      if (number != 0) static_cast<void>(KeyBuffer(call).Put(number));
    }
  } else if (const Lock* lock = LockOf(make); lock != nullptr && !extended) {
    KeyboardFlags::Put(flags.keys, lock->down, false);
  } else if (make == scan::kInsert) {
    KeyboardFlags::Put(flags.keys, kInsertDown, false);
  } else if (make == scan::kSysRq) {
    KeyboardFlags::Put(flags.keys, kSysRqDown, false);
  }
  flags.Store(call);
}

KeyboardService::Action KeyboardService::Press(BiosCall& call, uint8_t make, bool extended) {
  KeyboardFlags flags(call);
  if (SetModifier(flags, make, extended, true)) {
    flags.Store(call);
    return kNothing;
  }
  const bool ctrl = (flags.shift & kCtrlDown) != 0;
  const bool alt = (flags.shift & kAltDown) != 0;
  if (ctrl && alt && make == scan::kDelete) {
    call.Write(bda::kResetFlag, bda::kWarmStart);
    return kRestart;
  }
  if (make == scan::kScrollLock && ctrl) {
    KeyBuffer buffer(call);
    buffer.Clear();
    static_cast<void>(buffer.Put(0));
    call.Write(bda::kBreak, kBreakFlag);
    return kBreak;
  }
  if (make == scan::kSysRq) {
    if ((flags.keys & kSysRqDown) != 0) return kNothing;
    flags.keys |= kSysRqDown;
    flags.Store(call);
    return kSystemRequest;
  }
  if ((flags.keys & kPaused) != 0) {
    // The key that ends the pause does nothing else.
    KeyboardFlags::Put(flags.keys, kPaused, false);
    flags.Store(call);
    return kNothing;
  }
  if (const Lock* lock = LockOf(make); lock != nullptr && !extended) {
    // Held down, it repeats.
    if ((flags.keys & lock->down) == 0) flags.shift ^= lock->on;
    flags.keys |= lock->down;
    flags.Store(call);
    return kNothing;
  }
  if (make == scan::kKeypadStar && extended && !ctrl && !alt) return kPrintScreen;
  return Type(call, make, extended);
}

KeyboardService::Action KeyboardService::Type(BiosCall& call, uint8_t make, bool extended) {
  KeyboardFlags flags(call);
  const bool alt = (flags.shift & kAltDown) != 0;
  if (make >= scan::kKeypad7 && make <= scan::kDelete && alt && !extended) {
    const unsigned index = make - scan::kKeypad7;
    if (index < std::size(kKeypadDigits) && kKeypadDigits[index] != kNoDigit) {
      const auto number = call.Read<uint8_t>(bda::kAltKeypad);
      call.Write(bda::kAltKeypad, static_cast<uint8_t>(number * 10 + kKeypadDigits[index]));
      return kNothing;
    }
  } else if (alt) {
    call.Write<uint8_t>(bda::kAltKeypad, 0);
  }
  const uint16_t code = Choose(CodesOfKey(make, extended), flags);
  const bool modified = (flags.shift & (kAltDown | kCtrlDown)) != 0;
  const bool digit = !extended && (code & 0xFF) != 0;
  if (make == scan::kInsert && !modified && !digit) {
    if ((flags.keys & kInsertDown) == 0) flags.shift ^= kInsertOn;
    flags.keys |= kInsertDown;
    flags.Store(call);
  }
  if (code == 0) return kNothing;
  return KeyBuffer(call).Put(code) ? kPosted : kNothing;
}

void KeyboardService::StillPaused(BiosCall& call) {
  call.SetLiveCarry((KeyboardFlags(call).keys & kPaused) != 0);
}

}  // namespace verbatim
