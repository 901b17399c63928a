// SPDX-License-Identifier: Apache-2.0
// What became of an instruction does not depend on whether its block, in a page that is written
// often, compares its own bytes first (docs/decisions/checked-pages.md).
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/bits.h"
#include "tests/engine/guest_snippet.h"
#include "trace/outcome.h"

namespace verbatim {
namespace {

using test::CpuImage;
using test::GuestSnippet;
using test::kCode;

// The words for each instruction's first byte, in blocks that check their bytes and in others.
class WordsOfFirst final : public EngineObserver {
 public:
  void OnBlockTranslated(const TranslatedBlock& translated) override {
    if (translated.block.eip != kCode) return;
    const bool checks = translated.block.check_end_offset != 0;
    words[checks].emplace(OutcomeName(OutcomesOf(translated).front().outcome));
  }
  std::map<bool, std::set<std::string>> words;
};

// The words for `first`, which changed code follows until its page is a checked one.
std::map<bool, std::set<std::string>> WordsFor(const std::vector<uint8_t>& first) {
  WordsOfFirst observer;
  EngineOptions options;
  options.observer = &observer;
  const auto guest = GuestSnippet::Create(options);
  EXPECT_TRUE(guest);
  if (!guest) return {};
  for (uint32_t i = 0; i < 4 * CodePages::kWrites; ++i) {
    std::vector<uint8_t> code = first;
    code.insert(code.end(), {0xB8, 0, 0, 0, 0, 0xE6, 0xF4});  // mov eax, i ; out 0f4h, al
    StoreLittle(&code[first.size() + 1], i);
    (*guest)->Write(kCode, code);
    EXPECT_EQ((*guest)->RunAtCpl0(CpuImage::Typical()), i);
  }
  EXPECT_EQ((*guest)->engine().statistics().pages_checked, 1u);
  return observer.words;
}

TEST(CheckedPage, HasTheSameWordsForItsInstructions) {
  const struct {
    std::vector<uint8_t> code;
    std::string word;
  } cases[] = {
      {{0x0F, 0x20, 0xC3}, "in cache"},               // mov ebx, cr0
      {{0xFA}, "in cache"},                           // cli
      {{0x0F, 0x00, 0xCB}, "simulated"},              // str bx
      {{0x0F, 0x01, 0x3D, 0, 0, 0, 0}, "simulated"},  // invlpg [0]
      {{0x43}, "ident"},                              // inc ebx
      {{0x50}, "rewritten"},                          // push eax
      {{0x90}, "nothing"},                            // nop
  };
  for (const auto& [code, word] : cases) {
    const std::map<bool, std::set<std::string>> expected{{false, {word}}, {true, {word}}};
    EXPECT_EQ(WordsFor(code), expected) << word;
  }
}

}  // namespace
}  // namespace verbatim
