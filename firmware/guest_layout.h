// SPDX-License-Identifier: Apache-2.0
// Who owns which part of guest RAM while a guest is being loaded. A loader gets writable bytes only
// by claiming a range, and a claim is granted only inside RAM, inside one usable entry of the
// memory map and clear of every earlier claim; so no image, however hostile, makes a loader write
// elsewhere.
#ifndef VERBATIM_FIRMWARE_GUEST_LAYOUT_H_
#define VERBATIM_FIRMWARE_GUEST_LAYOUT_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "firmware/memory_map.h"

namespace verbatim {

class GuestLayout {
 public:
  GuestLayout(std::span<uint8_t> ram, std::span<const MemoryMapEntry> memory_map)
      : ram_(ram), memory_map_(memory_map) {}

  // The bytes of `range`, now owned by `what`. A failure reads "<file>: <what>: <reason>".
  [[nodiscard]] Result<std::span<uint8_t>> Claim(std::string_view file, std::string_view what,
                                                 const PhysicalRange& range);

  // The highest page-aligned free range of `bytes` that ends at or below `limit`.
  [[nodiscard]] std::optional<PhysicalRange> FindHighest(uint64_t bytes,
                                                         PhysicalAddress limit) const;

 private:
  struct Owned {
    PhysicalRange range;
    std::string what;
  };

  [[nodiscard]] const Owned* OwnerOf(const PhysicalRange& range) const;

  std::span<uint8_t> ram_;
  std::span<const MemoryMapEntry> memory_map_;
  std::vector<Owned> owned_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_GUEST_LAYOUT_H_
