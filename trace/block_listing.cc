// SPDX-License-Identifier: Apache-2.0
#include "trace/block_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "vcpu/cpu_model.h"

namespace verbatim {
namespace {

CpuFeatures EveryFeature() { return FindCpuModel("core2").value().features; }

}  // namespace

BlockLister::BlockLister() : decoder_(EveryFeature()) {}

std::vector<HostLine> BlockLister::ListHost(const BlockCode& code, const HostNames& names,
                                            uint32_t begin, uint32_t end) {
  std::vector<HostLine> lines;
  while (begin < end) {
    const auto bytes = std::span(code.host).subspan(begin, end - begin);
    const uint64_t address = code.host_start + begin;
    DisassembledInstruction in = host_.At(bytes, address);
    HostLine& line = lines.emplace_back();
    line.address = address;
    line.bytes.assign(bytes.begin(), bytes.begin() + in.length);
    line.text = std::move(in.text);
    if (in.branch_target) line.name = names.StubAt(*in.branch_target);
    if (in.context_offset) line.name = names.FieldAt(*in.context_offset);
    begin += in.length;
  }
  return lines;
}

BlockListing BlockLister::List(const BlockCode& code, const HostNames& names) {
  return List(code, names, decoder_);
}

BlockListing BlockLister::List(const BlockDefinition& block) {
  BlockCode code{.number = block.number,
                 .eip = block.eip,
                 .linear = block.linear,
                 .physical = block.physical,
                 .cpl = block.cpl,
                 .code32 = block.code32,
                 .mode = fmt::format("CPL {}, {}-bit code", block.cpl, block.code32 ? 32 : 16),
                 .second_page = std::nullopt,
                 .guest = block.bytes,
                 .instructions = {},
                 .host = {},
                 .links = {},
                 .return_sites = {}};
  for (const BlockDefinition::Instruction& in : block.instructions) {
    code.instructions.push_back({in.length, in.outcome, 0});
    if (in.outcome == Outcome::kIdent) ++code.ident_count;
  }
  return List(code, {});
}

BlockListing BlockLister::List(const TranslatedBlock& translated) {
  return List(CodeOf(translated), NamesFor(translated.stubs), translated.decoder);
}

BlockListing BlockLister::List(const BlockCode& code, const HostNames& names,
                               const Decoder& decoder) {
  BlockListing listing;
  listing.number = code.number;
  listing.eip = code.eip;
  listing.linear = code.linear;
  listing.physical = code.physical;
  listing.cpl = code.cpl;
  listing.mode = code.mode;
  listing.second_page = code.second_page;
  listing.ident_count = code.ident_count;
  listing.guest_bytes = static_cast<uint32_t>(code.guest.size());
  listing.host_start = code.host_start;
  listing.host_bytes = static_cast<uint32_t>(code.host.size());
  listing.entry = ListHost(code, names, 0, code.body_offset);
  uint32_t offset = 0;
  uint32_t host = code.body_offset;
  for (const BlockCode::Instruction& at : code.instructions) {
    const auto rest = std::span(code.guest).subspan(offset);
    const auto bytes = rest.first(std::min<size_t>(at.length, rest.size()));
    const uint32_t eip = code.eip + offset;
    listing.instructions.push_back({.eip = eip,
                                    .bytes = {bytes.begin(), bytes.end()},
                                    .text = Disassemble(rest, eip, code.code32),
                                    .instruction = decoder.Decode(rest, code.code32),
                                    .outcome = at.outcome,
                                    .host = ListHost(code, names, host, at.host_end)});
    offset += static_cast<uint32_t>(bytes.size());
    host = at.host_end;
  }
  listing.out_of_line =
      ListHost(code, names, code.stubs_offset, static_cast<uint32_t>(code.host.size()));
  for (const BlockCode::Link& link : code.links) {
    listing.links.push_back(
        {link.target_eip, code.host_start + link.field, code.host_start + link.stub});
  }
  for (const uint32_t site : code.return_sites) {
    listing.return_sites.push_back(code.host_start + site);
  }
  return listing;
}

}  // namespace verbatim
