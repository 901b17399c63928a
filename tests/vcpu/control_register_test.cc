// SPDX-License-Identifier: Apache-2.0
// CR, DR, descriptor-table registers, LMSW, SMSW, CLTS, INVLPG, and what paging is told.
#include "tests/vcpu/cpu_fixture.h"

namespace verbatim::test {
namespace {

class ControlRegisters : public CpuFixture {
 protected:
  // mov crN, eax and mov eax, crN.
  static std::vector<uint8_t> ToCr(uint8_t index) {
    return {0x0F, 0x22, static_cast<uint8_t>(0xC0 | (index << 3))};
  }
  static std::vector<uint8_t> FromCr(uint8_t index) {
    return {0x0F, 0x20, static_cast<uint8_t>(0xC0 | (index << 3))};
  }
  // A 4 MiB identity page.
  void PutIdentityDirectory(uint32_t at) { Put32(at, 0x83); }
};

TEST_F(ControlRegisters, PagingIsSwitchedOnAndOff) {
  PutIdentityDirectory(0x5000);
  state_.gpr[kEax] = cr4::kPse;
  ExpectNext(ToCr(4));
  state_.gpr[kEax] = 0x5000;
  EXPECT_EQ(ExpectNext(ToCr(3)), StepOutcome::kModeOrFlow);
  state_.gpr[kEax] = state_.cr0 | cr0::kPg;
  EXPECT_EQ(ExpectNext(ToCr(0)), StepOutcome::kModeOrFlow);
  EXPECT_TRUE(mmu_.paging().enabled);
  EXPECT_TRUE(mmu_.paging().large_pages);
  EXPECT_EQ(mmu_.paging().cr3, 0x5000u);
  state_.gpr[kEax] = state_.cr0 & ~cr0::kPg;
  ExpectNext(ToCr(0));
  EXPECT_FALSE(mmu_.paging().enabled);
  EXPECT_EQ(cpu_.statistics().cr3_loads, 1u);
}

TEST_F(ControlRegisters, Cr0Rules) {
  const auto expect_fault = [&](uint32_t value) {
    state_.eip = kCode;
    state_.gpr[kEax] = value;
    ExpectFault(ToCr(0), Vector::kGeneralProtection, 0);
  };
  expect_fault(cr0::kPe | cr0::kNw);
  state_.eip = kCode;
  const uint32_t before = state_.cr0;
  state_.gpr[kEax] = before | 0x0FFAFFC0;
  ExpectNext(ToCr(0));
  EXPECT_EQ(state_.cr0, before) << "undefined bits stay zero";
  state_.gpr[kEax] = before & ~cr0::kEt;
  ExpectNext(ToCr(0));
  EXPECT_EQ(state_.cr0, before) << "ET is fixed";
}

TEST_F(ControlRegisters, PagingWithoutProtectionIsGeneralProtection) {
  EnterRealMode();
  Put32(13 * 4, 0x20000000);
  state_.gpr[kEax] = cr0::kPg;
  Run(ToCr(0));
  EXPECT_EQ(state_.segments[kCs].base, 0x20000u);
  EXPECT_EQ(state_.cr0 & cr0::kPg, 0u);
}

TEST_F(ControlRegisters, UnchangedCr0IsNoModeChange) {
  state_.gpr[kEax] = state_.cr0;
  EXPECT_EQ(ExpectNext(ToCr(0)), StepOutcome::kNext);
}

TEST_F(ControlRegisters, Cr4ReservedBitsAreGeneralProtection) {
  for (const uint32_t bit : {cr4::kVme, cr4::kPvi, cr4::kPce, 1u << 13, 1u << 20}) {
    state_.eip = kCode;
    state_.gpr[kEax] = bit;
    ExpectFault(ToCr(4), Vector::kGeneralProtection, 0);
  }
  EXPECT_EQ(state_.cr4, 0u);
}

TEST_F(ControlRegisters, PaeLoadsPdptesAndRefusesReservedBits) {
  Put32(0x5000, 0x6001);
  Put32(0x6000, 0x83);  // 2 MiB page
  state_.cr3 = 0x5000;
  state_.cr4 = cr4::kPae;
  state_.gpr[kEax] = state_.cr0 | cr0::kPg;
  ExpectNext(ToCr(0));
  EXPECT_TRUE(mmu_.paging().pae);
  EXPECT_EQ(mmu_.paging().pdpte[0], 0x6001u);
  Put32(0x7000, 0x60E7);  // reserved bits of a present PDPTE
  state_.gpr[kEax] = 0x7000;
  ExpectFault(ToCr(3), Vector::kGeneralProtection, 0);
  EXPECT_EQ(state_.cr3, 0x5000u);
}

TEST_F(ControlRegisters, AccessNeedsCpl0AndExistence) {
  ExpectFault(FromCr(1), Vector::kInvalidOpcode);
  state_.eip = kCode;
  ExpectFault(ToCr(5), Vector::kInvalidOpcode);
  EnterUser();
  state_.eip = kCode;
  ExpectFault(FromCr(0), Vector::kGeneralProtection, 0);
}

TEST_F(ControlRegisters, Cr2AndCr4AreRead) {
  state_.cr2 = 0x12345678;
  ExpectNext(FromCr(2));
  EXPECT_EQ(state_.gpr[kEax], 0x12345678u);
  state_.cr4 = cr4::kPge;
  ExpectNext(FromCr(4));
  EXPECT_EQ(state_.gpr[kEax], cr4::kPge);
}

TEST_F(ControlRegisters, WriteProtectIsTakenOver) {
  PutIdentityDirectory(0x5000);
  state_.cr3 = 0x5000;
  state_.cr4 = cr4::kPse;
  state_.cr0 |= cr0::kPg;
  cpu_.SynchronizePaging();
  state_.gpr[kEax] = state_.cr0 | cr0::kWp;
  ExpectNext(ToCr(0));
  EXPECT_TRUE(mmu_.paging().write_protect);
}

TEST_F(ControlRegisters, InvlpgMakesANewMappingVisible) {
  Put32(0x5000, 0x83);
  Put32(0x5004, 0x83);  // 400000h maps 0 too
  state_.cr3 = 0x5000;
  state_.cr4 = cr4::kPse;
  state_.cr0 |= cr0::kPg;
  cpu_.SynchronizePaging();
  Put16(0x100, 0x1111);
  state_.gpr[kEbx] = 0x400100;
  ExpectNext({0x0F, 0x01, 0x33});  // lmsw [ebx]: touches the page
  Put32(0x5004, 0);
  ExpectNext({0x0F, 0x01, 0x3B});  // invlpg [ebx]
  ExpectFault({0x0F, 0x01, 0x33}, Vector::kPageFault, 0);
  EnterUser();
  state_.eip = kCode;
  Put32(0x5000, 0x87);
  cpu_.SynchronizePaging();
  ExpectFault({0x0F, 0x01, 0x3B}, Vector::kGeneralProtection, 0);
}

TEST_F(ControlRegisters, LmswSetsButDoesNotClearPe) {
  state_.gpr[kEax] = cr0::kTs;
  ExpectNext({0x0F, 0x01, 0xF0});
  EXPECT_EQ(state_.cr0 & 0xF, cr0::kPe | cr0::kTs);
  ExpectNext({0x0F, 0x06});  // clts
  EXPECT_EQ(state_.cr0 & cr0::kTs, 0u);
  EnterUser();
  ExpectFault({0x0F, 0x06}, Vector::kGeneralProtection, 0);
}

TEST_F(ControlRegisters, SmswIsUnprivilegedAndStoresWordsToMemory) {
  EnterUser();
  state_.gpr[kEbx] = kData;
  Put32(kData, 0xFFFFFFFF);
  ExpectNext({0x0F, 0x01, 0x23});  // smsw [ebx]
  EXPECT_EQ(Get32(kData), 0xFFFF0000u | (state_.cr0 & 0xFFFF));
  ExpectNext({0x0F, 0x01, 0xE1});  // smsw ecx
  EXPECT_EQ(state_.gpr[kEcx], state_.cr0);
}

TEST_F(ControlRegisters, LgdtTruncatesTheBaseOf16BitForms) {
  Put16(kData, 0x1FF);
  Put32(kData + 2, 0x89ABCDEF);
  state_.gpr[kEbx] = kData;
  ExpectNext({0x0F, 0x01, 0x1B});  // lidt [ebx]
  EXPECT_EQ(state_.idtr.base, 0x89ABCDEFu);
  EXPECT_EQ(state_.idtr.limit, 0x1FFu);
  ExpectNext({0x66, 0x0F, 0x01, 0x13});  // lgdt [ebx], 16-bit
  EXPECT_EQ(state_.gdtr.base, 0x00ABCDEFu);
  state_.gpr[kEbx] = kData + 0x10;
  ExpectNext({0x0F, 0x01, 0x0B});  // sidt [ebx]
  EXPECT_EQ(Get16(kData + 0x10), 0x1FF);
  EXPECT_EQ(Get32(kData + 0x12), 0x89ABCDEFu);
}

TEST_F(ControlRegisters, LgdtNeedsCpl0AndSgdtDoesNot) {
  EnterUser();
  state_.gpr[kEbx] = kData;
  ExpectNext({0x0F, 0x01, 0x03});
  EXPECT_EQ(Get32(kData + 2), kGdt);
  ExpectFault({0x0F, 0x01, 0x13}, Vector::kGeneralProtection, 0);
}

TEST_F(ControlRegisters, DebugRegistersKeepFixedBitsAndAlias) {
  state_.gpr[kEax] = 0xFFFFFFFF;
  ExpectNext({0x0F, 0x23, 0xF0});  // mov dr6, eax
  EXPECT_EQ(state_.dr[6], 0xFFFFEFFFu);
  state_.gpr[kEax] = 0x0000D402;
  EXPECT_EQ(ExpectNext({0x0F, 0x23, 0xF8}), StepOutcome::kModeOrFlow);  // mov dr7, eax
  EXPECT_EQ(state_.dr[7], 0x00000402u);
  ExpectNext({0x0F, 0x21, 0xE9});  // mov ecx, dr5
  EXPECT_EQ(state_.gpr[kEcx], 0x00000402u);
  state_.cr4 |= cr4::kDe;
  ExpectFault({0x0F, 0x21, 0xE9}, Vector::kInvalidOpcode);
  EnterUser();
  state_.eip = kCode;
  ExpectFault({0x0F, 0x21, 0xF9}, Vector::kGeneralProtection, 0);
}

TEST_F(ControlRegisters, CacheInstructionsNeedCpl0) {
  ExpectNext({0x0F, 0x09});
  ExpectNext({0x0F, 0x08});
  EnterUser();
  ExpectFault({0x0F, 0x09}, Vector::kGeneralProtection, 0);
}

}  // namespace
}  // namespace verbatim::test
