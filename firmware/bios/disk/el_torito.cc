// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/disk/el_torito.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "base/bits.h"
#include "firmware/bios/bios_data_area.h"
#include "firmware/bios/disk/diskette_format.h"

namespace verbatim {
namespace {

using Block = std::array<uint8_t, kDiscBlockBytes>;

// The boot record volume descriptor (figure 7).
constexpr uint32_t kBootRecordBlock = 17;
constexpr std::string_view kBootRecord{"\0CD001\1EL TORITO SPECIFICATION", 30};
constexpr size_t kCatalogPointer = 0x47;

// The catalogue (section 2.0): entries of 32 bytes.
constexpr size_t kEntryBytes = 32;
constexpr uint8_t kValidationEntry = 0x01;
constexpr uint16_t kValidationKey = 0xAA55;
constexpr uint8_t kPlatformPc = 0;
constexpr uint8_t kBootable = 0x88;
constexpr uint8_t kSectionHeader = 0x90;
constexpr uint8_t kLastSectionHeader = 0x91;
constexpr uint8_t kExtension = 0x44;
constexpr uint8_t kMediaMask = 0x0F;

constexpr uint16_t kDefaultSegment = 0x7C0;
// Above the data areas, below the extended one.
constexpr uint32_t kLowestLoad = 0x600;
constexpr uint32_t kLoadEnd = bda::kBaseMemoryKibytes * 1024u;

Result<Block> ReadBlock(BiosDrive& disc, uint64_t number) {
  Block block{};
  const uint64_t offset = number * kDiscBlockBytes;
  if (offset + kDiscBlockBytes > disc.size_bytes()) {
    return Fail("ends before its block {}", number);
  }
  if (disc.Read(offset, block) != BlockStatus::kDone) {
    return Fail("block {} cannot be read", number);
  }
  return block;
}

bool Valid(std::span<const uint8_t> entry) {
  uint16_t sum = 0;
  for (size_t i = 0; i < kEntryBytes; i += 2) {
    sum = static_cast<uint16_t>(sum + LoadLittle<uint16_t>(&entry[i]));
  }
  return entry[0] == kValidationEntry && sum == 0 &&
         LoadLittle<uint16_t>(&entry[30]) == kValidationKey;
}

Result<DiscBootEntry> Parse(const uint8_t* entry) {
  const uint8_t media = entry[1] & kMediaMask;
  if (media > static_cast<uint8_t>(DiscBootMedia::kDisk)) {
    return Fail("its boot catalogue asks for medium {}, expected 0 to 4", media);
  }
  return DiscBootEntry{static_cast<DiscBootMedia>(media), LoadLittle<uint16_t>(entry + 2),
                       LoadLittle<uint16_t>(entry + 6), LoadLittle<uint32_t>(entry + 8)};
}

// A fixed disk's image has one partition and ends with it.
Result<DiscEmulation> DiskEmulation(BiosDrive& disc, const DiscBootEntry& entry) {
  const Result<Block> block = ReadBlock(disc, entry.block);
  if (!block) return std::unexpected(block.error());
  const BootSector sector(block->data(), kSectorBytes);
  constexpr size_t kFirstPartition = 446;
  const uint64_t end = uint64_t{LoadLittle<uint32_t>(&sector[kFirstPartition + 8])} +
                       LoadLittle<uint32_t>(&sector[kFirstPartition + 12]);
  const uint64_t room = (disc.size_bytes() - entry.first_byte()) / kSectorBytes;
  if (!HasBootSignature(sector) || end == 0) {
    return Fail("its image of a fixed disk has no partition");
  }
  const uint64_t sectors = std::min(end, room);
  return DiscEmulation{.disc = &disc,
                       .kind = BiosDriveKind::kDisk,
                       .geometry = FixedDiskGeometry(sector, sectors),
                       .first_byte = entry.first_byte(),
                       .bytes = sectors * kSectorBytes};
}

}  // namespace

FarPointer DiscBootEntry::Entry() const {
  const uint16_t segment = load_segment == 0 ? kDefaultSegment : load_segment;
  // As boot sectors are entered: 0000:7C00 rather than 07C0:0000.
  return {static_cast<uint16_t>(segment << 4), static_cast<uint16_t>(segment & 0xF000)};
}

Result<uint32_t> FindBootCatalog(BiosDrive& disc) {
  const Result<Block> record = ReadBlock(disc, kBootRecordBlock);
  if (!record) return std::unexpected(record.error());
  if (std::memcmp(record->data(), kBootRecord.data(), kBootRecord.size()) != 0) {
    return Fail("has no boot record");
  }
  return LoadLittle<uint32_t>(record->data() + kCatalogPointer);
}

Result<DiscBootEntry> ReadBootEntry(BiosDrive& disc) {
  const Result<uint32_t> at = FindBootCatalog(disc);
  if (!at) return std::unexpected(at.error());
  const Result<Block> catalog = ReadBlock(disc, *at);
  if (!catalog) return std::unexpected(catalog.error());
  if (!Valid(std::span(*catalog).first(kEntryBytes))) return Fail("its boot catalogue is damaged");
  uint8_t platform = (*catalog)[1];
  for (size_t i = kEntryBytes; i < catalog->size(); i += kEntryBytes) {
    const uint8_t* entry = &(*catalog)[i];
    if (entry[0] == kSectionHeader || entry[0] == kLastSectionHeader) {
      platform = entry[1];
    } else if (entry[0] == kBootable && platform == kPlatformPc) {
      return Parse(entry);
    } else if (i > kEntryBytes && entry[0] != 0 && entry[0] != kBootable &&
               entry[0] != kExtension) {
      break;
    }
  }
  return Fail("its boot catalogue has nothing for a PC");
}

Result<std::optional<DiscEmulation>> EmulationOf(BiosDrive& disc, const DiscBootEntry& entry) {
  if (entry.first_byte() >= disc.size_bytes()) {
    return Fail("its boot image, block {}, lies behind its end", entry.block);
  }
  uint64_t bytes = 0;
  switch (entry.media) {
    case DiscBootMedia::kNone:
      return std::nullopt;
    case DiscBootMedia::kDisk: {
      const Result<DiscEmulation> disk = DiskEmulation(disc, entry);
      if (!disk) return std::unexpected(disk.error());
      return *disk;
    }
    case DiscBootMedia::kDiskette1200K:
      bytes = 1200 << 10;
      break;
    case DiscBootMedia::kDiskette1440K:
      bytes = 1440 << 10;
      break;
    case DiscBootMedia::kDiskette2880K:
      bytes = 2880 << 10;
      break;
  }
  const DisketteFormat format = *DisketteFormatOfSize(bytes);
  return DiscEmulation{.disc = &disc,
                       .kind = BiosDriveKind::kFloppy,
                       .geometry = format.geometry,
                       .first_byte = entry.first_byte(),
                       .bytes = std::min(bytes, disc.size_bytes() - entry.first_byte()),
                       .diskette_type = format.drive_type};
}

Status LoadBootImage(BiosCall& call, BiosDrive& disc, const DiscBootEntry& entry) {
  const LinearAddress to = entry.Entry().Linear();
  const uint64_t bytes = entry.sectors * kSectorBytes;
  if (bytes == 0) return Fail("its boot catalogue loads no sectors");
  if (to.value < kLowestLoad || to.value + bytes > kLoadEnd) {
    return Fail("its boot catalogue loads {} bytes to {:X}h, which is not within {:X}h-{:X}h",
                bytes, to.value, kLowestLoad, kLoadEnd);
  }
  // The last block may be an image's end that is not a whole one.
  std::vector<uint8_t> image(bytes);
  const uint64_t there = disc.size_bytes() - std::min(disc.size_bytes(), entry.first_byte());
  const uint64_t stored = std::min(bytes, there);
  if (stored == 0 ||
      disc.Read(entry.first_byte(), std::span(image).first(stored)) != BlockStatus::kDone) {
    return Fail("its boot image, block {}, cannot be read", entry.block);
  }
  call.WriteBytes(to, image);
  return {};
}

}  // namespace verbatim
