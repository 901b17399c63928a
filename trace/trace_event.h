// SPDX-License-Identifier: Apache-2.0
// One thing that a trace tells, as data that needs no knowledge of what it is about: where the
// guest was, and named fields. Text, JSON and the binary format are made of it alike.
#ifndef VERBATIM_TRACE_TRACE_EVENT_H_
#define VERBATIM_TRACE_TRACE_EVENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "trace/block_code.h"

namespace verbatim {

// In the order of the binary format: new ones go to the end.
enum class TraceCategory : uint8_t {
  kBlocks,
  kExec,
  kExits,
  kFaults,
  kIrq,
  kExceptions,
  kIo,
  kMmio,
  kBios,
  kCr,
  kSmc,
  kModes,
  kResumes,
};
inline constexpr unsigned kTraceCategories = 13;

[[nodiscard]] std::string_view CategoryName(TraceCategory category);
[[nodiscard]] std::optional<TraceCategory> FindCategory(std::string_view name);

using TraceCategories = uint32_t;  // a set of bits
[[nodiscard]] constexpr TraceCategories BitOf(TraceCategory category) {
  return 1u << static_cast<unsigned>(category);
}

// How a field is written.
enum class FieldForm : uint8_t {
  kDecimal,
  kHex,
  kCode,  // a linear address of code, which symbols may name
  kText,
};

struct TraceField {
  std::string name;
  FieldForm form = FieldForm::kDecimal;
  uint64_t number = 0;
  std::string text{};  // kText

  [[nodiscard]] static TraceField Decimal(std::string_view name, uint64_t number) {
    return {std::string(name), FieldForm::kDecimal, number, {}};
  }
  [[nodiscard]] static TraceField Hex(std::string_view name, uint64_t number) {
    return {std::string(name), FieldForm::kHex, number, {}};
  }
  [[nodiscard]] static TraceField Code(std::string_view name, uint32_t address) {
    return {std::string(name), FieldForm::kCode, address, {}};
  }
  [[nodiscard]] static TraceField Text(std::string_view name, std::string_view text) {
    return {std::string(name), FieldForm::kText, 0, std::string(text)};
  }
};

// The field with the name of the process that an event at CPL 3 is of, where it is known; the last.
inline constexpr std::string_view kProcessField = "process";

struct TraceEvent {
  TraceCategory category = TraceCategory::kBlocks;
  std::string name;      // within the category
  uint64_t time_ns = 0;  // since the trace began
  uint32_t linear = 0;   // of the guest's instruction
  uint32_t cr3 = 0;
  uint8_t cpl = 0;
  std::vector<TraceField> fields{};
  std::shared_ptr<const BlockCode> code{};  // of a translation; else none
};

}  // namespace verbatim

#endif  // VERBATIM_TRACE_TRACE_EVENT_H_
