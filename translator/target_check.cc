// SPDX-License-Identifier: Apache-2.0
// Whoever arrives by the jump table or by a host return has the eip that the guest goes to in r8d:
// is it the one that the code there was translated for? The flags must survive even where they are
// dead, since on a mismatch they belong to another target; see docs/decisions/entry-check.md.
//
// By a sum, with ADX:
//         lea r9d, [r8 - eip] ; adox r9d, [minus_one] ; jo doubt
//   doubt (out of line):
//         lea r10d, [r8 - eip] ; mov r11d, behind the jo ; jmp entry_doubt or return_doubt
//         (of a guess, target_guess.cc: guess_doubt)
// ADOX adds OF, too, and carries into it: of distance - 1 + OF there is no carry if both are 0, and
// then OF is what it was. The stub tells apart the two ways to be in doubt, with OF and without.
//
// By a jump that looks at no flag:
//         mov r9, rcx ; lea ecx, [r8 - eip] ; jecxz ok ; mov rcx, r9 ; jmp miss or return_miss
//   ok:   mov rcx, r9
#include "translator/block_builder.h"

namespace verbatim {

void BlockBuilder::EmitTargetCheck(uint32_t eip, Arrival by) {
  if (Optimises(Optimisation::kSumChecks)) {
    EmitSumCheck(eip, by);
  } else {
    EmitZeroCheck(eip, by == Arrival::kEntry ? stubs_.miss : stubs_.return_miss);
  }
}

void BlockBuilder::EmitDistance(uint8_t to, uint32_t eip) {
  const uint32_t before = out_.offset();
  out_.Lea32(to, {.base = kR8, .displacement = static_cast<int32_t>(0u - eip)});
  NotePlace(PlaceKind::kNegatedEip, out_.offset());
  if (out_.offset() - before != HostEmitter::kPatchableLea) movable_ = false;
}

void BlockBuilder::EmitSumCheck(uint32_t eip, Arrival by) {
  EmitDistance(kR9, eip);
  EmitDoubtfulSum(eip, by == Arrival::kEntry ? stubs_.entry_doubt : stubs_.return_doubt, false);
}

// Of the distance in r9d; of a guess, it is one that may be patched.
void BlockBuilder::EmitDoubtfulSum(uint32_t eip, const uint8_t* stub, bool guessed) {
  out_.AddOverflow32(kR9, HostMemory::Context(offsetof(ExecutionContext, minus_one)));
  Point(RecoveryKind::kCritical, eip);
  const uint32_t field = out_.JumpIfForward(kIfOverflow);
  doubts_.push_back({field, out_.offset(), eip, guessed, stub});
}

void BlockBuilder::EmitDoubts() {
  for (const DoubtfulTarget& doubt : doubts_) {
    out_.BindTo32(doubt.field, out_.offset());
    Point(RecoveryKind::kCritical, doubt.eip);
    if (doubt.guessed) {
      out_.PatchableLea32(kR10, kR8, 0);
    } else {
      EmitDistance(kR10, doubt.eip);
    }
    out_.MoveImmediate(
        kR11, static_cast<uint32_t>(reinterpret_cast<uintptr_t>(out_.exec_at(doubt.resume))));
    out_.Jump(doubt.stub);
  }
}

void BlockBuilder::EmitZeroCheck(uint32_t eip, const uint8_t* otherwise) {
  out_.Move64(kR9, kRcx);
  Point(RecoveryKind::kCritical, eip);
  EmitDistance(kRcx, eip);
  const uint32_t equal = out_.JumpIfEcxZeroForward();
  out_.Move64(kRcx, kR9);
  Point(RecoveryKind::kEipInR8, 0);
  out_.Jump(otherwise);
  Point(RecoveryKind::kCritical, eip);
  out_.Bind8(equal);
  out_.Move64(kRcx, kR9);
}

}  // namespace verbatim
