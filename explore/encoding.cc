// SPDX-License-Identifier: Apache-2.0
#include "explore/encoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

#include "trace/event_text.h"
#include "trace/explanation.h"
#include "trace/json_text.h"
#include "trace/outcome.h"

namespace verbatim {
namespace {

// [bytes, text, name]; the address follows from the one before.
void AppendHost(std::string& json, std::span<const HostLine> lines) {
  AppendArray(json, lines, [&json](const HostLine& line) {
    json += '[';
    AppendHex(json, line.bytes);
    Append(json, ",{},{}]", JsonString(line.text), JsonString(line.name));
  });
}

// What a step costs in the page's arrays: pairs of blocks once, however many entries led from one
// to the other.
std::string EncodeSteps(std::vector<Executions::Step> steps,
                        const std::vector<RunModel::Chain>& chains) {
  const auto pair = [](const Executions::Step& step) { return std::pair(step.from, step.to); };
  std::ranges::sort(steps, {}, pair);
  std::string json = "{\"steps\":[";
  bool first = true;
  for (size_t i = 0; i < steps.size();) {
    uint64_t count = 0;
    size_t k = i;
    for (; k < steps.size() && pair(steps[k]) == pair(steps[i]); ++k) count += steps[k].count;
    Append(json, "{}{},{},{}", first ? "" : ",", steps[i].from, steps[i].to, count);
    first = false;
    i = k;
  }
  json += "],\"chains\":";
  AppendArray(json, chains, [&json](const RunModel::Chain& chain) {
    Append(json, "{},{}", chain.from, chain.to);
  });
  json += '}';
  return json;
}

constexpr std::array kOutcomes = {Outcome::kIdent,   Outcome::kRewritten, Outcome::kSoftware,
                                  Outcome::kInCache, Outcome::kSimulated, Outcome::kNothing,
                                  Outcome::kRaises};

}  // namespace

uint32_t Encoder::TextId(std::string text) {
  const auto [found, is_new] =
      text_ids_.try_emplace(std::move(text), static_cast<uint32_t>(texts_.size()));
  if (is_new) texts_.push_back(found->first);
  return found->second;
}

void Encoder::Prepare(uint32_t end) {
  while (prepared_.size() < end) {
    const BlockCode& code = *model_.blocks()[prepared_.size()].code;
    Prepared& prepared = prepared_.emplace_back();
    uint32_t offset = 0;
    for (const BlockCode::Instruction& in : code.instructions) {
      const auto rest = std::span(code.guest).subspan(offset);
      prepared.texts.push_back(TextId(lister_.Disassemble(rest, code.eip + offset, code.code32)));
      offset = std::min<uint32_t>(offset + in.length, static_cast<uint32_t>(code.guest.size()));
    }
    prepared.symbol = TextId(symbols_.Describe(code.linear));
    prepared.mode = TextId(code.mode);
    prepared.texts_end = static_cast<uint32_t>(texts_.size());
  }
}

std::string Encoder::About(std::string_view title, bool live) {
  std::string json =
      fmt::format("{{\"title\":{},\"live\":{},\"pieceBlocks\":{},\"outcomes\":", JsonString(title),
                  live, kBlocksOfPiece);
  AppendArray(json, kOutcomes,
              [&json](Outcome outcome) { Append(json, "\"{}\"", OutcomeName(outcome)); });
  json += '}';
  return json;
}

std::string Encoder::Blocks(uint32_t from) {
  const auto all = static_cast<uint32_t>(model_.blocks().size());
  from = std::min(from, all);
  const uint32_t end = from + std::min(kBlocksOfPiece, all - from);
  Prepare(end);
  const uint32_t texts_begin = from == 0 ? 0 : prepared_[from - 1].texts_end;
  const uint32_t texts_end = end == 0 ? 0 : prepared_[end - 1].texts_end;
  std::string json = fmt::format("{{\"from\":{},\"firstText\":{},\"texts\":", from, texts_begin);
  AppendArray(json, std::span(texts_).subspan(texts_begin, texts_end - texts_begin),
              [&json](const std::string& text) { json += JsonString(text); });
  json += ",\"blocks\":[";
  for (uint32_t i = from; i < end; ++i) {
    const RunModel::Block& block = model_.blocks()[i];
    const BlockCode& code = *block.code;
    const Prepared& prepared = prepared_[i];
    Append(json, "{}[{},{},{},{},{},{},{},{},{},{},{},[", i == from ? "" : ",", code.number,
           code.linear, code.eip, code.physical, code.cpl, code.code32 ? 32 : 16,
           block.time_ns / 1000, block.cr3, code.host.size(), prepared.symbol, prepared.mode);
    for (size_t k = 0; k < code.instructions.size(); ++k) {
      const BlockCode::Instruction& in = code.instructions[k];
      Append(json, "{}{},{}", k == 0 ? "" : ",", prepared.texts[k],
             static_cast<unsigned>(in.outcome) * 16 + in.length);
    }
    json += "]]";
  }
  json += "]}";
  return json;
}

std::string Encoder::Code(uint32_t index) {
  const RunModel::Block& block = model_.blocks()[index];
  const BlockListing listing = lister_.List(*block.code, model_.names());
  std::string json = fmt::format("{{\"host\":{},\"entry\":", listing.host_start);
  AppendHost(json, listing.entry);
  json += ",\"instructions\":";
  AppendArray(json, listing.instructions, [&json](const GuestLine& line) {
    json += '[';
    AppendHex(json, line.bytes);
    Append(json, ",{},{},", JsonString(line.text), JsonString(Explain(line)));
    AppendHost(json, line.host);
    json += ']';
  });
  json += ",\"outOfLine\":";
  AppendHost(json, listing.out_of_line);
  json += ",\"links\":";
  AppendArray(json, listing.links, [&json](const LinkLine& link) {
    Append(json, "[{},{},{}]", link.target_eip, link.field, link.stub);
  });
  json += ",\"returnSites\":";
  AppendArray(json, listing.return_sites, [&json](uint64_t site) { Append(json, "{}", site); });
  Append(json, ",\"secondPage\":{}}}", listing.second_page.value_or(0));
  return json;
}

std::string Encoder::Figures() {
  const Executions& executions = model_.executions();
  std::string json = fmt::format(
      "{{\"blocks\":{},\"end\":{},\"entries\":{},\"unknownEntries\":{},\"leftOut\":{},"
      "\"costs\":{},\"hostCode\":{},\"executed\":[",
      model_.blocks().size(), model_.end_ns(), executions.total(),
      executions.entries()[Executions::kUnknown].count, model_.left_out(), model_.knows_costs(),
      model_.has_host_code());
  // Of each entry that was executed: block, first instruction, count, time.
  bool first = true;
  for (const Executions::Entry& entry : std::span(executions.entries()).subspan(1)) {
    if (entry.count == 0) continue;
    Append(json, "{}{},{},{},{:.0f}", first ? "" : ",", entry.block, entry.first, entry.count,
           entry.ns);
    first = false;
  }
  json += "],\"causes\":";
  AppendArray(json, model_.causes(),
              [&json](const std::string& cause) { json += JsonString(cause); });
  json += ",\"exits\":";
  AppendArray(json, model_.exits(), [&json](const auto& exit) {
    const auto& [place, figures] = exit;
    const int64_t block = place.block == RunModel::kNoBlock ? -1 : int64_t{place.block};
    Append(json, "{},{},{},{},{}", block, place.linear, place.cause, figures.count, figures.ns);
  });
  json += ",\"dropped\":{";
  first = true;
  for (size_t i = 0; i < model_.blocks().size(); ++i) {
    if (model_.blocks()[i].dropped.empty()) continue;
    Append(json, "{}\"{}\":{}", first ? "" : ",", i, JsonString(model_.blocks()[i].dropped));
    first = false;
  }
  const Timeline& timeline = model_.timeline();
  Append(json, "}},\"slotNs\":{},\"slots\":", timeline.slot_ns());
  AppendArray(json, timeline.slots(), [&json](const Timeline::Slot& slot) {
    for (const uint64_t ns : slot.ns) Append(json, "{},", ns);
    Append(json, "{},{},{}", slot.blocks, slot.exits, slot.interrupts);
  });
  json += '}';
  return json;
}

std::string Encoder::Steps(uint32_t index) const {
  std::vector<RunModel::Chain> chains;
  std::ranges::copy_if(model_.chains(), std::back_inserter(chains), [index](const auto& chain) {
    return chain.from == index || chain.to == index;
  });
  return EncodeSteps(model_.executions().StepsAt(index), chains);
}

std::string Encoder::AllSteps() const {
  return EncodeSteps(model_.executions().Steps(), {model_.chains().begin(), model_.chains().end()});
}

}  // namespace verbatim
