// SPDX-License-Identifier: Apache-2.0
// The boot block: the 63 KiB under the extended BIOS data area in which the multiboot loader leaves
// what the kernel reads first. A kernel may not be loaded over it; once it has taken its copies the
// memory is its own.
//
//   90000h  GDT of four descriptors      91000h  multiboot information
//   92000h  command line and strings     9F000h  stack, downwards
#ifndef VERBATIM_FIRMWARE_BOOT_BLOCK_H_
#define VERBATIM_FIRMWARE_BOOT_BLOCK_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "firmware/boot_state.h"
#include "firmware/guest_layout.h"

namespace verbatim {

class BootBlock {
 public:
  static constexpr PhysicalAddress kBase{0x90000};
  static constexpr PhysicalAddress kInfo{0x91000};
  static constexpr PhysicalAddress kStrings{0x92000};
  static constexpr PhysicalAddress kStringsEnd{0x9E000};
  static constexpr PhysicalAddress kStackTop{0x9F000};

  // Claims the block, zeroes it and writes the GDT. `file` is the kernel's name, for messages.
  [[nodiscard]] static Result<BootBlock> Create(GuestLayout& layout, std::string_view file);

  // One page at kInfo.
  [[nodiscard]] std::span<uint8_t> info() const {
    return bytes_.subspan(kInfo.value - kBase.value, kStrings.value - kInfo.value);
  }
  // Appends `text` and a NUL. Fails, beginning with `what`, when it holds a NUL or room runs out.
  [[nodiscard]] Result<PhysicalAddress> AddString(std::string_view what, std::string_view text);

  // The state common to every guest: selectors, GDT and stack. `entry` lies in a claimed range.
  [[nodiscard]] static BootState EntryState(PhysicalAddress entry);

 private:
  explicit BootBlock(std::span<uint8_t> bytes) : bytes_(bytes) {}

  std::span<uint8_t> bytes_;
  PhysicalAddress next_string_ = kStrings;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BOOT_BLOCK_H_
