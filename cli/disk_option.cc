// SPDX-License-Identifier: Apache-2.0
#include "cli/disk_option.h"

#include <algorithm>
#include <string>
#include <vector>

#include "cli/comma_list.h"

namespace verbatim {
namespace {

struct KeyValue {
  std::string_view key;
  std::string_view value;
};

KeyValue SplitAtEquals(std::string_view part) {
  const size_t equals = std::min(part.find('='), part.size());
  return {part.substr(0, equals), part.substr(std::min(equals + 1, part.size()))};
}

bool ReadZeroOrOne(std::string_view value, unsigned& number) {
  if (value != "0" && value != "1") return false;
  number = value == "1" ? 1 : 0;
  return true;
}

bool ReadOnOff(std::string_view value, bool& on) {
  if (value != "on" && value != "off") return false;
  on = value == "on";
  return true;
}

// One ",key=value"; false if it is none of those that exist.
bool ReadKey(std::string_view key, std::string_view value, bool next_allowed, DiskConfig& disk) {
  if (key == "if") return value == "ide";
  if (key == "bus") {
    unsigned bus = 0;
    if (!ReadZeroOrOne(value, bus)) return false;
    disk.bus = bus;
    return true;
  }
  if (key == "unit") return ReadZeroOrOne(value, disk.unit);
  if (key == "next" && next_allowed && !value.empty()) {
    disk.next.emplace_back(value);
    return true;
  }
  if (disk.cdrom) return false;
  if (key == "snapshot") return ReadOnOff(value, disk.snapshot);
  if (key == "readonly") {
    // Alone it means on.
    if (value.empty()) value = "on";
    return ReadOnOff(value, disk.read_only);
  }
  return false;
}

enum class Medium : uint8_t { kDisk, kDisc, kAny };

Result<DiskConfig> Read(std::string_view option, std::string_view text, Medium medium,
                        std::string_view expected) {
  DiskConfig disk;
  disk.cdrom = medium == Medium::kDisc;
  const std::vector<std::string> parts = SplitAtCommas(text);
  disk.path = parts[0];
  if (disk.path.empty()) return Fail("{} '{}': expected a path first", option, text);
  bool unit = false;
  for (size_t i = 1; i < parts.size(); ++i) {
    const KeyValue part = SplitAtEquals(parts[i]);
    if (!ReadKey(part.key, part.value, medium != Medium::kDisk, disk)) {
      return Fail("{} '{}': '{}' is not known: expected {} (a comma in the path is written ',,')",
                  option, text, parts[i], expected);
    }
    unit |= part.key == "unit";
  }
  if (unit && !disk.bus) return Fail("{} '{}': unit= needs bus=0 or bus=1", option, text);
  if (disk.read_only && disk.snapshot) {
    return Fail("{} '{}': expected readonly or snapshot=on, not both", option, text);
  }
  return disk;
}

bool ReadFloppyKey(std::string_view key, std::string_view value, FloppyConfig& floppy) {
  if (key == "unit") {
    unsigned unit = 0;
    if (!ReadZeroOrOne(value, unit)) return false;
    floppy.unit = unit;
    return true;
  }
  if (key == "snapshot") return ReadOnOff(value, floppy.snapshot);
  if (key == "next" && !value.empty()) {
    floppy.next.emplace_back(value);
    return true;
  }
  // Alone it means on.
  if (key == "readonly") return ReadOnOff(value.empty() ? "on" : value, floppy.read_only);
  return false;
}

}  // namespace

Result<DiskConfig> ReadDiskOption(std::string_view text) {
  return Read("--disk", text, Medium::kDisk, "readonly, snapshot=on, if=ide, bus=0|1, unit=0|1");
}

Result<DiskConfig> ReadCdromOption(std::string_view text) {
  return Read("--cdrom", text, Medium::kDisc, "next=PATH, if=ide, bus=0|1, unit=0|1");
}

Result<FloppyConfig> ReadFloppyOption(std::string_view text) {
  FloppyConfig floppy;
  const std::vector<std::string> parts = SplitAtCommas(text);
  floppy.path = parts[0];
  if (floppy.path.empty()) return Fail("--floppy '{}': expected a path first", text);
  for (size_t i = 1; i < parts.size(); ++i) {
    const KeyValue part = SplitAtEquals(parts[i]);
    if (!ReadFloppyKey(part.key, part.value, floppy)) {
      return Fail(
          "--floppy '{}': '{}' is not known: expected readonly, snapshot=on, unit=0|1, next=PATH "
          "(a comma in "
          "the path is written ',,')",
          text, parts[i]);
    }
  }
  if (floppy.read_only && floppy.snapshot) {
    return Fail("--floppy '{}': expected readonly or snapshot=on, not both", text);
  }
  return floppy;
}

Result<DiskConfig> ReadImageArgument(std::string_view text) {
  Result<DiskConfig> image = Read("run", text, Medium::kAny, "readonly, snapshot=on, next=PATH");
  if (image && image->bus) return Fail("run '{}': bus= needs --disk or --cdrom", text);
  return image;
}

}  // namespace verbatim
