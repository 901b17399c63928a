// SPDX-License-Identifier: Apache-2.0
// A device's registers or memory in physical memory, as the memory model sees them.
#ifndef VERBATIM_MEMORY_MMIO_HANDLER_H_
#define VERBATIM_MEMORY_MMIO_HANDLER_H_

#include <cstdint>
#include <span>

namespace verbatim {

// What a device offers whose addresses are memory: runs of accesses at once, for string
// instructions. Each does exactly what the accesses would do one after the other in ascending
// order, and nothing beyond the device's own memory. How an access is cut into smaller ones makes
// no difference. Ranges lie within the region.
class MmioRuns {
 public:
  virtual ~MmioRuns() = default;
  virtual void ReadRun(uint32_t offset, std::span<uint8_t> to) = 0;
  virtual void WriteRun(uint32_t offset, std::span<const uint8_t> from) = 0;
  // `count` elements of 1, 2 or 4 `bytes`, all of that value.
  virtual void FillRun(uint32_t offset, unsigned bytes, uint32_t count, uint32_t value) = 0;
  // From one place of the device to another: each element is read and written before the next.
  virtual void CopyRun(uint32_t from, uint32_t to, unsigned bytes, uint32_t count) = 0;
};

class MmioHandler {
 public:
  virtual ~MmioHandler() = default;
  // `offset` is relative to the region's start; `bytes` is 1, 2, 4 or 8 and never crosses the
  // region's end.
  virtual uint64_t ReadMmio(uint32_t offset, unsigned bytes) = 0;
  virtual void WriteMmio(uint32_t offset, unsigned bytes, uint64_t value) = 0;
  // nullptr: every access counts by itself.
  [[nodiscard]] virtual MmioRuns* runs() { return nullptr; }
};

}  // namespace verbatim

#endif  // VERBATIM_MEMORY_MMIO_HANDLER_H_
