// SPDX-License-Identifier: Apache-2.0
// A fuzz input read as values. When the bytes are used up all further values are 0.
#ifndef VERBATIM_TESTS_FUZZ_INPUT_H_
#define VERBATIM_TESTS_FUZZ_INPUT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace verbatim {

class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : rest_(data, size) {}

  [[nodiscard]] bool AtEnd() const { return rest_.empty(); }

  // Little-endian.
  template <typename T>
  [[nodiscard]] T Take() {
    T value = 0;
    for (unsigned i = 0; i < sizeof(T) && !rest_.empty(); ++i) {
      value = static_cast<T>(value | static_cast<T>(rest_.front()) << (8 * i));
      rest_ = rest_.subspan(1);
    }
    return value;
  }
  [[nodiscard]] uint8_t Byte() { return Take<uint8_t>(); }
  // 0 to `count` - 1; `count` at most 256.
  [[nodiscard]] size_t Below(size_t count) { return Byte() % count; }
  [[nodiscard]] std::span<const uint8_t> Bytes(size_t count) {
    const auto taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  [[nodiscard]] std::span<const uint8_t> Rest() { return Bytes(rest_.size()); }

 private:
  std::span<const uint8_t> rest_;
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_FUZZ_INPUT_H_
