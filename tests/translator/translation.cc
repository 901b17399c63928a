// SPDX-License-Identifier: Apache-2.0
#include "tests/translator/translation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace verbatim {
namespace {

constexpr uint8_t kRet = 0xC3;
constexpr size_t kStubBytes = 16;

}  // namespace

CpuState FlatCpu() {
  CpuState cpu;
  cpu.cr0 = cr0::kPe | cr0::kEt | cr0::kMp | cr0::kNe;
  cpu.cr4 = cr4::kOsfxsr;
  cpu.segments.fill({.selector = 0x10, .attributes = 0xC093, .limit = 0xFFFFFFFFu});
  cpu.segments[kCs] = {.selector = 0x08, .attributes = 0xC09B, .limit = 0xFFFFFFFFu};
  return cpu;
}

BlockMode FlatMode() { return BlockMode::Of(FlatCpu(), 0); }

Translation::Translation() {
  page_.fill(kRet);
  auto memory = CodeMemory::Create(CodeMemory::kMinBytes);
  CHECK(memory.has_value());
  memory_ = std::move(*memory);
  for (const NamedStub& stub : kStubs) {
    stubs_.*stub.address = memory_->Commit(kStubBytes);
  }
  memory_->SealPrologue();
  translator_ =
      std::make_unique<Translator>(CpuFeatures{}, *memory_, stubs_, cells_, sites_, policy_);
}

void Translation::UseOptimisations(OptimisationSet optimisations) {
  translator_ = std::make_unique<Translator>(CpuFeatures{}, *memory_, stubs_, cells_, sites_,
                                             policy_, optimisations);
}

void Translation::Write(std::span<const uint8_t> code, uint32_t offset) {
  CHECK(offset + code.size() <= page_.size());
  std::ranges::copy(code, page_.begin() + offset);
}

TranslationRequest Translation::RequestAt(uint32_t offset, BlockMode mode) const {
  return {.key = {{kPhysicalPage + offset}, {kPage + offset}, mode.bits()},
          .eip = kPage + offset,
          .first_page = std::span(page_).subspan(offset),
          .second_page = {},
          .second_page_address = {}};
}

Block Translation::Translate(const TranslationRequest& request) {
  auto result = translator_->Translate(request);
  if (Block* block = std::get_if<Block>(&result)) return std::move(*block);
  ADD_FAILURE() << "no block";
  Block none;
  none.host_start = memory_->next_exec();
  return none;
}

TranslationFailure Translation::FailureOf(const TranslationRequest& request) {
  const auto result = translator_->Translate(request);
  CHECK(std::holds_alternative<TranslationFailure>(result));
  return std::get<TranslationFailure>(result);
}

void Translation::Reset() {
  memory_->Reset();
  sites_.Clear();
  cells_.Clear();
}

std::span<const uint8_t> Translation::HostBytes(const Block& block) {
  return {memory_->Writable(block.host_start), block.host_bytes};
}

std::vector<HostInstruction> Translation::HostCode(const Block& block) {
  return Disassemble(HostBytes(block), reinterpret_cast<uint64_t>(block.host_start));
}

std::string Translation::Body(const Block& block) {
  return TextOf(Disassemble(HostBytes(block).subspan(block.body_offset),
                            reinterpret_cast<uint64_t>(block.body())));
}

std::string Translation::Address(const uint8_t* exec) {
  return fmt::format("{:#x}", reinterpret_cast<uint64_t>(exec));
}

void Translation::ExpectRecoveryOf(const Block& block, std::span<const uint8_t> guest,
                                   bool code32) {
  ASSERT_FALSE(block.recovery.empty());
  EXPECT_EQ(block.recovery.front().host_offset, 0u);
  std::set<uint32_t> found;
  for (size_t i = 0; i < block.recovery.size(); ++i) {
    const RecoveryPoint& point = block.recovery[i];
    if (i != 0) {
      EXPECT_GT(point.host_offset, block.recovery[i - 1].host_offset);
    }
    EXPECT_LT(point.host_offset, block.host_bytes);
    if (point.kind != RecoveryKind::kEipInR8) found.insert(point.eip);
  }
  uint32_t offset = 0;
  uint32_t count = 0;
  for (; offset < block.guest_bytes; ++count) {
    const GuestInstruction in = translator_->decoder().Decode(guest.subspan(offset), code32);
    ASSERT_NE(in.length, 0);
    // One that became no host code has no boundary of its own.
    if (in.handling != Handling::kNoOperation) {
      EXPECT_TRUE(found.contains(block.eip + offset)) << "no point for offset " << offset;
    }
    offset += in.length;
  }
  EXPECT_EQ(offset, block.guest_bytes);
  EXPECT_EQ(count, block.instruction_count);
}

}  // namespace verbatim
