// SPDX-License-Identifier: Apache-2.0
// A block store with blocks whose host code is real and tells which block it is:
//
//   entry, body:  mov eax, id ; ret
//                 jmp link                      a link, unchained
//   return site:  mov eax, id ; ret
//   link:         mov eax, kUnchained ; ret ; filled up to Link::kStubBytes
//   dead:         mov eax, kDead ; ret
//   inside:       mov eax, id + kInside ; ret     where jumps enter that lead behind the start
#ifndef VERBATIM_TESTS_CODECACHE_MADE_BLOCKS_H_
#define VERBATIM_TESTS_CODECACHE_MADE_BLOCKS_H_

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <memory>
#include <utility>

#include "base/bits.h"
#include "codecache/block_store.h"

namespace verbatim {

class MadeBlocks : public testing::Test {
 protected:
  static constexpr uint32_t kUnchained = 0xAAAA;
  static constexpr uint32_t kDead = 0xDDDD;
  static constexpr uint32_t kReturnMiss = 0xEEEE;
  static constexpr uint32_t kInside = 0x1000;
  static constexpr uint32_t kReturnBytes = 6;  // mov eax, imm32 ; ret
  static constexpr uint32_t kLinkJump = kReturnBytes;
  static constexpr uint32_t kReturnSite = kLinkJump + 5;
  static constexpr uint32_t kLinkStub = kReturnSite + kReturnBytes;
  static constexpr uint32_t kDeadStub = kLinkStub + Link::kStubBytes;
  static constexpr uint32_t kInsideCode = kDeadStub + kReturnBytes;
  static constexpr uint32_t kHostBytes = kInsideCode + kReturnBytes;

  MadeBlocks() {
    auto memory = CodeMemory::Create(CodeMemory::kMinBytes);
    EXPECT_TRUE(memory) << memory.error().message;
    memory_ = std::move(*memory);
    uint8_t* at = memory_->free_writable().data();
    WriteReturn(at, kReturnMiss);
    return_miss_ = memory_->Commit(kReturnBytes);
    memory_->SealPrologue();
    store_ = std::make_unique<BlockStore>(*memory_, cells_, return_miss_);
  }

  // A block of `guest_bytes` at physical = linear = eip = `address`.
  Block& Add(uint32_t id, uint32_t address, uint32_t guest_bytes = 16, uint64_t mode = 0) {
    return store_->Insert(Make(id, {{address}, {address}, mode}, guest_bytes));
  }
  // One that begins `before` bytes in front of the end of its page and goes on in `second_page`.
  Block& AddCrossing(uint32_t id, uint32_t page, uint32_t before, uint32_t guest_bytes,
                     uint32_t second_page) {
    const uint32_t address = page + kPageBytes - before;
    Block block = Make(id, {{address}, {address}, 0}, guest_bytes);
    block.crosses_page = true;
    block.second_page = {second_page};
    return store_->Insert(std::move(block));
  }

  // Lets jumps to the instruction `distance` bytes behind the block's start enter it.
  void AddStart(Block& block, uint32_t distance) {
    const uint32_t eip = block.eip + distance;
    block.recovery = memory_->tables().Keep<RecoveryPoint>(
        std::array{RecoveryPoint{.kind = RecoveryKind::kEipInR8},
                   RecoveryPoint{.host_offset = kInsideCode, .start = true, .eip = eip}});
  }

  void Lead(Block& source, Block& target) {
    source.links[0].target_eip = target.eip;
    store_->Chain(source, source.links[0], BlockEntry::BodyOf(target));
  }

  // Movable, to be inserted; its fields are the caller's.
  Block MakeAt(uint32_t id, const BlockKey& key) {
    Block block = Make(id, key, 16);
    block.movable = true;
    return block;
  }

  [[nodiscard]] static uint32_t Run(const uint8_t* code) {
    using Function = uint32_t (*)();
    return std::bit_cast<Function>(code)();
  }
  [[nodiscard]] static uint32_t RunLink(const Block& block) {
    return Run(block.host_start + kLinkJump);
  }
  [[nodiscard]] static uint32_t RunReturnSite(const Block& block) {
    return Run(block.host_start + kReturnSite);
  }

  std::unique_ptr<CodeMemory> memory_;
  const uint8_t* return_miss_ = nullptr;
  DirectCells cells_;
  std::unique_ptr<BlockStore> store_;

 private:
  static void WriteReturn(uint8_t* at, uint32_t value) {
    at[0] = 0xB8;
    StoreLittle(at + 1, value);
    at[5] = 0xC3;
  }

  Block Make(uint32_t id, const BlockKey& key, uint32_t guest_bytes) {
    uint8_t* at = memory_->free_writable().data();
    WriteReturn(at, id);
    at[kLinkJump] = 0xE9;
    StoreLittle<uint32_t>(at + kLinkJump + 1, kLinkStub - (kLinkJump + 5));
    WriteReturn(at + kReturnSite, id);
    WriteReturn(at + kLinkStub, kUnchained);
    WriteReturn(at + kDeadStub, kDead);
    WriteReturn(at + kInsideCode, id + kInside);
    Block block;
    block.key = key;
    block.eip = key.linear.value;
    block.guest_bytes = guest_bytes;
    block.examined_bytes = guest_bytes;
    block.host_start = memory_->Commit(kHostBytes);
    block.host_bytes = kHostBytes;
    block.dead_offset = kDeadStub;
    block.links = memory_->tables().Keep<Link>(
        std::array{Link{.source_offset = kLinkJump + 1, .stub_offset = kLinkStub}});
    block.return_sites = memory_->tables().Keep<uint32_t>(std::array{kReturnSite});
    return block;
  }
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_CODECACHE_MADE_BLOCKS_H_
