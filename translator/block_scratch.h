// SPDX-License-Identifier: Apache-2.0
// What the translation of a block writes down on its way. The translator has one, which each block
// finds empty but as large as its predecessors made it: nothing is allocated per block.
#ifndef VERBATIM_TRANSLATOR_BLOCK_SCRATCH_H_
#define VERBATIM_TRANSLATOR_BLOCK_SCRATCH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/address.h"
#include "codecache/block.h"
#include "decoder/instruction.h"

namespace verbatim {

struct DecodedInstruction {
  GuestInstruction instruction;
  uint32_t eip = 0;
};

// What a jump has done before it turns out that its target is beyond the segment's limit.
enum class UndoJump : uint8_t { kNothing, kCount32, kCount16 };

struct PendingJump {
  uint32_t field;
  uint32_t target;
  uint32_t from;  // eip of the jump
  UndoJump undo;
};

// Up to four guest bytes that are looked at when the block is entered.
struct CheckedPiece {
  LinearAddress address;
  uint8_t bytes = 0;  // 4, 2 or 1
  bool first_of_page = false;
  uint32_t expected = 0;
};

// A check of where the guest went that its sum did not settle.
struct DoubtfulTarget {
  uint32_t field;   // of the jump out of line
  uint32_t resume;  // where the block goes on if it was meant
  uint32_t eip;     // of what is checked, or of the jump whose target was guessed
  bool guessed;
  const uint8_t* stub;  // that settles it
};

// A guess where an indirect jump leads.
struct PendingGuess {
  uint32_t field;  // of the branch that leads there
  uint8_t back;    // from it back to the displacement of the sum
};

struct BlockScratch {
  static constexpr size_t kMaxInstructions = 64;

  std::array<DecodedInstruction, kMaxInstructions> instructions;
  std::vector<PendingJump> pending;
  std::vector<CheckedPiece> checked;
  std::vector<uint32_t> stale_jumps;
  std::vector<DoubtfulTarget> doubts;
  std::vector<PendingGuess> guesses;
  // What becomes the tables of the block.
  std::vector<RecoveryPoint> points;
  std::vector<Link> links;
  std::vector<uint32_t> return_sites;
  std::vector<PlaceField> place;

  void Clear() {
    pending.clear();
    checked.clear();
    stale_jumps.clear();
    doubts.clear();
    guesses.clear();
    points.clear();
    links.clear();
    return_sites.clear();
    place.clear();
  }
};

}  // namespace verbatim

#endif  // VERBATIM_TRANSLATOR_BLOCK_SCRATCH_H_
