// SPDX-License-Identifier: Apache-2.0
// The code of a real 32-bit program, which the benchmarks work on: the .text of the guests'
// busybox.
#ifndef VERBATIM_BENCH_BUSYBOX_TEXT_H_
#define VERBATIM_BENCH_BUSYBOX_TEXT_H_

#include <cstdint>
#include <vector>

#include "base/result.h"

namespace verbatim {

struct ProgramText {
  uint32_t address = 0;  // linear, of its first byte
  std::vector<uint8_t> bytes;
};

// Fails if the guests' files were not fetched or hold no such section.
[[nodiscard]] Result<ProgramText> LoadBusyboxText();

}  // namespace verbatim

#endif  // VERBATIM_BENCH_BUSYBOX_TEXT_H_
