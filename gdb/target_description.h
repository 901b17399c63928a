// SPDX-License-Identifier: Apache-2.0
// What gdb is told of the registers ("Debugging with GDB", appendix G): its own features
// org.gnu.gdb.i386.core and .sse, and one of ours for what only a kernel sees.
#ifndef VERBATIM_GDB_TARGET_DESCRIPTION_H_
#define VERBATIM_GDB_TARGET_DESCRIPTION_H_

#include <string>

#include "machine/debugger.h"

namespace verbatim::gdb {

// Code is disassembled as the present code segment has it: gdb asks once for each connection.
[[nodiscard]] std::string TargetDescription(DebugTarget& target);

}  // namespace verbatim::gdb

#endif  // VERBATIM_GDB_TARGET_DESCRIPTION_H_
