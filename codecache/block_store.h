// SPDX-License-Identifier: Apache-2.0
// All blocks: by key, by physical page (for invalidation) and by host address (for recovery); and
// the chaining between them.
//
// Blocks are created in ascending host address order and live until Flush. An invalid block stays
// in the host-address index, for a callout may still be about to return into it.
#ifndef VERBATIM_CODECACHE_BLOCK_STORE_H_
#define VERBATIM_CODECACHE_BLOCK_STORE_H_

#include <tsl/robin_map.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/address.h"
#include "codecache/block.h"
#include "codecache/code_memory.h"
#include "codecache/direct_cells.h"
#include "codecache/page_links.h"
#include "codecache/patch_observer.h"

namespace verbatim {

struct BlockStoreStatistics {
  uint64_t blocks_translated = 0;
  uint64_t blocks_invalidated = 0;
  uint64_t links_chained = 0;
  uint64_t links_inside = 0;    // of them, into the middle of a block
  uint64_t links_to_pages = 0;  // of them, to another page
  uint64_t targets_guessed = 0;
  uint64_t guesses_given_up = 0;
  uint64_t page_links_undone = 0;
  uint64_t flushes = 0;
  uint64_t blocks_moved = 0;
};

// Where a jump enters a block: at its body, or inside, at an instruction behind the first.
struct BlockEntry {
  Block& block;
  uint32_t offset;  // in its host code

  [[nodiscard]] static BlockEntry BodyOf(Block& block) { return {block, block.body_offset}; }
  [[nodiscard]] bool IsInside() const { return offset != block.body_offset; }
  [[nodiscard]] const uint8_t* code() const { return block.host_start + offset; }
};

class BlockStore {
 public:
  // `return_miss` takes over at a return site of a dead block; it expects the guest eip in r8d.
  // `cells` are those that the blocks were translated with.
  BlockStore(CodeMemory& memory, DirectCells& cells, const uint8_t* return_miss)
      : memory_(memory), cells_(cells), return_miss_(return_miss) {}

  // Sees each patch from then on; nullptr: nobody. Outlives the store.
  void SetPatchObserver(PatchObserver* observer) { patch_observer_ = observer; }

  [[nodiscard]] Block* Find(const BlockKey& key) const;
  // The instruction at `eip` inside a block of the key's mode, page and linear page; for a jump
  // from another such block. `key` is what a block would have that starts there.
  [[nodiscard]] std::optional<BlockEntry> FindInside(const BlockKey& key, uint32_t eip) const;
  // The block whose host code contains `pc`, valid or not; nullptr if none.
  [[nodiscard]] Block* FindByHost(const uint8_t* pc) const;
  [[nodiscard]] bool HasBlocks(PhysicalAddress page) const;

  // Takes over a block whose host code has just been committed, the highest so far.
  Block& Insert(Block&& block);

  // Redirects the link's source to the target, of the same mode. If it is in another page, the
  // caller sees to it that whoever executes the one executes the other, and undoes it else.
  void Chain(Block& source, Link& link, const BlockEntry& target);
  // Undoes the links from blocks of the page to others, or those into the linear page from others,
  // for which keep(page) of the other is false.
  template <typename Keep>
  void UndoLinksFrom(const MappedPage& page, Keep keep) {
    page_links_.RemoveFrom(page.linear.Page(), [&](const PageLink& each) {
      if (!each.IsIn(page.linear.Page())) return true;
      return each.source->page() == page && !keep(each.target) && Undo(each);
    });
  }
  template <typename Keep>
  void UndoLinksInto(LinearAddress linear_page, Keep keep) {
    page_links_.RemoveInto(linear_page.Page(), [&](const PageLink& each) {
      if (!each.IsIn(each.source->key.linear.Page())) return true;
      return !keep(each.source->page()) && Undo(each);
    });
  }

  // Makes `eip` the guess of where the link leads; it is not chained then.
  void Guess(Block& source, Link& link, uint32_t eip);
  // Puts `code`, which goes where r8d says, in place of the guess and its branch for good.
  void GiveUpGuess(Block& source, Link& link, std::span<const uint8_t> code);

  // Puts `code` (at most Link::kStubBytes) in place of the link's stub for good: its target cannot
  // be chained.
  void ReplaceLinkStub(Block& source, Link& link, std::span<const uint8_t> code);

  // Invalidates the blocks that contain any of the bytes; returns how many.
  uint32_t InvalidateRange(PhysicalAddress start, uint32_t bytes);
  void Invalidate(Block& block);

  // At which linear pages code of this physical page has been translated.
  [[nodiscard]] std::span<const uint32_t> LinearPagesOf(PhysicalAddress page) const;
  // Makes the blocks of the page that were translated for the linear page `from` blocks of the
  // linear page `to`, where the same code lies now: nothing must lead to them but links. Those
  // between them stay, others are undone. moved(block) is called for each one that was. False if
  // none was: they cannot be, and stay as they are, or `to` has all of them already.
  bool MovePage(PhysicalAddress page, uint32_t from, uint32_t to,
                const std::function<void(Block&)>& moved);

  // Forgets everything, the cells too, and resets the code memory.
  void Flush();
  // Dead blocks take so much room that a flush is worth it: half as much as those alive. Each flush
  // is then paid for by blocks that have died since the last one.
  [[nodiscard]] bool IsLittered() const;

  [[nodiscard]] const std::deque<Block>& blocks() const { return blocks_; }
  [[nodiscard]] const BlockStoreStatistics& statistics() const { return statistics_; }

 private:
  void Patched(const Block& block, uint32_t offset) {
    if (patch_observer_ != nullptr) patch_observer_->OnPatched(block, offset);
  }
  // A block that has bytes in a page, and which of the page's these are, as far as it starts there.
  struct Resident {
    Block* block;
    uint16_t first;
    uint16_t end;
  };
  // What there is of one physical page.
  struct Page {
    std::vector<Resident> blocks;
    // Those that start in it are for these linear pages.
    std::vector<uint32_t> linear_pages;

    void AddLinearPage(uint32_t linear);
  };

  void AddToPage(uint32_t page, Block& block);
  void RemoveFromPage(uint32_t page, Block& block);
  void Adopt(Block& block);
  void OrphanIncoming(Block& block);
  void ReleaseCells(const Block& block);
  void LeadTo(Block& source, const Link& link, const uint8_t* target);
  [[nodiscard]] uint32_t DoubtOf(const Block& source, const Link& link);
  void MakeUnreachable(const Block& block, uint32_t offset, uint32_t bytes);
  void Unchain(Block& source, Link& link);
  bool Undo(const PageLink& each) {
    Unchain(*each.source, each.link());
    ++statistics_.page_links_undone;
    return true;
  }

  // move_page.cc
  [[nodiscard]] bool LeadsIntoPage(const Block& source, const Link& link) const;
  void UndoGuessesOf(Block& block);
  void UndoPageLinksOf(Block& block);
  void Move(Block& block, uint32_t distance);

  CodeMemory& memory_;
  DirectCells& cells_;
  const uint8_t* return_miss_;
  PatchObserver* patch_observer_ = nullptr;
  std::deque<Block> blocks_;  // ascending host address
  // host_start of each, side by side for the binary search.
  std::vector<const uint8_t*> starts_;
  tsl::robin_map<BlockKey, Block*, BlockKeyHash> by_key_;
  tsl::robin_map<uint32_t, Page> by_page_;
  // Links that lead to a dead block of the key: the next block of the key takes them over.
  tsl::robin_map<BlockKey, std::vector<IncomingLink>, BlockKeyHash> orphans_;
  PageLinks page_links_;
  uint64_t dead_bytes_ = 0;  // of code memory
  BlockStoreStatistics statistics_;
};

}  // namespace verbatim

#endif  // VERBATIM_CODECACHE_BLOCK_STORE_H_
