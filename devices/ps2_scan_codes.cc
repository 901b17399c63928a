// SPDX-License-Identifier: Apache-2.0
#include "devices/ps2_scan_codes.h"

#include <array>

namespace verbatim {
namespace {

constexpr std::array<ScanCodes, kKeyCount> kScanCodes = {{
    {0x76, false, 0x08, KeyType::kMake},                         // kEscape
    {0x05, false, 0x07, KeyType::kMake},                         // kF1
    {0x06, false, 0x0F, KeyType::kMake},                         // kF2
    {0x04, false, 0x17, KeyType::kMake},                         // kF3
    {0x0C, false, 0x1F, KeyType::kMake},                         // kF4
    {0x03, false, 0x27, KeyType::kMake},                         // kF5
    {0x0B, false, 0x2F, KeyType::kMake},                         // kF6
    {0x83, false, 0x37, KeyType::kMake},                         // kF7
    {0x0A, false, 0x3F, KeyType::kMake},                         // kF8
    {0x01, false, 0x47, KeyType::kMake},                         // kF9
    {0x09, false, 0x4F, KeyType::kMake},                         // kF10
    {0x78, false, 0x56, KeyType::kMake},                         // kF11
    {0x07, false, 0x5E, KeyType::kMake},                         // kF12
    {0x0E, false, 0x0E, KeyType::kTypematic},                    // kGrave
    {0x16, false, 0x16, KeyType::kTypematic},                    // k1
    {0x1E, false, 0x1E, KeyType::kTypematic},                    // k2
    {0x26, false, 0x26, KeyType::kTypematic},                    // k3
    {0x25, false, 0x25, KeyType::kTypematic},                    // k4
    {0x2E, false, 0x2E, KeyType::kTypematic},                    // k5
    {0x36, false, 0x36, KeyType::kTypematic},                    // k6
    {0x3D, false, 0x3D, KeyType::kTypematic},                    // k7
    {0x3E, false, 0x3E, KeyType::kTypematic},                    // k8
    {0x46, false, 0x46, KeyType::kTypematic},                    // k9
    {0x45, false, 0x45, KeyType::kTypematic},                    // k0
    {0x4E, false, 0x4E, KeyType::kTypematic},                    // kMinus
    {0x55, false, 0x55, KeyType::kTypematic},                    // kEqual
    {0x66, false, 0x66, KeyType::kTypematic},                    // kBackspace
    {0x0D, false, 0x0D, KeyType::kTypematic},                    // kTab
    {0x15, false, 0x15, KeyType::kTypematic},                    // kQ
    {0x1D, false, 0x1D, KeyType::kTypematic},                    // kW
    {0x24, false, 0x24, KeyType::kTypematic},                    // kE
    {0x2D, false, 0x2D, KeyType::kTypematic},                    // kR
    {0x2C, false, 0x2C, KeyType::kTypematic},                    // kT
    {0x35, false, 0x35, KeyType::kTypematic},                    // kY
    {0x3C, false, 0x3C, KeyType::kTypematic},                    // kU
    {0x43, false, 0x43, KeyType::kTypematic},                    // kI
    {0x44, false, 0x44, KeyType::kTypematic},                    // kO
    {0x4D, false, 0x4D, KeyType::kTypematic},                    // kP
    {0x54, false, 0x54, KeyType::kTypematic},                    // kLeftBracket
    {0x5B, false, 0x5B, KeyType::kTypematic},                    // kRightBracket
    {0x5D, false, 0x5C, KeyType::kTypematic},                    // kBackslash
    {0x58, false, 0x14, KeyType::kBreak},                        // kCapsLock
    {0x1C, false, 0x1C, KeyType::kTypematic},                    // kA
    {0x1B, false, 0x1B, KeyType::kTypematic},                    // kS
    {0x23, false, 0x23, KeyType::kTypematic},                    // kD
    {0x2B, false, 0x2B, KeyType::kTypematic},                    // kF
    {0x34, false, 0x34, KeyType::kTypematic},                    // kG
    {0x33, false, 0x33, KeyType::kTypematic},                    // kH
    {0x3B, false, 0x3B, KeyType::kTypematic},                    // kJ
    {0x42, false, 0x42, KeyType::kTypematic},                    // kK
    {0x4B, false, 0x4B, KeyType::kTypematic},                    // kL
    {0x4C, false, 0x4C, KeyType::kTypematic},                    // kSemicolon
    {0x52, false, 0x52, KeyType::kTypematic},                    // kApostrophe
    {0x5A, false, 0x5A, KeyType::kTypematic},                    // kEnter
    {0x12, false, 0x12, KeyType::kBreak},                        // kLeftShift
    {0x61, false, 0x13, KeyType::kTypematic},                    // kLess
    {0x1A, false, 0x1A, KeyType::kTypematic},                    // kZ
    {0x22, false, 0x22, KeyType::kTypematic},                    // kX
    {0x21, false, 0x21, KeyType::kTypematic},                    // kC
    {0x2A, false, 0x2A, KeyType::kTypematic},                    // kV
    {0x32, false, 0x32, KeyType::kTypematic},                    // kB
    {0x31, false, 0x31, KeyType::kTypematic},                    // kN
    {0x3A, false, 0x3A, KeyType::kTypematic},                    // kM
    {0x41, false, 0x41, KeyType::kTypematic},                    // kComma
    {0x49, false, 0x49, KeyType::kTypematic},                    // kDot
    {0x4A, false, 0x4A, KeyType::kTypematic},                    // kSlash
    {0x59, false, 0x59, KeyType::kBreak},                        // kRightShift
    {0x14, false, 0x11, KeyType::kBreak},                        // kLeftCtrl
    {0x1F, true, 0x8B, KeyType::kBreak},                         // kLeftWindows
    {0x11, false, 0x19, KeyType::kBreak},                        // kLeftAlt
    {0x29, false, 0x29, KeyType::kTypematic},                    // kSpace
    {0x11, true, 0x39, KeyType::kMake},                          // kRightAlt
    {0x27, true, 0x8C, KeyType::kBreak},                         // kRightWindows
    {0x2F, true, 0x8D, KeyType::kBreak},                         // kMenu
    {0x14, true, 0x58, KeyType::kMake},                          // kRightCtrl
    {0x7C, true, 0x57, KeyType::kMake, KeyGroup::kPrintScreen},  // kPrintScreen
    {0x7E, false, 0x5F, KeyType::kMake},                         // kScrollLock
    {0x77, false, 0x62, KeyType::kMake, KeyGroup::kPause},       // kPause
    {0x70, true, 0x67, KeyType::kMake, KeyGroup::kCursor},       // kInsert
    {0x6C, true, 0x6E, KeyType::kMake, KeyGroup::kCursor},       // kHome
    {0x7D, true, 0x6F, KeyType::kMake, KeyGroup::kCursor},       // kPageUp
    {0x71, true, 0x64, KeyType::kTypematic, KeyGroup::kCursor},  // kDelete
    {0x69, true, 0x65, KeyType::kMake, KeyGroup::kCursor},       // kEnd
    {0x7A, true, 0x6D, KeyType::kMake, KeyGroup::kCursor},       // kPageDown
    {0x75, true, 0x63, KeyType::kTypematic, KeyGroup::kCursor},  // kUp
    {0x6B, true, 0x61, KeyType::kTypematic, KeyGroup::kCursor},  // kLeft
    {0x72, true, 0x60, KeyType::kTypematic, KeyGroup::kCursor},  // kDown
    {0x74, true, 0x6A, KeyType::kTypematic, KeyGroup::kCursor},  // kRight
    {0x77, false, 0x76, KeyType::kMake},                         // kNumLock
    {0x4A, true, 0x77, KeyType::kMake, KeyGroup::kKeypadSlash},  // kKeypadSlash
    {0x7C, false, 0x7E, KeyType::kMake},                         // kKeypadStar
    {0x7B, false, 0x84, KeyType::kMake},                         // kKeypadMinus
    {0x6C, false, 0x6C, KeyType::kMake},                         // kKeypad7
    {0x75, false, 0x75, KeyType::kMake},                         // kKeypad8
    {0x7D, false, 0x7D, KeyType::kMake},                         // kKeypad9
    {0x79, false, 0x7C, KeyType::kTypematic},                    // kKeypadPlus
    {0x6B, false, 0x6B, KeyType::kMake},                         // kKeypad4
    {0x73, false, 0x73, KeyType::kMake},                         // kKeypad5
    {0x74, false, 0x74, KeyType::kMake},                         // kKeypad6
    {0x69, false, 0x69, KeyType::kMake},                         // kKeypad1
    {0x72, false, 0x72, KeyType::kMake},                         // kKeypad2
    {0x7A, false, 0x7A, KeyType::kMake},                         // kKeypad3
    {0x5A, true, 0x79, KeyType::kMake},                          // kKeypadEnter
    {0x70, false, 0x70, KeyType::kMake},                         // kKeypad0
    {0x71, false, 0x71, KeyType::kMake},                         // kKeypadDot
}};

constexpr std::array<uint8_t, 0x80> kSet2ToSet1 = {
    0xFF, 0x43, 0x41, 0x3F, 0x3D, 0x3B, 0x3C, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3E, 0x0F, 0x29, 0x59,
    0x65, 0x38, 0x2A, 0x70, 0x1D, 0x10, 0x02, 0x5A, 0x66, 0x71, 0x2C, 0x1F, 0x1E, 0x11, 0x03, 0x5B,
    0x67, 0x2E, 0x2D, 0x20, 0x12, 0x05, 0x04, 0x5C, 0x68, 0x39, 0x2F, 0x21, 0x14, 0x13, 0x06, 0x5D,
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5E, 0x6A, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5F,
    0x6B, 0x33, 0x25, 0x17, 0x18, 0x0B, 0x0A, 0x60, 0x6C, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0C, 0x61,
    0x6D, 0x73, 0x28, 0x74, 0x1A, 0x0D, 0x62, 0x6E, 0x3A, 0x36, 0x1C, 0x1B, 0x75, 0x2B, 0x63, 0x76,
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7A, 0x0E, 0x7B, 0x7C, 0x4F, 0x7D, 0x4B, 0x47, 0x7E, 0x7F, 0x6F,
    0x52, 0x53, 0x50, 0x4C, 0x4D, 0x48, 0x01, 0x45, 0x57, 0x4E, 0x51, 0x4A, 0x37, 0x49, 0x46, 0x54,
};

}  // namespace

const ScanCodes& ScanCodesOf(Key key) { return kScanCodes[static_cast<unsigned>(key)]; }

std::optional<Key> KeyOfSet3(uint8_t code) {
  for (unsigned i = 0; i < kScanCodes.size(); ++i) {
    if (kScanCodes[i].set3 == code) return static_cast<Key>(i);
  }
  return std::nullopt;
}

uint8_t ToScanCodeSet1(uint8_t set2_code) {
  if (set2_code < kSet2ToSet1.size()) return kSet2ToSet1[set2_code];
  if (set2_code == 0x83) return 0x41;  // F7
  if (set2_code == 0x84) return 0x54;  // SysRq
  return set2_code;
}

}  // namespace verbatim
