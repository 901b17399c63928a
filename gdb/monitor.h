// SPDX-License-Identifier: Apache-2.0
// What `monitor COMMAND` in gdb does: things that the protocol has no packet for.
#ifndef VERBATIM_GDB_MONITOR_H_
#define VERBATIM_GDB_MONITOR_H_

#include <optional>
#include <string>
#include <string_view>

#include "machine/debugger.h"

namespace verbatim::gdb {

struct MonitorAnswer {
  std::string text;  // whole lines
  std::optional<DebugAction> action{};
};

// The command need not make sense: the answer says so.
[[nodiscard]] MonitorAnswer RunMonitorCommand(std::string_view command, DebugTarget& target);

}  // namespace verbatim::gdb

#endif  // VERBATIM_GDB_MONITOR_H_
