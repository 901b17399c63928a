// SPDX-License-Identifier: Apache-2.0
// Guest memory as somebody outside of the guest reads it: page tables are read without setting A
// and D, and devices are not read, for that may have effects.
#ifndef VERBATIM_MACHINE_INSPECTION_H_
#define VERBATIM_MACHINE_INSPECTION_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/address.h"
#include "memory/mmu.h"

namespace verbatim {

// How many bytes could be read, from the first on.
[[nodiscard]] size_t ReadPhysicalMemory(Mmu& mmu, PhysicalAddress address,
                                        std::span<uint8_t> bytes);
// As the kernel reads. An address wraps at 4 GiB.
[[nodiscard]] size_t ReadLinearMemory(Mmu& mmu, LinearAddress address, std::span<uint8_t> bytes);

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_INSPECTION_H_
