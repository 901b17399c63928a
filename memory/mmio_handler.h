// SPDX-License-Identifier: Apache-2.0
// A device's registers in physical memory, as the memory model sees them.
#ifndef VERBATIM_MEMORY_MMIO_HANDLER_H_
#define VERBATIM_MEMORY_MMIO_HANDLER_H_

#include <cstdint>

namespace verbatim {

class MmioHandler {
 public:
  virtual ~MmioHandler() = default;
  // `offset` is relative to the region's start; `bytes` is 1, 2, 4 or 8 and never crosses the
  // region's end.
  virtual uint64_t ReadMmio(uint32_t offset, unsigned bytes) = 0;
  virtual void WriteMmio(uint32_t offset, unsigned bytes, uint64_t value) = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_MEMORY_MMIO_HANDLER_H_
