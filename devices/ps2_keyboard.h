// SPDX-License-Identifier: Apache-2.0
// A PS/2 keyboard at the other end of the keyboard controller's wire (IBM PS/2 Hardware Interface
// Technical Reference, 1990, "Keyboards"). It answers every command at once; what it has to say
// waits in a queue until the controller takes it. It speaks scan code sets 1 and 2 and refuses
// set 3, and the commands of that set, with FEh (resend).
#ifndef VERBATIM_DEVICES_PS2_KEYBOARD_H_
#define VERBATIM_DEVICES_PS2_KEYBOARD_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "devices/state.h"

namespace verbatim {

// Scan code set 2 to set 1, break prefixes apart: the table of the AT keyboard controller.
[[nodiscard]] uint8_t ToScanCodeSet1(uint8_t set2_code);

class Ps2Keyboard {
 public:
  static constexpr unsigned kQueueBytes = 32;

  void Reset();

  // A byte from the controller: a command or the argument of the last one.
  void Receive(uint8_t byte);
  // The next byte for the controller.
  std::optional<uint8_t> Send();

  // Types the given scan codes of set 2 (e.g. E0 75 for the up arrow, F0 1C for the release of A).
  // All or none: false if the queue lacks room or the guest has switched scanning off.
  bool Type(std::span<const uint8_t> set2_codes);
  // Bit 0 scroll lock, 1 num lock, 2 caps lock.
  [[nodiscard]] uint8_t leds() const { return state_.leds; }

  void Save(StateWriter& writer) const;
  [[nodiscard]] Status Load(StateReader& reader);

 private:
  struct State {
    uint8_t argument_of = 0;  // the command that waits for its argument, or 0
    uint8_t scan_code_set = 2;
    bool scanning = true;
    uint8_t leds = 0;
    uint8_t typematic = 0;
    uint8_t last_sent = 0;
    uint8_t count = 0;
    uint8_t head = 0;
    std::array<uint8_t, kQueueBytes> queue{};
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  void Queue(uint8_t byte);
  void SetDefaults();
  void ReceiveCommand(uint8_t command);
  void ReceiveArgument(uint8_t command, uint8_t argument);

  State state_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_PS2_KEYBOARD_H_
