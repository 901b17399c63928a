// SPDX-License-Identifier: Apache-2.0
// What a multiboot-1 kernel file asks for: Multiboot Specification 0.6.96, 3.1 "OS image format".
// The parts to load come from the address fields of the multiboot header if it has them (flag bit
// 16), else from the program headers of a 32-bit x86 ELF executable (System V ABI, chapter 5).
#ifndef VERBATIM_FIRMWARE_MULTIBOOT_IMAGE_H_
#define VERBATIM_FIRMWARE_MULTIBOOT_IMAGE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "firmware/boot_files.h"
#include "firmware/memory_map.h"

namespace verbatim {

struct MultibootSegment {
  PhysicalRange memory;              // not checked against the guest's RAM
  std::span<const uint8_t> content;  // at most memory.bytes; zeros follow
};

struct MultibootImage {
  std::vector<MultibootSegment> segments;
  PhysicalAddress entry;  // inside one of the segments
};

// The file offset of the multiboot header: 4-byte aligned, wholly in the first 8192 bytes, with a
// checksum that fits.
[[nodiscard]] std::optional<uint32_t> FindMultibootHeader(const InputFile& file);

[[nodiscard]] Result<MultibootImage> ParseMultibootImage(const InputFile& file);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_MULTIBOOT_IMAGE_H_
