// SPDX-License-Identifier: Apache-2.0
#include "machine/user_input.h"

#include <algorithm>

namespace verbatim {

size_t UserInput::KeyRoom() const {
  const std::scoped_lock lock(mutex_);
  return kMaxKeys - keys_.size();
}

size_t UserInput::PutKeys(std::span<const KeyEvent> events) {
  const std::scoped_lock lock(mutex_);
  const auto taken = events.first(std::min(events.size(), kMaxKeys - keys_.size()));
  keys_.insert(keys_.end(), taken.begin(), taken.end());
  return taken.size();
}

bool UserInput::PutMouse(const MouseEvent& event) {
  const std::scoped_lock lock(mutex_);
  if (!mouse_events_.empty() && mouse_events_.back().buttons == event.buttons) {
    MouseEvent& last = mouse_events_.back();
    // Beyond any screen nothing is to be counted.
    static constexpr int kFar = 1 << 20;
    const auto add = [](int a, int b) {
      return std::clamp(a + std::clamp(b, -kFar, kFar), -kFar, kFar);
    };
    last.dx = add(last.dx, event.dx);
    last.dy = add(last.dy, event.dy);
    last.wheel = add(last.wheel, event.wheel);
    return true;
  }
  if (mouse_events_.size() == kMaxMouseEvents) return false;
  mouse_events_.push_back(event);
  return true;
}

void UserInput::Service(uint64_t now_ns) {
  const std::scoped_lock lock(mutex_);
  if (!keys_.empty() && now_ns >= next_key_ns_) {
    if (controller_.PressKey(keys_.front())) keys_.pop_front();
    next_key_ns_ = now_ns + kIntervalNs;
  }
  while (!mouse_events_.empty() && now_ns >= next_mouse_ns_) {
    if (controller_.MoveMouse(mouse_events_.front())) {
      mouse_events_.pop_front();
    } else {
      next_mouse_ns_ = now_ns + kIntervalNs;
    }
  }
}

std::optional<uint64_t> UserInput::NextEventNs() const {
  const std::scoped_lock lock(mutex_);
  std::optional<uint64_t> next;
  if (!keys_.empty()) next = next_key_ns_;
  if (!mouse_events_.empty()) next = std::min(next.value_or(next_mouse_ns_), next_mouse_ns_);
  return next;
}

}  // namespace verbatim
