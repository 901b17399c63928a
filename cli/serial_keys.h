// SPDX-License-Identifier: Apache-2.0
// Keys as a terminal on a serial line sends them (ECMA-48, and xterm for what that leaves open):
// characters, control characters, escape sequences. Keys that no terminal sends give nothing.
#ifndef VERBATIM_CLI_SERIAL_KEYS_H_
#define VERBATIM_CLI_SERIAL_KEYS_H_

#include <span>
#include <string>

#include "devices/input_events.h"

namespace verbatim {

[[nodiscard]] std::string SerialBytesOf(std::span<const KeyEvent> keys);

}  // namespace verbatim

#endif  // VERBATIM_CLI_SERIAL_KEYS_H_
