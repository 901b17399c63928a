// SPDX-License-Identifier: Apache-2.0
#include "firmware/image_kind.h"

#include <algorithm>
#include <string_view>

#include "base/bits.h"
#include "devices/floppy_geometry.h"
#include "firmware/boot_files.h"
#include "firmware/multiboot_image.h"
#include "storage/block_backend.h"

namespace verbatim {
namespace {

using Head = std::span<const uint8_t>;

constexpr uint64_t kSignatureOffset = 510;
// The Linux/x86 Boot Protocol, "The Real-Mode Kernel Header".
constexpr uint64_t kLinuxMagicOffset = 0x202;
// ECMA-119, 8.1: the first volume descriptor is in block 16.
constexpr uint64_t kDescriptorOffset = 16 * 2048;

bool Holds(Head head, uint64_t offset, std::string_view text) {
  return head.size() >= offset + text.size() &&
         std::equal(text.begin(), text.end(), head.begin() + static_cast<ptrdiff_t>(offset),
                    [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
}

bool IsFloppy(uint64_t size_bytes) {
  return std::ranges::any_of(kFloppyGeometries, [&](const FloppyGeometry& geometry) {
    return geometry.SizeBytes() == size_bytes;
  });
}

}  // namespace

Result<ImageKind> RecogniseImage(Head head, uint64_t size_bytes) {
  if (size_bytes == 0) return Fail("is empty");
  const bool signature = Holds(head, kSignatureOffset, "\x55\xAA");
  if (signature && Holds(head, kLinuxMagicOffset, "HdrS")) return ImageKind::kKernel;
  const bool multiboot = FindMultibootHeader({"", head}).has_value();
  if (Holds(head, 0,
            "\x7F"
            "ELF")) {
    if (multiboot) return ImageKind::kKernel;
    return Fail("is an ELF file without a multiboot header (1BADB002h) in its first 8192 bytes");
  }
  if (Holds(head, kDescriptorOffset + 1, "CD001")) return ImageKind::kDisc;
  // GRUB's disks have a multiboot header behind the boot sector.
  if (multiboot && !signature) return ImageKind::kKernel;
  if (size_bytes % kSectorBytes != 0) {
    return Fail(
        "is nothing that starts: neither a Linux kernel ('HdrS' at 202h), nor a multiboot kernel, "
        "nor a disc ('CD001' at 8001h), nor a disk, since its {} bytes are no whole number of "
        "sectors of 512",
        size_bytes);
  }
  return IsFloppy(size_bytes) ? ImageKind::kFloppy : ImageKind::kDisk;
}

}  // namespace verbatim
