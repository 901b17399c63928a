// SPDX-License-Identifier: Apache-2.0
// Inline caches of segment loads at CPL 0 of protected mode: what a MOV or POP of ES, DS, FS or GS
// loaded the last time. The stub `load_segment` loads the same again without C++ if the selector is
// the same and the descriptor in guest memory has the same eight bytes (SDM vol. 3, 3.4.3); with a
// CPL that is always 0, all checks of the load (SDM vol. 2, MOV) then end as they did.
#ifndef VERBATIM_TRANSLATOR_SEGMENT_LOAD_H_
#define VERBATIM_TRANSLATOR_SEGMENT_LOAD_H_

#include <cstdint>

#include "vcpu/cpu_state.h"

namespace verbatim {

inline constexpr uint32_t kSegmentLoads = 256;  // the site's number, modulo this

struct alignas(64) SegmentLoad {
  // selector << 32 | (site + 1); 0: holds nothing.
  uint64_t key = 0;
  // ExecutionContext::segment_generation as it was: tells that the table is still where it was.
  uint64_t generation = 0;
  const uint8_t* descriptor = nullptr;  // in guest RAM; of a null selector, `raw` itself
  uint64_t raw = 0;                     // what is there, or was
  // ExecutionContext::fs_base or gs_base, or what nobody reads.
  const uint32_t* base = nullptr;
  SegmentRegister value;
  // Offsets into the ExecutionContext.
  uint16_t target = 0;
  uint16_t base_pointer = 0;
  uint32_t popped = 0;  // bytes that the instruction takes from the stack, of 32 bits
};
static_assert(sizeof(SegmentLoad) == 64);

}  // namespace verbatim

#endif  // VERBATIM_TRANSLATOR_SEGMENT_LOAD_H_
