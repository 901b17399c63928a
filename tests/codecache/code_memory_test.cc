// SPDX-License-Identifier: Apache-2.0
// Two views of one memory: one written, one run, none both.
#include "codecache/code_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/bits.h"

namespace verbatim {
namespace {

struct Mapping {
  uintptr_t start = 0;
  uintptr_t end = 0;
  std::string rights;
};

// Of this process, all or those of one name.
std::vector<Mapping> Mappings(const std::string& name) {
  std::vector<Mapping> found;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(name) == std::string::npos) continue;
    Mapping mapping;
    char dash;
    std::istringstream(line) >> std::hex >> mapping.start >> dash >> mapping.end >> mapping.rights;
    found.push_back(mapping);
  }
  return found;
}

class CodeMemoryTest : public testing::TestWithParam<CodeBacking> {
 protected:
  CodeMemoryTest() {
    auto made = CodeMemory::Create(CodeMemory::kMinBytes, GetParam());
    EXPECT_TRUE(made) << made.error().message;
    memory_ = std::move(*made);
  }
  std::unique_ptr<CodeMemory> memory_;
};

TEST_P(CodeMemoryTest, NoMappingIsBothWritableAndExecutable) {
  const std::vector<Mapping> views =
      Mappings(GetParam() == CodeBacking::kMemfd ? "memfd:verbatim-code" : "/dev/zero");
  ASSERT_EQ(views.size(), 2u);
  unsigned writable = 0;
  unsigned executable = 0;
  for (const Mapping& view : views) {
    EXPECT_EQ(view.end - view.start, CodeMemory::kMinBytes);
    const bool w = view.rights.find('w') != std::string::npos;
    const bool x = view.rights.find('x') != std::string::npos;
    EXPECT_FALSE(w && x) << view.rights;
    writable += w;
    executable += x;
  }
  EXPECT_EQ(writable, 1u);
  EXPECT_EQ(executable, 1u);
}

TEST_P(CodeMemoryTest, TheExecutableViewLiesInTheLowTwoGibibytes) {
  for (const Mapping& view :
       Mappings(GetParam() == CodeBacking::kMemfd ? "memfd:verbatim-code" : "/dev/zero")) {
    if (view.rights.find('x') == std::string::npos) continue;
    EXPECT_LE(view.end, uintptr_t{1} << 31);
    EXPECT_EQ(view.start, reinterpret_cast<uintptr_t>(memory_->next_exec()));
  }
}

TEST_P(CodeMemoryTest, GoesAwayWithItsOwner) {
  memory_.reset();
  EXPECT_TRUE(
      Mappings(GetParam() == CodeBacking::kMemfd ? "memfd:verbatim-code" : "/dev/zero").empty());
}

TEST_P(CodeMemoryTest, WhatIsWrittenInOneViewRunsInTheOther) {
  const uint8_t code[] = {0xB8, 42, 0, 0, 0, 0xC3};  // mov eax, 42 ; ret
  std::memcpy(memory_->free_writable().data(), code, sizeof code);
  const HostPointer start = memory_->Commit(sizeof code);
  EXPECT_EQ(std::memcmp(start, code, sizeof code), 0);
  uint32_t (*function)();
  std::memcpy(&function, &start, sizeof function);
  EXPECT_EQ(function(), 42u);
  memory_->PatchDword(start + 1, 43);
  EXPECT_EQ(function(), 43u);
}

TEST_P(CodeMemoryTest, AllocationsAreAlignedAndCounted) {
  const HostPointer start = memory_->next_exec();
  EXPECT_EQ(memory_->Commit(1), start);
  EXPECT_EQ(memory_->next_exec(), start + 16);
  EXPECT_EQ(memory_->Commit(16), start + 16);
  EXPECT_EQ(memory_->Commit(17), start + 32);
  EXPECT_EQ(memory_->used_bytes(), 64u);
  EXPECT_EQ(memory_->free_bytes(), memory_->size_bytes() - 64);
  EXPECT_EQ(memory_->free_writable().size(), memory_->free_bytes());
  EXPECT_EQ(memory_->Writable(start + 64), memory_->free_writable().data());
}

TEST_P(CodeMemoryTest, CanBeUsedToTheLastByte) {
  memory_->Commit(memory_->size_bytes() - 3);
  EXPECT_EQ(memory_->free_bytes(), 0u);
  EXPECT_TRUE(memory_->free_writable().empty());
}

TEST_P(CodeMemoryTest, ContainsItsOwnAddressesOnly) {
  const HostPointer start = memory_->next_exec();
  EXPECT_TRUE(memory_->Contains(start));
  EXPECT_TRUE(memory_->Contains(start + memory_->size_bytes() - 1));
  EXPECT_FALSE(memory_->Contains(start + memory_->size_bytes()));
  EXPECT_FALSE(memory_->Contains(start - 1));
  EXPECT_FALSE(memory_->Contains(memory_->free_writable().data())) << "the other view";
}

TEST_P(CodeMemoryTest, JumpsArePatchedForwardAndBackward) {
  const HostPointer start = memory_->Commit(64);
  memory_->PatchJump(start, start + 40);
  EXPECT_EQ(start[0], 0xE9);
  EXPECT_EQ(LoadLittle<int32_t>(start + 1), 35);
  memory_->PatchJump(start + 48, start);
  EXPECT_EQ(LoadLittle<int32_t>(start + 49), -53);
}

TEST_P(CodeMemoryTest, ResetKeepsThePrologue) {
  memory_->Commit(100);
  memory_->SealPrologue();
  const HostPointer behind = memory_->next_exec();
  memory_->Commit(1000);
  memory_->Reset();
  EXPECT_EQ(memory_->next_exec(), behind);
}

TEST_P(CodeMemoryTest, SizesAreRoundedUpToPages) {
  const auto odd = CodeMemory::Create(CodeMemory::kMinBytes + 1);
  ASSERT_TRUE(odd) << odd.error().message;
  EXPECT_EQ((*odd)->size_bytes(), CodeMemory::kMinBytes + 4096);
}

// What perf takes for anonymous has the name of /dev/zero.
INSTANTIATE_TEST_SUITE_P(Backings, CodeMemoryTest,
                         testing::Values(CodeBacking::kMemfd, CodeBacking::kAnonymous),
                         [](const auto& each) {
                           return each.param == CodeBacking::kMemfd ? "Memfd" : "Anonymous";
                         });

}  // namespace
}  // namespace verbatim
