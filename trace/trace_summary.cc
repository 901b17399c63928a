// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/append.h"
#include "trace/trace_printer.h"

namespace verbatim {
namespace {

constexpr size_t kShown = 20;

double Percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

// The largest first; equals in the order of their keys, so that the same trace gives the same text.
template <typename Map>
std::vector<std::pair<typename Map::key_type, uint64_t>> Ranked(const Map& counts) {
  std::vector<std::pair<typename Map::key_type, uint64_t>> ranked(counts.begin(), counts.end());
  std::ranges::sort(ranked, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  return ranked;
}

}  // namespace

void TraceSummary::OnBlock(const BlockDefinition& block) {
  ++defined_;
  blocks_.Add(block);
}

void TraceSummary::OnEntries(std::span<const uint32_t> entries) {
  entries_ += entries.size();
  for (const uint32_t number : entries) {
    if (before_ != 0) ++pairs_[uint64_t{before_} << 32 | number];
    before_ = number;
  }
}

void TraceSummary::OnEvent(const TraceEvent& event) {
  std::string name = event.name;
  // Which instruction called out, and which exception, is what people want to know.
  const bool told_apart = event.name == "callout" || event.name == "exception";
  if (told_apart && !event.fields.empty() && event.fields[0].form == FieldForm::kText) {
    const std::string& detail = event.fields[0].text;
    name += ' ' + detail.substr(0, detail.find(' '));
  }
  ++events_[{event.category, name}];
}

std::string TraceSummary::Text() {
  std::string text = fmt::format("{} blocks, entered {} times\n", defined_, entries_);
  if (entries_ != 0) {
    AppendHottest(text);
    AppendMix(text);
  }
  if (!events_.empty()) AppendEvents(text);
  return text;
}

void TraceSummary::AppendHottest(std::string& text) const {
  text += "\nhottest entries\n";
  std::unordered_map<uint32_t, uint64_t> counts;
  for (const auto& [pair, count] : pairs_) counts[static_cast<uint32_t>(pair >> 32)] += count;
  if (before_ != 0) ++counts[before_];
  const auto ranked = Ranked(counts);
  for (size_t i = 0; i < std::min(ranked.size(), kShown); ++i) {
    const auto& [number, count] = ranked[i];
    const KnownBlocks::Entry* entry = blocks_.Find(number);
    Append(text, "  {:>12}  {:5.1f} %  ", count, Percent(count, entries_));
    if (entry == nullptr) {
      Append(text, "entry {} of no known block\n", number);
      continue;
    }
    Append(text, "{:08x} {}  cpl {}, block {}{}\n", entry->linear, symbols_.Describe(entry->linear),
           entry->block->cpl, entry->block->number,
           number == entry->block->number ? "" : ", after a call");
  }
}

// Of an entry the instructions are counted up to the first that leads to the next entry, or to a
// call, or to the block's end. An interrupt or a fault may have left it before.
void TraceSummary::AppendMix(std::string& text) {
  std::map<std::string, uint64_t> outcomes;
  std::map<std::string, uint64_t> mnemonics;
  uint64_t total = 0;
  for (const auto& [pair, count] : pairs_) {
    const KnownBlocks::Entry* entry = blocks_.Find(static_cast<uint32_t>(pair >> 32));
    const KnownBlocks::Entry* next = blocks_.Find(static_cast<uint32_t>(pair));
    if (entry == nullptr || next == nullptr) continue;
    const BlockDefinition& block = *entry->block;
    const uint32_t next_eip = next->linear - (block.linear - block.eip);
    uint32_t offset = 0;
    for (size_t i = 0; i < block.instructions.size(); ++i) {
      const BlockDefinition::Instruction& in = block.instructions[i];
      const auto bytes = std::span(block.bytes).subspan(offset);
      const uint32_t eip = block.eip + offset;
      offset += in.length;
      if (i < entry->first) continue;
      const DisassembledInstruction guest = lister_.At(bytes, eip, block.code32);
      const std::string mnemonic = guest.text.substr(0, guest.text.find(' '));
      mnemonics[mnemonic] += count;
      outcomes[std::string(OutcomeName(in.outcome))] += count;
      total += count;
      if (guest.branch_target == next_eip || mnemonic == "call") break;
    }
  }
  Append(text, "\ninstructions, some {}\n", total);
  for (const auto& [name, count] : Ranked(outcomes)) {
    Append(text, "  {:>12}  {:5.1f} %  {}\n", count, Percent(count, total), name);
  }
  text += "\ninstruction mix\n";
  const auto ranked = Ranked(mnemonics);
  for (size_t i = 0; i < std::min(ranked.size(), kShown); ++i) {
    Append(text, "  {:>12}  {:5.1f} %  {}\n", ranked[i].second, Percent(ranked[i].second, total),
           ranked[i].first);
  }
}

void TraceSummary::AppendEvents(std::string& text) const {
  text += "\nevents\n";
  for (const auto& [key, count] : Ranked(events_)) {
    Append(text, "  {:>12}  {:<10} {}\n", count, CategoryName(key.first), key.second);
  }
}

}  // namespace verbatim
