// SPDX-License-Identifier: Apache-2.0
// Loads of segment registers at CPL 0, which a stub repeats from a cache of its own: it must notice
// whatever makes a load end otherwise (SDM vol. 3, 3.4.3 and 3.5.1).
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <vector>

#include "base/bits.h"
#include "tests/engine/guest_snippet.h"

namespace verbatim::test {
namespace {

constexpr uint16_t kSelector = 0x58;
constexpr uint32_t kOtherTable = kGdt + 0x400;
constexpr uint32_t kOtherGdtr = kGdt + 0x600;

// Writable data of 4 GiB at `base`.
uint64_t DataAt(uint32_t base) {
  constexpr uint64_t kRights = 0x00CF9300;
  const uint64_t high = kRights | (base & 0xFF000000u) | ((base >> 16) & 0xFFu);
  return (high << 32) | (uint64_t{base & 0xFFFFu} << 16) | 0xFFFF;
}

class SegmentLoadTest : public testing::Test {
 protected:
  void SetUp() override {
    auto guest = GuestSnippet::Create({.code_cache_bytes = 1u << 20});
    ASSERT_TRUE(guest.has_value());
    guest_ = std::move(*guest);
    guest_->SetDescriptor(kSelector, DataAt(kData));
    for (uint8_t i = 0; i < 16; ++i) guest_->Memory(kData, 16)[i] = i + 1;
  }
  [[nodiscard]] uint32_t Run(const std::vector<uint8_t>& code) {
    guest_->Write(kCode, code);
    return guest_->RunAtCpl0(CpuImage::Typical());
  }

  std::unique_ptr<GuestSnippet> guest_;
};

TEST_F(SegmentLoadTest, SeesADescriptorThatWasChangedInMemory) {
  // edi = 6 ; again: mov fs, 58h ; a digit of esi = byte [fs:0] ;
  // if edi is odd: inc word [descriptor.base] ; dec edi ; jnz again ; eax = esi ; out F4h, al
  EXPECT_EQ(Run({0xBF, 0x06, 0x00, 0x00, 0x00, 0x31, 0xF6, 0xB9, 0x58, 0x00, 0x00, 0x00, 0x8E,
                 0xE1, 0x64, 0x0F, 0xB6, 0x05, 0x00, 0x00, 0x00, 0x00, 0xC1, 0xE6, 0x04, 0x09,
                 0xC6, 0xF7, 0xC7, 0x01, 0x00, 0x00, 0x00, 0x74, 0x07, 0x66, 0xFF, 0x05, 0x5A,
                 0x00, 0xF0, 0x00, 0x4F, 0x75, 0xDA, 0x89, 0xF0, 0xE6, 0xF4}),
            0x112233u);
}

TEST_F(SegmentLoadTest, SeesAnotherTable) {
  const auto put = [this](uint32_t address, uint64_t value, uint32_t bytes) {
    std::memcpy(guest_->Memory(address, bytes).data(), &value, bytes);
  };
  put(kOtherTable + kSelector, DataAt(kData + 8), 8);
  put(kOtherGdtr, kGdtLimit | (uint64_t{kOtherTable} << 16), 6);
  // edi = 4 ; again: push 58h ; pop fs ; a digit of esi = byte [fs:0] ;
  // if edi is 3: lgdt ; dec edi ; jnz again ; eax = esi ; out F4h, al
  EXPECT_EQ(
      Run({0xBF, 0x04, 0x00, 0x00, 0x00, 0x31, 0xF6, 0x6A, 0x58, 0x0F, 0xA1, 0x64, 0x0F, 0xB6, 0x05,
           0x00, 0x00, 0x00, 0x00, 0xC1, 0xE6, 0x04, 0x09, 0xC6, 0x83, 0xFF, 0x03, 0x75, 0x07, 0x0F,
           0x01, 0x15, 0x00, 0x06, 0xF0, 0x00, 0x4F, 0x75, 0xE0, 0x89, 0xF0, 0xE6, 0xF4}),
      0x1199u);
}

TEST_F(SegmentLoadTest, RepeatedLoadsStayInTheCacheAndKeepFlags) {
  // edx = 1000 ; ecx = 58h ; stc ; again: mov fs, ecx ; push fs ; pop fs ; dec edx ; jnz again ;
  // eax = CF ; out F4h, al
  EXPECT_EQ(
      Run({0xBA, 0xE8, 0x03, 0x00, 0x00, 0xB9, 0x58, 0x00, 0x00, 0x00, 0xF9, 0x8E, 0xE1, 0x0F,
           0xA0, 0x0F, 0xA1, 0x4A, 0x75, 0xF7, 0x0F, 0x92, 0xC0, 0x0F, 0xB6, 0xC0, 0xE6, 0xF4}),
      1u);
  EXPECT_LT(guest_->engine().statistics().callouts, 20u);
}

}  // namespace
}  // namespace verbatim::test
