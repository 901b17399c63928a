// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/keyboard/keyboard.h"

#include <optional>

#include "firmware/bios/keyboard/key_buffer.h"
#include "firmware/bios/keyboard/key_codes.h"
#include "firmware/bios/keyboard/keyboard_flags.h"

namespace verbatim {
namespace {

constexpr uint8_t kEnhanced =
    0x10;  // functions 10h to 12h are 00h to 02h for the enhanced keyboard

// Function 09h: 00h, 05h and 06h of function 03h, function 0Ah, functions 10h to 12h.
constexpr uint8_t kCapabilities = 0x3D;
constexpr uint16_t kKeyboardId = 0x41AB;  // of an enhanced keyboard behind translation
constexpr uint8_t kFullBuffer = 1;

// Commands of the keyboard.
constexpr uint8_t kSetLeds = 0xED;
constexpr uint8_t kSetTypematicRate = 0xF3;

// Function 03h.
constexpr uint8_t kDefaultRate = 0x00;
constexpr uint8_t kGivenRate = 0x05;
constexpr uint8_t kTellRate = 0x06;
constexpr uint8_t kDefaultTypematic = 0x2B;  // 500 ms, 10.9 characters a second
constexpr unsigned kRateBits = 5;
constexpr unsigned kDelayBits = 2;

// No more keys than this lie in a buffer of segment 40h.
constexpr unsigned kMaxKeys = 0x8000;
constexpr uint8_t kLastOldCode = 0x84;  // of the 84-key keyboard: Ctrl-Page Up

constexpr uint8_t Low(uint16_t code) { return static_cast<uint8_t>(code); }
constexpr uint8_t High(uint16_t code) { return static_cast<uint8_t>(code >> 8); }

// A key as programs see it that know the 84-key keyboard; nullopt: that keyboard could not type it.
std::optional<uint16_t> AsOldKey(uint16_t code) {
  if (High(code) == kGreyMark) {
    // Enter and slash of the keypad.
    const uint16_t high = Low(code) == '/' ? 0x3500 : 0x1C00;
    return static_cast<uint16_t>(high | Low(code));
  }
  if (High(code) > kLastOldCode) return std::nullopt;
  if (High(code) == 0) return code;  // typed by number
  if (Low(code) == kEnhancedMark) return std::nullopt;
  return Low(code) == kGreyMark ? static_cast<uint16_t>(code & 0xFF00) : code;
}

uint16_t AsEnhancedKey(uint16_t code) {
  if (Low(code) == kEnhancedMark && High(code) != 0) return static_cast<uint16_t>(code & 0xFF00);
  return code;
}

// The first key that the caller can see; what it cannot is dropped.
std::optional<uint16_t> FirstKey(BiosCall& call, bool enhanced) {
  KeyBuffer buffer(call);
  for (unsigned i = 0; i < kMaxKeys; ++i) {
    const std::optional<uint16_t> code = buffer.First();
    if (!code) return std::nullopt;
    if (enhanced) return AsEnhancedKey(*code);
    if (const auto old = AsOldKey(*code)) return old;
    buffer.RemoveFirst();
  }
  return std::nullopt;
}

}  // namespace

void KeyboardService::PowerOn() {
  commands_.Clear();
  typematic_ = kDefaultTypematic;
}

void KeyboardService::UpdateLeds(BiosCall& call) {
  KeyboardFlags flags(call);
  const auto wanted = static_cast<uint8_t>(flags.shift >> kLocksShift & kLeds);
  if ((flags.leds & kLeds) == wanted) return;
  flags.leds = static_cast<uint8_t>(wanted | kLedsChanging);
  flags.Store(call);
  commands_.Send(kSetLeds, wanted);
}

void KeyboardService::NextCommand(BiosCall& call) {
  const std::optional<uint8_t> byte = commands_.Next();
  call.SetLiveCarry(byte.has_value());
  if (byte) call.regs.set_al(*byte);
}

void KeyboardService::ReadKey(BiosCall& call, bool enhanced) {
  const std::optional<uint16_t> code = FirstKey(call, enhanced);
  if (!code) {
    call.Wait();
    return;
  }
  KeyBuffer(call).RemoveFirst();
  call.regs.set_ax(*code);
}

void KeyboardService::CheckKey(BiosCall& call, bool enhanced) {
  const std::optional<uint16_t> code = FirstKey(call, enhanced);
  call.SetZero(!code);
  if (code) call.regs.set_ax(*code);
}

void KeyboardService::SetTypematic(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  switch (regs.al()) {
    case kDefaultRate:
      typematic_ = kDefaultTypematic;
      break;
    case kGivenRate:
      if (regs.bl() >= 1u << kRateBits || regs.bh() >= 1u << kDelayBits) return;
      typematic_ = static_cast<uint8_t>(regs.bh() << kRateBits | regs.bl());
      break;
    case kTellRate:
      regs.set_bl(typematic_ & ((1u << kRateBits) - 1));
      regs.set_bh(static_cast<uint8_t>(typematic_ >> kRateBits));
      return;
    default:
      return;  // the AT's BIOS ignores others
  }
  commands_.Send(kSetTypematicRate, typematic_);
}

void KeyboardService::Function(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  UpdateLeds(call);  // programs change the locks in the data area
  const bool enhanced = (regs.ah() & kEnhanced) != 0;
  switch (regs.ah()) {
    case 0x00:
    case 0x10:
      ReadKey(call, enhanced);
      break;
    case 0x01:
    case 0x11:
      CheckKey(call, enhanced);
      break;
    case 0x02:
      regs.set_al(KeyboardFlags(call).shift);
      break;
    case 0x12: {
      const KeyboardFlags flags(call);
      constexpr uint8_t kKept = kLeftCtrlDown | kLeftAltDown | kScrollDown | kNumDown | kCapsDown;
      regs.set_al(flags.shift);
      regs.set_ah(static_cast<uint8_t>((flags.keys & kKept) |
                                       (flags.mode & (kRightCtrlDown | kRightAltDown)) |
                                       ((flags.keys & kSysRqDown) != 0 ? 0x80 : 0)));
      break;
    }
    case 0x03:
      SetTypematic(call);
      break;
    case 0x04:  // key click, of the PCjr
      break;
    case 0x05:
      regs.set_al(KeyBuffer(call).Put(regs.cx()) ? 0 : kFullBuffer);
      break;
    case 0x09:
      regs.set_al(kCapabilities);
      break;
    case 0x0A:
      regs.set_bx(kKeyboardId);
      break;
    case 0x92:  // how keyboard drivers ask whether functions 10h to 12h are there
      regs.set_ah(0x80);
      break;
    case 0xA2:  // whether 20h to 22h are: an unchanged ah says no
      break;
    default:
      unknown_.Log(LogLevel::kInfo, "BIOS: int 16h, ah={:02X}h, is not provided", regs.ah());
      break;
  }
}

}  // namespace verbatim
