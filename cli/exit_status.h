// SPDX-License-Identifier: Apache-2.0
// The exit statuses of the command. A debug exit may coincide with any odd one of them.
#ifndef VERBATIM_CLI_EXIT_STATUS_H_
#define VERBATIM_CLI_EXIT_STATUS_H_

#include <cstdint>

namespace verbatim {

inline constexpr int kExitGood = 0;  // powered off, reset with --no-reboot, Ctrl-A x, --exit-on
inline constexpr int kExitGuestDied = 1;  // triple fault
inline constexpr int kExitUsage = 2;      // usage, bad input, output that cannot be written
inline constexpr int kExitHostUnfit = 3;  // the host cannot run guests
inline constexpr int kExitUnmet = 4;      // an expected text, or a screenshot, never came
inline constexpr int kExitTimeout = 124;  // as timeout(1) has it

[[nodiscard]] constexpr int DebugExitStatus(uint8_t value) { return (value * 2 + 1) & 0xFF; }

}  // namespace verbatim

#endif  // VERBATIM_CLI_EXIT_STATUS_H_
