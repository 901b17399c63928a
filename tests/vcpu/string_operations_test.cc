// SPDX-License-Identifier: Apache-2.0
// What a string instruction in software form reports of itself: from it follows whether its site
// may go back to direct form.
#include "vcpu/string_operations.h"

#include <vector>

#include "tests/vcpu/cpu_fixture.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kSource = 0x50000;
constexpr uint32_t kTarget = 0x52000;
constexpr uint32_t kDevice = 0xE0000000;

class Register final : public MmioHandler {
 public:
  uint64_t ReadMmio(uint32_t, unsigned) override { return 0; }
  void WriteMmio(uint32_t, unsigned, uint64_t) override {}
};

class StringOperationsTest : public CpuFixture {
 protected:
  // Executes with ecx elements; whether it says that it touched more than plain memory.
  bool Guilty(const std::vector<uint8_t>& bytes, uint32_t count, uint32_t source = kSource,
              uint32_t target = kTarget) {
    state_.gpr[kEcx] = count;
    state_.gpr[kEsi] = source;
    state_.gpr[kEdi] = target;
    const Faultable<StringProgress> done = strings_.Execute(decoder_.Decode(bytes, true));
    EXPECT_TRUE(done && done->finished);
    return done && done->guilty;
  }
  SegmentedMemory segmented_{state_, mmu_};
  StringOperations strings_{state_, segmented_};
};

const std::vector<std::vector<uint8_t>> kRepeated = {{0xF3, 0xA4}, {0xF3, 0xA5}, {0xF3, 0xAA},
                                                     {0xF3, 0xAB}, {0xF3, 0xA6}, {0xF2, 0xAE},
                                                     {0xF3, 0xAD}};

TEST_F(StringOperationsTest, PlainMemoryIsInnocentHoweverManyElements) {
  for (const std::vector<uint8_t>& bytes : kRepeated) {
    for (const uint32_t count : {0u, 1u, 2u, 100u}) {
      EXPECT_FALSE(Guilty(bytes, count)) << int{bytes[1]} << " times " << count;
    }
  }
}

TEST_F(StringOperationsTest, PlainMemoryIsInnocentWithoutRepetition) {
  for (const std::vector<uint8_t>& bytes : kRepeated) {
    EXPECT_FALSE(Guilty({bytes[1]}, 1)) << int{bytes[1]};
  }
}

TEST_F(StringOperationsTest, AnElementAcrossPagesIsGuilty) {
  EXPECT_TRUE(Guilty({0xAD}, 1, kSource + 0xFFE));
  EXPECT_TRUE(Guilty({0xA5}, 1, kSource, kTarget + 0xFFE));
}

TEST_F(StringOperationsTest, WritingCodeIsGuiltyButReadingItIsNot) {
  memory_->MarkCodePage({kTarget}, true);
  EXPECT_TRUE(Guilty({0xA4}, 1));
  EXPECT_TRUE(Guilty({0xF3, 0xAB}, 1));
  EXPECT_FALSE(Guilty({0xF2, 0xAE}, 1));
}

TEST_F(StringOperationsTest, DevicesAreGuilty) {
  Register device;
  memory_->AddDevice({kDevice}, kPageBytes, &device);
  EXPECT_TRUE(Guilty({0xAC}, 1, kDevice));
  EXPECT_TRUE(Guilty({0xA6}, 1, kSource, kDevice));
  EXPECT_TRUE(Guilty({0xAA}, 1, kSource, kDevice));
}

}  // namespace
}  // namespace verbatim::test
