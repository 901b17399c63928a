// SPDX-License-Identifier: Apache-2.0
#include "profile/coverage.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>

#include "trace/symbol_table.h"

namespace verbatim {
namespace {

void AppendNumber(std::string& text, uint64_t number, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) text += static_cast<char>(number >> (8 * i) & 0xFF);
}

std::optional<CoveredImage> ImageOfElf(const std::string& path, std::span<const uint8_t> file) {
  Elf32_Ehdr header{};
  std::memcpy(&header, file.data(), sizeof header);
  uint32_t base = std::numeric_limits<uint32_t>::max();
  uint32_t end = 0;
  for (uint32_t i = 0; i < header.e_phnum; ++i) {
    const uint64_t at = uint64_t{header.e_phoff} + uint64_t{i} * sizeof(Elf32_Phdr);
    if (at + sizeof(Elf32_Phdr) > file.size()) return std::nullopt;
    Elf32_Phdr part{};
    std::memcpy(&part, &file[at], sizeof part);
    if (part.p_type != PT_LOAD || part.p_memsz > ~part.p_vaddr) continue;
    base = std::min(base, part.p_vaddr);
    end = std::max(end, part.p_vaddr + part.p_memsz);
  }
  if (base >= end) return std::nullopt;
  return CoveredImage{path, base, end};
}

}  // namespace

std::optional<CoveredImage> ImageOf(const std::string& path, std::span<const uint8_t> file) {
  const bool elf = file.size() >= sizeof(Elf32_Ehdr) &&
                   std::memcmp(file.data(), ELFMAG, SELFMAG) == 0 && file[EI_CLASS] == ELFCLASS32 &&
                   file[EI_DATA] == ELFDATA2LSB;
  if (elf) return ImageOfElf(path, file);
  const Result<SymbolTable> symbols = SymbolTable::Parse(file, path);
  if (!symbols) return std::nullopt;
  const auto text = symbols->Find("_text");
  const auto end = symbols->Find("_end");
  if (!text || !end || text->first >= end->first) return std::nullopt;
  return CoveredImage{path, text->first, end->first};
}

// A block that has moved is defined again, under the same number.
void Coverage::OnBlock(const BlockDefinition& block) {
  if (blocks_.Find(block.number) != nullptr) {
    TakeLast();
    known_.clear();
    std::ranges::fill(recent_, 0);
  }
  blocks_.Add(block);
}

void Coverage::OnEntries(std::span<const uint32_t> entries) {
  for (const uint32_t number : entries) {
    const uint64_t pair = uint64_t{last_} << 32 | number;
    uint64_t& recent = recent_[(last_ * 31 + number) % kRecent];
    if (last_ != 0 && pair != recent && known_.insert(pair).second) Follow(last_, number);
    recent = pair;
    last_ = number;
  }
}

void Coverage::OnEvent(const TraceEvent& event) {
  const bool interrupt = event.category == TraceCategory::kIrq;
  const bool exception = event.category == TraceCategory::kExceptions && event.name == "exception";
  const bool callout = event.category == TraceCategory::kExits && event.name == "left by callout";
  if (interrupt || exception || callout) OnLeft(event.linear);
}

// At `linear`, in front of which the last entry's block was left, or behind its end.
void Coverage::OnLeft(uint32_t linear) {
  const KnownBlocks::Entry* entry = last_ == 0 ? nullptr : blocks_.Find(last_);
  last_ = 0;
  if (entry == nullptr) return;
  const auto& instructions = entry->block->instructions;
  size_t end = entry->first;
  for (uint32_t at = entry->linear; end < instructions.size() && at != linear; ++end) {
    at += instructions[end].length;
  }
  Add(*entry, end);
}

// Nothing is known of what came behind it.
void Coverage::TakeLast() {
  const KnownBlocks::Entry* entry = last_ == 0 ? nullptr : blocks_.Find(last_);
  last_ = 0;
  if (entry != nullptr) Add(*entry, entry->block->instructions.size());
}

// Up to the first instruction that leads to the next entry, or calls, or to the block's end.
void Coverage::Follow(uint32_t number, uint32_t next) {
  const KnownBlocks::Entry* entry = blocks_.Find(number);
  const KnownBlocks::Entry* to = blocks_.Find(next);
  if (entry == nullptr || to == nullptr) return;
  const BlockDefinition& block = *entry->block;
  const uint32_t next_eip = to->linear - (block.linear - block.eip);
  uint32_t offset = 0;
  size_t end = 0;
  for (; end < block.instructions.size(); ++end) {
    const auto bytes = std::span(block.bytes).subspan(offset);
    const uint32_t eip = block.eip + offset;
    offset += block.instructions[end].length;
    if (end < entry->first) continue;
    const DisassembledInstruction in = lister_.At(bytes, eip, block.code32);
    if (in.branch_target == next_eip || in.text.starts_with("call")) {
      ++end;
      break;
    }
  }
  Add(*entry, end);
}

// Instructions [entry.first, end).
void Coverage::Add(const KnownBlocks::Entry& entry, size_t end) {
  const auto& instructions = entry.block->instructions;
  uint32_t bytes = 0;
  for (size_t i = entry.first; i < std::min(end, instructions.size()); ++i) {
    bytes += instructions[i].length;
  }
  // A block of a hostile trace may be longer than the format has room for.
  for (uint32_t done = 0; done < bytes;) {
    const uint32_t count = std::min<uint32_t>(bytes - done, std::numeric_limits<uint16_t>::max());
    pieces_.insert({entry.linear + done, static_cast<uint16_t>(count), entry.block->cpl == 3});
    done += count;
  }
}

std::string Coverage::Drcov(const std::optional<CoveredImage>& image) {
  TakeLast();
  std::vector<CoveredImage> modules;
  if (image) modules.push_back(*image);
  const auto kernel = static_cast<uint16_t>(modules.size());
  modules.push_back({"guest-kernel", 0, std::numeric_limits<uint32_t>::max()});
  modules.push_back({"guest-user", 0, std::numeric_limits<uint32_t>::max()});
  std::string text = "DRCOV VERSION: 2\nDRCOV FLAVOR: verbatim\n";
  text += fmt::format("Module Table: version 2, count {}\n", modules.size());
  text += "Columns: id, base, end, entry, checksum, timestamp, path\n";
  for (size_t i = 0; i < modules.size(); ++i) {
    text += fmt::format("{:2}, 0x{:08x}, 0x{:08x}, 0x00000000, 0x00000000, 0x00000000, {}\n", i,
                        modules[i].base, modules[i].end, modules[i].path);
  }
  text += fmt::format("BB Table: {} bbs\n", pieces_.size());
  for (const Piece& piece : pieces_) {
    uint16_t module = piece.user ? kernel + 1 : kernel;
    if (image && piece.linear >= image->base && piece.linear < image->end) module = 0;
    AppendNumber(text, piece.linear - modules[module].base, sizeof(uint32_t));
    AppendNumber(text, piece.bytes, sizeof(uint16_t));
    AppendNumber(text, module, sizeof(uint16_t));
  }
  return text;
}

}  // namespace verbatim
