// SPDX-License-Identifier: Apache-2.0
#include "machine/inspection.h"

#include <algorithm>
#include <cstring>

#include "memory/physical_memory.h"

namespace verbatim {
namespace {

// Physical addresses have 36 bits.
constexpr uint64_t kPhysicalEnd = uint64_t{1} << 36;

}  // namespace

size_t ReadPhysicalMemory(Mmu& mmu, PhysicalAddress address, std::span<uint8_t> bytes) {
  PhysicalMemory& memory = mmu.memory();
  size_t done = 0;
  while (done < bytes.size() && address.value < kPhysicalEnd) {
    const uint8_t* host = memory.HostPointerTo(address);
    if (host == nullptr) break;
    const size_t piece = std::min<size_t>(bytes.size() - done, kPageBytes - address.PageOffset());
    std::memcpy(bytes.data() + done, host, piece);
    done += piece;
    address = address + piece;
  }
  return done;
}

size_t ReadLinearMemory(Mmu& mmu, LinearAddress address, std::span<uint8_t> bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const auto page = mmu.Peek(address, AccessKind::kRead, Privilege::kSupervisor);
    if (!page) break;
    const uint32_t piece = static_cast<uint32_t>(
        std::min<size_t>(bytes.size() - done, kPageBytes - address.PageOffset()));
    const size_t read = ReadPhysicalMemory(mmu, page->address, bytes.subspan(done, piece));
    done += read;
    if (read != piece) break;
    address = address + piece;
  }
  return done;
}

}  // namespace verbatim
