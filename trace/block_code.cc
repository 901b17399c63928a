// SPDX-License-Identifier: Apache-2.0
#include "trace/block_code.h"

#include <fmt/format.h>

#include <iterator>

#include "translator/block_mode.h"

namespace verbatim {
namespace {

std::string_view NameOf(SegmentClass type) {
  switch (type) {
    case SegmentClass::kFlat:
      return "flat";
    case SegmentClass::kBased:
      return "with a base";
    case SegmentClass::k64K:
      return "of 64 KiB";
    case SegmentClass::kLimited:
      return "with a limit";
    case SegmentClass::kChecked:
      return "checked";
    case SegmentClass::kDynamic:
      return "looked up";
  }
  return "";
}

std::string ModeText(BlockMode mode) {
  std::string text = fmt::format("CPL {}, {}-bit code, {}-bit stack", mode.cpl(),
                                 mode.code32() ? 32 : 16, mode.stack32() ? 32 : 16);
  constexpr std::string_view kNames[] = {"es", "cs", "ss", "ds", "fs", "gs"};
  for (uint8_t segment = 0; segment < kSegmentCount; ++segment) {
    const SegmentClass type = mode.segment_class(segment);
    if (type == SegmentClass::kFlat || type == SegmentClass::kDynamic) continue;
    fmt::format_to(std::back_inserter(text), ", {} {}", kNames[segment], NameOf(type));
  }
  if (mode.task_switched()) text += ", CR0.TS";
  if (mode.emulate_fpu()) text += ", CR0.EM";
  if (mode.single()) text += ", single instruction";
  if (mode.software()) text += ", accesses in software";
  return text;
}

}  // namespace

BlockCode CodeOf(const TranslatedBlock& translated) {
  const Block& block = translated.block;
  const BlockMode mode(block.key.mode);
  BlockCode code{.number = block.number,
                 .eip = block.eip,
                 .linear = block.key.linear.value,
                 .physical = block.key.physical.value,
                 .cpl = static_cast<uint8_t>(mode.cpl()),
                 .code32 = mode.code32(),
                 .mode = ModeText(mode),
                 .second_page = std::nullopt,
                 .ident_count = block.ident_count,
                 .guest = {translated.guest_bytes.begin(), translated.guest_bytes.end()},
                 .instructions = {},
                 .host_start = reinterpret_cast<uintptr_t>(block.host_start),
                 .host = {block.host_start, block.host_start + block.host_bytes},
                 .body_offset = block.body_offset,
                 .stubs_offset = block.stubs_offset,
                 .links = {},
                 .return_sites = {block.return_sites.begin(), block.return_sites.end()}};
  if (block.crosses_page) code.second_page = block.second_page.value;
  for (const InstructionOutcome& at : OutcomesOf(translated)) {
    code.instructions.push_back({at.instruction.length, at.outcome, at.host_end});
  }
  for (const Link& link : block.links) {
    if (link.IsGuess()) continue;  // leads nowhere yet
    code.links.push_back({link.target_eip, link.source_offset, link.stub_offset});
  }
  return code;
}

}  // namespace verbatim
