// SPDX-License-Identifier: Apache-2.0
// What a terminal sends for keys (xterm, the Linux console), as the keys of the guest's keyboard.
//
// The key Esc and the start of a longer sequence are the same byte: while pending(), what comes
// within kSequenceTime belongs to it; then Flush() makes the key of it. Characters that no key of
// the US layout types are dropped, and counted.
#ifndef VERBATIM_CLI_TERMINAL_KEYS_H_
#define VERBATIM_CLI_TERMINAL_KEYS_H_

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "devices/input_events.h"

namespace verbatim {

class TerminalKeys {
 public:
  static constexpr std::chrono::milliseconds kSequenceTime{40};

  // Presses and releases, in order.
  [[nodiscard]] std::vector<KeyEvent> Decode(std::span<const uint8_t> bytes);
  [[nodiscard]] bool pending() const { return !sequence_.empty(); }
  [[nodiscard]] std::vector<KeyEvent> Flush();
  // Bytes that mean no key.
  [[nodiscard]] uint64_t dropped() const { return dropped_; }

 private:
  // Whether `sequence_` is complete; its keys are in `events` then.
  bool Complete(std::vector<KeyEvent>& events);
  void Control(std::string_view parameters, char final, std::vector<KeyEvent>& events);
  void Character(char character, std::vector<KeyEvent>& events);

  std::string sequence_;  // from its ESC on
  uint64_t dropped_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_CLI_TERMINAL_KEYS_H_
