// SPDX-License-Identifier: Apache-2.0
// A PS/2 mouse with a wheel (IBM PS/2 Hardware Interface Technical Reference, 1990, "Mouse"; for
// the wheel Microsoft, "PS/2 Mouse: IntelliMouse Zoom Interface"). It is a mouse with two-axis
// packets of three bytes until the guest knocks: sample rates 200, 100, 80 in succession switch to
// packets of four bytes with the wheel (ID 3), then 200, 200, 80 to five buttons (ID 4).
//
// In stream mode it reports at most as often as the sample rate says. Motion that does not fit into
// one packet goes into the next. A count is a count at any resolution: what moves the pointer at
// the host has no millimetres.
#ifndef VERBATIM_DEVICES_PS2_MOUSE_H_
#define VERBATIM_DEVICES_PS2_MOUSE_H_

#include <array>
#include <cstdint>
#include <optional>

#include "devices/input_events.h"
#include "devices/state.h"

namespace verbatim {

class Ps2Mouse {
 public:
  static constexpr unsigned kQueueBytes = 16;

  Ps2Mouse() { Reset(); }
  void Reset();

  // A byte from the controller.
  void Receive(uint8_t byte);
  // The next byte for the controller.
  std::optional<uint8_t> Send();
  [[nodiscard]] bool HasByte() const { return state_.count != 0; }

  // False, and nothing happened, if the event changes the buttons and the last change was not
  // reported yet although it will be. Call AdvanceTo afterwards.
  [[nodiscard]] bool Accept(const MouseEvent& event);

  // When the next packet is due.
  [[nodiscard]] std::optional<uint64_t> NextEventNs() const;
  void AdvanceTo(uint64_t now_ns);

  void Save(StateWriter& writer) const;
  // As Device::Load; `now_ns` is the guest's time.
  [[nodiscard]] Status Load(StateReader& reader, uint64_t now_ns);

 private:
  struct State {
    uint8_t argument_of = 0;    // the command that waits for its argument, or 0
    bool refused_once = false;  // the argument was bad; a second bad one is an error
    bool remote = false;
    bool wrap = false;
    bool reporting = false;
    bool scale_2_to_1 = false;
    uint8_t resolution = 2;
    uint8_t rate = 100;
    uint8_t id = 0;
    uint8_t last_rate = 0;  // the rates set before, for the knock
    uint8_t rate_before = 0;
    uint8_t buttons = 0;
    uint8_t reported_buttons = 0;
    uint32_t dx = 0;  // two's complement, like the next two
    uint32_t dy = 0;  // upwards
    uint32_t wheel = 0;
    uint64_t next_packet_ns = 0;
    uint8_t answer_bytes = 0;  // of the last answer or packet, for resending
    std::array<uint8_t, 8> answer{};
    uint8_t count = 0;
    uint8_t head = 0;
    std::array<uint8_t, kQueueBytes> queue{};
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  [[nodiscard]] bool Streams() const { return state_.reporting && !state_.remote && !state_.wrap; }
  [[nodiscard]] bool Changed() const;
  void SetDefaults();
  void ClearCounters();
  void Queue(uint8_t byte);
  void Answer(uint8_t byte);
  void ReceiveCommand(uint8_t command);
  void ReceiveArgument(uint8_t command, uint8_t argument);
  void Knock(uint8_t rate);
  void AnswerStatus();
  void AnswerPacket(bool scaled);

  State state_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_PS2_MOUSE_H_
