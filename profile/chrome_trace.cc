// SPDX-License-Identifier: Apache-2.0
#include "profile/chrome_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "trace/event_text.h"
#include "trace/trace_times.h"

namespace verbatim {
namespace {

constexpr unsigned kProcess = 1;
constexpr unsigned kProcessorRow = 1;
constexpr unsigned kFirstCategoryRow = 2;

unsigned RowOf(TraceCategory category) {
  return kFirstCategoryRow + static_cast<unsigned>(category);
}

// In microseconds, exactly.
std::string Time(uint64_t ns) { return fmt::format("{}.{:03}", ns / 1000, ns % 1000); }

std::string RowName(unsigned row, std::string_view name) {
  return fmt::format(
      "{{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":{},\"tid\":{},\"args\":{{\"name\":{}}}}}",
      kProcess, row, JsonString(name));
}

}  // namespace

ChromeTrace::ChromeTrace(TraceCategories categories, const TraceFilter& filter,
                         const SymbolTable& symbols, std::function<void(std::string_view)> print)
    : categories_(categories), filter_(filter), symbols_(symbols), print_(std::move(print)) {
  print_("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
  Put(fmt::format(
      "{{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":{},\"args\":{{\"name\":\"guest\"}}}}",
      kProcess));
  Put(RowName(kProcessorRow, "processor"));
  for (unsigned i = 0; i < kTraceCategories; ++i) {
    const auto category = static_cast<TraceCategory>(i);
    if ((categories_ & BitOf(category)) != 0) Put(RowName(RowOf(category), CategoryName(category)));
  }
}

void ChromeTrace::Put(const std::string& json) {
  print_((first_ ? "" : ",\n") + json);
  first_ = false;
}

void ChromeTrace::PutEvent(const TraceEvent& event) {
  std::string json = fmt::format(
      "{{\"ph\":\"i\",\"s\":\"t\",\"name\":{},\"cat\":{},\"ts\":{},\"pid\":{},\"tid\":{},\"args\":"
      "{{\"address\":\"{:08x}\"",
      JsonString(event.name), JsonString(CategoryName(event.category)), Time(event.time_ns),
      kProcess, RowOf(event.category), event.linear);
  auto out = std::back_inserter(json);
  if (const std::string symbol = symbols_.Describe(event.linear); !symbol.empty()) {
    fmt::format_to(out, ",\"symbol\":{}", JsonString(symbol));
  }
  fmt::format_to(out, ",\"cpl\":{},\"cr3\":\"{:08x}\"", event.cpl, event.cr3);
  for (const TraceField& field : event.fields) {
    const std::string name = JsonString(field.name);
    switch (field.form) {
      case FieldForm::kDecimal:
        fmt::format_to(out, ",{}:{}", name, field.number);
        break;
      case FieldForm::kText:
        fmt::format_to(out, ",{}:{}", name, JsonString(field.text));
        break;
      case FieldForm::kHex:
      case FieldForm::kCode:
        fmt::format_to(out, ",{}:\"{:x}\"", name, field.number);
        break;
    }
  }
  Put(json + "}}");
}

void ChromeTrace::EndSlice() {
  static constexpr const char* kNames[] = {"", "user", "kernel", "engine", "halted"};
  if (doing_ == Doing::kNothing || until_ns_ <= since_ns_) return;
  Put(fmt::format(
      "{{\"ph\":\"X\",\"name\":\"{}\",\"cat\":\"processor\",\"ts\":{},\"dur\":{},\"pid\":{},"
      "\"tid\":{}}}",
      kNames[static_cast<unsigned>(doing_)], Time(since_ns_), Time(until_ns_ - since_ns_), kProcess,
      kProcessorRow));
}

void ChromeTrace::OnEvent(const TraceEvent& event) {
  // Times of a hostile file may run backwards.
  const uint64_t time = std::max(event.time_ns, until_ns_);
  const Doing code = event.cpl == 3 ? Doing::kUser : Doing::kKernel;
  const Doing was = next_ == Doing::kNothing ? code : next_;
  if (was != doing_) {
    EndSlice();
    since_ns_ = until_ns_;
    doing_ = was;
  }
  until_ns_ = time;
  if (event.category == TraceCategory::kResumes) {
    has_resumes_ = true;
    next_ = Doing::kNothing;
  } else if (IsHalt(event) ||
             (next_ == Doing::kHalted && event.category == TraceCategory::kExits)) {
    next_ = Doing::kHalted;
  } else {
    next_ = has_resumes_ ? Doing::kEngine : Doing::kNothing;
  }
  if (entries_ != entries_shown_) {
    Put(
        fmt::format("{{\"ph\":\"C\",\"name\":\"blocks entered\",\"ts\":{},\"pid\":{},\"args\":"
                    "{{\"total\":{}}}}}",
                    Time(time), kProcess, entries_));
    entries_shown_ = entries_;
  }
  const bool full = filter_.count && shown_ >= *filter_.count;
  const bool space = !filter_.cr3 || *filter_.cr3 == event.cr3;
  if (full || !space || (categories_ & BitOf(event.category)) == 0 ||
      !filter_.TakesPlace(event.linear, event.cpl)) {
    return;
  }
  ++shown_;
  PutEvent(event);
}

void ChromeTrace::Finish() {
  EndSlice();
  print_("\n]}\n");
}

}  // namespace verbatim
