// SPDX-License-Identifier: Apache-2.0
#include "firmware/acpi_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "base/bits.h"
#include "firmware/dsdt.h"
#include "firmware/memory_map.h"

namespace verbatim {
namespace {

bool SumsToZero(std::span<const uint8_t> bytes) {
  return std::accumulate(bytes.begin(), bytes.end(), 0u) % 256 == 0;
}

class AcpiTablesTest : public testing::Test {
 protected:
  void Write(const AcpiConfig& config) {
    std::ranges::fill(ram_, uint8_t{0});
    const auto rsdp = WriteAcpiTables(ram_, config);
    ASSERT_TRUE(rsdp) << rsdp.error().message;
    rsdp_ = rsdp->value;
  }
  template <typename T>
  T Load(uint64_t address) {
    return LoadLittle<T>(std::span(ram_).subspan(address, sizeof(T)).data());
  }
  std::string Text(uint64_t address, size_t count) {
    return {ram_.begin() + static_cast<ptrdiff_t>(address),
            ram_.begin() + static_cast<ptrdiff_t>(address + count)};
  }
  std::span<const uint8_t> TableAt(uint64_t address) {
    return std::span(ram_).subspan(address, Load<uint32_t>(address + 4));
  }
  // Address by signature of what the RSDT lists.
  std::map<std::string, uint32_t> Listed() {
    std::map<std::string, uint32_t> tables;
    const uint32_t rsdt = Load<uint32_t>(rsdp_ + 16);
    for (uint32_t at = rsdt + 36; at < rsdt + TableAt(rsdt).size(); at += 4) {
      const auto address = Load<uint32_t>(at);
      tables[Text(address, 4)] = address;
    }
    return tables;
  }

  std::vector<uint8_t> ram_ = std::vector<uint8_t>(2 << 20);
  uint64_t rsdp_ = 0;
};

TEST_F(AcpiTablesTest, RsdpIsFoundByScanningTheBiosArea) {
  Write({});
  std::vector<uint64_t> found;
  for (uint64_t at = 0xE0000; at < 0x100000; at += 16) {
    if (Text(at, 8) == "RSD PTR " && SumsToZero(std::span(ram_).subspan(at, 20))) {
      found.push_back(at);
    }
  }
  EXPECT_THAT(found, testing::ElementsAre(rsdp_));
  EXPECT_GE(rsdp_, 0xF0000u);
}

TEST_F(AcpiTablesTest, EveryTableHasItsSignatureAndChecksum) {
  Write({.apic = ApicConfig{}, .hpet = HpetConfig{}});
  const uint32_t rsdt = Load<uint32_t>(rsdp_ + 16);
  EXPECT_EQ(Text(rsdt, 4), "RSDT");
  EXPECT_TRUE(SumsToZero(TableAt(rsdt)));
  const auto tables = Listed();
  EXPECT_EQ(tables.size(), 3u);
  for (const auto& [signature, address] : tables) {
    EXPECT_TRUE(SumsToZero(TableAt(address))) << signature;
  }
  const uint32_t dsdt = Load<uint32_t>(tables.at("FACP") + 40);
  EXPECT_EQ(Text(dsdt, 4), "DSDT");
  EXPECT_TRUE(SumsToZero(TableAt(dsdt)));
  EXPECT_EQ(TableAt(dsdt).size(), DsdtAml().size());
  EXPECT_THAT(TableAt(dsdt), testing::ElementsAreArray(DsdtAml()));
}

TEST_F(AcpiTablesTest, FacsIsAlignedAndNamedTwiceByTheFadt) {
  Write({});
  const uint32_t fadt = Listed().at("FACP");
  const uint32_t facs = Load<uint32_t>(fadt + 36);
  EXPECT_EQ(facs % 64, 0u);
  EXPECT_GE(facs, kExtendedBiosDataArea.value) << "the system writes to it";
  EXPECT_LT(facs, kAdapterArea.value);
  EXPECT_EQ(Text(facs, 4), "FACS");
  EXPECT_EQ(Load<uint32_t>(facs + 4), 64u);
  EXPECT_EQ(Load<uint64_t>(fadt + 132), facs);
  EXPECT_EQ(Load<uint64_t>(fadt + 140), Load<uint32_t>(fadt + 40));
}

TEST_F(AcpiTablesTest, FadtNamesTheConfiguredHardware) {
  Write({.pm1a_event_port = 0x1600,
         .pm1a_control_port = 0x1604,
         .pm_timer_port = 0x1608,
         .smi_command_port = 0x12,
         .acpi_enable_value = 0x34,
         .acpi_disable_value = 0x56,
         .sci_irq = 11,
         .reset_port = 0x64,
         .reset_value = 0xFE});
  const uint32_t fadt = Listed().at("FACP");
  EXPECT_EQ(TableAt(fadt).size(), 244u);
  EXPECT_EQ(Load<uint8_t>(fadt + 8), 3);
  EXPECT_EQ(Load<uint16_t>(fadt + 46), 11);
  EXPECT_EQ(Load<uint32_t>(fadt + 48), 0x12u);
  EXPECT_EQ(Load<uint8_t>(fadt + 52), 0x34);
  EXPECT_EQ(Load<uint8_t>(fadt + 53), 0x56);
  EXPECT_EQ(Load<uint32_t>(fadt + 56), 0x1600u);
  EXPECT_EQ(Load<uint32_t>(fadt + 64), 0x1604u);
  EXPECT_EQ(Load<uint32_t>(fadt + 76), 0x1608u);
  EXPECT_EQ(Load<uint8_t>(fadt + 88), 4);
  EXPECT_EQ(Load<uint8_t>(fadt + 89), 2);
  EXPECT_EQ(Load<uint8_t>(fadt + 91), 4);
  EXPECT_EQ(Load<uint16_t>(fadt + 109), 3);            // legacy devices and 8042
  EXPECT_EQ(Load<uint32_t>(fadt + 116), 0x00000801u);  // 8 bits of I/O space
  EXPECT_EQ(Load<uint64_t>(fadt + 120), 0x64u);
  EXPECT_EQ(Load<uint8_t>(fadt + 128), 0xFE);
  EXPECT_EQ(Load<uint32_t>(fadt + 148), 0x00002001u);
  EXPECT_EQ(Load<uint64_t>(fadt + 152), 0x1600u);
  EXPECT_EQ(Load<uint32_t>(fadt + 172), 0x00001001u);
  EXPECT_EQ(Load<uint64_t>(fadt + 176), 0x1604u);
  EXPECT_EQ(Load<uint64_t>(fadt + 212), 0x1608u);
}

TEST_F(AcpiTablesTest, TimerWidthFollowsTheConfiguration) {
  Write({.pm_timer_is_32_bit = false});
  EXPECT_EQ(Load<uint32_t>(Listed().at("FACP") + 112), 0x465u);
  Write({.pm_timer_is_32_bit = true});
  EXPECT_EQ(Load<uint32_t>(Listed().at("FACP") + 112), 0x565u);
}

TEST_F(AcpiTablesTest, MadtStandsOnlyOnAMachineWithAnApic) {
  Write({});
  EXPECT_FALSE(Listed().contains("APIC"));
  Write({.apic = ApicConfig{.local_apic_address = 0xFEE10000,
                            .local_apic_id = 3,
                            .io_apic_address = 0xFEC10000,
                            .io_apic_id = 5}});
  const uint32_t madt = Listed().at("APIC");
  EXPECT_EQ(Load<uint32_t>(madt + 36), 0xFEE10000u);
  EXPECT_EQ(Load<uint32_t>(madt + 40), 1u);
  std::vector<int> types;
  uint32_t at = madt + 44;
  while (at < madt + TableAt(madt).size()) {
    types.push_back(Load<uint8_t>(at));
    at += Load<uint8_t>(at + 1);
  }
  EXPECT_EQ(at, madt + TableAt(madt).size());
  EXPECT_THAT(types, testing::ElementsAre(0, 1, 2, 2, 4));
  EXPECT_EQ(Load<uint8_t>(madt + 44 + 3), 3);
  EXPECT_EQ(Load<uint8_t>(madt + 52 + 2), 5);
  EXPECT_EQ(Load<uint32_t>(madt + 52 + 4), 0xFEC10000u);
}

TEST_F(AcpiTablesTest, HpetTableStandsOnlyOnAMachineWithAnHpet) {
  Write({.apic = ApicConfig{}});
  EXPECT_FALSE(Listed().contains("HPET"));
  Write({.hpet = HpetConfig{.address = 0xFED00400, .id = 0x8086A201}});
  const uint32_t hpet = Listed().at("HPET");
  EXPECT_EQ(TableAt(hpet).size(), 56u);
  EXPECT_EQ(Load<uint32_t>(hpet + 36), 0x8086A201u);
  EXPECT_EQ(Load<uint32_t>(hpet + 40), 64u << 8);  // in memory, 64 bits wide
  EXPECT_EQ(Load<uint64_t>(hpet + 44), 0xFED00400u);
  EXPECT_EQ(Load<uint8_t>(hpet + 52), 0);
  EXPECT_EQ(Load<uint16_t>(hpet + 53), 0x80);
  EXPECT_EQ(Load<uint8_t>(hpet + 55), 1);
}

TEST_F(AcpiTablesTest, WritesNothingOutsideTheBiosAreaButTheFacs) {
  std::ranges::fill(ram_, uint8_t{0xA5});
  ASSERT_TRUE(WriteAcpiTables(ram_, {.apic = ApicConfig{}, .hpet = HpetConfig{}}));
  const std::span<const uint8_t> ram(ram_);
  std::ranges::fill(std::span(ram_).subspan(kFacsAddress.value, 64), uint8_t{0xA5});
  EXPECT_TRUE(std::ranges::all_of(ram.first(0xF0000), [](uint8_t b) { return b == 0xA5; }));
  EXPECT_TRUE(std::ranges::all_of(ram.subspan(0x100000), [](uint8_t b) { return b == 0xA5; }));
}

TEST_F(AcpiTablesTest, RefusesRamWithoutABiosArea) {
  const auto rsdp = WriteAcpiTables(std::span(ram_).first(0xFFFFF), {});
  ASSERT_FALSE(rsdp);
  EXPECT_EQ(rsdp.error().message,
            "ACPI tables: guest RAM ends at FFFFFh, expected at least 100000h");
}

bool DsdtHolds(const std::vector<uint8_t>& bytes) {
  return !std::ranges::search(DsdtAml(), bytes).empty();
}

// A _PRT entry in AML: Package (4) { address, pin, 0, line }.
std::vector<uint8_t> RoutingEntry(uint8_t slot, uint8_t pin, uint8_t line) {
  std::vector<uint8_t> body = {4};
  if (slot == 0) {
    body.insert(body.end(), {0x0B, 0xFF, 0xFF});
  } else {
    body.insert(body.end(), {0x0C, 0xFF, 0xFF, slot, 0});
  }
  if (pin >= 2) body.push_back(0x0A);
  body.insert(body.end(), {pin, 0, 0x0A, line});
  std::vector<uint8_t> entry = {0x12, static_cast<uint8_t>(body.size() + 1)};
  entry.insert(entry.end(), body.begin(), body.end());
  return entry;
}

TEST(Dsdt, RoutesEveryPciPinAsPciInterruptLineSays) {
  for (uint8_t slot = 0; slot < 32; ++slot) {
    for (uint8_t pin = 0; pin < 4; ++pin) {
      EXPECT_TRUE(DsdtHolds(RoutingEntry(slot, pin, PciInterruptLine(slot, pin))))
          << "slot " << int{slot} << " pin " << int{pin};
    }
  }
}

TEST(Dsdt, SoftOffUsesTheSleepTypeThatTheHeaderNames) {
  static_assert(kSoftOffSleepType == 0, "ZeroOp below");
  EXPECT_TRUE(DsdtHolds({0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace verbatim
