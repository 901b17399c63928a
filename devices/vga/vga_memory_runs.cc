// SPDX-License-Identifier: Apache-2.0
// Runs of accesses to the window, as string instructions make them: the loops without what the
// memory model does for each access. Reads and writes of up to 8 bytes do what those of their bytes
// would, so that a run may be cut anywhere; only a copy has to keep to its elements, for the
// latches.
#include <algorithm>
#include <cstring>

#include "devices/vga/vga_memory.h"

namespace verbatim {
namespace {

constexpr unsigned kPiece = 4;  // the widest access that has a path of its own in all layouts

// Up to the next multiple of kPiece, or to the end.
unsigned PieceAt(uint32_t offset, size_t left) {
  const unsigned to_aligned = kPiece - offset % kPiece;
  if (to_aligned == kPiece && left >= kPiece) return kPiece;
  return 1;
}

}  // namespace

void VgaMemory::ReadRun(uint32_t offset, std::span<uint8_t> to) {
  Spend(static_cast<uint32_t>(to.size() / kPiece));
  while (!to.empty()) {
    const unsigned bytes = PieceAt(offset, to.size());
    const uint64_t value = Read(offset, bytes);
    std::memcpy(to.data(), &value, bytes);
    to = to.subspan(bytes);
    offset += bytes;
  }
}

void VgaMemory::WriteRun(uint32_t offset, std::span<const uint8_t> from) {
  Spend(static_cast<uint32_t>(from.size() / kPiece));
  while (!from.empty()) {
    const unsigned bytes = PieceAt(offset, from.size());
    uint64_t value = 0;
    std::memcpy(&value, from.data(), bytes);
    Write(offset, bytes, value);
    from = from.subspan(bytes);
    offset += bytes;
  }
}

void VgaMemory::FillRun(uint32_t offset, unsigned bytes, uint32_t count, uint32_t value) {
  Spend(count);
  for (; count != 0; --count, offset += bytes) Write(offset, bytes, value);
}

void VgaMemory::CopyRun(uint32_t from, uint32_t to, unsigned bytes, uint32_t count) {
  Spend(2 * count);
  for (; count != 0; --count, from += bytes, to += bytes) {
    Write(to, bytes, Read(from, bytes));
  }
}

}  // namespace verbatim
