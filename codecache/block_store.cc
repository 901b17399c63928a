// SPDX-License-Identifier: Apache-2.0
#include "codecache/block_store.h"

#include <algorithm>
#include <utility>

#include "base/bits.h"
#include "base/check.h"
#include "codecache/jump_table.h"

namespace verbatim {
namespace {

constexpr uint8_t kNop = 0x90;

// Do the bytes that the block depends on meet [start, start + bytes)?
bool Overlaps(const Block& block, uint64_t start, uint64_t bytes) {
  const auto meets = [&](uint64_t from, uint64_t length) {
    return from < start + bytes && start < from + length;
  };
  if (!block.crosses_page) return meets(block.key.physical.value, block.examined_bytes);
  const uint32_t first = kPageBytes - block.key.physical.PageOffset();
  return meets(block.key.physical.value, first) ||
         meets(block.second_page.value, block.examined_bytes - first);
}

// The page that holds the block's end, if it is another: a guest can map one page twice in a row.
bool HasOtherPage(const Block& block) {
  return block.crosses_page && block.second_page.Page() != block.key.physical.Page();
}

// In the list of this page, which is one of the block's.
uint32_t& PositionIn(uint32_t page, Block& block) {
  return block.page_positions[block.key.physical.Page() == page ? 0 : 1];
}

}  // namespace

Block* BlockStore::Find(const BlockKey& key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : found->second;
}

Block* BlockStore::FindByHost(const uint8_t* pc) const {
  const auto next = std::ranges::upper_bound(starts_, pc);
  if (next == starts_.begin()) return nullptr;
  const Block& block = blocks_[static_cast<size_t>(next - starts_.begin()) - 1];
  return block.ContainsHost(pc) ? const_cast<Block*>(&block) : nullptr;
}

// A page has dozens of blocks: the extents, side by side, rule out all but a few.
std::optional<BlockEntry> BlockStore::FindInside(const BlockKey& key, uint32_t eip) const {
  const auto found = by_page_.find(key.physical.Page());
  if (found == by_page_.end()) return std::nullopt;
  const uint32_t offset = key.physical.PageOffset();
  for (const Resident& each : found->second.blocks) {
    if (offset <= each.first || offset >= each.end) continue;
    Block& block = *each.block;
    if (block.key.mode != key.mode || block.key.linear.Page() != key.linear.Page()) continue;
    const RecoveryPoint* point = block.StartOf(eip);
    if (point != nullptr) return BlockEntry{block, point->host_offset};
  }
  return std::nullopt;
}

bool BlockStore::HasBlocks(PhysicalAddress page) const {
  const auto found = by_page_.find(page.Page());
  return found != by_page_.end() && !found->second.blocks.empty();
}

std::span<const uint32_t> BlockStore::LinearPagesOf(PhysicalAddress page) const {
  const auto found = by_page_.find(page.Page());
  if (found == by_page_.end()) return {};
  return found->second.linear_pages;
}

Block& BlockStore::Insert(Block&& made) {
  CHECK(blocks_.empty() || blocks_.back().host_start < made.host_start);
  blocks_.push_back(std::move(made));
  Block& block = blocks_.back();
  starts_.push_back(block.host_start);
  by_key_[block.key] = &block;
  AddToPage(block.key.physical.Page(), block);
  if (HasOtherPage(block)) AddToPage(block.second_page.Page(), block);
  ++statistics_.blocks_translated;
  Adopt(block);
  return block;
}

// Links to the block's predecessor lead to it from now on. If it crosses its page they ask again:
// its second half may be mapped differently elsewhere.
void BlockStore::Adopt(Block& block) {
  const auto found = orphans_.find(block.key);
  if (found == orphans_.end()) return;
  const std::vector<IncomingLink> links = std::move(found.value());
  orphans_.erase(found);
  for (const IncomingLink& incoming : links) {
    Block& source = *incoming.source;
    if (!source.valid) continue;
    Link& link = source.links[incoming.index];
    // It may have been moved since, and asked again; or have been undone for what is mapped.
    if (source.LinearOf(link.target_eip) != block.key.linear) continue;
    if (!link.chained && source.page() != block.page()) continue;
    if (link.through_cell || link.inside || link.given_up) continue;
    if (!block.crosses_page) {
      LeadTo(source, link, block.body());
      link.chained = true;
      block.incoming.push_back(incoming);
    } else {
      Unchain(source, link);
    }
  }
}

void BlockStore::LeadTo(Block& source, const Link& link, const uint8_t* target) {
  HostPointer field = source.host_start + link.source_offset;
  memory_.PatchDword(field, static_cast<uint32_t>(target - (field + 4)));
  Patched(source, link.source_offset);
}

void BlockStore::Unchain(Block& source, Link& link) {
  LeadTo(source, link, source.host_start + link.stub_offset);
  link.chained = false;
  link.inside = false;
  link.to_other_page = false;
}

void BlockStore::Chain(Block& source, Link& link, const BlockEntry& target) {
  Block& block = target.block;
  CHECK(!block.crosses_page);
  const auto index = static_cast<size_t>(&link - source.links.data());
  link.chained = true;
  link.inside = target.IsInside();
  link.to_other_page = source.page() != block.page();
  LeadTo(source, link, target.code());
  if (link.to_other_page) {
    page_links_.Add({&source, index, block.page()});
    ++link.page_chains;
    ++statistics_.links_to_pages;
  }
  block.incoming.push_back({&source, index});
  ++statistics_.links_chained;
  if (link.inside) ++statistics_.links_inside;
}

void BlockStore::Guess(Block& source, Link& link, uint32_t eip) {
  if (link.chained) Unchain(source, link);
  link.target_eip = eip;
  const auto set_distance = [&](uint32_t field) {
    memory_.PatchDword(source.host_start + field, 0u - eip);
    Patched(source, field);
  };
  set_distance(link.source_offset - link.guess_back);
  set_distance(DoubtOf(source, link) + Link::kDistanceOpcode);
  ++link.guesses;
  ++statistics_.targets_guessed;
}

// Where a guess' sum leads if it is in doubt.
uint32_t BlockStore::DoubtOf(const Block& source, const Link& link) {
  const uint32_t field = link.source_offset - Link::kDoubtField;
  return field + 4 + LoadLittle<uint32_t>(memory_.Writable(source.host_start + field));
}

void BlockStore::GiveUpGuess(Block& source, Link& link, std::span<const uint8_t> code) {
  const uint32_t begin = link.guess_begin();
  const uint32_t end = link.guess_end();
  CHECK(code.size() <= end - begin);
  if (link.chained) Unchain(source, link);
  MakeUnreachable(source, DoubtOf(source, link), Link::kDoubtBytes);
  MakeUnreachable(source, link.stub_offset, Link::kGuessStubBytes);
  uint8_t* const at = memory_.Writable(source.host_start + begin);
  std::fill_n(at, end - begin - code.size(), kNop);
  std::ranges::copy(code, at + (end - begin - code.size()));
  // The guest's state is complete all the way.
  for (RecoveryPoint& point : source.recovery) {
    if (point.host_offset <= begin || point.host_offset >= end) continue;
    point = {.host_offset = begin, .kind = RecoveryKind::kEipInR8};
  }
  link.given_up = true;
  Patched(source, begin);
  ++statistics_.guesses_given_up;
}

// Nothing leads to these bytes any more, but they are still looked at: to the dead stub, then.
void BlockStore::MakeUnreachable(const Block& block, uint32_t offset, uint32_t bytes) {
  constexpr uint32_t kJumpBytes = 5;
  const HostPointer start = block.host_start + offset;
  std::fill_n(memory_.Writable(start), bytes - kJumpBytes, kNop);
  memory_.PatchJump(start + bytes - kJumpBytes, block.host_start + block.dead_offset);
}

void BlockStore::ReplaceLinkStub(Block& source, Link& link, std::span<const uint8_t> code) {
  CHECK(code.size() <= Link::kStubBytes);
  uint8_t* const stub = memory_.Writable(source.host_start + link.stub_offset);
  // Never reached: nothing of the old stub is left.
  std::fill(std::ranges::copy(code, stub).out, stub + Link::kStubBytes, kNop);
  link.chained = true;
  link.through_cell = true;
  Patched(source, link.stub_offset);
}

uint32_t BlockStore::InvalidateRange(PhysicalAddress start, uint32_t bytes) {
  uint32_t count = 0;
  const uint32_t last_page = (start + (bytes - 1)).Page();
  for (uint32_t page = start.Page(); page <= last_page; ++page) {
    const auto found = by_page_.find(page);
    if (found == by_page_.end()) continue;
    // Invalidate edits the list: work on the victims, not on it.
    std::vector<Block*> victims;
    for (const Resident& each : found->second.blocks) {
      if (Overlaps(*each.block, start.value, bytes)) victims.push_back(each.block);
    }
    for (Block* block : victims) Invalidate(*block);
    count += static_cast<uint32_t>(victims.size());
  }
  return count;
}

void BlockStore::AddToPage(uint32_t page, Block& block) {
  Page& entry = by_page_[page];
  PositionIn(page, block) = static_cast<uint32_t>(entry.blocks.size());
  Resident resident{&block, 0, 0};
  if (page == block.key.physical.Page()) {
    entry.AddLinearPage(block.key.linear.Page());
    const uint32_t first = block.key.physical.PageOffset();
    resident.first = static_cast<uint16_t>(first);
    resident.end = static_cast<uint16_t>(std::min(first + block.guest_bytes, kPageBytes));
  }
  entry.blocks.push_back(resident);
}

void BlockStore::Page::AddLinearPage(uint32_t linear) {
  if (std::ranges::find(linear_pages, linear) == linear_pages.end()) linear_pages.push_back(linear);
}

// A page of code that is written again and again has hundreds of blocks: no search among them.
void BlockStore::RemoveFromPage(uint32_t page, Block& block) {
  const auto found = by_page_.find(page);
  CHECK(found != by_page_.end());
  std::vector<Resident>& list = found.value().blocks;
  const uint32_t at = PositionIn(page, block);
  CHECK(at < list.size() && list[at].block == &block);
  list[at] = list.back();
  PositionIn(page, *list[at].block) = at;
  list.pop_back();
  if (list.empty()) by_page_.erase(found);
}

void BlockStore::Invalidate(Block& block) {
  if (!block.valid) return;
  block.valid = false;
  by_key_.erase(block.key);
  RemoveFromPage(block.key.physical.Page(), block);
  if (HasOtherPage(block)) RemoveFromPage(block.second_page.Page(), block);
  memory_.PatchJump(block.body(), block.host_start + block.dead_offset);
  Patched(block, block.body_offset);
  for (const uint32_t offset : block.return_sites) {
    memory_.PatchJump(block.host_start + offset, return_miss_);
    Patched(block, offset);
  }
  ReleaseCells(block);
  OrphanIncoming(block);
  dead_bytes_ += block.host_bytes;
  ++statistics_.blocks_invalidated;
}

// Links to the body wait for its successor; what leads inside would not notice, and asks again.
// Those that have died themselves are forgotten: else the list of a pair that keep being
// retranslated would grow for ever. Nor may they be patched: the jump at their body may lie there.
void BlockStore::OrphanIncoming(Block& block) {
  std::erase_if(block.incoming, [this](const IncomingLink& incoming) {
    if (!incoming.source->valid) return true;
    Link& link = incoming.source->links[incoming.index];
    if (!link.inside) return false;
    Unchain(*incoming.source, link);
    return true;
  });
  if (!block.incoming.empty()) orphans_[block.key] = std::move(block.incoming);
}

// Nothing comes to its jumps any more.
void BlockStore::ReleaseCells(const Block& block) {
  // Of a jump whose eip is at `offset`; it may lead through a hashed entry.
  const auto release = [&](uint32_t offset) {
    const uint8_t* const at = block.host_start + offset;
    if (!JumpTable::IsCellOffset(LoadLittle<uint32_t>(at + Block::kCellField))) return;
    cells_.Release(LoadLittle<uint32_t>(at));
  };
  for (const PlaceField field : block.place) {
    if (field.kind == PlaceKind::kTableJump) release(field.host_offset);
  }
  for (const Link& link : block.links) {
    if (link.through_cell) release(link.stub_offset + Link::kEipField);
  }
}

void BlockStore::Flush() {
  by_key_.clear();
  by_page_.clear();
  orphans_.clear();
  page_links_.Clear();
  blocks_.clear();
  starts_.clear();
  memory_.Reset();
  cells_.Clear();
  dead_bytes_ = 0;
  ++statistics_.flushes;
}

bool BlockStore::IsLittered() const {
  // Less is not worth the code that is translated again.
  const uint64_t least = memory_.size_bytes() / 32;
  const uint64_t alive = memory_.used_bytes() - dead_bytes_;
  return dead_bytes_ > std::max(alive / 2, least);
}

}  // namespace verbatim
