// SPDX-License-Identifier: Apache-2.0
// The System Management BIOS tables (DMTF DSP0134, version 2.4): what the machine is made of, for
// systems that ask. Types 0, 1, 3, 4, 16, 17, 19, 32 and 127.
#ifndef VERBATIM_FIRMWARE_SMBIOS_H_
#define VERBATIM_FIRMWARE_SMBIOS_H_

#include <cstdint>
#include <vector>

#include "base/address.h"

namespace verbatim {

struct SmbiosConfig {
  uint64_t memory_bytes = 0;
  uint32_t processor_signature = 0;  // CPUID leaf 1, eax
  uint32_t processor_features = 0;   // edx
};

// The entry point and, behind it, the structures.
inline constexpr uint32_t kSmbiosEntryBytes = 31;
inline constexpr uint32_t kSmbiosStructures = 32;

// The entry point, which is to stand at `at`, with the structures behind it.
[[nodiscard]] std::vector<uint8_t> BuildSmbios(PhysicalAddress at, const SmbiosConfig& config);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_SMBIOS_H_
