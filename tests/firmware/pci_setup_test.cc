// SPDX-License-Identifier: Apache-2.0
#include "firmware/pci_setup.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "base/bits.h"
#include "firmware/pci_config.h"
#include "firmware/pir_table.h"
#include "firmware/smbios.h"

namespace verbatim {
namespace {

// A function whose registers can be written where a mask says so.
struct FakeFunction {
  std::array<uint8_t, 256> bytes{};
  std::array<uint8_t, 256> writable{};

  void Define(uint8_t offset, uint32_t value, uint32_t mask) {
    StoreLittle(&bytes[offset], value);
    StoreLittle(&writable[offset], mask);
  }
};

class FakePci final : public PortIo {
 public:
  FakeFunction& Add(unsigned device, unsigned function, uint32_t identity, uint32_t class_code) {
    FakeFunction& added = functions_[device * 8 + function];
    added.Define(0, identity, 0);
    added.Define(4, 0, 0xFFFF);
    added.Define(8, class_code << 8, 0);
    added.Define(0x3C, 0, 0xFF);
    return added;
  }
  uint32_t Read(unsigned device, unsigned function, uint8_t offset) {
    return LoadLittle<uint32_t>(&functions_.at(device * 8 + function).bytes[offset]);
  }

  uint32_t ReadPort(uint16_t port, unsigned bytes) override {
    if (port == 0x4D0 || port == 0x4D1) return elcr[port - 0x4D0];
    FakeFunction* function = Selected();
    if (function == nullptr) return ~0u >> (32 - 8 * bytes);
    uint32_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) value |= function->bytes[Offset(port) + i] << 8 * i;
    return value;
  }
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override {
    if (port == 0x4D0 || port == 0x4D1) elcr[port - 0x4D0] = static_cast<uint8_t>(value);
    if (port == 0xCF8) address_ = value;
    FakeFunction* function = Selected();
    if (port < 0xCFC || function == nullptr) return;
    for (unsigned i = 0; i < bytes; ++i) {
      const unsigned at = Offset(port) + i;
      const uint8_t mask = function->writable[at];
      function->bytes[at] =
          static_cast<uint8_t>((function->bytes[at] & ~mask) | (value >> 8 * i & mask));
    }
  }

  std::array<uint8_t, 2> elcr{};

 private:
  FakeFunction* Selected() {
    const auto found = functions_.find(address_ >> 8 & 0xFF);
    return (address_ >> 16 & 0xFF) == 0 && found != functions_.end() ? &found->second : nullptr;
  }
  [[nodiscard]] unsigned Offset(uint16_t port) const { return (address_ & 0xFC) + port - 0xCFC; }

  std::map<unsigned, FakeFunction> functions_;
  uint32_t address_ = 0;
};

constexpr uint32_t kNetworkClass = 0x020000;

TEST(PciSetupTest, RegionsLieInTheWindowsAtMultiplesOfTheirSizeAndDoNotOverlap) {
  FakePci pci;
  FakeFunction& first = pci.Add(3, 0, 0x12345678, kNetworkClass);
  first.Define(0x10, 0x1, 0xFFFFFFE0);  // 32 ports
  first.Define(0x14, 0x0, 0xFFFFF000);  // 4 KiB
  first.Define(0x30, 0x0, 0xFFFF0001);  // a ROM of 64 KiB
  FakeFunction& second = pci.Add(4, 0, 0x12345678, kNetworkClass);
  second.Define(0x10, 0x1, 0x0000FF00);  // 256 ports, 16 bits
  second.Define(0x14, 0xC, 0xFF000000);  // 16 MiB, 64 bits
  second.Define(0x18, 0x0, 0xFFFFFFFF);
  SetUpPci(pci);
  EXPECT_EQ(pci.Read(4, 0, 0x10), 0xC001u);
  EXPECT_EQ(pci.Read(3, 0, 0x10), 0xC101u);
  EXPECT_EQ(pci.Read(4, 0, 0x14), 0xE000000Cu);
  EXPECT_EQ(pci.Read(4, 0, 0x18), 0u);
  EXPECT_EQ(pci.Read(3, 0, 0x30), 0xE1000000u);  // placed, not switched on
  EXPECT_EQ(pci.Read(3, 0, 0x14), 0xE1010000u);
  EXPECT_EQ(pci.Read(3, 0, 0x04) & 7, 3u);  // ports and memory, no master
}

TEST(PciSetupTest, AFunctionThatDoesNotFitStaysOff) {
  FakePci pci;
  pci.Add(3, 0, 0x12345678, kNetworkClass).Define(0x10, 0, 0xE0000000);  // 512 MiB
  pci.Add(4, 0, 0x12345678, kNetworkClass).Define(0x10, 0, 0xFFFFF000);
  SetUpPci(pci);
  EXPECT_EQ(pci.Read(3, 0, 0x04) & 7, 0u);
  EXPECT_EQ(pci.Read(4, 0, 0x04) & 7, 2u);
}

TEST(PciSetupTest, FunctionsBehindTheFirstCountOnMultifunctionDevicesOnly) {
  FakePci pci;
  pci.Add(3, 0, 0x12345678, kNetworkClass);
  pci.Add(3, 1, 0x12345678, kNetworkClass).Define(0x10, 0, 0xFFFFF000);
  pci.Add(4, 0, 0x12345678, kNetworkClass).Define(0x0C, 0x800000, 0);
  pci.Add(4, 1, 0x12345678, kNetworkClass).Define(0x10, 0, 0xFFFFF000);
  SetUpPci(pci);
  EXPECT_EQ(pci.Read(3, 1, 0x10), 0u);
  EXPECT_EQ(pci.Read(4, 1, 0x10), 0xE0000000u);
}

TEST(PciSetupTest, InterruptLinesFollowTheRouterAndAreLevelTriggered) {
  FakePci pci;
  pci.Add(1, 0, 0x70008086, 0x060100).Define(0x60, 0x80808080, 0x8F8F8F8F);
  for (unsigned slot = 3; slot < 7; ++slot) {
    pci.Add(slot, 0, 0x12345678, kNetworkClass).Define(0x3C, 0x0100, 0xFF);
  }
  SetUpPci(pci);
  EXPECT_EQ(pci.Read(1, 0, 0x60), 0x0B0B0A0Au);
  EXPECT_EQ(pci.elcr[1], 0x0C);
  for (unsigned slot = 3; slot < 7; ++slot) {
    const unsigned line = pci.Read(1, 0, 0x60) >> 8 * PirqOf(slot, 0) & 0xFF;
    EXPECT_EQ(pci.Read(slot, 0, 0x3C) & 0xFF, line) << slot;
  }
}

uint8_t Sum(std::span<const uint8_t> bytes) {
  return static_cast<uint8_t>(std::accumulate(bytes.begin(), bytes.end(), 0));
}

TEST(PirTableTest, NamesTheRegisterOfEachPinsWire) {
  const std::vector<uint8_t> table = BuildPirTable();
  EXPECT_EQ(Sum(table), 0);
  EXPECT_EQ(LoadLittle<uint16_t>(&table[6]), table.size());
  for (unsigned slot = 1; slot < 32; ++slot) {
    const uint8_t* entry = &table[32 + 16 * (slot - 1)];
    EXPECT_EQ(entry[1] >> 3, slot);
    for (unsigned pin = 0; pin < 4; ++pin) {
      EXPECT_EQ(entry[2 + 3 * pin], 0x60 + PirqOf(slot, pin));
    }
  }
}

TEST(SmbiosTest, StructuresFollowEachOtherToTheEnd) {
  constexpr uint64_t kMemory = 64ull << 20;
  const std::vector<uint8_t> table = BuildSmbios({0xFD400}, {.memory_bytes = kMemory});
  const std::span all(table);
  EXPECT_EQ(Sum(all.first(31)), 0);
  EXPECT_EQ(Sum(all.subspan(16, 15)), 0);
  EXPECT_EQ(LoadLittle<uint32_t>(&table[24]), 0xFD420u);
  size_t at = 32;
  size_t largest = 0;
  std::vector<unsigned> types;
  while (at < table.size()) {
    const size_t begin = at;
    types.push_back(table[at]);
    if (table[at] == 16) {
      EXPECT_EQ(LoadLittle<uint32_t>(&table[at + 7]), kMemory >> 10);
    }
    if (table[at] == 17) {
      EXPECT_EQ(LoadLittle<uint16_t>(&table[at + 12]), kMemory >> 20);
    }
    at += table[at + 1];
    while (table[at] != 0 || table[at + 1] != 0) ++at;
    at += 2;
    largest = std::max(largest, at - begin);
  }
  EXPECT_EQ(at, table.size());
  EXPECT_EQ(types, (std::vector<unsigned>{0, 1, 3, 4, 16, 17, 19, 32, 127}));
  EXPECT_EQ(LoadLittle<uint16_t>(&table[28]), types.size());
  EXPECT_EQ(LoadLittle<uint16_t>(&table[22]), table.size() - 32);
  EXPECT_EQ(LoadLittle<uint16_t>(&table[8]), largest);
}

}  // namespace
}  // namespace verbatim
