// SPDX-License-Identifier: Apache-2.0
// What a piece of guest code is called where profilers show it.
#ifndef VERBATIM_PROFILE_CODE_NAME_H_
#define VERBATIM_PROFILE_CODE_NAME_H_

#include <cstdint>
#include <string>

#include "trace/symbol_table.h"

namespace verbatim {

struct CodePlace {
  uint32_t linear = 0;
  unsigned cpl = 0;
  bool code32 = true;
};

// "schedule+4c [c0101234 kernel]", without a symbol "[0804a010 user]": the linear address, and
// where such code runs: kernel (CPL 0 to 2), user (CPL 3) or 16-bit.
[[nodiscard]] std::string CodeName(const SymbolTable& symbols, const CodePlace& place);

// For stacks: the symbol alone, or the same in brackets.
[[nodiscard]] std::string FunctionName(const SymbolTable& symbols, const CodePlace& place);

}  // namespace verbatim

#endif  // VERBATIM_PROFILE_CODE_NAME_H_
