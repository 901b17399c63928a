// SPDX-License-Identifier: Apache-2.0
// What one --trace option asks for: WORD[,WORD]...[=FILE], where a word is a category, a group of
// them (`all`, `explore`), or a
// filter. Everything behind the = that ends the words is the file's name.
#ifndef VERBATIM_TRACE_TRACE_SPEC_H_
#define VERBATIM_TRACE_TRACE_SPEC_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "trace/symbol_table.h"
#include "trace/trace_event.h"

namespace verbatim {

enum class TraceFormat : uint8_t { kText, kJson, kBinary };

// A symbol or a hexadecimal number, with +OFFSET.
struct AddressText {
  std::string text;
};

// Filters as given; addresses wait for the symbols.
struct TraceSpec {
  std::string option = "--trace";  // what the command calls it, for messages
  TraceCategories categories = 0;
  TraceFormat format = TraceFormat::kText;
  std::string path;  // empty: standard error

  std::optional<AddressText> low;  // addr=LOW-HIGH; of addr=SYMBOL only this
  std::optional<AddressText> high;
  std::optional<AddressText> from;
  std::optional<AddressText> to;
  std::optional<uint8_t> cpl;
  std::optional<uint32_t> cr3;
  std::optional<uint64_t> count;
};

// The word `explore`: what `verbatim explore` makes something of.
inline constexpr TraceCategories kExploreCategories =
    BitOf(TraceCategory::kBlocks) | BitOf(TraceCategory::kExec) | BitOf(TraceCategory::kExits) |
    BitOf(TraceCategory::kResumes) | BitOf(TraceCategory::kFaults) | BitOf(TraceCategory::kIrq) |
    BitOf(TraceCategory::kSmc);

[[nodiscard]] Result<TraceSpec> ParseTraceSpec(std::string_view text,
                                               std::string_view option = "--trace");

// The same with numbers.
struct TraceFilter {
  uint32_t low = 0;
  uint32_t high = 0xFFFFFFFFu;
  std::optional<uint32_t> from;
  std::optional<uint32_t> to;
  std::optional<uint8_t> cpl;
  std::optional<uint32_t> cr3;
  std::optional<uint64_t> count;

  [[nodiscard]] bool TakesPlace(uint32_t linear, uint8_t at_cpl) const {
    return linear >= low && linear <= high && (!cpl || *cpl == at_cpl);
  }
};

[[nodiscard]] Result<TraceFilter> ResolveFilter(const TraceSpec& spec, const SymbolTable& symbols);
[[nodiscard]] Result<uint32_t> ResolveAddress(std::string_view text, const SymbolTable& symbols);

}  // namespace verbatim

#endif  // VERBATIM_TRACE_TRACE_SPEC_H_
