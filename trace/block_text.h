// SPDX-License-Identifier: Apache-2.0
// One translated block as text: guest instructions, what became of each, the host code of each.
#ifndef VERBATIM_TRACE_BLOCK_TEXT_H_
#define VERBATIM_TRACE_BLOCK_TEXT_H_

#include <cstdint>
#include <span>
#include <string>

#include "trace/block_listing.h"

namespace verbatim {

// "8b 45 08 "
[[nodiscard]] std::string HexBytes(std::span<const uint8_t> bytes);

// Ends with an empty line.
[[nodiscard]] std::string BlockText(const BlockListing& listing);

// For a report on one block.
[[nodiscard]] std::string DescribeTranslatedBlock(const TranslatedBlock& translated);

}  // namespace verbatim

#endif  // VERBATIM_TRACE_BLOCK_TEXT_H_
