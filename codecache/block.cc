// SPDX-License-Identifier: Apache-2.0
#include "codecache/block.h"

#include <algorithm>

#include "base/check.h"

namespace verbatim {

const RecoveryPoint& Block::RecoveryAt(const uint8_t* pc) const {
  const auto offset = static_cast<uint32_t>(pc - host_start);
  auto next = std::upper_bound(
      recovery.begin(), recovery.end(), offset,
      [](uint32_t value, const RecoveryPoint& point) { return value < point.host_offset; });
  CHECK(next != recovery.begin());
  return *--next;
}

const RecoveryPoint* Block::StartOf(uint32_t start_eip) const {
  const auto found = std::ranges::find_if(recovery, [start_eip](const RecoveryPoint& point) {
    return point.start && point.eip == start_eip;
  });
  return found == recovery.end() ? nullptr : &*found;
}

}  // namespace verbatim
