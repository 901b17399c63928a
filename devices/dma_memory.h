// SPDX-License-Identifier: Apache-2.0
// The guest's memory as a bus master sees it.
#ifndef VERBATIM_DEVICES_DMA_MEMORY_H_
#define VERBATIM_DEVICES_DMA_MEMORY_H_

#include <cstdint>
#include <span>

#include "base/address.h"

namespace verbatim {

class DmaMemory {
 public:
  virtual ~DmaMemory() = default;
  // False, and nothing or only a part transferred, if no RAM answers at some of the addresses.
  [[nodiscard]] virtual bool DmaRead(PhysicalAddress from, std::span<uint8_t> to) = 0;
  // Translated code made of these bytes is dropped, as with any other write.
  [[nodiscard]] virtual bool DmaWrite(PhysicalAddress to, std::span<const uint8_t> from) = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_DMA_MEMORY_H_
