// SPDX-License-Identifier: Apache-2.0
#include "devices/ata_identify.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/bits.h"

namespace verbatim {
namespace {

constexpr size_t kBytes = 512;
constexpr uint16_t kSectorBytes = 512;
constexpr uint8_t kHighestMultiword = 2;
constexpr uint8_t kHighestUltra = 5;
constexpr uint8_t kHighestPio = 4;

constexpr uint64_t kMaxLba28 = 0x0FFFFFFF;

// Words 82-87.
constexpr uint16_t kPowerManagement = 1 << 3;
constexpr uint16_t kPacketSet = 1 << 4;
constexpr uint16_t kWriteCache = 1 << 5;
constexpr uint16_t kLookAhead = 1 << 6;
constexpr uint16_t kDeviceResetSet = 1 << 9;
constexpr uint16_t kNopSet = 1 << 14;
constexpr uint16_t kLba48 = 1 << 10;
constexpr uint16_t kFlush = 1 << 12;
constexpr uint16_t kFlushExt = 1 << 13;
constexpr uint16_t kWordValid = 1 << 14;

class Words {
 public:
  uint16_t Get(unsigned word) const { return LoadLittle<uint16_t>(&bytes_[2 * word]); }
  void Set(unsigned word, uint64_t value) {
    StoreLittle(&bytes_[2 * word], static_cast<uint16_t>(value));
  }
  void SetDouble(unsigned word, uint64_t value) {
    Set(word, value);
    Set(word + 1, value >> 16);
  }
  // Two characters a word, the first one high, padded with spaces.
  void SetText(unsigned word, unsigned words, std::string_view text) {
    for (unsigned i = 0; i < 2 * words; ++i) {
      bytes_[2 * word + (i ^ 1)] = static_cast<uint8_t>(i < text.size() ? text[i] : ' ');
    }
  }
  // Word 255: the sum of all bytes becomes zero.
  std::vector<uint8_t> Sealed() {
    bytes_[kBytes - 2] = 0xA5;
    bytes_[kBytes - 1] = 0;
    const unsigned sum = std::accumulate(bytes_.begin(), bytes_.end(), 0u);
    bytes_[kBytes - 1] = static_cast<uint8_t>(0u - sum);
    return {bytes_.begin(), bytes_.end()};
  }

 private:
  std::array<uint8_t, kBytes> bytes_{};
};

uint16_t Modes(uint8_t highest, uint8_t chosen) {
  const unsigned supported = (2u << highest) - 1;
  return static_cast<uint16_t>(supported |
                               (chosen == AtaTransferMode::kNone ? 0 : 1u << (8 + chosen)));
}

void SetModes(Words& words, const AtaTransferMode& mode) {
  words.Set(63, Modes(kHighestMultiword, mode.multiword));
  words.Set(64, 0x0003);                                              // PIO modes 3 and 4
  for (unsigned word = 65; word <= 68; ++word) words.Set(word, 120);  // cycle times in ns
  words.Set(88, Modes(kHighestUltra, mode.ultra));
}

}  // namespace

bool AtaTransferMode::Set(uint8_t argument) {
  const uint8_t kind = argument >> 3;
  const uint8_t number = argument & 7;
  switch (kind) {
    case 0:  // the default PIO mode, with or without IORDY
      return number <= 1;
    case 1:
      return number <= kHighestPio;
    case 4:
      if (number > kHighestMultiword) return false;
      multiword = number;
      ultra = kNone;
      return true;
    case 8:
      if (number > kHighestUltra) return false;
      ultra = number;
      multiword = kNone;
      return true;
    default:
      return false;
  }
}

std::vector<uint8_t> IdentifyDisk(const DiskIdentity& disk) {
  Words words;
  words.Set(0, 0x0040);  // not removable
  words.Set(1, disk.default_geometry.cylinders);
  words.Set(3, disk.default_geometry.heads);
  // Bytes of a track and of a sector, which only ATA-1 defines. The BIOS of Bochs transfers as
  // many.
  words.Set(4, uint64_t{disk.default_geometry.sectors} * kSectorBytes);
  words.Set(5, kSectorBytes);
  words.Set(6, disk.default_geometry.sectors);
  words.SetText(10, 10, disk.serial);
  words.SetText(23, 4, "1.0");
  words.SetText(27, 20, "VERBATIM HARDDISK");
  words.Set(47, 0x8000u | disk.max_multiple);
  words.Set(49, 0x0B00);  // IORDY, LBA, DMA
  words.Set(50, 0x4000);
  words.Set(51, 0x0200);
  words.Set(53, 0x0007);  // words 54-58, 64-70 and 88 are valid
  words.Set(54, disk.geometry.cylinders);
  words.Set(55, disk.geometry.heads);
  words.Set(56, disk.geometry.sectors);
  words.SetDouble(57, disk.geometry.capacity());
  if (disk.multiple != 0) words.Set(59, 0x0100u | disk.multiple);
  words.SetDouble(60, std::min(disk.sectors, kMaxLba28));
  SetModes(words, disk.mode);
  words.Set(80, 0x007E);  // ATA-1 to ATA/ATAPI-6
  const unsigned caches = (disk.write_cache ? kWriteCache : 0) | (disk.look_ahead ? kLookAhead : 0);
  words.Set(82, kPowerManagement | kWriteCache | kLookAhead | kNopSet);
  words.Set(83, kLba48 | kFlush | kFlushExt | kWordValid);
  words.Set(84, kWordValid);
  words.Set(85, kPowerManagement | caches | kNopSet);
  words.Set(86, kLba48 | kFlush | kFlushExt);
  words.Set(87, kWordValid);
  for (unsigned i = 0; i < 4; ++i) words.Set(100 + i, disk.sectors >> (16 * i));
  return words.Sealed();
}

std::vector<uint8_t> IdentifyCdrom(std::string_view serial, const AtaTransferMode& mode) {
  Words words;
  // A packet device; CD; removable; DRQ within 50 us of PACKET; 12-byte packets.
  words.Set(0, 0x85C0);
  words.SetText(10, 10, serial);
  words.SetText(23, 4, "1.0");
  words.SetText(27, 20, "VERBATIM CD-ROM");
  words.Set(49, 0x0B00);
  words.Set(51, 0x0200);
  words.Set(53, 0x0006);
  SetModes(words, mode);
  words.Set(80, 0x007E);
  words.Set(82, kPowerManagement | kPacketSet | kDeviceResetSet | kNopSet);
  words.Set(83, kWordValid);
  words.Set(84, kWordValid);
  words.Set(85, kPowerManagement | kPacketSet | kDeviceResetSet | kNopSet);
  words.Set(87, kWordValid);
  return words.Sealed();
}

}  // namespace verbatim
