// SPDX-License-Identifier: Apache-2.0
// Saved device state: a little-endian byte string in which every section carries its name and
// version and every field its name and size.
//
//   section  'S' length8 name version16
//   scalar   'V' length8 name size8 value
//   bytes    'B' length8 name size32 value
//
// Writer and reader offer the same `Field` calls, so a device lists its fields once, in a template
// over the archive. Reading is strict (same names, same order, same sizes) and sticky: after the
// first error nothing is assigned any more and status() names section and field. A reader never
// reads outside its input, whatever that holds.
#ifndef VERBATIM_DEVICES_STATE_H_
#define VERBATIM_DEVICES_STATE_H_

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"

namespace verbatim {

template <typename T>
concept StateScalar = std::unsigned_integral<T> || std::is_enum_v<T>;

template <StateScalar T>
inline constexpr T kStateScalarMax = [] {
  if constexpr (std::is_enum_v<T>) {
    return static_cast<T>(std::numeric_limits<std::underlying_type_t<T>>::max());
  } else {
    return std::numeric_limits<T>::max();  // 1 for bool
  }
}();

class StateWriter {
 public:
  void Begin(std::string_view section, uint16_t version);

  template <StateScalar T>
  void Field(std::string_view name, const T& value, T /*max*/ = kStateScalarMax<T>) {
    Scalar(name, static_cast<uint64_t>(value), sizeof(T));
  }
  template <size_t kSize>
  void Field(std::string_view name, const std::array<uint8_t, kSize>& value) {
    Bytes(name, value);
  }
  void Field(std::string_view name, const std::vector<uint8_t>& value, uint64_t /*max_size*/) {
    Bytes(name, value);
  }

  [[nodiscard]] const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  void Name(uint8_t kind, std::string_view name);
  void Integer(uint64_t value, unsigned size);
  void Scalar(std::string_view name, uint64_t value, unsigned size);
  void Bytes(std::string_view name, std::span<const uint8_t> value);

  std::vector<uint8_t> bytes_;
};

class StateReader {
 public:
  // `input` must outlive the reader.
  explicit StateReader(std::span<const uint8_t> input) : rest_(input) {}

  void Begin(std::string_view section, uint16_t version);

  // Fails when the stored value exceeds `max`.
  template <StateScalar T>
  void Field(std::string_view name, T& value, T max = kStateScalarMax<T>) {
    const std::optional<uint64_t> stored = Scalar(name, sizeof(T), static_cast<uint64_t>(max));
    if (stored) value = static_cast<T>(*stored);
  }
  template <size_t kSize>
  void Field(std::string_view name, std::array<uint8_t, kSize>& value) {
    Bytes(name, value);
  }
  // Bytes of any number up to `max_size`.
  void Field(std::string_view name, std::vector<uint8_t>& value, uint64_t max_size);
  // For conditions that relate several fields.
  void Require(bool condition, std::string_view name, std::string_view expected);

  [[nodiscard]] Status status() const;
  [[nodiscard]] bool AtEnd() const { return rest_.empty(); }

 private:
  void FailField(std::string_view name, std::string_view problem);
  [[nodiscard]] bool Take(size_t size, std::span<const uint8_t>& taken);
  [[nodiscard]] bool Expect(uint8_t kind, std::string_view name);
  [[nodiscard]] std::optional<uint64_t> Scalar(std::string_view name, unsigned size, uint64_t max);
  void Bytes(std::string_view name, std::span<uint8_t> value);

  std::span<const uint8_t> rest_;
  std::string section_ = "saved state";
  std::optional<std::string> error_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_STATE_H_
