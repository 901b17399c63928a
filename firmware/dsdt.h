// SPDX-License-Identifier: Apache-2.0
// The compiled DSDT: a whole ACPI table, header and checksum included. Its source is dsdt.asl.
#ifndef VERBATIM_FIRMWARE_DSDT_H_
#define VERBATIM_FIRMWARE_DSDT_H_

#include <cstdint>
#include <span>

namespace verbatim {

[[nodiscard]] std::span<const uint8_t> DsdtAml();

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_DSDT_H_
