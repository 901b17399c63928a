// SPDX-License-Identifier: Apache-2.0
// One command to the pointing device behind the keyboard controller (IBM PS/2 Hardware Interface
// Technical Reference, "Keyboard/Auxiliary Device Controller" and "Mouse"), as steps of a dialog:
// the keyboard is kept quiet and the device's interrupt off meanwhile, each byte is acknowledged,
// then come the answers. A key that has just arrived is put back at the end.
#ifndef VERBATIM_FIRMWARE_BIOS_SYSTEM_MOUSE_DIALOG_H_
#define VERBATIM_FIRMWARE_BIOS_SYSTEM_MOUSE_DIALOG_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "firmware/bios/system/port_dialog.h"

namespace verbatim {

class MouseDialog {
 public:
  static constexpr unsigned kMaxBytes = 2;
  static constexpr unsigned kMaxAnswers = 3;

  // The status of int 15h function C2h in ah.
  enum Outcome : uint8_t { kDone = 0x00, kInterfaceError = 0x03, kResend = 0x04 };

  // `interrupt`: whether the device may interrupt afterwards; nullopt: as before.
  void Begin(std::span<const uint8_t> bytes, unsigned answers, std::optional<bool> interrupt);
  [[nodiscard]] PortStep Next(PortResult last);

  [[nodiscard]] Outcome outcome() const { return outcome_; }
  [[nodiscard]] uint8_t answer(unsigned index) const { return answers_[index]; }

 private:
  enum class State : uint8_t {
    kIdle,
    kQuietKeyboard,
    kLookAtStatus,
    kLookForKey,
    kTakeKey,
    kAskMode,
    kReadMode,
    kChangeMode,
    kWriteMode,
    kAddress,
    kByte,
    kCheck,
    kAnswer,
    kRestoreMode,
    kWriteOldMode,
    kReturnKey,
  };

  [[nodiscard]] PortStep WaitForDevice();
  [[nodiscard]] PortStep Finish(Outcome outcome);

  State state_ = State::kIdle;
  Outcome outcome_ = kDone;
  std::array<uint8_t, kMaxBytes> bytes_{};
  unsigned byte_count_ = 0;
  unsigned sent_ = 0;
  std::array<uint8_t, kMaxAnswers> answers_{};
  unsigned answer_count_ = 0;
  unsigned answered_ = 0;
  unsigned waits_ = 0;
  std::optional<bool> interrupt_;
  uint8_t mode_ = 0;
  std::optional<uint8_t> key_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_SYSTEM_MOUSE_DIALOG_H_
