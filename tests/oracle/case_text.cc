// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/case_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/bits.h"
#include "trace/disassembler.h"

namespace verbatim::test {
namespace {

constexpr const char* kSegmentNames[] = {"es", "cs", "ss", "ds", "fs", "gs"};

std::string RegistersText(const CpuImage& cpu) {
  return fmt::format(
      "  eax={:08x} ecx={:08x} edx={:08x} ebx={:08x} esp={:08x} ebp={:08x} esi={:08x} edi={:08x}\n"
      "  eip={:08x} eflags={:08x} fcw={:04x} fsw={:04x} ftw={:02x} mxcsr={:08x}\n",
      cpu.gpr[kEax], cpu.gpr[kEcx], cpu.gpr[kEdx], cpu.gpr[kEbx], cpu.gpr[kEsp], cpu.gpr[kEbp],
      cpu.gpr[kEsi], cpu.gpr[kEdi], cpu.eip, cpu.eflags, LoadLittle<uint16_t>(&cpu.fx[0]),
      LoadLittle<uint16_t>(&cpu.fx[2]), cpu.fx[4], LoadLittle<uint32_t>(&cpu.fx[kFxMxcsr]));
}

std::string SegmentText(uint16_t selector, const LdtTable& table) {
  constexpr uint16_t kLocal = 4;
  if ((selector & 0xFFFC) == 0) return "null";
  if ((selector & kLocal) == 0) return "flat";
  const LdtSegment& segment = table[(selector >> 3) % kLdtSegments];
  return fmt::format("base {:08x} limit {:05x}{} {}-bit {}{}{}{}", segment.base, segment.limit,
                     segment.in_pages ? " pages" : "", segment.big ? 32 : 16,
                     segment.code ? "code" : "data", segment.expand_down ? " expand-down" : "",
                     segment.accessible ? "" : (segment.code ? " execute-only" : " read-only"),
                     segment.present ? "" : " not present");
}

bool StartsIn32(const Case& one, const LdtTable& table) {
  return one.selectors[kCs] == kFlatCode || table[(one.selectors[kCs] >> 3) % kLdtSegments].big;
}

}  // namespace

std::string OutcomeText(const Outcome& outcome) {
  std::string text = fmt::format("  vector {} error {:x} cr2 {:08x}\n", outcome.vector,
                                 outcome.error_code, outcome.fault_address);
  text += RegistersText(outcome.cpu) + " ";
  for (uint32_t i = 0; i < kSegmentCount; ++i) {
    text += fmt::format(" {}={:04x}", kSegmentNames[i], outcome.selectors[i]);
  }
  return text + "\n";
}

std::string CaseText(const Case& one, const LdtTable& table) {
  std::string text = "start\n" + RegistersText(one.start);
  for (uint32_t i = 0; i < kSegmentCount; ++i) {
    text += fmt::format("  {}={:04x} {}\n", kSegmentNames[i], one.selectors[i],
                        SegmentText(one.selectors[i], table));
  }
  for (uint32_t i = 0; i < 8; ++i) {
    const uint8_t* st = &one.start.fx[kFxX87 + i * 16];
    const uint8_t* xmm = &one.start.fx[kFxXmm + i * 16];
    text += fmt::format("  st{}={:04x}.{:016x} xmm{}={:016x}_{:016x}\n", i,
                        LoadLittle<uint16_t>(st + 8), LoadLittle<uint64_t>(st), i,
                        LoadLittle<uint64_t>(xmm + 8), LoadLittle<uint64_t>(xmm));
  }
  text += fmt::format("program at linear {:08x}, memory {}, flags defined at the end {:x}\n",
                      one.code_at, one.memory_seed % kMemoryFillings, one.flags);
  const bool wide = StartsIn32(one, table);
  Disassembler disassembler32(Disassembler::Mode::kGuest32);
  Disassembler disassembler16(Disassembler::Mode::kGuest16);
  for (size_t i = 0; i < one.instructions.size(); ++i) {
    const uint32_t from = one.instructions[i];
    const size_t to = i + 1 < one.instructions.size() ? one.instructions[i + 1] : one.code.size();
    if (to <= from) continue;
    const std::span<const uint8_t> bytes = std::span(one.code).subspan(from, to - from);
    // Each takes what belongs to it; what is left over before the next is data.
    const bool code32 = i < one.notes.size() ? one.notes[i].code32 : wide;
    const DisassembledInstruction shown =
        (code32 ? disassembler32 : disassembler16).At(bytes, one.code_at + from);
    if (std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0x90; })) continue;
    std::string hex;
    for (const uint8_t byte : bytes) hex += fmt::format("{:02x} ", byte);
    text += fmt::format("  {:08x} +{:02x}  {:<32} {}{}\n", one.code_at + from, from, hex,
                        shown.text, code32 ? "" : "  ; 16-bit");
  }
  return text;
}

}  // namespace verbatim::test
