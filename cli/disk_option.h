// SPDX-License-Identifier: Apache-2.0
// The values of --disk, --cdrom and --floppy: PATH[,key[=value]]..., in which a comma of the path
// is written as two.
#ifndef VERBATIM_CLI_DISK_OPTION_H_
#define VERBATIM_CLI_DISK_OPTION_H_

#include <string_view>

#include "base/result.h"
#include "machine/config.h"

namespace verbatim {

[[nodiscard]] Result<DiskConfig> ReadDiskOption(std::string_view text);
[[nodiscard]] Result<DiskConfig> ReadCdromOption(std::string_view text);
[[nodiscard]] Result<FloppyConfig> ReadFloppyOption(std::string_view text);
// The argument of `run`, which may be any of these or a kernel.
[[nodiscard]] Result<DiskConfig> ReadImageArgument(std::string_view text);

}  // namespace verbatim

#endif  // VERBATIM_CLI_DISK_OPTION_H_
