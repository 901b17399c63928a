// SPDX-License-Identifier: Apache-2.0
#include "gdb/target_description.h"

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "gdb/registers.h"

namespace verbatim::gdb {
namespace {

struct Field {
  std::string_view name;
  unsigned start;
  unsigned end;
};

constexpr Field kEflags[] = {
    {"CF", 0, 0},     {"", 1, 1},      {"PF", 2, 2},   {"AF", 4, 4},   {"ZF", 6, 6},
    {"SF", 7, 7},     {"TF", 8, 8},    {"IF", 9, 9},   {"DF", 10, 10}, {"OF", 11, 11},
    {"IOPL", 12, 13}, {"NT", 14, 14},  {"RF", 16, 16}, {"VM", 17, 17}, {"AC", 18, 18},
    {"VIF", 19, 19},  {"VIP", 20, 20}, {"ID", 21, 21},
};
constexpr Field kMxcsr[] = {
    {"IE", 0, 0},   {"DE", 1, 1},   {"ZE", 2, 2},   {"OE", 3, 3},   {"UE", 4, 4},
    {"PE", 5, 5},   {"DAZ", 6, 6},  {"IM", 7, 7},   {"DM", 8, 8},   {"ZM", 9, 9},
    {"OM", 10, 10}, {"UM", 11, 11}, {"PM", 12, 12}, {"RC", 13, 14}, {"FZ", 15, 15},
};
constexpr Field kCr0[] = {
    {"PE", 0, 0},   {"MP", 1, 1},   {"EM", 2, 2},   {"TS", 3, 3},   {"ET", 4, 4},   {"NE", 5, 5},
    {"WP", 16, 16}, {"AM", 18, 18}, {"NW", 29, 29}, {"CD", 30, 30}, {"PG", 31, 31},
};
constexpr Field kCr4[] = {
    {"VME", 0, 0}, {"PVI", 1, 1},    {"TSD", 2, 2},          {"DE", 3, 3},
    {"PSE", 4, 4}, {"PAE", 5, 5},    {"MCE", 6, 6},          {"PGE", 7, 7},
    {"PCE", 8, 8}, {"OSFXSR", 9, 9}, {"OSXMMEXCPT", 10, 10},
};

void AddFlags(std::string& xml, std::string_view id, std::span<const Field> fields) {
  fmt::format_to(std::back_inserter(xml), "<flags id=\"{}\" size=\"4\">", id);
  for (const Field& field : fields) {
    fmt::format_to(std::back_inserter(xml), "<field name=\"{}\" start=\"{}\" end=\"{}\"/>",
                   field.name, field.start, field.end);
  }
  xml += "</flags>";
}

// The views of an XMM register.
void AddVector(std::string& xml) {
  struct View {
    std::string_view name;
    std::string_view type;
    unsigned count;
  };
  constexpr View kViews[] = {{"v4_float", "ieee_single", 4}, {"v2_double", "ieee_double", 2},
                             {"v16_int8", "int8", 16},       {"v8_int16", "int16", 8},
                             {"v4_int32", "int32", 4},       {"v2_int64", "int64", 2}};
  for (const View& view : kViews) {
    fmt::format_to(std::back_inserter(xml), "<vector id=\"{}_t\" type=\"{}\" count=\"{}\"/>",
                   view.name, view.type, view.count);
  }
  xml += "<union id=\"vec128\">";
  for (const View& view : kViews) {
    fmt::format_to(std::back_inserter(xml), "<field name=\"{0}\" type=\"{0}_t\"/>", view.name);
  }
  xml += "<field name=\"uint128\" type=\"uint128\"/></union>";
}

void AddRegisters(std::string& xml, DebugTarget& target, RegisterGroup group) {
  const std::span<const RegisterDescription> registers = Registers(target);
  for (size_t i = 0; i < registers.size(); ++i) {
    const RegisterDescription& description = registers[i];
    if (description.group != group) continue;
    fmt::format_to(std::back_inserter(xml),
                   "<reg name=\"{}\" bitsize=\"{}\" type=\"{}\" regnum=\"{}\"", description.name,
                   description.bytes * 8, description.type, i);
    if (!description.gdb_group.empty()) {
      fmt::format_to(std::back_inserter(xml), " group=\"{}\"", description.gdb_group);
    }
    xml += "/>";
  }
}

}  // namespace

std::string TargetDescription(DebugTarget& target) {
  std::string xml = fmt::format(
      "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
      "<target version=\"1.0\"><architecture>{}</architecture>"
      "<feature name=\"org.gnu.gdb.i386.core\">",
      target.state().segments[kCs].Big() ? "i386" : "i8086");
  AddFlags(xml, "i386_eflags", kEflags);
  AddRegisters(xml, target, RegisterGroup::kCore);
  xml += "</feature><feature name=\"org.gnu.gdb.i386.sse\">";
  AddVector(xml);
  AddFlags(xml, "i386_mxcsr", kMxcsr);
  AddRegisters(xml, target, RegisterGroup::kSse);
  xml += "</feature><feature name=\"org.verbatim.i386.system\">";
  AddFlags(xml, "i386_cr0", kCr0);
  AddFlags(xml, "i386_cr4", kCr4);
  AddRegisters(xml, target, RegisterGroup::kSystem);
  xml += "</feature></target>";
  return xml;
}

}  // namespace verbatim::gdb
