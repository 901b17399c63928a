// SPDX-License-Identifier: Apache-2.0
#include "devices/ps2_mouse.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "devices/tick_rate.h"

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

enum Command : uint8_t {
  kScale1To1 = 0xE6,
  kScale2To1 = 0xE7,
  kSetResolution = 0xE8,
  kStatus = 0xE9,
  kStreamMode = 0xEA,
  kReadData = 0xEB,
  kResetWrap = 0xEC,
  kWrapMode = 0xEE,
  kRemoteMode = 0xF0,
  kIdentify = 0xF2,
  kSetRate = 0xF3,
  kEnable = 0xF4,
  kDisable = 0xF5,
  kSetDefault = 0xF6,
  kResend = 0xFE,
  kReset = 0xFF,
};

constexpr uint8_t kAcknowledge = 0xFA;
constexpr uint8_t kPleaseResend = 0xFE;
constexpr uint8_t kError = 0xFC;
constexpr uint8_t kSelfTestPassed = 0xAA;

constexpr uint8_t kWheelId = 3;
constexpr uint8_t kFiveButtonId = 4;
constexpr uint8_t kThreeButtons = 0x07;
constexpr uint8_t kAllButtons = 0x1F;

constexpr uint8_t kPacketAlwaysOne = 0x08;
constexpr unsigned kPacketXSign = 4;
constexpr unsigned kPacketYSign = 5;

constexpr uint8_t kStatusRemote = 0x40;
constexpr uint8_t kStatusReporting = 0x20;
constexpr uint8_t kStatusScale2To1 = 0x10;

constexpr std::array<uint8_t, 7> kRates = {10, 20, 40, 60, 80, 100, 200};
constexpr uint64_t kLongestPeriodNs = kNsPerSecond / kRates[0];
constexpr uint8_t kMaxResolution = 3;

constexpr int kMaxCount = 255;
constexpr int kMaxScaledCount = kMaxCount / 2;
constexpr int kMinWheel = -8;
constexpr int kMaxWheel = 7;
// What a counter holds that nobody reads.
constexpr int kCounterLimit = 1 << 20;

bool IsRate(uint8_t rate) { return std::ranges::find(kRates, rate) != kRates.end(); }

uint8_t ButtonsOf(uint8_t id) { return id == kFiveButtonId ? kAllButtons : kThreeButtons; }

uint32_t Add(uint32_t counter, int delta) {
  const int64_t sum = int64_t{static_cast<int32_t>(counter)} + delta;
  return static_cast<uint32_t>(std::clamp<int64_t>(sum, -kCounterLimit, kCounterLimit));
}

// The part of a counter that lies between the limits; it leaves the counter.
int Take(uint32_t& counter, int min, int max) {
  const int taken = std::clamp(static_cast<int>(static_cast<int32_t>(counter)), min, max);
  counter -= static_cast<uint32_t>(taken);
  return taken;
}

// Scaling 2:1.
int Scaled(int count) {
  static constexpr int kSmall[] = {0, 1, 1, 3, 6, 9};
  const int size = std::abs(count);
  const int scaled = size < 6 ? kSmall[size] : 2 * size;
  return count < 0 ? -scaled : scaled;
}

}  // namespace

template <typename Archive, typename S>
void Ps2Mouse::Visit(Archive& archive, S& state) {
  archive.Field("argument_of", state.argument_of);
  archive.Field("refused_once", state.refused_once);
  archive.Field("remote", state.remote);
  archive.Field("wrap", state.wrap);
  archive.Field("reporting", state.reporting);
  archive.Field("scale_2_to_1", state.scale_2_to_1);
  archive.Field("resolution", state.resolution, kMaxResolution);
  archive.Field("rate", state.rate);
  archive.Field("id", state.id);
  archive.Field("last_rate", state.last_rate);
  archive.Field("rate_before", state.rate_before);
  archive.Field("buttons", state.buttons, kAllButtons);
  archive.Field("reported_buttons", state.reported_buttons, kAllButtons);
  archive.Field("dx", state.dx);
  archive.Field("dy", state.dy);
  archive.Field("wheel", state.wheel);
  archive.Field("next_packet_ns", state.next_packet_ns);
  archive.Field("answer_bytes", state.answer_bytes, static_cast<uint8_t>(state.answer.size()));
  archive.Field("answer", state.answer);
  archive.Field("count", state.count, uint8_t{kQueueBytes});
  archive.Field("head", state.head, uint8_t{kQueueBytes - 1});
  archive.Field("queue", state.queue);
}

void Ps2Mouse::SetDefaults() {
  state_.remote = false;
  state_.reporting = false;
  state_.scale_2_to_1 = false;
  state_.resolution = 2;
  state_.rate = 100;
  ClearCounters();
}

void Ps2Mouse::Reset() {
  // The user's fingers stay where they are.
  const uint8_t buttons = state_.buttons;
  state_ = State{};
  state_.buttons = state_.reported_buttons = buttons & ButtonsOf(state_.id);
}

void Ps2Mouse::ClearCounters() { state_.dx = state_.dy = state_.wheel = 0; }

void Ps2Mouse::Queue(uint8_t byte) {
  if (state_.count == kQueueBytes) return;  // only echoes that nobody reads get here
  state_.queue[(state_.head + state_.count++) % kQueueBytes] = byte;
}

void Ps2Mouse::Answer(uint8_t byte) {
  if (state_.answer_bytes < state_.answer.size()) state_.answer[state_.answer_bytes++] = byte;
  Queue(byte);
}

std::optional<uint8_t> Ps2Mouse::Send() {
  if (state_.count == 0) return std::nullopt;
  const uint8_t byte = state_.queue[state_.head];
  state_.head = (state_.head + 1) % kQueueBytes;
  --state_.count;
  return byte;
}

bool Ps2Mouse::Accept(const MouseEvent& event) {
  const uint8_t buttons = event.buttons & ButtonsOf(state_.id);
  if (Streams() && buttons != state_.buttons && state_.buttons != state_.reported_buttons) {
    return false;
  }
  state_.buttons = buttons;
  state_.dx = Add(state_.dx, event.dx);
  state_.dy = Add(state_.dy, -std::clamp(event.dy, -kCounterLimit, kCounterLimit));
  if (state_.id >= kWheelId) state_.wheel = Add(state_.wheel, event.wheel);
  return true;
}

bool Ps2Mouse::Changed() const {
  return state_.dx != 0 || state_.dy != 0 || state_.wheel != 0 ||
         state_.buttons != state_.reported_buttons;
}

std::optional<uint64_t> Ps2Mouse::NextEventNs() const {
  if (!Streams() || !Changed() || state_.count != 0) return std::nullopt;
  return state_.next_packet_ns;
}

void Ps2Mouse::AdvanceTo(uint64_t now_ns) {
  const std::optional<uint64_t> due = NextEventNs();
  if (!due || *due > now_ns) return;
  state_.answer_bytes = 0;
  AnswerPacket(state_.scale_2_to_1);
  state_.next_packet_ns = now_ns + kNsPerSecond / state_.rate;
}

void Ps2Mouse::AnswerPacket(bool scaled) {
  const int limit = scaled ? kMaxScaledCount : kMaxCount;
  int x = Take(state_.dx, -limit, limit);
  int y = Take(state_.dy, -limit, limit);
  if (scaled) {
    x = Scaled(x);
    y = Scaled(y);
  }
  Answer(static_cast<uint8_t>(kPacketAlwaysOne | (state_.buttons & kThreeButtons) |
                              (x < 0 ? 1 : 0) << kPacketXSign | (y < 0 ? 1 : 0) << kPacketYSign));
  Answer(static_cast<uint8_t>(x));
  Answer(static_cast<uint8_t>(y));
  if (state_.id >= kWheelId) {
    const auto wheel = static_cast<uint8_t>(Take(state_.wheel, kMinWheel, kMaxWheel));
    // With five buttons four bits are left for the wheel.
    Answer(state_.id == kWheelId
               ? wheel
               : static_cast<uint8_t>((wheel & 0x0F) | (state_.buttons & ~kThreeButtons) << 1));
  }
  state_.reported_buttons = state_.buttons;
}

void Ps2Mouse::Receive(uint8_t byte) {
  state_.count = 0;  // what was to be sent is cancelled
  const uint8_t command = std::exchange(state_.argument_of, uint8_t{0});
  if (command != 0) {
    state_.answer_bytes = 0;
    ReceiveArgument(command, byte);
  } else if (byte == kResend && !state_.wrap) {
    for (unsigned i = 0; i < state_.answer_bytes; ++i) Queue(state_.answer[i]);
  } else {
    state_.answer_bytes = 0;
    if (state_.wrap && byte != kResetWrap && byte != kReset) {
      Answer(byte);
    } else {
      ReceiveCommand(byte);
    }
  }
}

void Ps2Mouse::ReceiveCommand(uint8_t command) {
  switch (command) {
    case kScale1To1:
    case kScale2To1:
      state_.scale_2_to_1 = command == kScale2To1;
      break;
    case kSetResolution:
    case kSetRate:
      state_.argument_of = command;
      state_.refused_once = false;
      break;
    case kStatus:
      AnswerStatus();
      return;
    case kStreamMode:
    case kRemoteMode:
      state_.remote = command == kRemoteMode;
      ClearCounters();
      break;
    case kReadData:
      Answer(kAcknowledge);
      AnswerPacket(false);
      ClearCounters();
      return;
    case kResetWrap:
    case kWrapMode:
      state_.wrap = command == kWrapMode;
      ClearCounters();
      break;
    case kIdentify:
      Answer(kAcknowledge);
      Answer(state_.id);
      ClearCounters();
      return;
    case kEnable:
    case kDisable:
      state_.reporting = command == kEnable;
      ClearCounters();
      break;
    case kSetDefault:
      SetDefaults();
      break;
    case kReset:
      Reset();
      Answer(kAcknowledge);
      Answer(kSelfTestPassed);
      Answer(state_.id);
      return;
    default:
      Answer(kPleaseResend);
      return;
  }
  Answer(kAcknowledge);
}

void Ps2Mouse::AnswerStatus() {
  Answer(kAcknowledge);
  const uint8_t left = (state_.buttons & MouseEvent::kLeftButton) != 0 ? 4 : 0;
  const uint8_t middle = (state_.buttons & MouseEvent::kMiddleButton) != 0 ? 2 : 0;
  const uint8_t right = (state_.buttons & MouseEvent::kRightButton) != 0 ? 1 : 0;
  Answer(static_cast<uint8_t>(
      (state_.remote ? kStatusRemote : 0) | (state_.reporting ? kStatusReporting : 0) |
      (state_.scale_2_to_1 ? kStatusScale2To1 : 0) | left | middle | right));
  Answer(state_.resolution);
  Answer(state_.rate);
}

void Ps2Mouse::ReceiveArgument(uint8_t command, uint8_t argument) {
  const bool good = command == kSetRate ? IsRate(argument) : argument <= kMaxResolution;
  if (!good) {
    // Once the host may try again; the second time the command is over.
    if (std::exchange(state_.refused_once, true)) {
      Answer(kError);
    } else {
      state_.argument_of = command;
      Answer(kPleaseResend);
    }
    return;
  }
  if (command == kSetRate) {
    Knock(argument);
  } else {
    state_.resolution = argument;
  }
  ClearCounters();
  Answer(kAcknowledge);
}

void Ps2Mouse::Knock(uint8_t rate) {
  state_.rate = rate;
  if (state_.rate_before == 200 && rate == 80) {
    if (state_.last_rate == 100 && state_.id == 0) state_.id = kWheelId;
    if (state_.last_rate == 200 && state_.id == kWheelId) state_.id = kFiveButtonId;
  }
  state_.rate_before = std::exchange(state_.last_rate, rate);
}

void Ps2Mouse::Save(StateWriter& writer) const {
  writer.Begin("ps2 mouse", kStateVersion);
  Visit(writer, state_);
}

Status Ps2Mouse::Load(StateReader& reader, uint64_t now_ns) {
  State loaded;
  reader.Begin("ps2 mouse", kStateVersion);
  Visit(reader, loaded);
  const auto is_counter = [](uint32_t counter) {
    return std::abs(int64_t{static_cast<int32_t>(counter)}) <= kCounterLimit;
  };
  reader.Require(loaded.argument_of == 0 || loaded.argument_of == kSetResolution ||
                     loaded.argument_of == kSetRate,
                 "argument_of", "a command with an argument");
  reader.Require(IsRate(loaded.rate), "rate", "a rate that mice have");
  reader.Require(loaded.id == 0 || loaded.id == kWheelId || loaded.id == kFiveButtonId, "id",
                 "0, 3 or 4");
  reader.Require(((loaded.buttons | loaded.reported_buttons) & ~ButtonsOf(loaded.id)) == 0,
                 "buttons", "buttons that the mouse has");
  reader.Require(is_counter(loaded.dx) && is_counter(loaded.dy) && is_counter(loaded.wheel), "dx",
                 "counters within their limits");
  reader.Require(loaded.id >= kWheelId || loaded.wheel == 0, "wheel", "0 without a wheel");
  reader.Require(loaded.next_packet_ns <= now_ns + kLongestPeriodNs, "next_packet_ns",
                 "a time within the longest period");
  const Status status = reader.status();
  if (status) state_ = loaded;
  return status;
}

}  // namespace verbatim
