// SPDX-License-Identifier: Apache-2.0
#include "cli/firmware_option.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "cli/comma_list.h"

namespace verbatim {
namespace {

constexpr std::string_view kVgaBios = "vgabios=";
constexpr std::string_view kLinuxBoot = "linuxboot=";

}  // namespace

Result<FirmwareConfig> ReadFirmwareOption(std::string_view text) {
  const std::vector<std::string> parts = SplitAtCommas(text);
  FirmwareConfig firmware{
      .path = parts[0], .vgabios_path = std::nullopt, .linuxboot_path = std::nullopt};
  if (firmware.path.empty()) return Fail("--firmware '{}': expected a path first", text);
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::string_view part = parts[i];
    std::optional<std::string>* to = nullptr;
    if (part.starts_with(kVgaBios)) to = &firmware.vgabios_path;
    if (part.starts_with(kLinuxBoot)) to = &firmware.linuxboot_path;
    const std::string_view path = part.substr(std::min(part.find('=') + 1, part.size()));
    if (to == nullptr || path.empty() || to->has_value()) {
      return Fail(
          "--firmware '{}': '{}': expected vgabios=PATH or linuxboot=PATH, each once (a comma in a "
          "path is written ',,')",
          text, part);
    }
    *to = path;
  }
  return firmware;
}

}  // namespace verbatim
