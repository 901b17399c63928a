// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal_keys.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

#include "devices/key_text.h"

namespace verbatim {
namespace {

constexpr char kEsc = '\x1B';
constexpr size_t kLongestSequence = 16;

// Modifiers as xterm sends them, less one.
constexpr unsigned kShift = 1;
constexpr unsigned kAlt = 2;
constexpr unsigned kCtrl = 4;

struct FinalKey {
  char final;
  Key key;
};
// ESC [ letter, ESC O letter.
constexpr FinalKey kFinals[] = {
    {'A', Key::kUp},   {'B', Key::kDown}, {'C', Key::kRight},       {'D', Key::kLeft},
    {'H', Key::kHome}, {'F', Key::kEnd},  {'P', Key::kF1},          {'Q', Key::kF2},
    {'R', Key::kF3},   {'S', Key::kF4},   {'M', Key::kKeypadEnter},
};
// ESC [ [ letter, of the Linux console.
constexpr FinalKey kLinuxFinals[] = {
    {'A', Key::kF1}, {'B', Key::kF2}, {'C', Key::kF3}, {'D', Key::kF4}, {'E', Key::kF5}};

struct NumberedKey {
  unsigned number;
  Key key;
};
// ESC [ number ~
constexpr NumberedKey kNumbered[] = {
    {1, Key::kHome},     {2, Key::kInsert}, {3, Key::kDelete}, {4, Key::kEnd},  {5, Key::kPageUp},
    {6, Key::kPageDown}, {7, Key::kHome},   {8, Key::kEnd},    {11, Key::kF1},  {12, Key::kF2},
    {13, Key::kF3},      {14, Key::kF4},    {15, Key::kF5},    {17, Key::kF6},  {18, Key::kF7},
    {19, Key::kF8},      {20, Key::kF9},    {21, Key::kF10},   {23, Key::kF11}, {24, Key::kF12},
};

template <size_t kCount>
std::optional<Key> KeyOf(const FinalKey (&table)[kCount], char final) {
  const auto* const found = std::ranges::find(table, final, &FinalKey::final);
  return found == std::end(table) ? std::nullopt : std::optional(found->key);
}

void Press(Key key, unsigned modifiers, std::vector<KeyEvent>& events) {
  std::vector<Key> held;
  if ((modifiers & kCtrl) != 0) held.push_back(Key::kLeftCtrl);
  if ((modifiers & kAlt) != 0) held.push_back(Key::kLeftAlt);
  if ((modifiers & kShift) != 0) held.push_back(Key::kLeftShift);
  held.push_back(key);
  for (const Key each : held) events.push_back({each, true});
  for (auto each = held.rbegin(); each != held.rend(); ++each) events.push_back({*each, false});
}

// The numbers between semicolons; what is none is 0.
std::vector<unsigned> Numbers(std::string_view parameters) {
  std::vector<unsigned> numbers(1);
  for (const char character : parameters) {
    if (character == ';') {
      numbers.push_back(0);
    } else if (character >= '0' && character <= '9' && numbers.back() < 1000) {
      numbers.back() = numbers.back() * 10 + static_cast<unsigned>(character - '0');
    }
  }
  return numbers;
}

}  // namespace

void TerminalKeys::Character(char character, std::vector<KeyEvent>& events) {
  const std::vector<KeyEvent> typed = KeysOfCharacter(character);
  if (typed.empty()) ++dropped_;
  events.insert(events.end(), typed.begin(), typed.end());
}

void TerminalKeys::Control(std::string_view parameters, char final, std::vector<KeyEvent>& events) {
  const std::vector<unsigned> numbers = Numbers(parameters);
  const unsigned modifiers = numbers.size() > 1 && numbers[1] != 0 ? numbers[1] - 1 : 0;
  std::optional<Key> key;
  if (final == '~') {
    const auto* const found = std::ranges::find(kNumbered, numbers[0], &NumberedKey::number);
    if (found != std::end(kNumbered)) key = found->key;
  } else if (final == 'Z') {
    Press(Key::kTab, kShift, events);
    return;
  } else {
    key = KeyOf(kFinals, final);
  }
  if (key) {
    Press(*key, modifiers & (kShift | kAlt | kCtrl), events);
  } else {
    dropped_ += sequence_.size();
  }
}

bool TerminalKeys::Complete(std::vector<KeyEvent>& events) {
  const std::string_view sequence = sequence_;
  if (sequence.size() < 2) return false;
  const char last = sequence.back();
  if (sequence[1] == 'O') {
    if (sequence.size() < 3) return false;
    Control("", last, events);
    return true;
  }
  if (sequence[1] != '[') {
    // Alt and a character.
    events.push_back({Key::kLeftAlt, true});
    Character(last, events);
    events.push_back({Key::kLeftAlt, false});
    return true;
  }
  if (sequence.size() < 3) return false;
  if (sequence[2] == '[') {
    if (sequence.size() < 4) return false;
    if (const std::optional<Key> key = KeyOf(kLinuxFinals, last)) {
      Press(*key, 0, events);
    } else {
      dropped_ += sequence.size();
    }
    return true;
  }
  if (last >= '@' && last <= '~') {
    Control(sequence.substr(2, sequence.size() - 3), last, events);
    return true;
  }
  if (sequence.size() < kLongestSequence) return false;
  dropped_ += sequence.size();
  return true;
}

std::vector<KeyEvent> TerminalKeys::Decode(std::span<const uint8_t> bytes) {
  std::vector<KeyEvent> events;
  for (const uint8_t byte : bytes) {
    const auto character = static_cast<char>(byte);
    if (character == kEsc) {
      // Two of them: the first was the key.
      if (pending()) Character(kEsc, events);
      sequence_ = kEsc;
    } else if (pending()) {
      sequence_ += character;
      if (Complete(events)) sequence_.clear();
    } else {
      Character(character, events);
    }
  }
  return events;
}

std::vector<KeyEvent> TerminalKeys::Flush() {
  std::vector<KeyEvent> events;
  for (const char character : sequence_) Character(character, events);
  sequence_.clear();
  return events;
}

}  // namespace verbatim
