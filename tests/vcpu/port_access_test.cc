// SPDX-License-Identifier: Apache-2.0
// IN, OUT, INS, OUTS, the I/O permission bitmap.
#include "tests/vcpu/cpu_fixture.h"

namespace verbatim::test {
namespace {

class Ports : public CpuFixture {
 protected:
  // A bitmap behind the TSS that allows only ports 60h to 67h.
  void PutBitmap() {
    Put16(kTss + 0x66, 0x68);
    for (uint32_t i = 0; i < 0x20; i += 4) Put32(kTss + 0x68 + i, 0xFFFFFFFF);
    Put8(kTss + 0x68 + 0x60 / 8, 0x00);
    state_.tr.limit = 0x68 + 0x20;
  }
  // Maps the lower 2 MiB of memory in 4 KiB pages, without the page at `hole`.
  void EnablePagingWithHole(uint32_t hole) {
    Put32(0x5000, 0x6007);
    for (uint32_t page = 0; page < 1024; ++page) {
      const uint32_t address = page * 4096;
      Put32(0x6000 + page * 4, address == hole ? 0 : address | 7);
    }
    state_.cr3 = 0x5000;
    state_.cr0 |= cr0::kPg;
    cpu_.SynchronizePaging();
  }
};

TEST_F(Ports, InReplacesOnlyItsPartOfEax) {
  state_.gpr[kEax] = 0xAABBCCDD;
  state_.gpr[kEdx] = 0x1234;
  ExpectNext({0xE4, 0x61});  // in al, 61h
  EXPECT_EQ(state_.gpr[kEax], 0xAABBCC44u);
  ExpectNext({0x66, 0xED});  // in ax, dx
  EXPECT_EQ(state_.gpr[kEax], 0xAABB3345u);
  ExpectNext({0xED});  // in eax, dx
  EXPECT_EQ(state_.gpr[kEax], 0x11223346u);
  EXPECT_EQ(ports_.reads, (std::vector<uint16_t>{0x61, 0x1234, 0x1234}));
}

TEST_F(Ports, OutWritesTheLowPart) {
  state_.gpr[kEax] = 0xAABBCCDD;
  state_.gpr[kEdx] = 0x3F8;
  ExpectNext({0xE6, 0x80});
  ExpectNext({0x66, 0xE7, 0x80});
  ExpectNext({0xEE});
  ExpectNext({0xEF});
  const std::vector<RecordingPorts::Write> expected = {
      {0x80, 1, 0xDD}, {0x80, 2, 0xCCDD}, {0x3F8, 1, 0xDD}, {0x3F8, 4, 0xAABBCCDD}};
  EXPECT_EQ(ports_.writes, expected);
}

TEST_F(Ports, IoplAllowsOrTheBitmapDecides) {
  PutBitmap();
  EnterUser();
  ExpectNext({0xE4, 0x60});
  ExpectFault({0xE4, 0x68}, Vector::kGeneralProtection, 0);
  EnterUser();
  state_.eip = kCode;
  ExpectFault({0x66, 0xE5, 0x67}, Vector::kGeneralProtection, 0);  // second byte is not allowed
  EnterUser();
  state_.eip = kCode;
  state_.eflags |= flag::kIopl;
  ExpectNext({0xE4, 0x68});
}

TEST_F(Ports, BitmapBeyondTheLimitDenies) {
  EnterUser();
  ExpectFault({0xE4, 0x60}, Vector::kGeneralProtection, 0);
  EnterUser();
  PutBitmap();
  state_.tr.limit = 0x68 + 0x60 / 8;  // the second byte of the check lies beyond
  state_.eip = kCode;
  ExpectFault({0xE4, 0x60}, Vector::kGeneralProtection, 0);
}

TEST_F(Ports, Virtual8086UsesTheBitmapWhateverIopl) {
  PutBitmap();
  EnterVirtual8086();
  state_.eflags |= flag::kIopl;
  ExpectFault({0xE4, 0x68}, Vector::kGeneralProtection, 0);
  EnterVirtual8086();
  ExpectNext({0xE4, 0x60});
}

TEST_F(Ports, SixteenBitTssHasNoBitmap) {
  PutBitmap();
  state_.tr.attributes = 0x83;
  Put16(kTss + 2, static_cast<uint16_t>(0x9000));
  Put16(kTss + 4, kKernelDs);
  EnterUser();
  Run({0xE4, 0x60});
  EXPECT_EQ(Fault().vector, 13u);
}

TEST_F(Ports, RepInsStoresAndCounts) {
  ports_.next_value = 0x41;
  state_.gpr[kEdi] = kData;
  state_.gpr[kEcx] = 3;
  state_.gpr[kEdx] = 0x1F0;
  EXPECT_EQ(ExpectNext({0xF3, 0x6C}), StepOutcome::kNext);
  EXPECT_EQ(Get32(kData) & 0xFFFFFF, 0x434241u);
  EXPECT_EQ(state_.gpr[kEcx], 0u);
  EXPECT_EQ(state_.gpr[kEdi], kData + 3);
}

TEST_F(Ports, RepWithZeroCountDoesNothing) {
  ExpectNext({0xF3, 0x6D});
  EXPECT_TRUE(ports_.reads.empty());
}

TEST_F(Ports, LongRepIsInterruptible) {
  state_.gpr[kEdi] = kData;
  state_.gpr[kEcx] = 10000;
  EXPECT_EQ(Run({0xF3, 0x6C}), StepOutcome::kRepeat);
  EXPECT_EQ(state_.eip, kCode);
  EXPECT_EQ(state_.gpr[kEcx] + ports_.reads.size(), 10000u);
}

TEST_F(Ports, RepInsFaultingInTheMiddleKeepsWhatWasDone) {
  EnablePagingWithHole(0x19000);
  state_.gpr[kEdi] = 0x19000 - 8;
  state_.gpr[kEcx] = 5;
  ExpectFault({0xF3, 0x6D}, Vector::kPageFault, kFaultWrite);
  EXPECT_EQ(state_.cr2, 0x19000u);
  EXPECT_EQ(state_.gpr[kEcx], 3u);
  EXPECT_EQ(state_.gpr[kEdi], 0x19000u);
  EXPECT_EQ(ports_.reads.size(), 2u) << "no port byte is lost to the fault";
}

TEST_F(Ports, OutsUsesTheOverrideAndGoesDown) {
  PutGdt(kFree, 0x100, 0xFFFFF, kData0);
  state_.gpr[kEax] = kFree;
  ExpectNext({0x8E, 0xE0});  // mov fs, ax
  Put32(kData + 0x100, 0x12345678);
  state_.gpr[kEsi] = kData;
  state_.gpr[kEcx] = 2;
  state_.gpr[kEdx] = 0x10;
  state_.eflags |= flag::kDf;
  Put32(kData + 0xFC, 0x9ABCDEF0);
  ExpectNext({0xF3, 0x64, 0x6F});
  const std::vector<RecordingPorts::Write> expected = {{0x10, 4, 0x12345678},
                                                       {0x10, 4, 0x9ABCDEF0}};
  EXPECT_EQ(ports_.writes, expected);
  EXPECT_EQ(state_.gpr[kEsi], kData - 8);
}

TEST_F(Ports, SixteenBitAddressesWrap) {
  state_.gpr[kEdi] = 0xABCDFFFF;
  state_.gpr[kEcx] = 0x55550002;
  ports_.next_value = 0x77;
  ExpectNext({0xF3, 0x67, 0x6C});
  EXPECT_EQ(state_.gpr[kEdi], 0xABCD0001u);
  EXPECT_EQ(state_.gpr[kEcx], 0x55550000u);
  EXPECT_EQ(Get16(0xFFFF) & 0xFF, 0x77);
  EXPECT_EQ(Get16(0) & 0xFF, 0x78);
}

TEST_F(Ports, SingleStepStopsAfterEachIteration) {
  state_.eflags |= flag::kTf;
  state_.gpr[kEdi] = kData;
  state_.gpr[kEcx] = 2;
  Run({0xF3, 0x6C});
  const Delivered trap = Fault();
  EXPECT_EQ(trap.vector, 1u);
  EXPECT_EQ(trap.eip, kCode);
  EXPECT_EQ(state_.gpr[kEcx], 1u);
}

}  // namespace
}  // namespace verbatim::test
