// SPDX-License-Identifier: Apache-2.0
// Guest RAM between guard bytes: Intact() tells whether anything but usable memory was written.
#ifndef VERBATIM_TESTS_FIRMWARE_GUEST_RAM_H_
#define VERBATIM_TESTS_FIRMWARE_GUEST_RAM_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/bits.h"
#include "firmware/boot_files.h"
#include "firmware/memory_map.h"

namespace verbatim {

class GuestRam {
 public:
  explicit GuestRam(uint64_t bytes)
      : bytes_(bytes), storage_(bytes + 2 * kGuardBytes, kFill), map_(*BuildMemoryMap(bytes)) {}

  // As it was made.
  void Refill() { std::ranges::fill(storage_, kFill); }

  [[nodiscard]] std::span<uint8_t> ram() {
    return std::span(storage_).subspan(kGuardBytes, bytes_);
  }
  [[nodiscard]] std::span<const MemoryMapEntry> map() const { return map_; }
  [[nodiscard]] BootEnvironment environment() const { return {.memory_map = map_}; }

  template <typename T>
  [[nodiscard]] T Load(uint64_t address) {
    return LoadLittle<T>(ram().subspan(address, sizeof(T)).data());
  }
  [[nodiscard]] std::span<uint8_t> Bytes(uint64_t address, uint64_t count) {
    return ram().subspan(address, count);
  }
  [[nodiscard]] std::string Text(uint64_t address) {
    const auto from = ram().subspan(address);
    return {from.begin(), std::ranges::find(from, uint8_t{0})};
  }
  [[nodiscard]] bool Intact() {
    const std::span<const uint8_t> all(storage_);
    return Untouched(all.first(kGuardBytes)) && Untouched(all.last(kGuardBytes)) &&
           Untouched(ram().subspan(kExtendedBiosDataArea.value,
                                   kHighMemory.value - kExtendedBiosDataArea.value));
  }

 private:
  static constexpr uint64_t kGuardBytes = 64 << 10;
  static constexpr uint8_t kFill = 0xA5;

  static bool Untouched(std::span<const uint8_t> bytes) {
    // All equal to the first; memcmp keeps the many rounds of the mutation tests quick.
    return bytes.front() == kFill &&
           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
  }

  uint64_t bytes_;
  std::vector<uint8_t> storage_;
  std::vector<MemoryMapEntry> map_;
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_FIRMWARE_GUEST_RAM_H_
