// SPDX-License-Identifier: Apache-2.0
#include "devices/ps2_keyboard.h"

#include <algorithm>
#include <utility>

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 2;

enum Command : uint8_t {
  kSetLeds = 0xED,
  kEcho = 0xEE,
  kScanCodeSet = 0xF0,
  kIdentify = 0xF2,
  kSetTypematic = 0xF3,
  kEnable = 0xF4,
  kDefaultDisable = 0xF5,
  kSetDefault = 0xF6,
  kAllTypematic = 0xF7,
  kAllMakeBreak = 0xF8,
  kAllMake = 0xF9,
  kAllTypematicMakeBreak = 0xFA,
  kKeyTypematic = 0xFB,
  kKeyMakeBreak = 0xFC,
  kKeyMake = 0xFD,
  kResend = 0xFE,
  kReset = 0xFF,
};

constexpr uint8_t kFirstCommand = kSetLeds;
constexpr uint8_t kAcknowledge = 0xFA;
constexpr uint8_t kPleaseResend = 0xFE;
constexpr uint8_t kSelfTestPassed = 0xAA;
constexpr uint8_t kBreakPrefix = 0xF0;
constexpr uint8_t kExtendedPrefix = 0xE0;
constexpr uint8_t kPausePrefix = 0xE1;
constexpr uint8_t kSet1Break = 0x80;
constexpr uint8_t kDefaultTypematic = 0x2B;  // 500 ms, 10.9 characters a second
constexpr uint8_t kNumLockLed = 0x02;

constexpr uint64_t kDelayStepNs = 250'000'000;
constexpr uint64_t kPeriodStepNs = 4'170'000;

// Codes of set 2.
constexpr uint8_t kLeftShiftCode = 0x12;
constexpr uint8_t kRightShiftCode = 0x59;
constexpr uint8_t kCtrlCode = 0x14;
constexpr uint8_t kNumLockCode = 0x77;
constexpr uint8_t kBreakCode = 0x7E;
constexpr uint8_t kSysRqCode = 0x84;

bool TakesArgument(uint8_t command) {
  return command == kSetLeds || command == kScanCodeSet || command == kSetTypematic ||
         (command >= kKeyTypematic && command <= kKeyMake);
}

// The type that commands F7h to FDh give to all keys or one.
uint8_t TypeOfCommand(uint8_t command) {
  switch (command) {
    case kAllTypematic:
    case kKeyTypematic:
      return KeyType::kTypematic;
    case kAllMakeBreak:
    case kKeyMakeBreak:
      return KeyType::kBreak;
    case kAllTypematicMakeBreak:
      return KeyType::kTypematic | KeyType::kBreak;
    default:
      return KeyType::kMake;
  }
}

}  // namespace

// What a key sends, in set 2 (or 3): at most both shift keys hidden and an extended code.
class Ps2Keyboard::Codes {
 public:
  void Add(std::initializer_list<uint8_t> codes) {
    for (const uint8_t code : codes) bytes_[count_++] = code;
  }
  void AddKey(const ScanCodes& key, bool pressed) {
    if (key.extended) Add({kExtendedPrefix});
    if (!pressed) Add({kBreakPrefix});
    Add({key.set2});
  }
  // A shift key that is not touched.
  void AddFakeShift(uint8_t code, bool pressed) {
    Add({kExtendedPrefix});
    if (!pressed) Add({kBreakPrefix});
    Add({code});
  }
  [[nodiscard]] std::span<const uint8_t> bytes() const { return std::span(bytes_).first(count_); }

 private:
  std::array<uint8_t, 12> bytes_{};
  size_t count_ = 0;
};

template <typename Archive, typename S>
void Ps2Keyboard::Visit(Archive& archive, S& state) {
  archive.Field("argument_of", state.argument_of);
  archive.Field("scan_code_set", state.scan_code_set, uint8_t{3});
  archive.Field("scanning", state.scanning);
  archive.Field("leds", state.leds, uint8_t{7});
  archive.Field("typematic", state.typematic, uint8_t{0x7F});
  archive.Field("last_sent", state.last_sent);
  archive.Field("count", state.count, uint8_t{kQueueBytes});
  archive.Field("head", state.head, uint8_t{kQueueBytes - 1});
  archive.Field("queue", state.queue);
  archive.Field("repeating", state.repeating);
  archive.Field("repeat_ns", state.repeat_ns);
  archive.Field("held", state.held);
  archive.Field("types", state.types);
}

void Ps2Keyboard::SetDefaults() {
  state_.scan_code_set = 2;
  state_.typematic = kDefaultTypematic;
  state_.count = 0;
  state_.repeating = kNoKey;
  for (unsigned i = 0; i < kKeyCount; ++i) {
    state_.types[i] = ScanCodesOf(static_cast<Key>(i)).type;
  }
}

void Ps2Keyboard::Reset() {
  // The user's fingers stay where they are.
  const auto held = state_.held;
  state_ = State{};
  state_.held = held;
  SetDefaults();
}

void Ps2Keyboard::Queue(uint8_t byte) {
  if (state_.count == kQueueBytes) return;  // only a guest that never reads gets here
  state_.queue[(state_.head + state_.count++) % kQueueBytes] = byte;
}

std::optional<uint8_t> Ps2Keyboard::Send() {
  if (state_.count == 0) return std::nullopt;
  state_.last_sent = state_.queue[state_.head];
  state_.head = (state_.head + 1) % kQueueBytes;
  --state_.count;
  return state_.last_sent;
}

uint8_t Ps2Keyboard::TypeOf(Key key) const {
  if (state_.scan_code_set == 3) return state_.types[static_cast<unsigned>(key)];
  return key == Key::kPause ? KeyType::kMake : KeyType::kTypematic | KeyType::kBreak;
}

// Before the code of a grey key, and after its break code with the opposite meaning, the shift keys
// are made to look as if they agreed with Num Lock.
void Ps2Keyboard::AddPrefixes(Codes& codes, KeyGroup group, bool pressed) const {
  if (group != KeyGroup::kCursor && group != KeyGroup::kKeypadSlash) return;
  const bool left = Held(Key::kLeftShift);
  const bool right = Held(Key::kRightShift);
  const bool num_lock = (state_.leds & kNumLockLed) != 0;
  if (group == KeyGroup::kCursor && num_lock) {
    if (!left && !right) codes.AddFakeShift(kLeftShiftCode, pressed);
    return;
  }
  if (left) codes.AddFakeShift(kLeftShiftCode, !pressed);
  if (right) codes.AddFakeShift(kRightShiftCode, !pressed);
}

Ps2Keyboard::Codes Ps2Keyboard::MakeCodes(Key key, bool repeated) const {
  const ScanCodes& scan = ScanCodesOf(key);
  const bool ctrl = Held(Key::kLeftCtrl) || Held(Key::kRightCtrl);
  Codes codes;
  if (state_.scan_code_set == 3) {
    codes.Add({scan.set3});
  } else if (scan.group == KeyGroup::kPause) {
    if (ctrl) {
      codes.Add({kExtendedPrefix, kBreakCode, kExtendedPrefix, kBreakPrefix, kBreakCode});
    } else {
      codes.Add({kPausePrefix, kCtrlCode, kNumLockCode});
      codes.Add({kPausePrefix, kBreakPrefix, kCtrlCode, kBreakPrefix, kNumLockCode});
    }
  } else if (scan.group == KeyGroup::kPrintScreen) {
    if (Held(Key::kLeftAlt) || Held(Key::kRightAlt)) {
      codes.Add({kSysRqCode});
    } else {
      const bool shift = Held(Key::kLeftShift) || Held(Key::kRightShift);
      if (!ctrl && !shift && !repeated) codes.AddFakeShift(kLeftShiftCode, true);
      codes.AddKey(scan, true);
    }
  } else {
    if (!repeated) AddPrefixes(codes, scan.group, true);
    codes.AddKey(scan, true);
  }
  return codes;
}

Ps2Keyboard::Codes Ps2Keyboard::BreakCodes(Key key) const {
  const ScanCodes& scan = ScanCodesOf(key);
  Codes codes;
  if (state_.scan_code_set == 3) {
    codes.Add({kBreakPrefix, scan.set3});
  } else if (scan.group == KeyGroup::kPrintScreen) {
    const bool ctrl = Held(Key::kLeftCtrl) || Held(Key::kRightCtrl);
    const bool shift = Held(Key::kLeftShift) || Held(Key::kRightShift);
    if (Held(Key::kLeftAlt) || Held(Key::kRightAlt)) {
      codes.Add({kBreakPrefix, kSysRqCode});
    } else {
      codes.AddKey(scan, false);
      if (!ctrl && !shift) codes.AddFakeShift(kLeftShiftCode, false);
    }
  } else {
    codes.AddKey(scan, false);
    AddPrefixes(codes, scan.group, false);
  }
  return codes;
}

bool Ps2Keyboard::QueueCodes(const Codes& codes) {
  if (codes.bytes().size() > kQueueBytes - state_.count) return false;
  uint8_t break_bit = 0;
  for (const uint8_t code : codes.bytes()) {
    if (state_.scan_code_set != 1) {
      Queue(code);
    } else if (code == kBreakPrefix) {
      break_bit = kSet1Break;
    } else {
      Queue(ToScanCodeSet1(code) | std::exchange(break_bit, uint8_t{0}));
    }
  }
  return true;
}

uint64_t Ps2Keyboard::DelayNs() const { return (1 + (state_.typematic >> 5 & 3u)) * kDelayStepNs; }

uint64_t Ps2Keyboard::PeriodNs() const {
  return (8 + (state_.typematic & 7u)) * (uint64_t{1} << (state_.typematic >> 3 & 3)) *
         kPeriodStepNs;
}

bool Ps2Keyboard::Accept(KeyEvent event, uint64_t now_ns) {
  if (!state_.scanning) return false;
  if (Held(event.key) == event.pressed) return true;
  const auto index = static_cast<uint8_t>(event.key);
  const uint8_t type = TypeOf(event.key);
  if (event.pressed) {
    if (!QueueCodes(MakeCodes(event.key, false))) return false;
    const bool repeats = (type & KeyType::kTypematic) != 0;
    state_.repeating = repeats ? index : kNoKey;
    state_.repeat_ns = repeats ? now_ns + DelayNs() : 0;
  } else {
    if ((type & KeyType::kBreak) != 0 && !QueueCodes(BreakCodes(event.key))) return false;
    if (state_.repeating == index) state_.repeating = kNoKey;
  }
  state_.held[index] = event.pressed ? 1 : 0;
  return true;
}

std::optional<uint64_t> Ps2Keyboard::NextEventNs() const {
  if (state_.repeating == kNoKey || !state_.scanning) return std::nullopt;
  return state_.repeat_ns;
}

void Ps2Keyboard::AdvanceTo(uint64_t now_ns) {
  const std::optional<uint64_t> due = NextEventNs();
  if (!due || *due > now_ns) return;
  QueueCodes(MakeCodes(static_cast<Key>(state_.repeating), true));
  // What was missed meanwhile is not made up for.
  const uint64_t period = PeriodNs();
  state_.repeat_ns += ((now_ns - state_.repeat_ns) / period + 1) * period;
}

void Ps2Keyboard::Receive(uint8_t byte) {
  const uint8_t command = std::exchange(state_.argument_of, uint8_t{0});
  if (command != 0 && byte < kFirstCommand) {
    ReceiveArgument(command, byte);
  } else {
    ReceiveCommand(byte);
  }
}

void Ps2Keyboard::ReceiveCommand(uint8_t command) {
  if (command != kResend) state_.count = 0;  // a command cancels what was to be sent
  if (TakesArgument(command)) {
    state_.argument_of = command;
    Queue(kAcknowledge);
    return;
  }
  switch (command) {
    case kEcho:
      Queue(kEcho);
      break;
    case kIdentify:
      Queue(kAcknowledge);
      Queue(0xAB);
      Queue(0x83);
      break;
    case kEnable:
      state_.scanning = true;
      state_.repeating = kNoKey;
      Queue(kAcknowledge);
      break;
    case kDefaultDisable:
    case kSetDefault:
      SetDefaults();
      if (command == kDefaultDisable) state_.scanning = false;
      Queue(kAcknowledge);
      break;
    case kAllTypematic:
    case kAllMakeBreak:
    case kAllMake:
    case kAllTypematicMakeBreak:
      state_.types.fill(TypeOfCommand(command));
      state_.repeating = kNoKey;
      Queue(kAcknowledge);
      break;
    case kResend:
      Queue(state_.last_sent);
      break;
    case kReset:
      Reset();
      Queue(kAcknowledge);
      Queue(kSelfTestPassed);
      break;
    default:
      Queue(kPleaseResend);
      break;
  }
}

void Ps2Keyboard::ReceiveArgument(uint8_t command, uint8_t argument) {
  switch (command) {
    case kSetLeds:
      state_.leds = argument & 7;
      Queue(kAcknowledge);
      break;
    case kSetTypematic:
      state_.typematic = argument & 0x7F;
      Queue(kAcknowledge);
      break;
    case kScanCodeSet:
      if (argument > 3) {
        Queue(kPleaseResend);
        break;
      }
      Queue(kAcknowledge);
      if (argument == 0) {
        Queue(state_.scan_code_set);
      } else {
        state_.scan_code_set = argument;
        state_.repeating = kNoKey;
      }
      break;
    default:
      SetType(command, argument);
      break;
  }
}

// The list of keys goes on until another command, or ends at what is no key.
void Ps2Keyboard::SetType(uint8_t command, uint8_t set3_code) {
  const std::optional<Key> key = KeyOfSet3(set3_code);
  if (!key) {
    Queue(kPleaseResend);
    return;
  }
  state_.types[static_cast<unsigned>(*key)] = TypeOfCommand(command);
  state_.argument_of = command;
  Queue(kAcknowledge);
}

void Ps2Keyboard::Save(StateWriter& writer) const {
  writer.Begin("ps2 keyboard", kStateVersion);
  Visit(writer, state_);
}

Status Ps2Keyboard::Load(StateReader& reader, uint64_t now_ns) {
  State loaded;
  reader.Begin("ps2 keyboard", kStateVersion);
  Visit(reader, loaded);
  reader.Require(loaded.argument_of == 0 || TakesArgument(loaded.argument_of), "argument_of",
                 "a command with an argument");
  reader.Require(loaded.scan_code_set != 0, "scan_code_set", "1 to 3");
  reader.Require(loaded.repeating == kNoKey || loaded.repeating < kKeyCount, "repeating", "a key");
  reader.Require(loaded.repeat_ns <= now_ns + 4 * kDelayStepNs, "repeat_ns",
                 "a time within a second");
  reader.Require(std::ranges::all_of(loaded.held, [](uint8_t held) { return held <= 1; }), "held",
                 "0 or 1 for each key");
  reader.Require(std::ranges::all_of(
                     loaded.types,
                     [](uint8_t type) { return type <= (KeyType::kBreak | KeyType::kTypematic); }),
                 "types", "0 to 3 for each key");
  const Status status = reader.status();
  if (status) state_ = loaded;
  return status;
}

}  // namespace verbatim
