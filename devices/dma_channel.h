// SPDX-License-Identifier: Apache-2.0
// One channel of the ISA bus's DMA as the device on it sees it: DREQ, DACK and TC, a stretch of
// bytes at a time.
#ifndef VERBATIM_DEVICES_DMA_CHANNEL_H_
#define VERBATIM_DEVICES_DMA_CHANNEL_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace verbatim {

struct DmaProgress {
  // What was moved; less than asked for where the channel is masked, off, or set to the other
  // direction, and at the terminal count.
  size_t bytes = 0;
  bool terminal_count = false;
};

class DmaChannel {
 public:
  virtual ~DmaChannel() = default;
  // From the device to memory. In verify mode the channel counts, and memory stays as it is.
  virtual DmaProgress ToMemory(std::span<const uint8_t> data) = 0;
  // From memory to the device. Bytes that no memory gives are FFh.
  virtual DmaProgress FromMemory(std::span<uint8_t> data) = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_DMA_CHANNEL_H_
