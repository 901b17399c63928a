// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/call_trace.h"

#include <fmt/format.h>

#include <iterator>
#include <span>
#include <string_view>

namespace verbatim {
namespace {

struct Name {
  Gpr gpr;
  std::string_view text;
};
constexpr Name kNames[] = {{kEax, "eax"}, {kEbx, "ebx"}, {kEcx, "ecx"}, {kEdx, "edx"},
                           {kEsi, "esi"}, {kEdi, "edi"}, {kEbp, "ebp"}};

}  // namespace

std::string DescribeBiosCall(uint8_t service, const CpuState& before, const BiosRegisters& after) {
  std::string line = fmt::format("{:02x}", service);
  for (const auto& [gpr, text] : kNames) {
    const uint32_t old = before.gpr[gpr];
    fmt::format_to(std::back_inserter(line), " {}={:08x}", text, old);
    if (after.Get(gpr) != old) {
      fmt::format_to(std::back_inserter(line), ">{:08x}", after.Get(gpr));
    }
  }
  fmt::format_to(std::back_inserter(line), " ds={:04x} es={:04x}\n", before.segments[kDs].selector,
                 before.segments[kEs].selector);
  return line;
}

BiosObserver TraceBiosCalls(ByteSink& sink) {
  return [&sink](uint8_t service, const CpuState& before, const BiosCall& after) {
    if (after.waiting()) return;
    const std::string line = DescribeBiosCall(service, before, after.regs);
    sink.Write({reinterpret_cast<const uint8_t*>(line.data()), line.size()});
  };
}

}  // namespace verbatim
