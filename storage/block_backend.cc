// SPDX-License-Identifier: Apache-2.0
#include "storage/block_backend.h"

#include <algorithm>
#include <array>

namespace verbatim {

BlockStatus WriteZeros(BlockBackend& backend, uint64_t offset, uint64_t bytes) {
  static constexpr std::array<uint8_t, 64 << 10> kZeros{};
  while (bytes != 0) {
    const uint64_t part = std::min<uint64_t>(bytes, kZeros.size());
    const BlockStatus written = backend.Write(offset, std::span(kZeros).first(part));
    if (written != BlockStatus::kDone) return written;
    offset += part;
    bytes -= part;
  }
  return BlockStatus::kDone;
}

}  // namespace verbatim
