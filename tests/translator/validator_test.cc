// SPDX-License-Identifier: Apache-2.0
// What the validator says of code written by hand, and of patches. That blocks pass and damaged
// ones do not is in confinement_test.cc and validator_mutation_test.cc.
#include "translator/validator/validator.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "base/bits.h"
#include "codecache/block_store.h"
#include "tests/translator/translation.h"
#include "translator/validator/host_instruction.h"

namespace verbatim {
namespace {

using testing::IsEmpty;

uint8_t LengthOf(std::initializer_list<uint8_t> code) {
  return validator::Decode(std::span(code.begin(), code.size())).length;
}

TEST(ValidatorDecoder, KnowsLengths) {
  EXPECT_EQ(LengthOf({0x90}), 1);
  EXPECT_EQ(LengthOf({0x65, 0x67, 0x8B, 0x44, 0x8B, 0x08}), 6);
  EXPECT_EQ(LengthOf({0x65, 0x67, 0xC7, 0x04, 0x25, 1, 2, 3, 4, 5, 6, 7, 8}), 13);
  EXPECT_EQ(LengthOf({0x66, 0xC7, 0x00, 1, 2}), 5);
  EXPECT_EQ(LengthOf({0x49, 0xB9, 1, 2, 3, 4, 5, 6, 7, 8}), 10);
  EXPECT_EQ(LengthOf({0xF7, 0xC1, 1, 2, 3, 4}), 6);  // test has an immediate,
  EXPECT_EQ(LengthOf({0xF7, 0xD1}), 2);              // not has none
  EXPECT_EQ(LengthOf({0xC4, 0xC3, 0xFB, 0xF0, 0xD0, 0x20}), 6);
  EXPECT_EQ(LengthOf({0x66, 0x0F, 0x3A, 0x0F, 0xC1, 0x04}), 6);
}

TEST(ValidatorDecoder, RefusesWhatIsNotOnTheList) {
  EXPECT_EQ(LengthOf({}), 0);
  EXPECT_EQ(LengthOf({0x65, 0x67, 0x8B, 0x44}), 0);        // cut off
  EXPECT_EQ(LengthOf({0x0F, 0x05}), 0);                    // syscall
  EXPECT_EQ(LengthOf({0xCD, 0x80}), 0);                    // int 80h
  EXPECT_EQ(LengthOf({0x64, 0x8B, 0x00}), 0);              // fs
  EXPECT_EQ(LengthOf({0x8B, 0x05, 0, 0, 0, 0}), 0);        // relative to rip
  EXPECT_EQ(LengthOf({0x48, 0x01, 0xC8}), 0);              // add rax, rcx
  EXPECT_EQ(LengthOf({0x44, 0x0F, 0x28, 0xC1}), 0);        // xmm8
  EXPECT_EQ(LengthOf({0xF3, 0x48, 0x0F, 0xAE, 0xD8}), 0);  // wrgsbase rax
  EXPECT_EQ(LengthOf({0xC5, 0xF8, 0x58, 0xC1}), 0);        // vaddps
  EXPECT_EQ(LengthOf({0x65, 0x67, 0xD9, 0x30}), 0);        // fnstenv
  EXPECT_EQ(LengthOf({0x65, 0x65, 0x67, 0x8B, 0x00}), 0);  // a prefix twice
  EXPECT_EQ(LengthOf({0x8E, 0xE8}), 0);                    // mov gs, ax
  EXPECT_EQ(LengthOf({0x66, 0x0F, 0xAE, 0xF0}), 0);        // tpause
  EXPECT_EQ(LengthOf({0x0F, 0xC7, 0xF0}), 0);              // rdrand
}

// A store whose every patch is validated; complaints are kept.
class ValidatedStore : public Translation, public PatchObserver {
 protected:
  ValidatedStore() : store_(*memory_, cells_, stubs_.return_miss), validator_(stubs_, sites_) {
    store_.SetPatchObserver(this);
  }

  Block& Add(uint32_t offset, std::initializer_list<uint8_t> code, BlockMode mode = FlatMode()) {
    Write(code, offset);
    Block made = Translate(RequestAt(offset, mode));
    EXPECT_TRUE(validator_.Check(made, HostBytes(made)));
    return store_.Insert(std::move(made));
  }
  void OnPatched(const Block& block, uint32_t offset) override {
    ++patches_;
    const Validation valid = validator_.CheckPatch(block, HostBytes(block), offset, store_);
    if (!valid) complaints_.push_back(valid.error().reason);
  }

  BlockStore store_;
  Validator validator_;
  std::vector<std::string> complaints_;
  int patches_ = 0;
};

TEST_F(ValidatedStore, AcceptsTheLifeOfABlock) {
  Block& source = Add(0x100, {0xE8, 0x0B, 0x00, 0x00, 0x00, 0xC3});  // call 0x110
  Block& target = Add(0x110, {0x40, 0x75, 0xFD, 0xC3});              // inc eax ; jne 0x110
  store_.Chain(source, source.links.front(), BlockEntry::BodyOf(target));
  store_.Chain(target, target.links.front(), BlockEntry::BodyOf(target));
  store_.Invalidate(target);
  (void)Add(0x110, {0x41, 0xC3});
  store_.Invalidate(source);
  EXPECT_THAT(complaints_, IsEmpty());
  EXPECT_EQ(patches_, 6);  // two links, two bodies, a link handed over, a return site
}

TEST_F(ValidatedStore, AcceptsALinkThatGoesThroughACell) {
  Block& source = Add(0x100, {0xEB, 0x0E});
  const std::vector<uint8_t> code = translator_->LinkThroughCell(kPage + 0x110);
  store_.ReplaceLinkStub(source, source.links.front(), code);
  EXPECT_THAT(complaints_, IsEmpty());
  EXPECT_EQ(patches_, 1);
}

TEST_F(ValidatedStore, RefusesALinkToADeadBlock) {
  Block& source = Add(0x100, {0xEB, 0x0E});
  Block& target = Add(0x110, {0x40, 0xC3});
  store_.Invalidate(target);
  store_.Chain(source, source.links.front(), BlockEntry::BodyOf(target));
  EXPECT_EQ(complaints_.size(), 1u);
}

TEST_F(ValidatedStore, RefusesALinkToAnotherModeOrAddress) {
  Block& source = Add(0x100, {0xEB, 0x0E});
  CpuState user = FlatCpu();
  user.cpl = 3;
  Block& other_mode = Add(0x110, {0x40, 0xC3}, BlockMode::Of(user, 0));
  store_.Chain(source, source.links.front(), BlockEntry::BodyOf(other_mode));
  EXPECT_EQ(complaints_.size(), 1u);
  Block& other_address = Add(0x120, {0x40, 0xC3});
  store_.Chain(source, source.links.front(), BlockEntry::BodyOf(other_address));
  EXPECT_EQ(complaints_.size(), 2u);
}

class GuessedTarget : public ValidatedStore {
 protected:
  Block& source_ = Add(0x100, {0xFF, 0xE0});  // jmp eax
  Block& one_ = Add(0x110, {0x40, 0xC3});
  Block& other_ = Add(0x120, {0x41, 0xC3});
  Link& link_ = source_.links.front();

  void Lead(Block& target) { store_.Chain(source_, link_, BlockEntry::BodyOf(target)); }
};

TEST_F(GuessedTarget, IsAcceptedAndSoIsAnother) {
  store_.Guess(source_, link_, one_.eip);
  Lead(one_);
  store_.Guess(source_, link_, other_.eip);
  Lead(other_);
  EXPECT_THAT(complaints_, IsEmpty());
  EXPECT_EQ(patches_, 7);  // two distances and the branch, twice; the branch undone
}

TEST_F(GuessedTarget, IsRefusedIfTheGuessIsAnother) {
  store_.Guess(source_, link_, one_.eip);
  Lead(other_);
  EXPECT_EQ(complaints_.size(), 1u);
}

TEST_F(GuessedTarget, IsRefusedIfTheCodeGuessesAnother) {
  store_.Guess(source_, link_, one_.eip);
  link_.target_eip = other_.eip;
  Lead(other_);
  EXPECT_EQ(complaints_.size(), 1u);
}

TEST_F(GuessedTarget, IsGivenUpForAJumpThroughTheTable) {
  store_.Guess(source_, link_, one_.eip);
  Lead(one_);
  store_.GiveUpGuess(source_, link_, Translator::JumpThroughTable(false));
  EXPECT_THAT(complaints_, IsEmpty());
  EXPECT_TRUE(validator_.Check(source_, HostBytes(source_)));
  const HostPointer begin = source_.host_start + link_.guess_begin();
  EXPECT_EQ(source_.RecoveryAt(begin + 1).kind, RecoveryKind::kEipInR8);
  EXPECT_EQ(source_.RecoveryAt(source_.host_start + link_.guess_end() - 1).kind,
            RecoveryKind::kEipInR8);
  store_.Invalidate(one_);
  (void)Add(0x110, {0x40, 0xC3});
  EXPECT_THAT(complaints_, IsEmpty()) << "what follows does not take it over";
  EXPECT_TRUE(validator_.Check(source_, HostBytes(source_)));
}

TEST_F(GuessedTarget, IsNotGivenUpForWhatGoesElsewhere) {
  store_.GiveUpGuess(source_, link_, Translator::JumpThroughTable(true));
  EXPECT_EQ(complaints_.size(), 1u) << "no return site is behind it";
  Block& another = Add(0x200, {0xFF, 0xE0});
  store_.GiveUpGuess(another, another.links.front(), std::vector<uint8_t>{0x41, 0xFF, 0xE0});
  EXPECT_EQ(complaints_.size(), 2u) << "jmp r8";
}

TEST_F(GuessedTarget, MayNotChangeWhileItIsLedTo) {
  store_.Guess(source_, link_, one_.eip);
  Lead(one_);
  link_.chained = false;  // so that the branch is not undone first
  store_.Guess(source_, link_, other_.eip);
  EXPECT_EQ(complaints_.size(), 2u);
}

TEST_F(GuessedTarget, IsForgottenWhereTheCodeMoves) {
  CpuState user = FlatCpu();
  user.cpl = 3;
  const BlockMode mode = BlockMode::Of(user, 0);
  Block& source = Add(0x200, {0xFF, 0xE0}, mode);
  Block& target = Add(0x210, {0x40, 0xC3}, mode);
  Link& link = source.links.front();
  store_.Guess(source, link, target.eip);
  store_.Chain(source, link, BlockEntry::BodyOf(target));
  store_.Invalidate(source_);
  store_.Invalidate(one_);
  store_.Invalidate(other_);
  const uint32_t page = kPage >> kPageShift;
  ASSERT_TRUE(store_.MovePage({kPhysicalPage}, page, page + 0x100, [](Block&) {}));
  EXPECT_EQ(source.eip, kPage + 0x100200);
  EXPECT_FALSE(link.chained);
  EXPECT_EQ(link.target_eip, kPage + 0x210) << "as it was";
  EXPECT_TRUE(validator_.Check(source, HostBytes(source)));
  store_.Guess(source, link, target.eip);
  store_.Chain(source, link, BlockEntry::BodyOf(target));
  EXPECT_THAT(complaints_, IsEmpty());
}

// mov eax, 1 ; inc eax ; inc ecx ; ret at 0x110: a jump leads to its second instruction.
class InsideLink : public ValidatedStore {
 protected:
  static constexpr uint32_t kSecond = 0x115;

  Block& AddSource() { return Add(0x100, {0xEB, 0x13}); }  // jmp 0x115
  Block& AddTarget(BlockMode mode = FlatMode()) {
    return Add(0x110, {0xB8, 1, 0, 0, 0, 0x40, 0x41, 0xC3}, mode);
  }
  // Where the instruction begins in its host code.
  static BlockEntry EntryAt(Block& block, uint32_t offset) {
    const auto point = std::ranges::find(block.recovery, kPage + offset, &RecoveryPoint::eip);
    return {block, point->host_offset};
  }
  void Chain(Block& source, const BlockEntry& entry) {
    store_.Chain(source, source.links.front(), entry);
  }
};

TEST_F(InsideLink, IsAccepted) {
  Block& source = AddSource();
  Block& target = AddTarget();
  Chain(source, EntryAt(target, kSecond));
  store_.Invalidate(target);
  EXPECT_THAT(complaints_, IsEmpty());
  EXPECT_EQ(patches_, 3);  // the link, the body, the link again
}

TEST_F(InsideLink, IsRefusedWhereNoInstructionStarts) {
  Block& source = AddSource();
  Block& target = AddTarget();
  const BlockEntry entry = EntryAt(target, kSecond);
  Chain(source, {target, entry.offset + 1});
  EXPECT_EQ(complaints_.size(), 1u);
  std::ranges::find(target.recovery, kPage + kSecond, &RecoveryPoint::eip)->start = false;
  Chain(source, entry);
  EXPECT_EQ(complaints_.size(), 2u);
}

TEST_F(InsideLink, IsRefusedToAnotherInstructionThanItsOwn) {
  Block& source = AddSource();
  Block& target = AddTarget();
  Chain(source, EntryAt(target, kSecond + 1));
  EXPECT_EQ(complaints_.size(), 1u);
}

TEST_F(InsideLink, IsRefusedIntoADeadBlockOrAnotherMode) {
  Block& source = AddSource();
  Block& dead = AddTarget();
  const BlockEntry entry = EntryAt(dead, kSecond);
  store_.Invalidate(dead);
  Chain(source, entry);
  EXPECT_EQ(complaints_.size(), 1u);
  CpuState user = FlatCpu();
  user.cpl = 3;
  Block& other_mode = AddTarget(BlockMode::Of(user, 0));
  Chain(source, EntryAt(other_mode, kSecond));
  EXPECT_EQ(complaints_.size(), 2u);
}

// Tables that say more than the code holds.
class ClaimedStart : public ValidatedStore {
 protected:
  // push [ebx] ; mov eax, [edi] ; rep movsb ; ret, with one more start.
  [[nodiscard]] bool Accepts(const RecoveryPoint& start) {
    Block block = Translate({0xFF, 0x33, 0x8B, 0x07, 0xF3, 0xA4, 0xC3});
    EXPECT_TRUE(validator_.Check(block, HostBytes(block)));
    std::vector<RecoveryPoint> points(block.recovery.begin(), block.recovery.end());
    std::erase_if(points,
                  [&](const RecoveryPoint& each) { return each.host_offset == start.host_offset; });
    points.insert(
        std::ranges::upper_bound(points, start.host_offset, {}, &RecoveryPoint::host_offset),
        start);
    block.recovery = points;
    return validator_.Check(block, HostBytes(block)).has_value();
  }
  // Of the host instruction whose text begins so, in that block.
  [[nodiscard]] uint32_t OffsetOf(const std::string& text) {
    const Block block = Translate({0xFF, 0x33, 0x8B, 0x07, 0xF3, 0xA4, 0xC3});
    for (const HostInstruction& in : HostCode(block)) {
      if (in.offset >= block.body_offset && in.text.starts_with(text)) return in.offset;
    }
    ADD_FAILURE() << "no " << text;
    return 0;
  }
};

TEST_F(ClaimedStart, IsAcceptedBetweenInstructions) {
  EXPECT_TRUE(Accepts({.host_offset = OffsetOf("mov eax"), .start = true, .eip = kEip + 2}));
}

TEST_F(ClaimedStart, IsRefusedWhereAnInstructionReliesOnWhatCameBefore) {
  EXPECT_FALSE(Accepts({.host_offset = OffsetOf("rep movsb"), .start = true, .eip = kEip + 4}))
      << "without window addresses";
}

TEST_F(ClaimedStart, IsRefusedAmidAnInstruction) {
  EXPECT_FALSE(Accepts({.host_offset = OffsetOf("mov eax") + 1, .start = true, .eip = kEip + 2}));
}

TEST_F(ClaimedStart, IsRefusedWhereTheGuestCannotBeTakenOver) {
  const uint32_t offset = OffsetOf("mov eax");
  EXPECT_FALSE(Accepts(
      {.host_offset = offset, .kind = RecoveryKind::kCritical, .start = true, .eip = kEip + 2}));
  EXPECT_FALSE(Accepts({.host_offset = offset, .start = true, .stack_lag = 4, .eip = kEip + 2}));
}

TEST_F(ClaimedStart, IsRefusedInWhatTheDeadBlocksJumpReplaces) {
  const Block block = Translate({0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0xC3});
  for (const RecoveryPoint& point : block.recovery) {
    if (point.host_offset <= block.body_offset || point.host_offset >= block.body_offset + 5) {
      continue;
    }
    RecoveryPoint& claimed = block.recovery[static_cast<size_t>(&point - block.recovery.data())];
    claimed.start = true;
    EXPECT_FALSE(validator_.Check(block, HostBytes(block)));
    claimed.start = false;
    EXPECT_TRUE(validator_.Check(block, HostBytes(block)));
  }
}

TEST_F(ValidatedStore, RefusesAStartInABlockThatComparesItsBytes) {
  Write({0xB8, 1, 0, 0, 0, 0x40, 0x40, 0xC3});
  TranslationRequest request = RequestAt(kStart);
  request.check_first = true;
  Block block = Translate(request);
  ASSERT_TRUE(validator_.Check(block, HostBytes(block)));
  const auto second = std::ranges::find_if(block.recovery, [](const RecoveryPoint& point) {
    return point.kind == RecoveryKind::kInstruction && point.eip == kEip + 5;
  });
  ASSERT_NE(second, block.recovery.end());
  second->start = true;
  EXPECT_FALSE(validator_.Check(block, HostBytes(block)));
}

TEST_F(ValidatedStore, RefusesAStubThatLeavesByAnythingButTheTable) {
  Block& source = Add(0x100, {0xEB, 0x0E});
  std::vector<uint8_t> code = translator_->LinkThroughCell(kPage + 0x110);
  code.back() = 0xE0;  // jmp r8
  store_.ReplaceLinkStub(source, source.links.front(), code);
  EXPECT_EQ(complaints_.size(), 1u);
}

TEST_F(ValidatedStore, RefusesPatchesOfLiveCode) {
  Block& block = Add(0x100, {0x40, 0x40, 0x40, 0x40, 0x40, 0xC3});
  EXPECT_FALSE(validator_.CheckPatch(block, HostBytes(block), block.body_offset, store_));
  EXPECT_FALSE(validator_.CheckPatch(block, HostBytes(block), block.body_offset + 2, store_));
  EXPECT_FALSE(validator_.CheckPatch(block, HostBytes(block), block.host_bytes, store_));
}

// The pointer that access_begin returns for BTS is not that of the operand: BTS moves it.
TEST_F(ValidatedStore, RefusesABitStringWhereThePointerIsTheOperandsOwn) {
  const Block block = Translate({0xF0, 0x0F, 0xB1, 0x0B}, FlatMode().InSoftware());
  std::vector<uint8_t> code(HostBytes(block).begin(), HostBytes(block).end());
  ASSERT_TRUE(validator_.Check(block, code));
  static constexpr uint8_t kExchange[] = {0xF0, 0x41, 0x0F, 0xB1};  // lock cmpxchg [r8], ecx
  const auto found = std::ranges::search(code, kExchange);
  ASSERT_FALSE(found.empty());
  found[3] = 0xB3;  // lock btr [r8], ecx
  EXPECT_FALSE(validator_.Check(block, code));
}

}  // namespace
}  // namespace verbatim
