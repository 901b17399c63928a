// SPDX-License-Identifier: Apache-2.0
// The value of --firmware: PATH[,vgabios=PATH], in which a comma of a path is written as two.
#ifndef VERBATIM_CLI_FIRMWARE_OPTION_H_
#define VERBATIM_CLI_FIRMWARE_OPTION_H_

#include <string_view>

#include "base/result.h"
#include "machine/config.h"

namespace verbatim {

[[nodiscard]] Result<FirmwareConfig> ReadFirmwareOption(std::string_view text);

}  // namespace verbatim

#endif  // VERBATIM_CLI_FIRMWARE_OPTION_H_
