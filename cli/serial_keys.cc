// SPDX-License-Identifier: Apache-2.0
#include "cli/serial_keys.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "devices/key_text.h"

namespace verbatim {
namespace {

struct KeySequence {
  Key key;
  std::string_view bytes;
};

constexpr KeySequence kSequences[] = {
    {Key::kUp, "\x1B[A"},        {Key::kDown, "\x1B[B"},    {Key::kRight, "\x1B[C"},
    {Key::kLeft, "\x1B[D"},      {Key::kHome, "\x1B[H"},    {Key::kEnd, "\x1B[F"},
    {Key::kInsert, "\x1B[2~"},   {Key::kDelete, "\x1B[3~"}, {Key::kPageUp, "\x1B[5~"},
    {Key::kPageDown, "\x1B[6~"}, {Key::kF1, "\x1BOP"},      {Key::kF2, "\x1BOQ"},
    {Key::kF3, "\x1BOR"},        {Key::kF4, "\x1BOS"},      {Key::kF5, "\x1B[15~"},
    {Key::kF6, "\x1B[17~"},      {Key::kF7, "\x1B[18~"},    {Key::kF8, "\x1B[19~"},
    {Key::kF9, "\x1B[20~"},      {Key::kF10, "\x1B[21~"},   {Key::kF11, "\x1B[23~"},
    {Key::kF12, "\x1B[24~"},     {Key::kBackspace, "\x7F"}, {Key::kEnter, "\r"},
    {Key::kTab, "\t"},           {Key::kEscape, "\x1B"},    {Key::kKeypadEnter, "\r"},
};

// What the key types with Shift or without it.
std::optional<char> CharacterOf(Key key, bool shift) {
  for (char character = ' '; character < '\x7F'; ++character) {
    const std::vector<KeyEvent> typed = KeysOfCharacter(character);
    // Press and release of the key, within those of Shift if it takes that.
    const bool shifted = typed.size() == 4;
    if (typed.size() < 2 || shifted != shift) continue;
    if (typed[shifted ? 1 : 0].key == key) return character;
  }
  return std::nullopt;
}

constexpr char kControlMask = 0x1F;

}  // namespace

std::string SerialBytesOf(std::span<const KeyEvent> keys) {
  std::string bytes;
  bool shift = false;
  bool control = false;
  bool alt = false;
  for (const auto& [key, pressed] : keys) {
    if (key == Key::kLeftShift || key == Key::kRightShift) shift = pressed;
    if (key == Key::kLeftCtrl || key == Key::kRightCtrl) control = pressed;
    if (key == Key::kLeftAlt || key == Key::kRightAlt) alt = pressed;
    if (!pressed) continue;
    const auto* const sequence = std::ranges::find(kSequences, key, &KeySequence::key);
    if (sequence != std::end(kSequences)) {
      if (alt) bytes += '\x1B';
      bytes += sequence->bytes;
      continue;
    }
    const std::optional<char> character = CharacterOf(key, shift);
    if (!character) continue;
    if (alt) bytes += '\x1B';
    bytes += control ? static_cast<char>(*character & kControlMask) : *character;
  }
  return bytes;
}

}  // namespace verbatim
