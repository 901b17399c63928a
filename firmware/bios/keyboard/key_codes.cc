// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/keyboard/key_codes.h"

#include <array>

namespace verbatim {
namespace {

constexpr uint16_t Code(uint8_t high, uint8_t low) {
  return static_cast<uint16_t>(high << 8 | low);
}

// With Ctrl a letter is its place in the alphabet, with Alt it has no character.
constexpr KeyCodes Letter(uint8_t make, char lower) {
  const auto letter = static_cast<uint8_t>(lower);
  return {.normal = Code(make, letter),
          .shift = Code(make, letter - 0x20),
          .ctrl = Code(make, letter & 0x1F),
          .alt = Code(make, 0),
          .alpha = true};
}

// F1 to F10 have a row of extended codes for each modifier.
constexpr KeyCodes Function(uint8_t make, uint8_t number) {
  return {.normal = Code(make, 0),
          .shift = Code(0x53 + number, 0),
          .ctrl = Code(0x5D + number, 0),
          .alt = Code(0x67 + number, 0)};
}

// A key of the keypad. Alt with it types a character by its number.
constexpr KeyCodes Keypad(uint16_t normal, uint16_t shift, uint16_t ctrl) {
  return {.normal = normal, .shift = shift, .ctrl = ctrl, .keypad = true};
}

constexpr KeyCodes Grey(uint16_t code, uint16_t ctrl, uint16_t alt) {
  return {.normal = code, .shift = code, .ctrl = ctrl, .alt = alt};
}

constexpr unsigned kKeys = 0x59;

constexpr std::array<KeyCodes, kKeys> MakePlainKeys() {
  std::array<KeyCodes, kKeys> keys{};
  keys[0x01] = {0x011B, 0x011B, 0x011B, 0x01F0};
  keys[0x02] = {0x0231, 0x0221, 0, 0x7800};
  keys[0x03] = {0x0332, 0x0340, 0x0300, 0x7900};
  keys[0x04] = {0x0433, 0x0423, 0, 0x7A00};
  keys[0x05] = {0x0534, 0x0524, 0, 0x7B00};
  keys[0x06] = {0x0635, 0x0625, 0, 0x7C00};
  keys[0x07] = {0x0736, 0x075E, 0x071E, 0x7D00};
  keys[0x08] = {0x0837, 0x0826, 0, 0x7E00};
  keys[0x09] = {0x0938, 0x092A, 0, 0x7F00};
  keys[0x0A] = {0x0A39, 0x0A28, 0, 0x8000};
  keys[0x0B] = {0x0B30, 0x0B29, 0, 0x8100};
  keys[0x0C] = {0x0C2D, 0x0C5F, 0x0C1F, 0x8200};
  keys[0x0D] = {0x0D3D, 0x0D2B, 0, 0x8300};
  keys[0x0E] = {0x0E08, 0x0E08, 0x0E7F, 0x0EF0};
  keys[0x0F] = {0x0F09, 0x0F00, 0x9400, 0xA500};
  uint8_t make = 0x10;
  for (const char letter : {'q', 'w', 'e', 'r', 't', 'y', 'u', 'i', 'o', 'p'}) {
    keys[make] = Letter(make, letter);
    ++make;
  }
  keys[0x1A] = {0x1A5B, 0x1A7B, 0x1A1B, 0x1AF0};
  keys[0x1B] = {0x1B5D, 0x1B7D, 0x1B1D, 0x1BF0};
  keys[0x1C] = {0x1C0D, 0x1C0D, 0x1C0A, 0x1CF0};
  make = 0x1E;
  for (const char letter : {'a', 's', 'd', 'f', 'g', 'h', 'j', 'k', 'l'}) {
    keys[make] = Letter(make, letter);
    ++make;
  }
  keys[0x27] = {0x273B, 0x273A, 0, 0x27F0};
  keys[0x28] = {0x2827, 0x2822, 0, 0x28F0};
  keys[0x29] = {0x2960, 0x297E, 0, 0x29F0};
  keys[0x2B] = {0x2B5C, 0x2B7C, 0x2B1C, 0x2BF0};
  make = 0x2C;
  for (const char letter : {'z', 'x', 'c', 'v', 'b', 'n', 'm'}) {
    keys[make] = Letter(make, letter);
    ++make;
  }
  keys[0x33] = {0x332C, 0x333C, 0, 0x33F0};
  keys[0x34] = {0x342E, 0x343E, 0, 0x34F0};
  keys[0x35] = {0x352F, 0x353F, 0, 0x35F0};
  keys[0x37] = {0x372A, 0x372A, 0x9600, 0x37F0};
  keys[0x39] = {0x3920, 0x3920, 0x3920, 0x3920};
  for (uint8_t number = 1; number <= 10; ++number) {
    make = static_cast<uint8_t>(0x3A + number);
    keys[make] = Function(make, number);
  }
  keys[0x47] = Keypad(0x4700, 0x4737, 0x7700);
  keys[0x48] = Keypad(0x4800, 0x4838, 0x8D00);
  keys[0x49] = Keypad(0x4900, 0x4939, 0x8400);
  keys[0x4A] = {0x4A2D, 0x4A2D, 0x8E00, 0x4AF0};
  keys[0x4B] = Keypad(0x4B00, 0x4B34, 0x7300);
  keys[0x4C] = Keypad(0x4CF0, 0x4C35, 0x8F00);
  keys[0x4D] = Keypad(0x4D00, 0x4D36, 0x7400);
  keys[0x4E] = {0x4E2B, 0x4E2B, 0x9000, 0x4EF0};
  keys[0x4F] = Keypad(0x4F00, 0x4F31, 0x7500);
  keys[0x50] = Keypad(0x5000, 0x5032, 0x9100);
  keys[0x51] = Keypad(0x5100, 0x5133, 0x7600);
  keys[0x52] = Keypad(0x5200, 0x5230, 0x9200);
  keys[0x53] = Keypad(0x5300, 0x532E, 0x9300);
  keys[0x56] = {0x565C, 0x567C, 0, 0};
  keys[0x57] = {0x8500, 0x8700, 0x8900, 0x8B00};
  keys[0x58] = {0x8600, 0x8800, 0x8A00, 0x8C00};
  return keys;
}

constexpr std::array<KeyCodes, kKeys> MakeExtendedKeys() {
  std::array<KeyCodes, kKeys> keys{};
  keys[0x1C] = {0xE00D, 0xE00D, 0xE00A, 0xA600};
  keys[0x35] = {0xE02F, 0xE02F, 0x9500, 0xA400};
  keys[0x37] = {0, 0, 0x7200, 0};  // Print Screen
  keys[0x47] = Grey(0x47E0, 0x77E0, 0x9700);
  keys[0x48] = Grey(0x48E0, 0x8DE0, 0x9800);
  keys[0x49] = Grey(0x49E0, 0x84E0, 0x9900);
  keys[0x4B] = Grey(0x4BE0, 0x73E0, 0x9B00);
  keys[0x4D] = Grey(0x4DE0, 0x74E0, 0x9D00);
  keys[0x4F] = Grey(0x4FE0, 0x75E0, 0x9F00);
  keys[0x50] = Grey(0x50E0, 0x91E0, 0xA000);
  keys[0x51] = Grey(0x51E0, 0x76E0, 0xA100);
  keys[0x52] = Grey(0x52E0, 0x92E0, 0xA200);
  keys[0x53] = Grey(0x53E0, 0x93E0, 0xA300);
  return keys;
}

constexpr std::array<KeyCodes, kKeys> kPlainKeys = MakePlainKeys();
constexpr std::array<KeyCodes, kKeys> kExtendedKeys = MakeExtendedKeys();

}  // namespace

KeyCodes CodesOfKey(uint8_t make, bool extended) {
  if (make >= kKeys) return {};
  return extended ? kExtendedKeys[make] : kPlainKeys[make];
}

}  // namespace verbatim
