// SPDX-License-Identifier: Apache-2.0
// Bytes on their way from the console thread to a serial port. One producer, one consumer.
#ifndef VERBATIM_MACHINE_INPUT_QUEUE_H_
#define VERBATIM_MACHINE_INPUT_QUEUE_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

namespace verbatim {

class InputQueue {
 public:
  static constexpr size_t kCapacity = 4096;

  [[nodiscard]] size_t Room() const {
    const std::scoped_lock lock(mutex_);
    return kCapacity - count_;
  }
  // Takes what fits; returns how much that was.
  size_t Put(std::span<const uint8_t> bytes) {
    const std::scoped_lock lock(mutex_);
    const size_t taken = std::min(bytes.size(), kCapacity - count_);
    for (size_t i = 0; i < taken; ++i) data_[(head_ + count_ + i) % kCapacity] = bytes[i];
    count_ += taken;
    return taken;
  }
  size_t Take(std::span<uint8_t> bytes) {
    const std::scoped_lock lock(mutex_);
    const size_t taken = std::min(bytes.size(), count_);
    for (size_t i = 0; i < taken; ++i) bytes[i] = data_[(head_ + i) % kCapacity];
    head_ = (head_ + taken) % kCapacity;
    count_ -= taken;
    return taken;
  }

 private:
  mutable std::mutex mutex_;
  std::array<uint8_t, kCapacity> data_{};
  size_t head_ = 0;
  size_t count_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_INPUT_QUEUE_H_
