// SPDX-License-Identifier: Apache-2.0
// Decimal adjustment, BOUND, PUSHA, POPA, ENTER, SALC; alignment checks; reset.
#include "tests/vcpu/cpu_fixture.h"

namespace verbatim::test {
namespace {

class Legacy : public CpuFixture {
 protected:
  void Adjust(std::vector<uint8_t> bytes, uint32_t ax, uint32_t flags) {
    state_.gpr[kEax] = 0xABCD0000u | ax;
    state_.eflags = flag::kReservedOne | flags;
    ExpectNext(std::move(bytes));
  }
  void ExpectResult(uint32_t ax, uint32_t flags, uint32_t defined) {
    EXPECT_EQ(state_.gpr[kEax], 0xABCD0000u | ax);
    EXPECT_EQ(state_.eflags & defined, flags);
  }
  static constexpr uint32_t kCarries = flag::kCf | flag::kAf;
  static constexpr uint32_t kAll = flag::kArithmetic & ~flag::kOf;
};

TEST_F(Legacy, Daa) {
  Adjust({0x27}, 0x0079 + 0x35, 0);  // 79 + 35 = 114
  ExpectResult(0x0014, kCarries | flag::kPf, kAll);
  Adjust({0x27}, 0x0012, 0);
  ExpectResult(0x0012, flag::kPf, kAll);
  Adjust({0x27}, 0x009A, 0);
  ExpectResult(0x0000, kCarries | flag::kZf | flag::kPf, kAll);
}

TEST_F(Legacy, Das) {
  Adjust({0x2F}, 0x00EE, flag::kCf | flag::kAf);  // 35 - 47 = -12
  ExpectResult(0x0088, kCarries | flag::kSf | flag::kPf, kAll);
  Adjust({0x2F}, 0x0003, flag::kAf);
  ExpectResult(0x00FD, kCarries | flag::kSf, kAll);
}

TEST_F(Legacy, AaaAndAas) {
  Adjust({0x37}, 0x010B, 0);
  ExpectResult(0x0201, kCarries, kCarries);
  Adjust({0x37}, 0x0109, 0);
  ExpectResult(0x0109, 0, kCarries);
  Adjust({0x37}, 0x00FF, 0);
  ExpectResult(0x0205, kCarries, kCarries);
  Adjust({0x3F}, 0x020B, 0);
  ExpectResult(0x0105, kCarries, kCarries);
  Adjust({0x3F}, 0x0002, flag::kAf);
  ExpectResult(0xFE0C, kCarries, kCarries);
}

TEST_F(Legacy, AamAndAad) {
  Adjust({0xD4, 0x0A}, 0x0037, 0);
  ExpectResult(0x0505, flag::kPf, flag::kSf | flag::kZf | flag::kPf);
  Adjust({0xD5, 0x0A}, 0x0505, 0);
  ExpectResult(0x0037, 0, flag::kSf | flag::kZf | flag::kPf);
  ExpectFault({0xD4, 0x00}, Vector::kDivideError);
}

TEST_F(Legacy, SalcSpreadsCarry) {
  Adjust({0xD6}, 0x1200, flag::kCf);
  ExpectResult(0x12FF, flag::kCf, flag::kCf);
  Adjust({0xD6}, 0x12FF, 0);
  ExpectResult(0x1200, 0, flag::kCf);
}

TEST_F(Legacy, BoundIsSignedAndInclusive) {
  Put32(kData, 0xFFFFFFFE);
  Put32(kData + 4, 5);
  state_.gpr[kEbx] = kData;
  state_.gpr[kEax] = 0xFFFFFFFE;
  ExpectNext({0x62, 0x03});
  state_.gpr[kEax] = 5;
  ExpectNext({0x62, 0x03});
  state_.gpr[kEax] = 6;
  ExpectFault({0x62, 0x03}, Vector::kBound);
  state_.eip = kCode;
  Put32(kData, 0x0005FFFE);
  state_.gpr[kEax] = 0x1234FFFD;
  ExpectFault({0x66, 0x62, 0x03}, Vector::kBound);
}

// The page of the first is not present, the second lies beyond the limit.
TEST_F(Legacy, BoundLooksAtOneBoundAfterTheOther) {
  constexpr uint32_t kDirectory = 0x5000;
  constexpr uint32_t kAbsent = 0x00F00000;
  Put32(kDirectory, 0x83);
  state_.cr3 = kDirectory;
  state_.cr4 = cr4::kPse;
  state_.cr0 |= cr0::kPg;
  cpu_.SynchronizePaging();
  state_.segments[kDs].limit = kAbsent + 3;
  state_.gpr[kEbx] = kAbsent;
  ExpectFault({0x62, 0x03}, Vector::kPageFault, 0);
}

TEST_F(Legacy, PushaAndPopaRoundTripWithoutEsp) {
  for (uint32_t i = 0; i < 8; ++i) {
    if (i != kEsp) state_.gpr[i] = 0x11110000 + i;
  }
  ExpectNext({0x60});
  EXPECT_EQ(state_.gpr[kEsp], kStack - 32);
  EXPECT_EQ(Get32(kStack - 4), 0x11110000u);
  EXPECT_EQ(Get32(kStack - 20), kStack);
  const auto saved = state_.gpr;
  Put32(kStack - 20, 0);
  for (uint32_t i = 0; i < 8; ++i) {
    if (i != kEsp) state_.gpr[i] = 0;
  }
  ExpectNext({0x61});
  EXPECT_EQ(state_.gpr[kEsp], kStack);
  EXPECT_EQ(state_.gpr[kEdi], saved[kEdi]);
  ExpectNext({0x66, 0x60});
  EXPECT_EQ(state_.gpr[kEsp], kStack - 16);
  ExpectNext({0x66, 0x61});
  EXPECT_EQ(state_.gpr[kEax], 0x11110000u);
}

TEST_F(Legacy, PushaOnASixteenBitStackWraps) {
  EnterRealMode();
  state_.gpr[kEsp] = 4;
  state_.gpr[kEax] = 0x1111;
  state_.gpr[kEdi] = 0x7777;
  ExpectNext({0x60});
  EXPECT_EQ(state_.gpr[kEsp], 0xFFF4u);
  EXPECT_EQ(Get16(2), 0x1111);
  EXPECT_EQ(Get16(0xFFF4), 0x7777);
}

TEST_F(Legacy, PushaThatFaultsWritesNothing) {
  EnterUser();  // the handler has a stack of its own
  state_.segments[kSs].limit = kUserStack - 1;
  state_.segments[kSs].attributes = 0xC0F7;  // expand down: valid above the limit
  state_.gpr[kEsp] = kUserStack + 20;
  state_.gpr[kEax] = 1;
  Put32(kUserStack + 16, 0xEEEEEEEE);
  ExpectFault({0x60}, Vector::kStackFault, 0);
  EXPECT_EQ(Get32(kUserStack + 16), 0xEEEEEEEEu);
  EXPECT_EQ(Get32(kKernelStack - 8), kUserStack + 20);
}

TEST_F(Legacy, EnterCopiesOuterFrames) {
  state_.gpr[kEbp] = kData + 0x100;
  Put32(kData + 0xFC, 0x1111);
  Put32(kData + 0xF8, 0x2222);
  ExpectNext({0xC8, 0x20, 0x00, 0x03});  // enter 32, 3
  EXPECT_EQ(Get32(kStack - 4), kData + 0x100);
  EXPECT_EQ(Get32(kStack - 8), 0x1111u);
  EXPECT_EQ(Get32(kStack - 12), 0x2222u);
  EXPECT_EQ(Get32(kStack - 16), kStack - 4);
  EXPECT_EQ(state_.gpr[kEbp], kStack - 4);
  EXPECT_EQ(state_.gpr[kEsp], kStack - 16 - 32);
}

TEST_F(Legacy, EnterWithoutNesting) {
  state_.gpr[kEbp] = 0x5555;
  ExpectNext({0xC8, 0x08, 0x00, 0x00});
  EXPECT_EQ(Get32(kStack - 4), 0x5555u);
  EXPECT_EQ(state_.gpr[kEbp], kStack - 4);
  EXPECT_EQ(state_.gpr[kEsp], kStack - 12);
}

TEST_F(Legacy, MisalignedAccessAtUserLevelIsAlignmentCheck) {
  EnterUser();
  state_.cr0 |= cr0::kAm;
  state_.eflags |= flag::kAc;
  state_.gpr[kEbx] = kData + 1;
  ExpectFault({0x8C, 0x1B}, Vector::kAlignmentCheck, 0);  // mov [ebx], ds
}

TEST_F(Legacy, EffectiveAddressChecksTheOperandSize) {
  state_.segments[kDs].limit = kData + 3;
  state_.gpr[kEbx] = kData;
  const std::vector<uint8_t> add = {0x01, 0x03};  // add [ebx], eax
  const GuestInstruction instruction = decoder_.Decode(add, true);
  EXPECT_EQ(cpu_.EffectiveLinearAddress(instruction, true)->value, kData);
  state_.gpr[kEbx] = kData + 1;
  EXPECT_EQ(cpu_.EffectiveLinearAddress(instruction, true).error(),
            (Exception{Vector::kGeneralProtection, 0, {}}));
}

TEST_F(Legacy, ResetGivesPowerOnState) {
  cpu_.Reset();
  EXPECT_EQ(state_.eip, 0xFFF0u);
  EXPECT_EQ(state_.segments[kCs].base, 0xFFFF0000u);
  EXPECT_EQ(state_.cr0, 0x60000010u);
  EXPECT_EQ(state_.eflags, 2u);
  EXPECT_EQ(state_.gpr[kEdx], 0x6FBu);
  EXPECT_EQ(state_.dr[6], 0xFFFF0FF0u);
  EXPECT_EQ(state_.dr[7], 0x400u);
  EXPECT_FALSE(mmu_.paging().enabled);
}

}  // namespace
}  // namespace verbatim::test
