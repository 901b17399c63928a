// SPDX-License-Identifier: Apache-2.0
#include "devices/key_text.h"

#include <algorithm>
#include <array>
#include <string>

namespace verbatim {
namespace {

struct NamedKey {
  std::string_view name;
  Key key;
};

// The first name of a key is the one to use; the others are what people also try.
constexpr NamedKey kNames[] = {
    {"esc", Key::kEscape},
    {"f1", Key::kF1},
    {"f2", Key::kF2},
    {"f3", Key::kF3},
    {"f4", Key::kF4},
    {"f5", Key::kF5},
    {"f6", Key::kF6},
    {"f7", Key::kF7},
    {"f8", Key::kF8},
    {"f9", Key::kF9},
    {"f10", Key::kF10},
    {"f11", Key::kF11},
    {"f12", Key::kF12},
    {"ret", Key::kEnter},
    {"tab", Key::kTab},
    {"spc", Key::kSpace},
    {"backspace", Key::kBackspace},
    {"up", Key::kUp},
    {"down", Key::kDown},
    {"left", Key::kLeft},
    {"right", Key::kRight},
    {"insert", Key::kInsert},
    {"delete", Key::kDelete},
    {"home", Key::kHome},
    {"end", Key::kEnd},
    {"pgup", Key::kPageUp},
    {"pgdn", Key::kPageDown},
    {"ctrl", Key::kLeftCtrl},
    {"ctrl_r", Key::kRightCtrl},
    {"shift", Key::kLeftShift},
    {"shift_r", Key::kRightShift},
    {"alt", Key::kLeftAlt},
    {"alt_r", Key::kRightAlt},
    {"meta", Key::kLeftWindows},
    {"meta_r", Key::kRightWindows},
    {"menu", Key::kMenu},
    {"caps_lock", Key::kCapsLock},
    {"num_lock", Key::kNumLock},
    {"scroll_lock", Key::kScrollLock},
    {"print", Key::kPrintScreen},
    {"pause", Key::kPause},
    {"minus", Key::kMinus},
    {"equal", Key::kEqual},
    {"grave", Key::kGrave},
    {"bracket_left", Key::kLeftBracket},
    {"bracket_right", Key::kRightBracket},
    {"backslash", Key::kBackslash},
    {"semicolon", Key::kSemicolon},
    {"apostrophe", Key::kApostrophe},
    {"comma", Key::kComma},
    {"dot", Key::kDot},
    {"slash", Key::kSlash},
    {"less", Key::kLess},
    {"kp_0", Key::kKeypad0},
    {"kp_1", Key::kKeypad1},
    {"kp_2", Key::kKeypad2},
    {"kp_3", Key::kKeypad3},
    {"kp_4", Key::kKeypad4},
    {"kp_5", Key::kKeypad5},
    {"kp_6", Key::kKeypad6},
    {"kp_7", Key::kKeypad7},
    {"kp_8", Key::kKeypad8},
    {"kp_9", Key::kKeypad9},
    {"kp_dot", Key::kKeypadDot},
    {"kp_enter", Key::kKeypadEnter},
    {"kp_plus", Key::kKeypadPlus},
    {"kp_minus", Key::kKeypadMinus},
    {"kp_star", Key::kKeypadStar},
    {"kp_slash", Key::kKeypadSlash},
    {"escape", Key::kEscape},
    {"enter", Key::kEnter},
    {"return", Key::kEnter},
    {"space", Key::kSpace},
    {"bs", Key::kBackspace},
    {"ins", Key::kInsert},
    {"del", Key::kDelete},
    {"pageup", Key::kPageUp},
    {"pagedown", Key::kPageDown},
    {"win", Key::kLeftWindows},
};

struct CharacterKey {
  char plain;
  char shifted;
  Key key;
};

constexpr CharacterKey kCharacters[] = {
    {'`', '~', Key::kGrave},
    {'1', '!', Key::k1},
    {'2', '@', Key::k2},
    {'3', '#', Key::k3},
    {'4', '$', Key::k4},
    {'5', '%', Key::k5},
    {'6', '^', Key::k6},
    {'7', '&', Key::k7},
    {'8', '*', Key::k8},
    {'9', '(', Key::k9},
    {'0', ')', Key::k0},
    {'-', '_', Key::kMinus},
    {'=', '+', Key::kEqual},
    {'q', 'Q', Key::kQ},
    {'w', 'W', Key::kW},
    {'e', 'E', Key::kE},
    {'r', 'R', Key::kR},
    {'t', 'T', Key::kT},
    {'y', 'Y', Key::kY},
    {'u', 'U', Key::kU},
    {'i', 'I', Key::kI},
    {'o', 'O', Key::kO},
    {'p', 'P', Key::kP},
    {'[', '{', Key::kLeftBracket},
    {']', '}', Key::kRightBracket},
    {'\\', '|', Key::kBackslash},
    {'a', 'A', Key::kA},
    {'s', 'S', Key::kS},
    {'d', 'D', Key::kD},
    {'f', 'F', Key::kF},
    {'g', 'G', Key::kG},
    {'h', 'H', Key::kH},
    {'j', 'J', Key::kJ},
    {'k', 'K', Key::kK},
    {'l', 'L', Key::kL},
    {';', ':', Key::kSemicolon},
    {'\'', '"', Key::kApostrophe},
    {'z', 'Z', Key::kZ},
    {'x', 'X', Key::kX},
    {'c', 'C', Key::kC},
    {'v', 'V', Key::kV},
    {'b', 'B', Key::kB},
    {'n', 'N', Key::kN},
    {'m', 'M', Key::kM},
    {',', '<', Key::kComma},
    {'.', '>', Key::kDot},
    {'/', '?', Key::kSlash},
    {' ', ' ', Key::kSpace},
    {'\r', '\n', Key::kEnter},
    {'\t', '\t', Key::kTab},
    {'\b', '\x7F', Key::kBackspace},
    {'\x1B', '\x1B', Key::kEscape},
};

constexpr char kFirstPrintable = ' ';

// A key and whether Shift goes with it.
struct Stroke {
  Key key;
  bool shift;
};

std::optional<Stroke> StrokeOf(char character) {
  for (const CharacterKey& entry : kCharacters) {
    if (entry.plain == character) return Stroke{entry.key, false};
    if (entry.shifted == character) {
      // A key that makes no visible character has other names there, not another case.
      return Stroke{entry.key, entry.plain >= kFirstPrintable};
    }
  }
  return std::nullopt;
}

// Presses in order, then releases in reverse.
void Press(const std::vector<Key>& keys, std::vector<KeyEvent>& events) {
  for (const Key key : keys) events.push_back({key, true});
  for (size_t i = keys.size(); i-- > 0;) events.push_back({keys[i], false});
}

char Lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool IsModifier(Key key) {
  constexpr Key kModifiers[] = {Key::kLeftCtrl,    Key::kRightCtrl,   Key::kLeftShift,
                                Key::kRightShift,  Key::kLeftAlt,     Key::kRightAlt,
                                Key::kLeftWindows, Key::kRightWindows};
  return std::ranges::find(kModifiers, key) != std::end(kModifiers);
}

// What stands between '<' and '>'.
Status AddNamed(std::string_view whole, std::vector<KeyEvent>& events) {
  std::vector<Key> keys;
  std::string_view rest = whole;
  while (true) {
    // A '-' that ends the name is the key.
    const size_t dash = rest.find('-');
    if (dash == std::string_view::npos || dash == 0 || dash + 1 == rest.size()) break;
    const std::optional<Key> modifier = KeyOfName(rest.substr(0, dash));
    if (!modifier || !IsModifier(*modifier)) {
      return Fail("'<{}>': '{}' is no modifier: expected ctrl, shift, alt or meta", whole,
                  rest.substr(0, dash));
    }
    keys.push_back(*modifier);
    rest.remove_prefix(dash + 1);
  }
  if (rest == "lt") rest = "<";
  if (rest.size() == 1) {
    if (const std::optional<Stroke> stroke = StrokeOf(rest[0])) {
      if (stroke->shift) keys.push_back(Key::kLeftShift);
      keys.push_back(stroke->key);
      Press(keys, events);
      return {};
    }
  } else if (const std::optional<Key> key = KeyOfName(rest)) {
    keys.push_back(*key);
    Press(keys, events);
    return {};
  }
  return Fail("'<{}>' is no key: expected a name as in <ret>, <f2>, <ctrl-c> or <lt> for '<'",
              whole);
}

}  // namespace

std::optional<Key> KeyOfName(std::string_view name) {
  for (const NamedKey& named : kNames) {
    if (std::ranges::equal(named.name, name, {}, {}, Lower)) return named.key;
  }
  return std::nullopt;
}

std::vector<KeyEvent> KeysOfCharacter(char character) {
  std::vector<Key> keys;
  std::optional<Stroke> stroke = StrokeOf(character);
  if (!stroke && character >= 0 && character < kFirstPrintable) {
    // Ctrl clears the two upper bits of the character's code.
    stroke = StrokeOf(Lower(static_cast<char>(character | 0x40)));
    keys.push_back(Key::kLeftCtrl);
  }
  std::vector<KeyEvent> events;
  if (!stroke) return events;
  if (stroke->shift) keys.push_back(Key::kLeftShift);
  keys.push_back(stroke->key);
  Press(keys, events);
  return events;
}

Result<std::vector<KeyEvent>> KeysOfText(std::string_view text) {
  std::vector<KeyEvent> events;
  while (!text.empty()) {
    if (text[0] == '<') {
      // "<>>" and "<ctrl->>" name the key '>'.
      size_t end = text.find('>', 1);
      if (end == std::string_view::npos) {
        return Fail("'{}': expected '>' after the name of a key (a '<' is written <lt>)", text);
      }
      if (end + 1 < text.size() && text[end + 1] == '>' && (end == 1 || text[end - 1] == '-'))
        ++end;
      if (Status added = AddNamed(text.substr(1, end - 1), events); !added) {
        return std::unexpected(added.error());
      }
      text.remove_prefix(end + 1);
      continue;
    }
    const std::vector<KeyEvent> keys = KeysOfCharacter(text[0]);
    if (keys.empty()) {
      return Fail("'{}': no key types its first character (byte {:02X}h)", text,
                  static_cast<uint8_t>(text[0]));
    }
    events.insert(events.end(), keys.begin(), keys.end());
    text.remove_prefix(1);
  }
  return events;
}

}  // namespace verbatim
