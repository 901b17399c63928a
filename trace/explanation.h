// SPDX-License-Identifier: Apache-2.0
// Why an instruction became what it became, in a sentence.
#ifndef VERBATIM_TRACE_EXPLANATION_H_
#define VERBATIM_TRACE_EXPLANATION_H_

#include <string>

#include "trace/block_listing.h"

namespace verbatim {

// Empty for a copy without memory operand and without the stack pointer.
[[nodiscard]] std::string Explain(const GuestLine& line);

}  // namespace verbatim

#endif  // VERBATIM_TRACE_EXPLANATION_H_
