// SPDX-License-Identifier: Apache-2.0
// What is demanded of every device alike.
#ifndef VERBATIM_TESTS_FUZZ_DEVICE_CHECKS_H_
#define VERBATIM_TESTS_FUZZ_DEVICE_CHECKS_H_

#include <cstdint>
#include <vector>

#include "devices/device.h"
#include "memory/mmio_handler.h"
#include "tests/devices/fakes.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace verbatim {

// A device loaded from its own saved state saves the same again.
inline void DemandLoadsAsSaved(Device& device) {
  const std::vector<uint8_t> saved = Saved(device);
  StateReader reader(saved);
  Demand(device.Load(reader).has_value() && Saved(device) == saved, "{}: not loaded as saved",
         device.name());
}

// An access of 1, 2, 4 or 8 bytes anywhere below `end`: what is read is within its width.
inline void AccessAnywhere(MmioHandler& device, FuzzInput& input, unsigned size_log2, bool write,
                           uint32_t end) {
  const unsigned bytes = 1u << size_log2;
  const uint32_t offset = input.Take<uint16_t>() % end;
  if (write) {
    device.WriteMmio(offset, bytes, input.Take<uint64_t>());
  } else {
    const uint64_t value = device.ReadMmio(offset, bytes);
    Demand(bytes == 8 || value >> 8 * bytes == 0, "{:x} in {} bytes", value, bytes);
  }
}

}  // namespace verbatim

#endif  // VERBATIM_TESTS_FUZZ_DEVICE_CHECKS_H_
