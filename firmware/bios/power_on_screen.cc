// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/power_on_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace verbatim {
namespace {

constexpr uint64_t kKib = 1u << 10;
constexpr uint64_t kMib = 1u << 20;
constexpr size_t kLongestLine = 79;

std::string Describe(const BiosDrive& drive) {
  std::string_view kind = "disk";
  if (drive.kind() == BiosDriveKind::kCdrom) kind = "CD-ROM";
  if (drive.kind() == BiosDriveKind::kFloppy) kind = "diskette";
  const uint64_t bytes = drive.size_bytes();
  if (bytes == 0) return fmt::format("{} (empty)", kind);
  if (bytes < 10 * kMib) return fmt::format("{} {} KiB", kind, bytes / kKib);
  return fmt::format("{} {} MiB", kind, bytes / kMib);
}

std::string Drives(std::span<BiosDrive* const> drives) {
  constexpr std::string_view kMore = ", ...";
  std::string line = "Drives: ";
  if (drives.empty()) return line + "none";
  for (const BiosDrive* drive : drives) {
    const std::string next = (drive == drives.front() ? "" : ", ") + Describe(*drive);
    if (line.size() + next.size() + kMore.size() > kLongestLine) return line.append(kMore);
    line += next;
  }
  return line;
}

}  // namespace

std::string PowerOnScreen(std::span<const MemoryMapEntry> memory,
                          std::span<BiosDrive* const> drives) {
  uint64_t end = 0;
  for (const MemoryMapEntry& entry : memory) {
    if (entry.kind == MemoryKind::kUsable) end = std::max(end, entry.range.end().value);
  }
  return fmt::format("Verbatim virtual BIOS\r\nMemory: {} KiB\r\n{}\r\n", end / kKib,
                     Drives(drives));
}

}  // namespace verbatim
