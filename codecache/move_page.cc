// SPDX-License-Identifier: Apache-2.0
// Code that is mapped at another linear address than before keeps its blocks: a program whose
// libraries are placed at random differs from the last run of it in a few fields of the host code.
#include <algorithm>
#include <vector>

#include "base/bits.h"
#include "base/check.h"
#include "codecache/block_store.h"
#include "codecache/jump_table.h"

namespace verbatim {

// Whether a chained link leads to a block that is valid and moves along. It may lead to a dead one,
// which waits for a successor.
bool BlockStore::LeadsIntoPage(const Block& source, const Link& link) const {
  const auto distance = static_cast<int32_t>(link.target_eip - source.eip);
  const Block* target =
      Find({source.key.physical + static_cast<uint64_t>(int64_t{distance}),
            source.key.linear + static_cast<uint32_t>(distance), source.key.mode});
  return target != nullptr && target->movable && !target->crosses_page;
}

// What they led to need not move as far.
void BlockStore::UndoGuessesOf(Block& block) {
  for (Link& link : block.links) {
    if (!link.IsGuess()) continue;
    if (link.chained) Unchain(block, link);
    link.guesses = 0;
  }
}

// Where the block goes the others need not follow.
void BlockStore::UndoPageLinksOf(Block& block) {
  for (Link& link : block.links) {
    if (link.to_other_page) Unchain(block, link);
  }
  std::erase_if(block.incoming, [this](const IncomingLink& incoming) {
    if (!incoming.source->valid) return true;
    Link& link = incoming.source->links[incoming.index];
    if (link.to_other_page) Unchain(*incoming.source, link);
    return !link.chained;
  });
}

void BlockStore::Move(Block& block, uint32_t distance) {
  uint8_t* const code = memory_.Writable(block.host_start);
  const auto lead_through_cell = [&](uint32_t eip_offset, uint32_t eip) {
    uint8_t* const field = code + eip_offset + Block::kCellField;
    if (JumpTable::IsCellOffset(LoadLittle<uint32_t>(field))) cells_.Release(eip - distance);
    const std::optional<uint32_t> cell = cells_.For(eip);
    StoreLittle<uint32_t>(field,
                          cell ? JumpTable::CellOffset(*cell) : JumpTable::HashedOffset(eip));
  };
  for (const PlaceField field : block.place) {
    uint8_t* const at = code + field.host_offset;
    const auto old = LoadLittle<uint32_t>(at);
    switch (field.kind) {
      case PlaceKind::kEip:
        StoreLittle<uint32_t>(at, old + distance);
        break;
      case PlaceKind::kNegatedEip:
        StoreLittle<uint32_t>(at, old - distance);
        break;
      case PlaceKind::kTableJump:
        StoreLittle<uint32_t>(at, old + distance);
        lead_through_cell(field.host_offset, old + distance);
        break;
    }
  }
  for (Link& link : block.links) {
    if (link.IsGuess()) continue;
    link.target_eip += distance;
    if (link.through_cell) lead_through_cell(link.stub_offset + Link::kEipField, link.target_eip);
  }
  for (RecoveryPoint& point : block.recovery) {
    if (point.kind != RecoveryKind::kEipInR8) point.eip += distance;
  }
  by_key_.erase(block.key);
  block.key.linear = block.key.linear + distance;
  block.eip += distance;
  by_key_[block.key] = &block;
}

bool BlockStore::MovePage(PhysicalAddress page, uint32_t from, uint32_t to,
                          const std::function<void(Block&)>& moved) {
  const auto found = by_page_.find(page.Page());
  if (found == by_page_.end()) return false;
  std::vector<Block*> blocks;
  for (const Resident& each : found->second.blocks) {
    Block* const block = each.block;
    if (block->key.physical.Page() != page.Page() || block->key.linear.Page() != from) continue;
    // One that has links can be neither taken along nor left behind.
    if (!block->movable && !(block->links.empty() && block->incoming.empty())) return false;
    blocks.push_back(block);
  }
  const uint32_t distance = (to - from) << kPageShift;
  std::erase_if(blocks, [&](Block* block) {
    BlockKey key = block->key;
    key.linear = key.linear + distance;
    // What was translated there since is as good.
    if (block->movable && Find(key) == nullptr) return false;
    Invalidate(*block);
    return true;
  });
  // First, for what is undone then is forgotten where it led: guesses are made again after each
  // move, and a list that kept those of all moves would grow for ever.
  for (Block* block : blocks) UndoGuessesOf(*block);
  for (Block* block : blocks) UndoPageLinksOf(*block);
  for (Block* block : blocks) {
    for (Link& link : block->links) {
      // One that leads inside leads to a block that lives, and moves along.
      if (!link.chained || link.IsGuess() || link.through_cell || link.inside) continue;
      if (!LeadsIntoPage(*block, link)) Unchain(*block, link);
    }
  }
  for (Block* block : blocks) Move(*block, distance);
  // Links to one that has died there would be taken for links to its successor the next time.
  for (Block* block : blocks) Adopt(*block);
  for (Block* block : blocks) moved(*block);
  if (const auto left = by_page_.find(page.Page()); left != by_page_.end()) {
    std::erase(left.value().linear_pages, from);
    left.value().AddLinearPage(to);
  }
  statistics_.blocks_moved += blocks.size();
  return !blocks.empty();
}

}  // namespace verbatim
