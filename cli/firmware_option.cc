// SPDX-License-Identifier: Apache-2.0
#include "cli/firmware_option.h"

#include <string>
#include <vector>

#include "cli/comma_list.h"

namespace verbatim {

Result<FirmwareConfig> ReadFirmwareOption(std::string_view text) {
  constexpr std::string_view kVgaBios = "vgabios=";
  const std::vector<std::string> parts = SplitAtCommas(text);
  FirmwareConfig firmware{.path = parts[0], .vgabios_path = std::nullopt};
  if (firmware.path.empty()) return Fail("--firmware '{}': expected a path first", text);
  for (size_t i = 1; i < parts.size(); ++i) {
    const bool repeated = firmware.vgabios_path.has_value();
    if (!parts[i].starts_with(kVgaBios) || parts[i].size() == kVgaBios.size() || repeated) {
      return Fail(
          "--firmware '{}': '{}': expected one vgabios=PATH (a comma in a path is written "
          "',,')",
          text, parts[i]);
    }
    firmware.vgabios_path = parts[i].substr(kVgaBios.size());
  }
  return firmware;
}

}  // namespace verbatim
