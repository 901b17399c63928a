// SPDX-License-Identifier: Apache-2.0
#include "trace/study.h"

#include <algorithm>
#include <utility>

#include "base/append.h"
#include "codecache/code_memory.h"
#include "codecache/direct_cells.h"
#include "engine/stubs.h"
#include "trace/block_text.h"
#include "trace/explanation.h"
#include "translator/block_mode.h"
#include "translator/translator.h"
#include "vcpu/cpu_model.h"

namespace verbatim {
namespace {

constexpr uint64_t kCodeMemoryBytes = 4ull << 20;
constexpr size_t kGuestByteColumns = 24;
constexpr size_t kGuestTextColumns = 38;
constexpr size_t kHostByteColumns = 34;
constexpr size_t kTextWidth = 88;

// Nothing has proven guilty.
class Innocent final : public SitePolicy {
 public:
  [[nodiscard]] AccessForm FormOf(PhysicalAddress /*instruction*/) const override {
    return AccessForm::kDirect;
  }
  [[nodiscard]] bool HasAnyIn(PhysicalAddress /*page*/) const override { return false; }
};

constexpr uint16_t kCode32Attributes = 0xC09B;
constexpr uint16_t kData32Attributes = 0xC093;
constexpr uint16_t kRealAttributes = 0x0093;
constexpr unsigned kDplShift = 5;

// A processor in the mode that is asked for, with flat segments or those of real mode.
CpuState StateFor(const StudyRequest& request) {
  CpuState cpu;
  cpu.cpl = request.code32 ? request.cpl : 0;
  cpu.cr0 = request.code32 ? cr0::kPe | cr0::kEt | cr0::kNe : cr0::kEt;
  if (request.code32 && request.paging) cpu.cr0 |= cr0::kPg;
  cpu.cr4 = cr4::kOsfxsr;
  for (uint8_t segment = 0; segment < kSegmentCount; ++segment) {
    SegmentRegister& to = cpu.segments[segment];
    if (!request.code32) {
      to = {.selector = 0, .attributes = kRealAttributes, .base = 0, .limit = 0xFFFF};
      continue;
    }
    const auto type = segment == kCs ? kCode32Attributes : kData32Attributes;
    to = {.selector = static_cast<uint16_t>(8 * (segment + 1) + request.cpl),
          .attributes = static_cast<uint16_t>(type | request.cpl << kDplShift),
          .base = 0,
          .limit = 0xFFFFFFFFu};
  }
  return cpu;
}

// Everything that translation needs, and nothing that could run it.
struct Workshop {
  Innocent policy;
  std::unique_ptr<CodeMemory> memory;
  Stubs stubs;
  DirectCells cells;
  SiteTable sites;
};

void AppendHost(std::string& text, std::span<const HostLine> lines) {
  for (const HostLine& line : lines) {
    Append(text, "          {:<{}}{}", HexBytes(line.bytes), kHostByteColumns, line.text);
    if (!line.name.empty()) Append(text, "  ; {}", line.name);
    text += '\n';
  }
}

// Wrapped at words, behind a mark.
void AppendSentence(std::string& text, std::string_view sentence) {
  std::string line;
  const auto put = [&] {
    Append(text, "        | {}\n", line);
    line.clear();
  };
  while (!sentence.empty()) {
    const size_t end = std::min(sentence.find(' '), sentence.size());
    if (!line.empty() && line.size() + 1 + end > kTextWidth) put();
    if (!line.empty()) line += ' ';
    line += sentence.substr(0, end);
    sentence.remove_prefix(std::min(end + 1, sentence.size()));
  }
  put();
}

}  // namespace

Result<std::vector<BlockListing>> StudyCode(const StudyRequest& request) {
  const std::optional<CpuModel> model = FindCpuModel(request.cpu_model, false);
  if (!model) return Fail("'{}' is not a CPU model", request.cpu_model);
  if (request.code.empty()) return Fail("there is no code");
  Workshop shop;
  Result<std::unique_ptr<CodeMemory>> memory = CodeMemory::Create(kCodeMemoryBytes);
  if (!memory) return std::unexpected(memory.error());
  shop.memory = *std::move(memory);
  Result<Stubs> stubs = BuildStubs(*shop.memory, {});
  if (!stubs) return std::unexpected(stubs.error());
  shop.stubs = *stubs;
  Translator translator(model->features, *shop.memory, shop.stubs.table, shop.cells, shop.sites,
                        shop.policy);
  const CpuState cpu = StateFor(request);
  const BlockMode mode = BlockMode::Of(cpu, request.code32 ? 0 : 1);
  BlockLister lister;
  std::vector<BlockListing> listings;
  uint32_t done = 0;
  while (done < request.code.size() && listings.size() < request.max_blocks) {
    const uint32_t at = request.address + done;
    const auto rest = request.code.subspan(done);
    const size_t in_page = kPageBytes - (at & kPageOffsetMask);
    TranslationRequest wanted;
    wanted.key = {PhysicalAddress{at}, LinearAddress{at}, mode.bits()};
    wanted.eip = at;
    wanted.cs_limit = cpu.segments[kCs].limit;
    wanted.first_page = rest.first(std::min(rest.size(), in_page));
    auto made = translator.Translate(wanted);
    if (std::holds_alternative<TranslationFailure>(made) && rest.size() > in_page) {
      wanted.second_page = rest.subspan(in_page);
      wanted.second_page_address = PhysicalAddress{uint64_t{at} + in_page};
      made = translator.Translate(wanted);
    }
    if (std::holds_alternative<TranslationFailure>(made)) {
      if (std::get<TranslationFailure>(made) == TranslationFailure::kCacheFull) {
        return Fail("the code does not fit into {} MiB of host code", kCodeMemoryBytes >> 20);
      }
      return Fail("the bytes end amid an instruction, at {:x}", at);
    }
    Block& block = std::get<Block>(made);
    block.number = static_cast<uint32_t>(listings.size() + 1);
    const TranslatedBlock translated{block, rest.first(block.guest_bytes), translator.decoder(),
                                     shop.sites, shop.stubs.table};
    listings.push_back(lister.List(translated));
    done += block.guest_bytes;
  }
  return listings;
}

std::string StudyText(const BlockListing& listing) {
  std::string text;
  Append(text, "block {} at {:08x}: {}\n", listing.number, listing.linear, listing.mode);
  Append(text, "  {} instructions, {} of them copied; {} bytes of guest code, {} of host code\n\n",
         listing.instructions.size(), listing.ident_count, listing.guest_bytes, listing.host_bytes);
  text += "  entry, for who comes through the jump table\n";
  AppendHost(text, listing.entry);
  AppendSentence(text,
                 "r8d must be the address of this block, else another one was meant. jecxz tests "
                 "it without changing a flag.");
  text += '\n';
  for (const GuestLine& line : listing.instructions) {
    Append(text, "  {:08x}  {:<{}}{:<{}}{}\n", line.eip, HexBytes(line.bytes), kGuestByteColumns,
           line.text, kGuestTextColumns, OutcomeName(line.outcome));
    AppendHost(text, line.host);
    if (const std::string why = Explain(line); !why.empty()) AppendSentence(text, why);
    text += '\n';
  }
  text += "  out of line: ways out that are seldom taken\n";
  AppendHost(text, listing.out_of_line);
  return text;
}

}  // namespace verbatim
