// SPDX-License-Identifier: Apache-2.0
// One translated block as a JSON object (docs/trace-format.md, "Blocks as JSON"): below each guest
// instruction stands the host code that it became.
#ifndef VERBATIM_TRACE_BLOCK_JSON_H_
#define VERBATIM_TRACE_BLOCK_JSON_H_

#include <string>

#include "trace/block_listing.h"

namespace verbatim {

// Without host code, the members about it are left out.
[[nodiscard]] std::string BlockJson(const BlockListing& listing);

}  // namespace verbatim

#endif  // VERBATIM_TRACE_BLOCK_JSON_H_
