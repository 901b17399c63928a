// SPDX-License-Identifier: Apache-2.0
// Guest memory for bus masters: RAM takes and gives bytes, ROM gives them, and nothing else
// answers.
#ifndef VERBATIM_MACHINE_GUEST_DMA_H_
#define VERBATIM_MACHINE_GUEST_DMA_H_

#include "devices/dma_memory.h"
#include "memory/physical_memory.h"

namespace verbatim {

class GuestDma final : public DmaMemory {
 public:
  // `memory` must outlive this.
  explicit GuestDma(PhysicalMemory& memory) : memory_(memory) {}

  bool DmaRead(PhysicalAddress from, std::span<uint8_t> to) override;
  bool DmaWrite(PhysicalAddress to, std::span<const uint8_t> from) override;

 private:
  [[nodiscard]] bool IsAll(PhysicalAddress start, uint64_t bytes, bool writable) const;

  PhysicalMemory& memory_;
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_GUEST_DMA_H_
