// SPDX-License-Identifier: Apache-2.0
// Where the video memory keeps the planes: the bytes of the four planes at one address are one
// 32-bit word, so the latches are one word. The words stand in the order in which chain 4 uses
// them: it leaves the two low bits of a plane's address zero, and so they are the highest of the
// word's number. The bytes of chain 4 then follow each other (docs/decisions/display-memory.md).
#ifndef VERBATIM_DEVICES_VGA_PLANE_ORDER_H_
#define VERBATIM_DEVICES_VGA_PLANE_ORDER_H_

#include <cstddef>

namespace verbatim {

// What the VGA addresses in each plane. Planar VBE modes have more of it, each piece in this order.
inline constexpr size_t kPlaneBytes = 0x10000;

// The number of the word of `address`; a permutation of each kPlaneBytes addresses.
[[nodiscard]] constexpr size_t WordOfPlanes(size_t address) {
  const size_t within = address & (kPlaneBytes - 1);
  return (address - within) | (within & 3) << 14 | within >> 2;
}

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_PLANE_ORDER_H_
