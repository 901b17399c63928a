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
  store_.Chain(source, source.links.front(), target);
  store_.Chain(target, target.links.front(), target);
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
  store_.Chain(source, source.links.front(), target);
  EXPECT_EQ(complaints_.size(), 1u);
}

TEST_F(ValidatedStore, RefusesALinkToAnotherModeOrAddress) {
  Block& source = Add(0x100, {0xEB, 0x0E});
  CpuState user = FlatCpu();
  user.cpl = 3;
  Block& other_mode = Add(0x110, {0x40, 0xC3}, BlockMode::Of(user, 0));
  store_.Chain(source, source.links.front(), other_mode);
  EXPECT_EQ(complaints_.size(), 1u);
  Block& other_address = Add(0x120, {0x40, 0xC3});
  store_.Chain(source, source.links.front(), other_address);
  EXPECT_EQ(complaints_.size(), 2u);
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
