// SPDX-License-Identifier: Apache-2.0
#include "cli/disk_option.h"

#include <algorithm>
#include <string>
#include <vector>

#include "cli/comma_list.h"

namespace verbatim {
namespace {

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
bool ReadKey(std::string_view key, std::string_view value, DiskConfig& disk) {
  if (key == "if") return value == "ide";
  if (key == "bus") {
    unsigned bus = 0;
    if (!ReadZeroOrOne(value, bus)) return false;
    disk.bus = bus;
    return true;
  }
  if (key == "unit") return ReadZeroOrOne(value, disk.unit);
  if (disk.cdrom) return false;
  if (key == "snapshot") return ReadOnOff(value, disk.snapshot);
  if (key == "readonly") {
    // Alone it means on.
    if (value.empty()) value = "on";
    return ReadOnOff(value, disk.read_only);
  }
  return false;
}

Result<DiskConfig> Read(std::string_view option, std::string_view text, bool cdrom,
                        std::string_view expected) {
  DiskConfig disk;
  disk.cdrom = cdrom;
  const std::vector<std::string> parts = SplitAtCommas(text);
  disk.path = parts[0];
  if (disk.path.empty()) return Fail("{} '{}': expected a path first", option, text);
  bool unit = false;
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::string_view part = parts[i];
    const size_t equals = std::min(part.find('='), part.size());
    const std::string_view key = part.substr(0, equals);
    const std::string_view value = part.substr(std::min(equals + 1, part.size()));
    if (!ReadKey(key, value, disk)) {
      return Fail("{} '{}': '{}' is not known: expected {} (a comma in the path is written ',,')",
                  option, text, part, expected);
    }
    unit |= key == "unit";
  }
  if (unit && !disk.bus) return Fail("{} '{}': unit= needs bus=0 or bus=1", option, text);
  if (disk.read_only && disk.snapshot) {
    return Fail("{} '{}': expected readonly or snapshot=on, not both", option, text);
  }
  return disk;
}

}  // namespace

Result<DiskConfig> ReadDiskOption(std::string_view text) {
  return Read("--disk", text, false, "readonly, snapshot=on, if=ide, bus=0|1, unit=0|1");
}

Result<DiskConfig> ReadCdromOption(std::string_view text) {
  return Read("--cdrom", text, true, "if=ide, bus=0|1, unit=0|1");
}

}  // namespace verbatim
