// SPDX-License-Identifier: Apache-2.0
#include "trace/event_text.h"

#include <fmt/format.h>

#include "base/append.h"

namespace verbatim {
namespace {

constexpr double kNsPerSecond = 1e9;

void AppendField(std::string& text, const TraceField& field, const SymbolTable& symbols) {
  switch (field.form) {
    case FieldForm::kDecimal:
      Append(text, " {}:{}", field.name, field.number);
      break;
    case FieldForm::kHex:
      Append(text, " {}={:x}", field.name, field.number);
      break;
    case FieldForm::kCode: {
      const auto address = static_cast<uint32_t>(field.number);
      Append(text, " {}={:08x}", field.name, address);
      if (const std::string name = symbols.Describe(address); !name.empty()) {
        Append(text, " <{}>", name);
      }
      break;
    }
    case FieldForm::kText:
      Append(text, " {}", field.text);
      break;
  }
}

}  // namespace

std::string EventText(const TraceEvent& event, const SymbolTable& symbols,
                      std::string_view listing) {
  std::string text = fmt::format("{:14.9f}  {:08x} ",
                                 static_cast<double>(event.time_ns) / kNsPerSecond, event.linear);
  if (const std::string name = symbols.Describe(event.linear); !name.empty()) {
    Append(text, "<{}> ", name);
  }
  for (const TraceField& field : event.fields) {
    if (field.name == kProcessField) Append(text, "[{}] ", field.text);
  }
  Append(text, " {}  {:<10} {}", event.cpl, CategoryName(event.category), event.name);
  for (const TraceField& field : event.fields) {
    if (field.name != kProcessField) AppendField(text, field, symbols);
  }
  text += '\n';
  text += listing;
  return text;
}

// Bytes beyond ASCII are given as the code points of the same number, so that the result is JSON
// whatever the guest's memory or a symbol file held.
std::string JsonString(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < 0x20 || byte >= 0x7F) {
      Append(json, "\\u{:04x}", static_cast<unsigned>(byte));
    } else {
      json += c;
    }
  }
  json += '"';
  return json;
}

std::string EventJson(const TraceEvent& event, const SymbolTable& symbols, std::string_view code) {
  std::string json =
      fmt::format("{{\"time\":{:.9f},\"category\":\"{}\",\"event\":{},\"address\":{}",
                  static_cast<double>(event.time_ns) / kNsPerSecond, CategoryName(event.category),
                  JsonString(event.name), event.linear);
  if (const std::string name = symbols.Describe(event.linear); !name.empty()) {
    Append(json, ",\"symbol\":{}", JsonString(name));
  }
  Append(json, ",\"cpl\":{},\"cr3\":{}", event.cpl, event.cr3);
  for (const TraceField& field : event.fields) {
    if (field.form == FieldForm::kText) {
      Append(json, ",{}:{}", JsonString(field.name), JsonString(field.text));
    } else {
      Append(json, ",{}:{}", JsonString(field.name), field.number);
    }
  }
  if (!code.empty()) Append(json, ",\"code\":{}", code);
  json += "}\n";
  return json;
}

}  // namespace verbatim
