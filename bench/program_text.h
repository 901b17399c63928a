// SPDX-License-Identifier: Apache-2.0
// The code of a real 32-bit program or kernel, which the benchmarks work on: the section .text of
// an ELF file.
#ifndef VERBATIM_BENCH_PROGRAM_TEXT_H_
#define VERBATIM_BENCH_PROGRAM_TEXT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace verbatim {

struct ProgramText {
  uint32_t address = 0;  // linear, of its first byte
  std::vector<uint8_t> bytes;
};

// Fails if the file cannot be read or holds no such section.
[[nodiscard]] Result<ProgramText> LoadProgramText(const std::string& path);

}  // namespace verbatim

#endif  // VERBATIM_BENCH_PROGRAM_TEXT_H_
