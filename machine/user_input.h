// SPDX-License-Identifier: Apache-2.0
// Keys and mouse movements on their way from whoever types to the keyboard controller.
//
// Keys are typed no faster than a guest can be expected to read them (50 strokes a second: a BIOS
// holds 15), and what the keyboard or the mouse refuses is offered again an interval later.
// Movements with the same buttons held are added up; a press and its release stay apart until the
// mouse has reported each.
//
// Threads: Put..., and KeyRoom on any. The rest on that of the virtual CPU.
#ifndef VERBATIM_MACHINE_USER_INPUT_H_
#define VERBATIM_MACHINE_USER_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>

#include "devices/i8042.h"
#include "devices/input_events.h"

namespace verbatim {

class UserInput {
 public:
  static constexpr size_t kMaxKeys = 4096;
  static constexpr size_t kMaxMouseEvents = 256;
  static constexpr uint64_t kIntervalNs = 10'000'000;  // between two events of keys

  // The controller must outlive this.
  explicit UserInput(I8042& controller) : controller_(controller) {}

  [[nodiscard]] size_t KeyRoom() const;
  // Takes what fits; returns how much that was.
  size_t PutKeys(std::span<const KeyEvent> events);
  // False, and forgotten, if too much waits.
  bool PutMouse(const MouseEvent& event);

  // Hands over what the controller takes at this time.
  void Service(uint64_t now_ns);
  // When Service has something to do.
  [[nodiscard]] std::optional<uint64_t> NextEventNs() const;

 private:
  I8042& controller_;
  mutable std::mutex mutex_;
  std::deque<KeyEvent> keys_;
  std::deque<MouseEvent> mouse_events_;
  uint64_t next_key_ns_ = 0;
  uint64_t next_mouse_ns_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_USER_INPUT_H_
