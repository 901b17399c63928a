// SPDX-License-Identifier: Apache-2.0
#include "trace/guest_memory.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/bits.h"

namespace verbatim {

bool GuestMemory::Read(uint32_t linear, std::span<uint8_t> to) const {
  for (size_t done = 0; done < to.size();) {
    const LinearAddress at{linear + static_cast<uint32_t>(done)};
    const auto found = mmu_.Peek(at, AccessKind::kRead, privilege_);
    if (!found) return false;
    const PhysicalAddress physical = mmu_.memory().ApplyA20(found->address);
    const uint8_t* host = mmu_.memory().HostPointerTo(physical);
    if (host == nullptr) return false;
    const size_t count = std::min<size_t>(to.size() - done, kPageBytes - at.PageOffset());
    std::memcpy(&to[done], host, count);
    done += count;
  }
  return true;
}

std::optional<uint32_t> GuestMemory::Read32(uint32_t linear) const {
  std::array<uint8_t, 4> bytes{};
  if (!Read(linear, bytes)) return std::nullopt;
  return LoadLittle<uint32_t>(bytes.data());
}

}  // namespace verbatim
