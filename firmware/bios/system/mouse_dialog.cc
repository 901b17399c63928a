// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/system/mouse_dialog.h"

#include <algorithm>

namespace verbatim {
namespace {

constexpr uint16_t kDataPort = 0x60;
constexpr uint16_t kCommandPort = 0x64;

constexpr uint8_t kStatusFull = 0x01;
constexpr uint8_t kStatusOfDevice = 0x20;

constexpr uint8_t kReadMode = 0x20;
constexpr uint8_t kWriteMode = 0x60;
constexpr uint8_t kDisableKeyboard = 0xAD;
constexpr uint8_t kReturnKey = 0xD2;
constexpr uint8_t kToDevice = 0xD4;

constexpr uint8_t kModeDeviceInterrupt = 0x02;
constexpr uint8_t kModeKeyboardDisabled = 0x10;
constexpr uint8_t kModeDeviceDisabled = 0x20;

constexpr uint8_t kAcknowledge = 0xFA;
constexpr uint8_t kPleaseResend = 0xFE;

// Bytes of a packet that was on its way when the command began, and then some.
constexpr unsigned kMaxWaits = 16;

constexpr PortStep Write(uint16_t port, uint8_t value) { return {PortStep::kWrite, port, value}; }
constexpr PortStep Read(uint16_t port) { return {PortStep::kRead, port, 0}; }
constexpr PortStep Answer() { return {PortStep::kAnswer, kDataPort, 0}; }

}  // namespace

void MouseDialog::Begin(std::span<const uint8_t> bytes, unsigned answers,
                        std::optional<bool> interrupt) {
  *this = {};
  std::ranges::copy(bytes.first(std::min<size_t>(bytes.size(), kMaxBytes)), bytes_.begin());
  byte_count_ = static_cast<unsigned>(std::min<size_t>(bytes.size(), kMaxBytes));
  answer_count_ = std::min(answers, kMaxAnswers);
  interrupt_ = interrupt;
  state_ = State::kQuietKeyboard;
}

PortStep MouseDialog::WaitForDevice() {
  if (++waits_ > kMaxWaits) return Finish(kInterfaceError);
  return Answer();
}

PortStep MouseDialog::Finish(Outcome outcome) {
  outcome_ = outcome;
  state_ = State::kRestoreMode;
  return Write(kCommandPort, kWriteMode);
}

PortStep MouseDialog::Next(PortResult last) {
  switch (state_) {
    case State::kIdle:
      return {};
    case State::kQuietKeyboard:
      state_ = State::kLookAtStatus;
      return Write(kCommandPort, kDisableKeyboard);
    case State::kLookAtStatus:
      state_ = State::kLookForKey;
      return Read(kCommandPort);
    case State::kLookForKey:
      if ((last.value & kStatusFull) == 0) {
        state_ = State::kAskMode;
        return Write(kCommandPort, kReadMode);
      }
      state_ = State::kTakeKey;
      if ((last.value & kStatusOfDevice) == 0) key_ = uint8_t{0};
      return Read(kDataPort);
    case State::kTakeKey:
      if (key_) key_ = last.value;
      state_ = State::kAskMode;
      return Write(kCommandPort, kReadMode);
    case State::kAskMode:
      state_ = State::kReadMode;
      return Answer();
    case State::kReadMode:
      if (last.status == 0) {
        state_ = State::kIdle;
        outcome_ = kInterfaceError;
        return {};
      }
      // A packet may have been on its way.
      if ((last.status & kStatusOfDevice) != 0 && ++waits_ <= kMaxWaits) return Answer();
      mode_ = last.value;
      state_ = State::kChangeMode;
      return Write(kCommandPort, kWriteMode);
    case State::kChangeMode:
      state_ = State::kWriteMode;
      return Write(kDataPort, static_cast<uint8_t>((mode_ | kModeKeyboardDisabled) &
                                                   ~(kModeDeviceInterrupt | kModeDeviceDisabled)));
    case State::kWriteMode:
      state_ = State::kAddress;
      return Write(kCommandPort, kToDevice);
    case State::kAddress:
      state_ = State::kByte;
      return Write(kDataPort, bytes_[sent_]);
    case State::kByte:
      state_ = State::kCheck;
      return WaitForDevice();
    case State::kCheck:
      if (last.status == 0) return Finish(kInterfaceError);
      if ((last.status & kStatusOfDevice) == 0) return WaitForDevice();
      if (last.value == kPleaseResend) return Finish(kResend);
      if (last.value != kAcknowledge) return WaitForDevice();
      if (++sent_ < byte_count_) {
        state_ = State::kAddress;
        return Write(kCommandPort, kToDevice);
      }
      if (answer_count_ == 0) return Finish(kDone);
      state_ = State::kAnswer;
      return WaitForDevice();
    case State::kAnswer:
      if (last.status == 0) return Finish(kInterfaceError);
      if ((last.status & kStatusOfDevice) == 0) return WaitForDevice();
      answers_[answered_++] = last.value;
      return answered_ < answer_count_ ? WaitForDevice() : Finish(kDone);
    case State::kRestoreMode: {
      state_ = State::kWriteOldMode;
      uint8_t mode = mode_;
      if (interrupt_) {
        mode = static_cast<uint8_t>((mode & ~(kModeDeviceInterrupt | kModeDeviceDisabled)) |
                                    (*interrupt_ ? kModeDeviceInterrupt : kModeDeviceDisabled));
      }
      return Write(kDataPort, mode);
    }
    case State::kWriteOldMode:
      if (!key_) break;
      state_ = State::kReturnKey;
      return Write(kCommandPort, kReturnKey);
    case State::kReturnKey:
      state_ = State::kIdle;
      return Write(kDataPort, *key_);
  }
  state_ = State::kIdle;
  return {};
}

}  // namespace verbatim
