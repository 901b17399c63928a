// SPDX-License-Identifier: Apache-2.0
// Translates code that nobody runs, to look at what becomes of it: `verbatim block`.
#ifndef VERBATIM_TRACE_STUDY_H_
#define VERBATIM_TRACE_STUDY_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "trace/block_listing.h"

namespace verbatim {

struct StudyRequest {
  std::span<const uint8_t> code;  // goes on to be guest code until it ends
  uint32_t address = 0;           // of its first byte; linear, and eip
  bool code32 = true;             // false: real mode, segments of 64 KiB at 0
  unsigned cpl = 0;               // of 32-bit code
  bool paging = true;
  std::string cpu_model = "core2";
  uint32_t max_blocks = 1;  // of the blocks that follow each other
};

// The blocks, one behind the other. Fails if the model is unknown or the bytes end amid an
// instruction.
[[nodiscard]] Result<std::vector<BlockListing>> StudyCode(const StudyRequest& request);

// For people: guest code, host code, and a sentence for each instruction that is not a plain copy.
[[nodiscard]] std::string StudyText(const BlockListing& listing);

}  // namespace verbatim

#endif  // VERBATIM_TRACE_STUDY_H_
