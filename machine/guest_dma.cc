// SPDX-License-Identifier: Apache-2.0
#include "machine/guest_dma.h"

namespace verbatim {

bool GuestDma::IsAll(PhysicalAddress start, uint64_t bytes, bool writable) const {
  if (bytes == 0) return true;
  // A bus master has 64 bits for an address and may run over their end.
  if (start.value > UINT64_MAX - (bytes - 1)) return false;
  const uint64_t pages = (start.PageOffset() + bytes - 1) / kPageBytes + 1;
  const uint64_t first = start.value & ~uint64_t{kPageOffsetMask};
  for (uint64_t i = 0; i < pages; ++i) {
    const PageKind kind = memory_.KindOf({first + i * kPageBytes});
    if (kind != PageKind::kRam && (writable || kind != PageKind::kRom)) return false;
  }
  return true;
}

bool GuestDma::DmaRead(PhysicalAddress from, std::span<uint8_t> to) {
  if (!IsAll(from, to.size(), false)) return false;
  memory_.Read(from, to.data(), to.size());
  return true;
}

bool GuestDma::DmaWrite(PhysicalAddress to, std::span<const uint8_t> from) {
  if (!IsAll(to, from.size(), true)) return false;
  memory_.Write(to, from.data(), from.size());
  return true;
}

}  // namespace verbatim
