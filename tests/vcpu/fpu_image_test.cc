// SPDX-License-Identifier: Apache-2.0
// FXSAVE, FXRSTOR, FNSAVE, FRSTOR, FNSTENV, FLDENV. The x87 state is the host's own: each test sets
// it up with x87 instructions and leaves it initialised.
#include <cstring>

#include "tests/vcpu/cpu_fixture.h"

namespace verbatim::test {
namespace {

const std::vector<uint8_t> kFxsave = {0x0F, 0xAE, 0x03};   // [ebx]
const std::vector<uint8_t> kFxrstor = {0x0F, 0xAE, 0x0B};  // [ebx]
const std::vector<uint8_t> kFnsave = {0xDD, 0x33};
const std::vector<uint8_t> kFrstor = {0xDD, 0x23};
const std::vector<uint8_t> kFnstenv = {0xD9, 0x33};
const std::vector<uint8_t> kFldenv = {0xD9, 0x23};

class Fpu : public CpuFixture {
 protected:
  Fpu() {
    state_.gpr[kEbx] = kData;
    asm volatile("fninit\n\tfld1\n\tfldpi");  // st0 = pi, st1 = 1
  }
  ~Fpu() override { asm volatile("fninit"); }

  static uint16_t ControlWord() {
    uint16_t word = 0;
    asm volatile("fnstcw %0" : "=m"(word));
    return word;
  }
  static uint16_t StatusWord() {
    uint16_t word = 0;
    asm volatile("fnstsw %0" : "=m"(word));
    return word;
  }
};

TEST_F(Fpu, FxsaveWritesTheGuestImageWithoutHostPointers) {
  for (uint32_t i = 0; i < 512; i += 4) Put32(kData + i, 0xEEEEEEEE);
  state_.xmm[3].fill(0x33);
  state_.mxcsr = 0x1FA0;
  EXPECT_EQ(ExpectNext(kFxsave), StepOutcome::kNext);
  EXPECT_EQ(Get16(kData + 0), 0x037F);
  EXPECT_EQ(Get16(kData + 2) & 0x3800, 6 << 11);
  EXPECT_EQ(Get16(kData + 4), 0x00C0);
  for (uint32_t offset = 6; offset < 24; offset += 2) EXPECT_EQ(Get16(kData + offset), 0);
  EXPECT_EQ(Get32(kData + 24), 0x1FA0u);
  EXPECT_EQ(Get32(kData + 28), 0xFFFFu);
  EXPECT_EQ(Get32(kData + 32), 0x2168C235u);  // pi
  EXPECT_EQ(Get32(kData + 48 + 4), 0x80000000u);
  EXPECT_EQ(Get32(kData + 160 + 48), 0x33333333u);
  EXPECT_EQ(Get32(kData + 288), 0xEEEEEEEEu) << "reserved space is not written";
  EXPECT_EQ(Get32(kData + 508), 0xEEEEEEEEu);
}

TEST_F(Fpu, FxrstorRoundTrip) {
  state_.xmm[7].fill(0x77);
  ExpectNext(kFxsave);
  asm volatile("fninit");
  state_.xmm[7].fill(0);
  state_.mxcsr = 0;
  ExpectNext(kFxrstor);
  EXPECT_EQ(StatusWord() & 0x3800, 6 << 11);
  EXPECT_EQ(state_.xmm[7][15], 0x77);
  EXPECT_EQ(state_.mxcsr, 0x1F80u);
  double pi = 0;
  asm volatile("fstpl %0" : "=m"(pi));
  EXPECT_DOUBLE_EQ(pi, 3.14159265358979323846);
}

TEST_F(Fpu, FxrstorRefusesReservedMxcsrBits) {
  ExpectNext(kFxsave);
  Put32(kData + 24, 0x10000);
  asm volatile("fninit");
  ExpectFault(kFxrstor, Vector::kGeneralProtection, 0);
  EXPECT_EQ(StatusWord() & 0x3800, 0) << "nothing was loaded";
  EXPECT_EQ(state_.mxcsr, 0x1F80u);
}

TEST_F(Fpu, FxsaveNeedsAlignmentAndTheWholeArea) {
  state_.gpr[kEbx] = kData + 8;
  ExpectFault(kFxsave, Vector::kGeneralProtection, 0);
  state_.eip = kCode;
  state_.gpr[kEbx] = kData;
  state_.segments[kDs].limit = kData + 510;
  ExpectFault(kFxsave, Vector::kGeneralProtection, 0);
}

TEST_F(Fpu, DeviceNotAvailableWhenSwitchedOff) {
  for (const auto& bytes : {kFxsave, kFxrstor, kFnsave, kFrstor, kFnstenv, kFldenv}) {
    for (const uint32_t bit : {cr0::kTs, cr0::kEm}) {
      state_.cr0 = (state_.cr0 & ~(cr0::kTs | cr0::kEm)) | bit;
      state_.eip = kCode;
      ExpectFault(bytes, Vector::kDeviceNotAvailable);
    }
  }
}

TEST_F(Fpu, FnsaveWritesTheProtectedFormatAndInitialises) {
  ExpectNext(kFnsave);
  EXPECT_EQ(Get32(kData), 0xFFFF037Fu);
  EXPECT_EQ(Get32(kData + 8), 0xFFFF0FFFu);
  for (uint32_t offset = 12; offset < 24; offset += 4) EXPECT_EQ(Get32(kData + offset), 0u);
  EXPECT_EQ(Get32(kData + 24), 0xFFFF0000u);  // FDS, and the reserved half above it
  EXPECT_EQ(Get32(kData + 28), 0x2168C235u);
  EXPECT_EQ(StatusWord(), 0);
  ExpectNext(kFrstor);
  EXPECT_EQ(StatusWord() & 0x3800, 6 << 11);
}

TEST_F(Fpu, FnsaveThatFaultsLeavesTheRegisters) {
  state_.segments[kDs].limit = kData + 100;
  ExpectFault(kFnsave, Vector::kGeneralProtection, 0);
  EXPECT_EQ(StatusWord() & 0x3800, 6 << 11);
}

TEST_F(Fpu, SixteenBitEnvironmentHas14Bytes) {
  Put32(kData + 12, 0xEEEEEEEE);
  ExpectNext({0x66, 0xD9, 0x33});
  EXPECT_EQ(Get16(kData), 0x037F);
  EXPECT_EQ(Get16(kData + 4), 0x0FFF);
  EXPECT_EQ(Get32(kData + 12), 0xEEEE0000u);
  Put32(kData + 14 + 80, 0xEEEEEEEE);
  ExpectNext({0x66, 0xDD, 0x33});
  EXPECT_EQ(Get32(kData + 14), 0x2168C235u);
  EXPECT_EQ(Get32(kData + 14 + 80), 0xEEEEEEEEu);
  ExpectNext({0x66, 0xDD, 0x23});
  EXPECT_EQ(StatusWord() & 0x3800, 6 << 11);
}

TEST_F(Fpu, FnstenvMasksExceptionsAndFldenvRestores) {
  const uint16_t unmasked = 0x0340;
  asm volatile("fldcw %0" : : "m"(unmasked));
  ExpectNext(kFnstenv);
  EXPECT_EQ(ControlWord(), 0x037F);
  EXPECT_EQ(Get16(kData), 0x0340);
  ExpectNext(kFldenv);
  EXPECT_EQ(ControlWord(), 0x0340);
}

TEST_F(Fpu, LoadsWithAPendingExceptionRaiseMathFault) {
  ExpectNext(kFnstenv);
  Put16(kData, 0x037B);      // divide by zero unmasked
  Put16(kData + 4, 0x0084);  // and pending
  ExpectNext(kFldenv);
  ExpectFault(kFrstor, Vector::kMathFault);
  state_.eip = kCode;
  state_.cr0 &= ~cr0::kNe;
  EXPECT_EQ(Run(kFldenv), StepOutcome::kFpuError);
  EXPECT_EQ(state_.eip, kCode) << "it waits for the interrupt";
}

}  // namespace
}  // namespace verbatim::test
