// SPDX-License-Identifier: Apache-2.0
#include "devices/ps2_keyboard.h"

#include <utility>

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

enum Command : uint8_t {
  kSetLeds = 0xED,
  kEcho = 0xEE,
  kScanCodeSet = 0xF0,
  kIdentify = 0xF2,
  kSetTypematic = 0xF3,
  kEnable = 0xF4,
  kDefaultDisable = 0xF5,
  kSetDefault = 0xF6,
  kResend = 0xFE,
  kReset = 0xFF,
};

constexpr uint8_t kFirstCommand = kSetLeds;
constexpr uint8_t kAcknowledge = 0xFA;
constexpr uint8_t kPleaseResend = 0xFE;
constexpr uint8_t kSelfTestPassed = 0xAA;
constexpr uint8_t kBreakPrefix = 0xF0;
constexpr uint8_t kSet1Break = 0x80;
constexpr uint8_t kDefaultTypematic = 0x2B;  // 500 ms, 10.9 characters a second

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

uint8_t ToScanCodeSet1(uint8_t set2_code) {
  if (set2_code < kSet2ToSet1.size()) return kSet2ToSet1[set2_code];
  if (set2_code == 0x83) return 0x41;  // F7
  if (set2_code == 0x84) return 0x54;  // SysRq
  return set2_code;
}

template <typename Archive, typename S>
void Ps2Keyboard::Visit(Archive& archive, S& state) {
  archive.Field("argument_of", state.argument_of);
  archive.Field("scan_code_set", state.scan_code_set, uint8_t{2});
  archive.Field("scanning", state.scanning);
  archive.Field("leds", state.leds, uint8_t{7});
  archive.Field("typematic", state.typematic, uint8_t{0x7F});
  archive.Field("last_sent", state.last_sent);
  archive.Field("count", state.count, uint8_t{kQueueBytes});
  archive.Field("head", state.head, uint8_t{kQueueBytes - 1});
  archive.Field("queue", state.queue);
}

void Ps2Keyboard::SetDefaults() {
  state_.scan_code_set = 2;
  state_.typematic = kDefaultTypematic;
  state_.count = 0;
}

void Ps2Keyboard::Reset() {
  state_ = State{};
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

bool Ps2Keyboard::Type(std::span<const uint8_t> set2_codes) {
  if (!state_.scanning || set2_codes.size() > kQueueBytes - state_.count) return false;
  uint8_t break_bit = 0;
  for (const uint8_t code : set2_codes) {
    if (state_.scan_code_set == 2) {
      Queue(code);
    } else if (code == kBreakPrefix) {
      break_bit = kSet1Break;
    } else {
      Queue(ToScanCodeSet1(code) | std::exchange(break_bit, uint8_t{0}));
    }
  }
  return true;
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
  switch (command) {
    case kSetLeds:
    case kScanCodeSet:
    case kSetTypematic:
      state_.argument_of = command;
      Queue(kAcknowledge);
      break;
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
      Queue(kAcknowledge);
      break;
    case kDefaultDisable:
    case kSetDefault:
      SetDefaults();
      if (command == kDefaultDisable) state_.scanning = false;
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
    default:  // kScanCodeSet
      if (argument == 0) {
        Queue(kAcknowledge);
        Queue(state_.scan_code_set);
      } else if (argument <= 2) {
        state_.scan_code_set = argument;
        Queue(kAcknowledge);
      } else {
        Queue(kPleaseResend);
      }
      break;
  }
}

void Ps2Keyboard::Save(StateWriter& writer) const {
  writer.Begin("ps2 keyboard", kStateVersion);
  Visit(writer, state_);
}

Status Ps2Keyboard::Load(StateReader& reader) {
  State loaded;
  reader.Begin("ps2 keyboard", kStateVersion);
  Visit(reader, loaded);
  reader.Require(loaded.argument_of == 0 || loaded.argument_of == kSetLeds ||
                     loaded.argument_of == kScanCodeSet || loaded.argument_of == kSetTypematic,
                 "argument_of", "a command with an argument");
  reader.Require(loaded.scan_code_set != 0, "scan_code_set", "1 or 2");
  const Status status = reader.status();
  if (status) state_ = loaded;
  return status;
}

}  // namespace verbatim
