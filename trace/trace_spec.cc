// SPDX-License-Identifier: Apache-2.0
#include "trace/trace_spec.h"

#include <limits>

#include "base/parse.h"

namespace verbatim {
namespace {

constexpr std::string_view kWords =
    "expected categories (blocks, exec, exits, faults, irq, exceptions, io, mmio, bios, cr, smc, "
    "modes, resumes, explore, all) and filters (addr=, cpl=, cr3=, count=, from=, to=, format=) "
    "with commas between "
    "them, and =FILE behind";

std::optional<uint32_t> ParseHex(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  return ParseNumber<uint32_t>(text, 16);
}

Status ApplyFilter(std::string_view key, std::string_view value, TraceSpec& spec,
                   bool& format_given) {
  const auto wrong = [&](std::string_view expected) {
    return Fail("{}='{}': expected {}", key, value, expected);
  };
  if (value.empty()) return wrong("a value");
  if (key == "addr") {
    const size_t dash = value.find('-');
    spec.low = AddressText{std::string(value.substr(0, dash))};
    if (dash != std::string_view::npos) {
      spec.high = AddressText{std::string(value.substr(dash + 1))};
    }
  } else if (key == "from") {
    spec.from = AddressText{std::string(value)};
  } else if (key == "to") {
    spec.to = AddressText{std::string(value)};
  } else if (key == "cpl") {
    spec.cpl = ParseNumber<uint8_t>(value, 10);
    if (!spec.cpl || *spec.cpl > 3) return wrong("0 to 3");
  } else if (key == "cr3") {
    spec.cr3 = ParseHex(value);
    if (!spec.cr3) return wrong("a hexadecimal number of 32 bits");
  } else if (key == "count") {
    spec.count = ParseNumber<uint64_t>(value, 10);
    if (!spec.count || *spec.count == 0) return wrong("a number of events from 1 on");
  } else if (key == "format") {
    format_given = true;
    if (value == "text") {
      spec.format = TraceFormat::kText;
    } else if (value == "json") {
      spec.format = TraceFormat::kJson;
    } else if (value == "binary") {
      spec.format = TraceFormat::kBinary;
    } else {
      return wrong("text, json or binary");
    }
  } else {
    return Fail("'{}': {}", key, kWords);
  }
  return {};
}

bool IsFilter(std::string_view word) {
  for (const std::string_view key : {"addr", "cpl", "cr3", "count", "from", "to", "format"}) {
    if (word == key) return true;
  }
  return false;
}

}  // namespace

Result<TraceSpec> ParseTraceSpec(std::string_view text, std::string_view option) {
  TraceSpec spec;
  spec.option = option;
  bool format_given = false;
  bool more = true;
  bool has_file = false;
  std::string_view rest = text;
  while (more) {
    const size_t end = std::min(rest.find_first_of(",="), rest.size());
    const std::string_view word = rest.substr(0, end);
    char stop = end < rest.size() ? rest[end] : '\0';
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (IsFilter(word)) {
      if (stop != '=') return Fail("{} '{}': {}=: expected a value", option, text, word);
      const size_t value_end = std::min(rest.find_first_of(",="), rest.size());
      const std::string_view value = rest.substr(0, value_end);
      stop = value_end < rest.size() ? rest[value_end] : '\0';
      rest.remove_prefix(std::min(value_end + 1, rest.size()));
      if (const Status applied = ApplyFilter(word, value, spec, format_given); !applied) {
        return Fail("{} '{}': {}", option, text, applied.error().message);
      }
    } else if (word == "all") {
      spec.categories |= (1u << kTraceCategories) - 1;
    } else if (word == "explore") {
      spec.categories |= kExploreCategories;
    } else if (const auto category = FindCategory(word)) {
      spec.categories |= BitOf(*category);
    } else {
      return Fail("{} '{}': '{}': {}", option, text, word, kWords);
    }
    has_file = stop == '=';
    more = stop == ',';
  }
  if (has_file) {
    if (rest.empty()) return Fail("{} '{}': expected a file behind the =", option, text);
    spec.path = std::string(rest);
  }
  if (spec.categories == 0) return Fail("{} '{}': names no category; {}", option, text, kWords);
  const bool exec = (spec.categories & BitOf(TraceCategory::kExec)) != 0;
  if (!format_given && exec && has_file) spec.format = TraceFormat::kBinary;
  if (spec.format == TraceFormat::kBinary && !has_file) {
    return Fail("{} '{}': the binary format needs a file: expected =FILE", option, text);
  }
  return spec;
}

Result<uint32_t> ResolveAddress(std::string_view text, const SymbolTable& symbols) {
  const size_t plus = text.find('+');
  const std::string_view name = text.substr(0, plus);
  uint32_t offset = 0;
  if (plus != std::string_view::npos) {
    const auto parsed = ParseHex(text.substr(plus + 1));
    if (!parsed) return Fail("'{}': expected a hexadecimal number behind the +", text);
    offset = *parsed;
  }
  // A symbol may look like a number: "add". Who means the number writes 0x.
  if (const auto symbol = symbols.Find(name)) return symbol->first + offset;
  if (const auto number = ParseHex(name)) return *number + offset;
  return Fail("'{}': neither a hexadecimal number nor a symbol{}", text,
              symbols.size() == 0 ? " (there is no --symbols)" : " of the --symbols file");
}

Result<TraceFilter> ResolveFilter(const TraceSpec& spec, const SymbolTable& symbols) {
  TraceFilter filter;
  const auto resolve = [&symbols, &spec](std::string_view key, const AddressText& text) {
    Result<uint32_t> address = ResolveAddress(text.text, symbols);
    if (!address) address = Fail("{} {}={}", spec.option, key, address.error().message);
    return address;
  };
  if (spec.low) {
    const Result<uint32_t> low = resolve("addr", *spec.low);
    if (!low) return std::unexpected(low.error());
    filter.low = *low;
    filter.high = *low;
    if (const auto symbol = symbols.Find(spec.low->text)) filter.high = symbol->second;
  }
  if (spec.high) {
    const Result<uint32_t> high = resolve("addr", *spec.high);
    if (!high) return std::unexpected(high.error());
    filter.high = *high;
    if (filter.high < filter.low) {
      return Fail("{} addr={}-{}: ends before it begins", spec.option, spec.low->text,
                  spec.high->text);
    }
  }
  if (spec.from) {
    const Result<uint32_t> from = resolve("from", *spec.from);
    if (!from) return std::unexpected(from.error());
    filter.from = *from;
  }
  if (spec.to) {
    const Result<uint32_t> to = resolve("to", *spec.to);
    if (!to) return std::unexpected(to.error());
    filter.to = *to;
  }
  filter.cpl = spec.cpl;
  filter.cr3 = spec.cr3;
  filter.count = spec.count;
  return filter;
}

}  // namespace verbatim
