// SPDX-License-Identifier: Apache-2.0
// The ACPI tables for firmware that places them itself: the image, the RSDP, and the script of
// commands that says where pointers and checksums are (QEMU, "ACPI table loader": commands of 128
// bytes in the file etc/table-loader).
#ifndef VERBATIM_FIRMWARE_ACPI_LOADER_H_
#define VERBATIM_FIRMWARE_ACPI_LOADER_H_

#include <cstdint>
#include <vector>

#include "firmware/acpi_tables.h"

namespace verbatim {

inline constexpr char kAcpiTablesFile[] = "etc/acpi/tables";  // AcpiImage::tables
inline constexpr char kAcpiRsdpFile[] = "etc/acpi/rsdp";
inline constexpr char kAcpiLoaderFile[] = "etc/table-loader";

// The RSDP, whose pointer holds an offset in the tables.
[[nodiscard]] std::vector<uint8_t> AcpiRsdpFile(const AcpiImage& image);
[[nodiscard]] std::vector<uint8_t> AcpiLoaderScript(const AcpiImage& image);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_ACPI_LOADER_H_
