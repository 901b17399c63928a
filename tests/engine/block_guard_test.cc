// SPDX-License-Identifier: Apache-2.0
// What happens to a block that is not confined: the process ends before it can run, and says why.
#include "engine/block_guard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <memory>

namespace verbatim {
namespace {

class BlockGuardTest : public testing::Test {
 protected:
  BlockGuardTest() {
    auto memory = CodeMemory::Create(CodeMemory::kMinBytes);
    EXPECT_TRUE(memory.has_value());
    memory_ = std::move(*memory);
    stubs_.dead = memory_->Commit(16);
    store_ = std::make_unique<BlockStore>(*memory_, cells_, stubs_.dead);
  }

  // A block whose body begins with `code` and goes on to the dead stub.
  Block Made(std::initializer_list<uint8_t> code) {
    Block block;
    block.eip = 0x1234;
    block.host_start = memory_->next_exec();
    const std::span<uint8_t> out = memory_->free_writable();
    size_t at = 0;
    for (const uint8_t byte : code) out[at++] = byte;
    while (at < 5) out[at++] = 0x90;
    block.stubs_offset = block.dead_offset = static_cast<uint32_t>(at);
    constexpr uint8_t kLeave[] = {0x41, 0xB8, 0x34, 0x12, 0, 0};  // mov r8d, 1234h
    std::ranges::copy(kLeave, &out[at]);
    memory_->PatchJump(block.host_start + at + sizeof kLeave, stubs_.dead);
    block.host_bytes = static_cast<uint32_t>(at + sizeof kLeave + 5);
    memory_->Commit(block.host_bytes);
    return block;
  }
  void Check(const Block& block) {
    static constexpr uint8_t kGuest[] = {0x90};
    guard().Check({block, kGuest, decoder_, sites_, stubs_});
  }
  BlockGuard& guard() {
    if (guard_ == nullptr) {
      guard_ =
          std::make_unique<BlockGuard>(*memory_, *store_, stubs_, sites_, describe_, statistics_);
    }
    return *guard_;
  }

  std::unique_ptr<CodeMemory> memory_;
  StubTable stubs_;
  SiteTable sites_;
  Decoder decoder_{CpuFeatures{}};
  DescribeBlock describe_ = nullptr;
  EngineStatistics statistics_;
  DirectCells cells_;
  std::unique_ptr<BlockStore> store_;
  std::unique_ptr<BlockGuard> guard_;
};

TEST_F(BlockGuardTest, LetsConfinedBlocksPassAndCountsThem) {
  Check(Made({0x65, 0x67, 0x8B, 0x00}));  // mov eax, gs:[eax]
  EXPECT_EQ(statistics_.blocks_validated, 1u);
  EXPECT_EQ(statistics_.validated_bytes, 16u);
}

TEST_F(BlockGuardTest, EndsTheProcessForABlockThatIsNotConfined) {
  const Block block = Made({0x8B, 0x00});  // mov eax, [rax]
  EXPECT_DEATH(Check(block),
               "eip 00001234.* is not confined: accesses memory by what is no "
               "checked pointer, at offset 0: 8b 00");
}

TEST_F(BlockGuardTest, ShowsTheBlockAsItIsTold) {
  describe_ = [](const TranslatedBlock& translated) {
    return "guest bytes: " + std::to_string(translated.guest_bytes.size()) + "\n";
  };
  const Block block = Made({0x0F, 0x05});  // syscall
  EXPECT_DEATH(Check(block), "guest bytes: 1");
}

TEST_F(BlockGuardTest, EndsTheProcessForAPatchThatLeadsOut) {
  Block block = Made({0x90});
  block.valid = false;
  memory_->PatchJump(block.body(), stubs_.dead + 1);
  EXPECT_DEATH(guard().OnPatched(block, block.body_offset), "is not confined: a dead body");
}

}  // namespace
}  // namespace verbatim
