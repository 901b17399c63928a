// SPDX-License-Identifier: Apache-2.0
// Reads a guest's memory by linear addresses, and changes nothing: no accessed bits, no devices.
#ifndef VERBATIM_TRACE_GUEST_MEMORY_H_
#define VERBATIM_TRACE_GUEST_MEMORY_H_

#include <cstdint>
#include <optional>
#include <span>

#include "memory/mmu.h"

namespace verbatim {

class GuestMemory {
 public:
  // By the page tables in use, as code of this privilege sees it.
  GuestMemory(Mmu& mmu, Privilege privilege) : mmu_(mmu), privilege_(privilege) {}

  // False unless all of them are in memory, not in a device.
  [[nodiscard]] bool Read(uint32_t linear, std::span<uint8_t> to) const;
  [[nodiscard]] std::optional<uint32_t> Read32(uint32_t linear) const;

 private:
  Mmu& mmu_;
  const Privilege privilege_;
};

}  // namespace verbatim

#endif  // VERBATIM_TRACE_GUEST_MEMORY_H_
