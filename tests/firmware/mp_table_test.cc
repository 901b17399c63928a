// SPDX-License-Identifier: Apache-2.0
#include "firmware/mp_table.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "base/bits.h"

namespace verbatim {
namespace {

constexpr PhysicalAddress kPlace{0xFC800};
constexpr size_t kPointerBytes = 16;
constexpr size_t kHeaderBytes = 44;

uint8_t Sum(std::span<const uint8_t> bytes) {
  return static_cast<uint8_t>(std::accumulate(bytes.begin(), bytes.end(), 0u));
}

class MpTableTest : public testing::Test {
 protected:
  MpTableTest() {
    size_t at = kPointerBytes + kHeaderBytes;
    while (at < tables_.size()) {
      const size_t bytes = tables_[at] == 0 ? 20 : 8;
      entries_[tables_[at]].push_back(std::span(tables_).subspan(at, bytes));
      at += bytes;
      ++count_;
    }
    EXPECT_EQ(at, tables_.size());
  }
  // The I/O APIC's input for a line of a bus, and its flags; -1: the line is not there.
  int InputOf(uint8_t bus, unsigned source, unsigned* flags = nullptr) {
    int input = -1;
    for (const auto entry : entries_[3]) {
      if (entry[4] != bus || entry[5] != source) continue;
      EXPECT_EQ(input, -1) << "twice: " << source;
      EXPECT_EQ(entry[6], 7) << "the I/O APIC's number";
      input = entry[7];
      if (flags != nullptr) *flags = LoadLittle<uint16_t>(&entry[2]);
    }
    return input;
  }

  const std::vector<uint8_t> tables_ = BuildMpTables(
      kPlace,
      {.apic = {.io_apic_id = 7}, .processor_signature = 0x6F6, .processor_features = 0x201});
  std::map<unsigned, std::vector<std::span<const uint8_t>>> entries_;
  unsigned count_ = 0;
};

TEST_F(MpTableTest, ThePointerLeadsToTheTable) {
  const std::span all(tables_);
  EXPECT_EQ(std::string(all.begin(), all.begin() + 4), "_MP_");
  EXPECT_EQ(Sum(all.first(kPointerBytes)), 0);
  EXPECT_EQ(LoadLittle<uint32_t>(&tables_[4]), kPlace.value + kPointerBytes);
  EXPECT_EQ(tables_[8], 1);
  const auto table = all.subspan(kPointerBytes);
  EXPECT_EQ(std::string(table.begin(), table.begin() + 4), "PCMP");
  EXPECT_EQ(LoadLittle<uint16_t>(&table[4]), table.size());
  EXPECT_EQ(Sum(table), 0);
  EXPECT_EQ(LoadLittle<uint16_t>(&table[34]), count_);
  EXPECT_EQ(LoadLittle<uint32_t>(&table[36]), 0xFEE00000u);
}

TEST_F(MpTableTest, OneProcessorStartsAndOneIoApicServes) {
  ASSERT_EQ(entries_[0].size(), 1u);
  EXPECT_EQ(entries_[0][0][3], 3) << "enabled, and the one that starts";
  EXPECT_EQ(LoadLittle<uint32_t>(&entries_[0][0][4]), 0x6F6u);
  EXPECT_EQ(LoadLittle<uint32_t>(&entries_[0][0][8]), 0x201u);
  ASSERT_EQ(entries_[2].size(), 1u);
  EXPECT_EQ(entries_[2][0][1], 7);
  EXPECT_EQ(LoadLittle<uint32_t>(&entries_[2][0][4]), 0xFEC00000u);
}

TEST_F(MpTableTest, IsaLinesAreWiredAsTheMadtSays) {
  EXPECT_EQ(InputOf(1, 0), 2);
  EXPECT_EQ(InputOf(1, 2), -1);
  for (const unsigned irq : {1u, 3u, 4u, 6u, 8u, 12u, 14u, 15u}) {
    EXPECT_EQ(InputOf(1, irq), static_cast<int>(irq));
  }
  unsigned flags = 0;
  EXPECT_EQ(InputOf(1, 9, &flags), 9);
  EXPECT_EQ(flags, 0xDu) << "the SCI: active high, level";
  EXPECT_EQ(InputOf(1, 10), -1) << "PCI's";
  EXPECT_EQ(InputOf(1, 11), -1) << "PCI's";
}

TEST_F(MpTableTest, EveryPciPinHasItsLine) {
  for (unsigned slot = 1; slot < 32; ++slot) {
    for (unsigned pin = 0; pin < 4; ++pin) {
      EXPECT_EQ(InputOf(0, slot << 2 | pin), PciInterruptLine(slot, pin));
    }
  }
}

TEST_F(MpTableTest, The8259sAreAtLint0AndNmiAtLint1) {
  ASSERT_EQ(entries_[4].size(), 2u);
  EXPECT_EQ(entries_[4][0][1], 3);
  EXPECT_EQ(entries_[4][0][7], 0);
  EXPECT_EQ(entries_[4][1][1], 1);
  EXPECT_EQ(entries_[4][1][7], 1);
}

}  // namespace
}  // namespace verbatim
