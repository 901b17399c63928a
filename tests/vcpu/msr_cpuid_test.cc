// SPDX-License-Identifier: Apache-2.0
// RDMSR, WRMSR, RDTSC, RDPMC, CPUID.
#include <cstring>
#include <string>

#include "tests/vcpu/cpu_fixture.h"

namespace verbatim::test {
namespace {

class Msr : public CpuFixture {
 protected:
  void Write(uint32_t index, uint64_t value) {
    SetRegisters(index, value);
    ExpectNext({0x0F, 0x30});
  }
  void ExpectWriteFault(uint32_t index, uint64_t value) {
    SetRegisters(index, value);
    state_.eip = kCode;
    ExpectFault({0x0F, 0x30}, Vector::kGeneralProtection, 0);
  }
  uint64_t Read(uint32_t index) {
    state_.gpr[kEcx] = index;
    ExpectNext({0x0F, 0x32});
    return (uint64_t{state_.gpr[kEdx]} << 32) | state_.gpr[kEax];
  }

 private:
  void SetRegisters(uint32_t index, uint64_t value) {
    state_.gpr[kEcx] = index;
    state_.gpr[kEax] = static_cast<uint32_t>(value);
    state_.gpr[kEdx] = static_cast<uint32_t>(value >> 32);
  }
};

TEST_F(Msr, SysenterRegistersAreStored) {
  Write(msr::kSysenterCs, 0x08);
  Write(msr::kSysenterEsp, 0xC1000000);
  Write(msr::kSysenterEip, 0xC0100000);
  EXPECT_EQ(Read(msr::kSysenterCs), 0x08u);
  EXPECT_EQ(Read(msr::kSysenterEsp), 0xC1000000u);
  EXPECT_EQ(Read(msr::kSysenterEip), 0xC0100000u);
}

TEST_F(Msr, EferAllowsNxOnly) {
  Write(msr::kEfer, efer::kNxe);
  EXPECT_EQ(Read(msr::kEfer), efer::kNxe);
  EXPECT_TRUE(mmu_.paging().no_execute);
  ExpectWriteFault(msr::kEfer, 1u << 8);
  ExpectWriteFault(msr::kEfer, 1);
}

TEST_F(Msr, PatAndMtrrTypesAreChecked) {
  Write(msr::kPat, 0x0007010600070106);
  ExpectWriteFault(msr::kPat, 2);
  ExpectWriteFault(msr::kPat, 0x0800000000000000);
  Write(msr::kMtrrDefType, 0xC06);
  EXPECT_EQ(Read(msr::kMtrrDefType), 0xC06u);
  ExpectWriteFault(msr::kMtrrDefType, 0x1000);
  Write(0x200, 0xE0000001);
  EXPECT_EQ(Read(0x200), 0xE0000001u);
  ExpectWriteFault(0x200, 0xE0000007);
  Write(0x201, 0xFE0000800);
  ExpectWriteFault(0x201, 0x1000000000);
  Write(0x26F, 0x0606060606060606);
  EXPECT_EQ(Read(0x26F), 0x0606060606060606u);
  ExpectWriteFault(0x250, 7);
  EXPECT_EQ(Read(msr::kMtrrCap), 0x508u);
  ExpectWriteFault(msr::kMtrrCap, 0);
}

TEST_F(Msr, UnknownIsGeneralProtectionAndCounted) {
  ExpectWriteFault(0xC0000082, 0);
  state_.gpr[kEcx] = 0x12345;
  state_.eip = kCode;
  ExpectFault({0x0F, 0x32}, Vector::kGeneralProtection, 0);
  EXPECT_EQ(cpu_.statistics().unknown_msr, 2u);
}

TEST_F(Msr, ApicBaseIsFixedWithoutAnApic) {
  Write(msr::kApicBase, 0xFEE00900);
  EXPECT_EQ(Read(msr::kApicBase), kApicBaseDefault | kApicBaseBsp);
}

TEST_F(Msr, NeedsCpl0) {
  EnterUser();
  ExpectFault({0x0F, 0x32}, Vector::kGeneralProtection, 0);
  EnterUser();
  state_.eip = kCode;
  ExpectFault({0x0F, 0x30}, Vector::kGeneralProtection, 0);
}

TEST_F(Msr, TscStartsAtWhatWasWritten) {
  Write(msr::kTsc, 0x123456789ABC0000);
  ExpectNext({0x0F, 0x31});
  const uint64_t tsc = (uint64_t{state_.gpr[kEdx]} << 32) | state_.gpr[kEax];
  EXPECT_GE(tsc, 0x123456789ABC0000u);
  EXPECT_LT(tsc, 0x123456789ABC0000u + (uint64_t{1} << 34));
}

TEST_F(Msr, RdtscObeysTsd) {
  EnterUser();
  ExpectNext({0x0F, 0x31});
  state_.cr4 |= cr4::kTsd;
  ExpectFault({0x0F, 0x31}, Vector::kGeneralProtection, 0);
  state_.eip = kCode;
  ExpectNext({0x0F, 0x31});
}

TEST_F(Msr, RdpmcHasNoCounters) { ExpectFault({0x0F, 0x33}, Vector::kGeneralProtection, 0); }

// IA32_MCi_STATUS, ADDR and MISC: nothing to report, and only zero may be written.
TEST_F(Msr, MachineCheckBanksHoldNoErrors) {
  const auto select = [&](uint32_t index, uint32_t value) {
    state_.eip = kCode;
    state_.gpr[kEcx] = index;
    state_.gpr[kEax] = value;
    state_.gpr[kEdx] = 0;
  };
  select(msr::kMcgCap, 0);
  ExpectNext({0x0F, 0x32});
  EXPECT_EQ(state_.gpr[kEax], kMachineCheckBanks);
  const uint32_t last = msr::kMc0Ctl + 4 * (kMachineCheckBanks - 1);
  select(last, 0x1234);
  ExpectNext({0x0F, 0x30});
  select(last, 0);
  ExpectNext({0x0F, 0x32});
  EXPECT_EQ(state_.gpr[kEax], 0x1234u);
  select(last + 1, 0);
  ExpectNext({0x0F, 0x30});
  select(last + 1, 1);
  ExpectFault({0x0F, 0x30}, Vector::kGeneralProtection, 0);
  select(last + 4, 0);
  ExpectFault({0x0F, 0x32}, Vector::kGeneralProtection, 0);
}

TEST_F(Msr, ArchCapabilitiesSayThatSupervisorMemoryIsOutOfReach) {
  state_.gpr[kEcx] = msr::kArchCapabilities;
  ExpectNext({0x0F, 0x32});
  EXPECT_EQ(state_.gpr[kEax] & 1u, 1u);
  EXPECT_NE(model_.Query(7, 0, false).edx & (1u << 29), 0u);
}

class Cpuid : public CpuFixture {};

TEST_F(Cpuid, TellsVendorAndFeatures) {
  ExpectNext({0x0F, 0xA2});
  EXPECT_EQ(state_.gpr[kEax], 7u);
  std::array<char, 12> vendor{};
  std::memcpy(&vendor[0], &state_.gpr[kEbx], 4);
  std::memcpy(&vendor[4], &state_.gpr[kEdx], 4);
  std::memcpy(&vendor[8], &state_.gpr[kEcx], 4);
  EXPECT_EQ(std::string(vendor.data(), vendor.size()), "GenuineIntel");
  state_.gpr[kEax] = 1;
  ExpectNext({0x0F, 0xA2});
  EXPECT_EQ(state_.gpr[kEax], 0x6FBu);
  EXPECT_EQ(state_.gpr[kEcx], 0x201u);
  EXPECT_EQ(state_.gpr[kEdx], 0x078BF9FDu);
}

TEST_F(Cpuid, HidesAnApicThatIsSwitchedOff) {
  const CpuModel with_apic = FindCpuModel("core2", true).value();
  EXPECT_NE(with_apic.Query(1, 0, true).edx & (1u << 9), 0u);
  EXPECT_EQ(with_apic.Query(1, 0, false).edx & (1u << 9), 0u);
  EXPECT_EQ(model_.Query(1, 0, true).edx & (1u << 9), 0u);
}

TEST_F(Cpuid, CacheLeavesAgree) {
  // ways * partitions * line * sets.
  const auto bytes = [&](uint32_t subleaf) {
    const CpuidResult leaf = model_.Query(4, subleaf, false);
    return ((leaf.ebx >> 22) + 1) * ((leaf.ebx & 0xFFF) + 1) * (leaf.ecx + 1);
  };
  EXPECT_EQ(bytes(0), 32u << 10);
  EXPECT_EQ(bytes(1), 32u << 10);
  EXPECT_EQ(bytes(2), 4u << 20);
  EXPECT_EQ(model_.Query(4, 3, false), CpuidResult{});
  EXPECT_EQ(model_.Query(0x80000006, 0, false).ecx >> 16, 4096u);
}

TEST_F(Cpuid, BeyondTheHighestLeafRepeatsTheHighestBasicOne) {
  EXPECT_EQ(model_.Query(8, 0, false), model_.Query(7, 0, false));
  EXPECT_EQ(model_.Query(0x40000000, 0, false), model_.Query(7, 0, false));
  EXPECT_EQ(model_.Query(0x80000009, 0, false), model_.Query(7, 0, false));
}

TEST_F(Cpuid, BrandStringIsTerminated) {
  std::array<char, 48> text{};
  for (uint32_t i = 0; i < 3; ++i) {
    const CpuidResult part = model_.Query(0x80000002 + i, 0, false);
    std::memcpy(&text[i * 16], &part, 16);
  }
  EXPECT_EQ(std::string(text.data()), model_.brand);
}

TEST_F(Cpuid, Pentium3HasNoSse2NoNxNoExtendedLeaves) {
  const CpuModel model = FindCpuModel("pentium3").value();
  EXPECT_EQ(model.Query(1, 0, false).eax, 0x686u);
  EXPECT_EQ(model.Query(1, 0, false).edx & (1u << 26), 0u);
  EXPECT_NE(model.Query(1, 0, false).edx & (1u << 25), 0u);
  EXPECT_EQ(model.Query(0x80000000, 0, false), model.Query(2, 0, false));
  EXPECT_FALSE(model.features.nx);
  EXPECT_FALSE(FindCpuModel("8086").has_value());
}

class Pentium3 : public CpuFixture {
 protected:
  Pentium3() : CpuFixture("pentium3") {}
};

TEST_F(Pentium3, HasNoEfer) {
  state_.gpr[kEcx] = msr::kEfer;
  ExpectFault({0x0F, 0x32}, Vector::kGeneralProtection, 0);
}

}  // namespace
}  // namespace verbatim::test
