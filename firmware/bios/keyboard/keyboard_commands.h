// SPDX-License-Identifier: Apache-2.0
// Commands on their way to the keyboard, a byte at a time: each waits for the acknowledgement of
// the one before, which arrives as an interrupt like any key. Nobody waits for them.
#ifndef VERBATIM_FIRMWARE_BIOS_KEYBOARD_KEYBOARD_COMMANDS_H_
#define VERBATIM_FIRMWARE_BIOS_KEYBOARD_KEYBOARD_COMMANDS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace verbatim {

class KeyboardCommands {
 public:
  void Clear() { *this = {}; }

  // A command with its argument. It takes the place of what was not sent yet or not answered: a
  // keyboard takes a command where it expects an argument.
  void Send(uint8_t command, uint8_t argument) {
    bytes_ = {command, argument};
    sent_ = 0;
    awaiting_ = false;
    attempts_ = 0;
  }
  [[nodiscard]] bool busy() const { return sent_ < bytes_.size(); }

  // The byte to send now.
  [[nodiscard]] std::optional<uint8_t> Next() {
    if (!busy() || awaiting_) return std::nullopt;
    awaiting_ = true;
    return bytes_[sent_];
  }
  void Acknowledged() {
    if (!awaiting_) return;
    awaiting_ = false;
    attempts_ = 0;
    ++sent_;
  }
  // The keyboard has not understood. True: it never will, the command is given up.
  [[nodiscard]] bool Refused() {
    if (!awaiting_) return false;
    awaiting_ = false;
    if (++attempts_ < kAttempts) return false;
    Clear();
    return true;
  }

 private:
  static constexpr unsigned kAttempts = 3;  // as the AT's BIOS

  std::array<uint8_t, 2> bytes_{};
  size_t sent_ = 2;
  bool awaiting_ = false;
  unsigned attempts_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_KEYBOARD_KEYBOARD_COMMANDS_H_
