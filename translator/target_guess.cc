// SPDX-License-Identifier: Apache-2.0
// An indirect jump or call that has gone to one target goes there again, mostly: calls between
// libraries, through tables of functions, of virtual functions. So it is made a direct one, to the
// target that it had, behind a look whether it is that one (docs/decisions/guessed-targets.md).
//         lea r9d, [r8 - guess] ; adox r9d, [minus_one] ; jo doubt
//         jmp stub                        (or call; learnt: to the body of the guess)
//   stub: mov r9d, (behind the jmp) ; jmp guess
// Until there is one, the guess is 0, and that leads to the stub as well. The sum is that of
// target_check.cc. Where there turn out to be many targets, a jump through the table takes its
// place: see BlockStore::GiveUpGuess.
#include <cstddef>

#include "base/check.h"
#include "translator/block_builder.h"

namespace verbatim {

// A jump by a table of addresses is made for many.
bool BlockBuilder::MayGuess(const GuestInstruction& in) const {
  const bool by_table =
      in.mnemonic == Mnemonic::kJmp && in.memory.present && in.memory.index != kNoGpr;
  return Optimises(Optimisation::kGuessTargets) && Optimises(Optimisation::kSumChecks) &&
         links_pages_ && !mode_.single() && !block_.crosses_page && !by_table;
}

void BlockBuilder::EmitGuess(const Decoded& decoded, bool call) {
  Point(RecoveryKind::kEipInR8, 0);
  out_.PatchableLea32(kR9, kR8, 0);
  const uint32_t distance = out_.offset() - static_cast<uint32_t>(sizeof(uint32_t));
  EmitDoubtfulSum(decoded.eip, stubs_.guess_doubt, true);
  Point(RecoveryKind::kEipInR8, 0);
  const uint32_t field = call ? out_.CallForward() : out_.JumpForward();
  guesses_.push_back({field, static_cast<uint8_t>(field - distance)});
}

void BlockBuilder::EmitGuessStubs() {
  for (const PendingGuess& guess : guesses_) {
    const uint32_t stub = out_.offset();
    out_.BindTo32(guess.field, stub);
    links_.push_back({.source_offset = guess.field, .stub_offset = stub, .guess_back = guess.back});
    Point(RecoveryKind::kEipInR8, 0);
    out_.MoveImmediate(
        kR9, static_cast<uint32_t>(reinterpret_cast<uintptr_t>(out_.exec_at(guess.field + 4))));
    out_.Jump(stubs_.guess);
  }
}

}  // namespace verbatim
