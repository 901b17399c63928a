// SPDX-License-Identifier: Apache-2.0
// Structures whose size their user tells: one compiled with an older header has less, with a newer
// one more than this library knows.
#ifndef VERBATIM_CAPI_STRUCTURES_H_
#define VERBATIM_CAPI_STRUCTURES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace verbatim {

// What a user has given. False if it lacks fields of the first version, or uses one that is not
// known here; what an older user does not have keeps its value in `known`.
template <typename T>
[[nodiscard]] bool TakeStructure(const T& given, size_t first_version_bytes, T& known) {
  const size_t size = given.struct_size;
  if (size < first_version_bytes) return false;
  const auto* bytes = reinterpret_cast<const uint8_t*>(&given);
  for (size_t i = sizeof(T); i < size; ++i) {
    if (bytes[i] != 0) return false;
  }
  std::memcpy(&known, &given, std::min(size, sizeof(T)));
  return true;
}

// Writes `value` into an element of `size` bytes, with zeros for what is not known here.
template <typename T>
void PutElement(const T& value, void* to, size_t size) {
  std::memcpy(to, &value, std::min(size, sizeof(T)));
  if (size > sizeof(T)) std::memset(static_cast<uint8_t*>(to) + sizeof(T), 0, size - sizeof(T));
}

// The same for a structure that begins with the size that its user gave it.
template <typename T>
[[nodiscard]] bool PutStructure(T value, size_t first_version_bytes, T& to) {
  if (to.struct_size < first_version_bytes) return false;
  value.struct_size = to.struct_size;
  PutElement(value, &to, value.struct_size);
  return true;
}

}  // namespace verbatim

#endif  // VERBATIM_CAPI_STRUCTURES_H_
