// SPDX-License-Identifier: Apache-2.0
#include "profile/host_code.h"

#include <algorithm>
#include <utility>

#include "profile/code_name.h"
#include "trace/host_names.h"
#include "translator/block_mode.h"

namespace verbatim {

void HostCodeNames::Add(const HostCode& code) const {
  for (const auto& sink : sinks_) sink->Add(code);
}

// They stand in front of the first block there ever is.
void HostCodeNames::NameStubs(const TranslatedBlock& first) {
  std::vector<std::pair<uint64_t, std::string>> stubs = NamesFor(first.stubs).stubs;
  std::ranges::sort(stubs);
  const auto first_block = reinterpret_cast<uint64_t>(first.block.host_start);
  for (size_t i = 0; i < stubs.size(); ++i) {
    const uint64_t end = i + 1 < stubs.size() ? stubs[i + 1].first : first_block;
    const auto* const start = reinterpret_cast<const uint8_t*>(stubs[i].first);
    Add({{start, end - stubs[i].first}, "verbatim:" + stubs[i].second});
  }
}

void HostCodeNames::OnBlockTranslated(const TranslatedBlock& translated) {
  if (!stubs_named_) NameStubs(translated);
  stubs_named_ = true;
  const Block& block = translated.block;
  const BlockMode mode(block.key.mode);
  Add({{block.host_start, block.host_bytes},
       CodeName(symbols_, {block.key.linear.value, mode.cpl(), mode.code32()})});
}

Status HostCodeNames::Finish() {
  Status first;
  for (const auto& sink : sinks_) {
    Status finished = sink->Finish();
    if (first && !finished) first = std::move(finished);
  }
  return first;
}

}  // namespace verbatim
