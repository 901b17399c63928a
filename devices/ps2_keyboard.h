// SPDX-License-Identifier: Apache-2.0
// A PS/2 keyboard with 105 keys at the other end of the keyboard controller's wire (IBM PS/2
// Hardware Interface Technical Reference, 1990, "Keyboards"). It speaks scan code sets 1 to 3 and
// answers every command at once; what it has to say waits in a queue until the controller takes it.
//
// A key that is held repeats in guest time, if its type and the rate that the guest set want it
// to; repetitions that find the queue full are lost.
#ifndef VERBATIM_DEVICES_PS2_KEYBOARD_H_
#define VERBATIM_DEVICES_PS2_KEYBOARD_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "devices/input_events.h"
#include "devices/ps2_scan_codes.h"
#include "devices/state.h"

namespace verbatim {

class Ps2Keyboard {
 public:
  static constexpr unsigned kQueueBytes = 32;

  Ps2Keyboard() { Reset(); }
  void Reset();

  // A byte from the controller: a command or the argument of the last one.
  void Receive(uint8_t byte);
  // The next byte for the controller.
  std::optional<uint8_t> Send();
  [[nodiscard]] bool HasByte() const { return state_.count != 0; }

  // A key goes down or up. False, and nothing happened, if the queue lacks room or the guest has
  // switched scanning off. A key that is where it shall go says nothing.
  [[nodiscard]] bool Accept(KeyEvent event, uint64_t now_ns);

  // When the held key repeats.
  [[nodiscard]] std::optional<uint64_t> NextEventNs() const;
  void AdvanceTo(uint64_t now_ns);

  // Bit 0 scroll lock, 1 num lock, 2 caps lock.
  [[nodiscard]] uint8_t leds() const { return state_.leds; }

  void Save(StateWriter& writer) const;
  // As Device::Load; `now_ns` is the guest's time.
  [[nodiscard]] Status Load(StateReader& reader, uint64_t now_ns);

 private:
  static constexpr uint8_t kNoKey = 0xFF;

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
    uint8_t repeating = kNoKey;
    uint64_t repeat_ns = 0;
    std::array<uint8_t, kKeyCount> held{};  // 1: is down
    std::array<uint8_t, kKeyCount> types{};
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  class Codes;

  [[nodiscard]] bool Held(Key key) const { return state_.held[static_cast<unsigned>(key)] != 0; }
  [[nodiscard]] uint8_t TypeOf(Key key) const;
  [[nodiscard]] Codes MakeCodes(Key key, bool repeated) const;
  [[nodiscard]] Codes BreakCodes(Key key) const;
  void AddPrefixes(Codes& codes, KeyGroup group, bool pressed) const;
  // All or nothing.
  bool QueueCodes(const Codes& codes);
  [[nodiscard]] uint64_t DelayNs() const;
  [[nodiscard]] uint64_t PeriodNs() const;

  void Queue(uint8_t byte);
  void SetDefaults();
  void ReceiveCommand(uint8_t command);
  void ReceiveArgument(uint8_t command, uint8_t argument);
  void SetType(uint8_t command, uint8_t set3_code);

  State state_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_PS2_KEYBOARD_H_
