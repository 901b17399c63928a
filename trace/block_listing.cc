// SPDX-License-Identifier: Apache-2.0
#include "trace/block_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>

#include "trace/host_names.h"
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

uint64_t HostAddress(const Block& block, uint32_t offset) {
  return reinterpret_cast<uintptr_t>(block.host_start) + offset;
}

}  // namespace

std::vector<HostLine> BlockLister::ListHost(const TranslatedBlock& translated, uint32_t begin,
                                            uint32_t end) {
  const Block& block = translated.block;
  std::vector<HostLine> lines;
  while (begin < end) {
    const std::span<const uint8_t> bytes(block.host_start + begin, end - begin);
    DisassembledInstruction in = host_.At(bytes, HostAddress(block, begin));
    HostLine& line = lines.emplace_back();
    line.address = HostAddress(block, begin);
    line.bytes.assign(bytes.begin(), bytes.begin() + in.length);
    line.text = std::move(in.text);
    if (in.branch_target) line.name = StubName(translated.stubs, *in.branch_target);
    if (in.context_offset) line.name = ContextFieldName(*in.context_offset);
    begin += in.length;
  }
  return lines;
}

BlockListing BlockLister::List(const TranslatedBlock& translated) {
  const Block& block = translated.block;
  const BlockMode mode(block.key.mode);
  BlockListing listing;
  listing.number = block.number;
  listing.eip = block.eip;
  listing.linear = block.key.linear.value;
  listing.physical = block.key.physical.value;
  listing.cpl = mode.cpl();
  listing.mode = ModeText(mode);
  if (block.crosses_page) listing.second_page = block.second_page.value;
  listing.ident_count = block.ident_count;
  listing.guest_bytes = block.guest_bytes;
  listing.host_start = HostAddress(block, 0);
  listing.host_bytes = block.host_bytes;
  listing.entry = ListHost(translated, 0, block.body_offset);
  for (const InstructionOutcome& at : OutcomesOf(translated)) {
    const uint32_t offset = at.eip - block.eip;
    const auto rest = translated.guest_bytes.subspan(offset);
    const auto bytes = rest.first(std::min<size_t>(at.instruction.length, rest.size()));
    listing.instructions.push_back({.eip = at.eip,
                                    .bytes = {bytes.begin(), bytes.end()},
                                    .text = Disassemble(rest, at.eip, mode.code32()),
                                    .instruction = at.instruction,
                                    .outcome = at.outcome,
                                    .host = ListHost(translated, at.host_begin, at.host_end)});
  }
  listing.out_of_line = ListHost(translated, block.stubs_offset, block.host_bytes);
  for (const Link& link : block.links) {
    listing.links.push_back({link.target_eip, HostAddress(block, link.source_offset),
                             HostAddress(block, link.stub_offset)});
  }
  for (const uint32_t site : block.return_sites) {
    listing.return_sites.push_back(HostAddress(block, site));
  }
  return listing;
}

}  // namespace verbatim
