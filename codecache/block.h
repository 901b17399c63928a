// SPDX-License-Identifier: Apache-2.0
// A translation block: which guest bytes it stands for, where its host code lies, and the table
// that leads from a host address back to the exact guest boundary.
//
// Shape of a block's host code:
//   entry:  checks that r8d, the guest eip jumped to, is this block's; falls into
//   body:   (direct chains enter here) a comparison of the guest's bytes with those translated, if
//           nothing else tells of changes; the translated instructions (at the starts of which
//           chains may enter too)
//   ...     out-of-line stubs: links, table jumps, and
//   dead:   where `body` is redirected to once the block is invalid
#ifndef VERBATIM_CODECACHE_BLOCK_H_
#define VERBATIM_CODECACHE_BLOCK_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/address.h"
#include "decoder/instruction.h"

namespace verbatim {

using HostPointer = uint8_t*;

// What a block is looked up by. Independent of CR3: processes that share a page at one linear
// address share its blocks. `mode` is opaque here: see translator/block_mode.h.
struct BlockKey {
  PhysicalAddress physical;  // of the first byte
  LinearAddress linear;      // of the first byte
  uint64_t mode = 0;

  friend bool operator==(const BlockKey&, const BlockKey&) = default;
};

struct BlockKeyHash {
  size_t operator()(const BlockKey& key) const noexcept {
    uint64_t h = key.physical.value * 0x9E3779B97F4A7C15ull;
    h ^= (uint64_t{key.linear.value} << 17) ^ key.mode * 0xC2B2AE3D27D4EB4Full;
    return h ^ (h >> 29);
  }
};

// How the guest boundary is found for a host address from `host_offset` on (up to the next point).
enum class RecoveryKind : uint8_t {
  kInstruction,  // state is that at the start of the instruction at `eip`; may be rolled back to it
  kEipInR8,      // between blocks: state is complete, the guest eip is in r8d
  kCritical,     // as kInstruction for faults, but effects have begun: an interrupt must wait
  kPointers,     // as kCritical, with host pointers in rsi and rdi: esi is in r11d, edi in r10d
};

// Whether the guest can be taken over where such a point is in force, as an interrupt does: nothing
// of an instruction has been done, or it can be done again from its start.
[[nodiscard]] constexpr bool IsGuestBoundary(RecoveryKind kind) {
  return kind == RecoveryKind::kInstruction || kind == RecoveryKind::kEipInR8;
}

struct RecoveryPoint {
  uint32_t host_offset = 0;  // from Block::host_start
  RecoveryKind kind = RecoveryKind::kInstruction;
  // kInstruction, in the body: the instruction begins here with nothing of another pending, so that
  // a jump to it may come here. Not in blocks that do something wherever they are entered, nor in
  // the five bytes that a dead body's jump replaces.
  bool start = false;
  int16_t stack_lag = 0;  // the guest's esp is r12d plus this
  uint32_t eip = 0;
};

// A direct jump or call that may be chained to its target's body; or an indirect one whose target
// is guessed, of which that is the last part:
//   lea r9d, [r8 - target] ; (sum) ; jo doubt ; jmp or call rel32
//   doubt: lea r10d, [r8 - target] ; ... ; jmp
// A guess that is given up becomes a jump or call through the table.
struct Link {
  static constexpr uint32_t kStubBytes = 17;
  static constexpr uint32_t kEipField = 2;      // from its stub: mov r8d, target_eip
  static constexpr uint32_t kBranchOpcode = 1;  // bytes of a jmp or call before its rel32
  // Of a guess:
  static constexpr uint32_t kGuessStubBytes = 11;
  static constexpr uint32_t kDoubtField = 5;      // from source_offset back to the jo's rel32
  static constexpr uint32_t kDoubtBytes = 18;     // where the jo leads
  static constexpr uint32_t kDistanceOpcode = 3;  // bytes of either lea before its displacement

  uint32_t source_offset = 0;  // of the rel32 field, from Block::host_start
  uint32_t stub_offset = 0;    // where it leads while unchained
  uint32_t target_eip = 0;
  bool chained = false;
  bool inside = false;         // chained to an instruction behind the start of a block
  bool to_other_page = false;  // chained to a block of another page
  uint8_t page_chains = 0;     // how often it was; stays where it is in the end
  bool through_cell = false;   // for good: the stub is a jump through the target's cell
  uint8_t guess_back = 0;      // of a guess: from source_offset back to the lea's displacement
  uint8_t guesses = 0;         // that were made
  bool given_up = false;       // for good: no branch is left

  [[nodiscard]] bool IsGuess() const { return guess_back != 0; }
  // Of a guess: from the first lea to behind the branch.
  [[nodiscard]] uint32_t guess_begin() const {
    return source_offset - guess_back - kDistanceOpcode;
  }
  [[nodiscard]] uint32_t guess_branch() const { return source_offset - kBranchOpcode; }
  [[nodiscard]] uint32_t guess_end() const {
    return source_offset + static_cast<uint32_t>(sizeof(uint32_t));
  }
};

// What a 32-bit field of a block's host code holds that depends on where the guest's code lies in
// its address space.
enum class PlaceKind : uint8_t {
  kEip,         // an eip
  kNegatedEip,  // its negative, as a displacement
  kTableJump,   // an eip that a jump through its direct cell follows: see Block::kCellField
};

struct PlaceField {
  uint16_t host_offset = 0;  // from Block::host_start
  PlaceKind kind = PlaceKind::kEip;
};

struct Block;

// Of a block; counted by itself on request only.
struct ExecutionCounts {
  uint64_t body = 0;
  uint64_t arrivals = 0;  // of them, by hashed entries of the jump table
  uint64_t returns = 0;   // to its return sites
};

// A link, mostly of another block, that leads into this one's body.
struct IncomingLink {
  Block* source = nullptr;
  size_t index = 0;  // in source->links
};

struct Block {
  // From the eip field of a jump through a cell to the field that has the cell's place:
  //   mov r8d, eip ; mov r9d, [r14 + place] ; jmp r9
  static constexpr uint32_t kCellField = 7;

  BlockKey key;
  uint32_t eip = 0;
  uint32_t guest_bytes = 0;
  // A change to any of these many bytes makes the block wrong: `guest_bytes`, and a few more if the
  // last instruction is an undefined one.
  uint32_t examined_bytes = 0;
  uint32_t number = 0;  // of this translation, from 1 on; never used again
  uint32_t instruction_count = 0;
  uint32_t ident_count = 0;  // of them copied unchanged
  bool crosses_page = false;
  bool valid = true;
  PhysicalAddress second_page;  // crosses_page: physical address of the second page's start

  HostPointer host_start = nullptr;  // executable view
  uint32_t body_offset = 0;
  uint32_t check_end_offset = 0;  // where the comparison of the guest's bytes ends; 0 if none
  uint32_t stubs_offset = 0;      // where the out-of-line part begins
  uint32_t dead_offset = 0;
  uint32_t host_bytes = 0;
  ExecutionCounts* executions = nullptr;  // counted on request only
  // The block can be made one of another linear address by changing the fields of `place` (see
  // BlockStore::MovePage). False: only its jumps through cells are among them.
  bool movable = false;

  // BlockStore's: where its lists of the pages have this block; [1] is second_page's.
  std::array<uint32_t, 2> page_positions{};

  // In the code memory's TableArena.
  std::span<RecoveryPoint> recovery;  // ascending host_offset
  std::span<Link> links;
  std::span<uint32_t> return_sites;  // host offsets that host RETs may come back to
  std::span<PlaceField> place;       // ascending host_offset

  std::vector<IncomingLink> incoming;  // what was chained to the body; sources may be dead by now
  uint32_t first_site = 0;             // sites of this block: [first_site, first_site + site_count)
  uint32_t site_count = 0;

  [[nodiscard]] MappedPage page() const {
    return {key.linear.PageStart(), key.physical.PageStart()};
  }
  [[nodiscard]] LinearAddress LinearOf(uint32_t other_eip) const {
    return key.linear + (other_eip - eip);
  }
  [[nodiscard]] HostPointer entry() const { return host_start; }
  [[nodiscard]] HostPointer body() const { return host_start + body_offset; }
  [[nodiscard]] bool ContainsHost(const uint8_t* pc) const {
    return pc >= host_start && pc < host_start + host_bytes;
  }
  [[nodiscard]] bool IsReturnSite(uint32_t host_offset) const {
    return std::ranges::find(return_sites, host_offset) != return_sites.end();
  }
  [[nodiscard]] bool IsInCheck(const uint8_t* pc) const {
    return pc >= body() && pc < host_start + check_end_offset;
  }
  // The recovery point in force at `pc`, which must lie in the block.
  [[nodiscard]] const RecoveryPoint& RecoveryAt(const uint8_t* pc) const;
  // Where a jump to the instruction at `start_eip`, behind the block's first, may enter the body;
  // nullptr if nowhere.
  [[nodiscard]] const RecoveryPoint* StartOf(uint32_t start_eip) const;
};

}  // namespace verbatim

#endif  // VERBATIM_CODECACHE_BLOCK_H_
