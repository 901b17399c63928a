// SPDX-License-Identifier: Apache-2.0
// Symbols from text and from ELF files, whatever they hold.
#include "trace/symbol_table.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "base/file.h"

namespace verbatim {
namespace {

using testing::HasSubstr;

Result<SymbolTable> FromText(std::string_view text) {
  return SymbolTable::Parse({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, "map");
}

TEST(SymbolTable, ReadsAMap) {
  const auto table = FromText(
      "c1000000 T _text\nc1000040 t helper\t[module]\r\n\nc1000040 T alias\nc1000100 D data\n");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->Describe(0xC1000000), "_text");
  EXPECT_EQ(table->Describe(0xC100003F), "_text+3f");
  EXPECT_EQ(table->Describe(0xC1000041), "helper+1") << "the first of two at one address";
  EXPECT_EQ(table->Describe(0xC0FFFFFF), "");
  EXPECT_EQ(table->Describe(0xD0000000), "") << "too far from any";
  EXPECT_EQ(table->Find("helper"), std::pair(0xC1000040u, 0xC10000FFu));
  EXPECT_EQ(table->Find("nothing"), std::nullopt);
}

TEST(SymbolTable, NamesTheLineThatMakesNoSense) {
  const auto complaint = [](std::string_view text) {
    const auto table = FromText(text);
    return table ? std::string() : table.error().message;
  };
  EXPECT_THAT(complaint("c1000000 T a\nnonsense\n"), HasSubstr("map: line 2"));
  EXPECT_THAT(complaint("c1000000 TT a\n"), HasSubstr("line 1"));
  EXPECT_THAT(complaint("c1000000 T\n"), HasSubstr("line 1"));
  EXPECT_THAT(complaint(std::string("c1000000 T a\x01\n")), HasSubstr("line 1"));
  EXPECT_THAT(complaint("c1000000 T " + std::string(600, 'a')), HasSubstr("line 1"));
  EXPECT_THAT(complaint(""), HasSubstr("no symbols"));
  EXPECT_THAT(complaint("ffffffffff000000 T far\n"), HasSubstr("no symbols"));
}

std::vector<uint8_t> HelloElf() {
  const auto file = ReadFile(std::string(VERBATIM_TEST_GUESTS) + "/hello.elf", 1 << 20);
  EXPECT_TRUE(file);
  return file.value_or(std::vector<uint8_t>());
}

TEST(SymbolTable, ReadsAnElfFile) {
  const auto table = SymbolTable::Parse(HelloElf(), "hello.elf");
  ASSERT_TRUE(table) << table.error().message;
  const auto start = table->Find("Start");
  ASSERT_TRUE(start);
  EXPECT_EQ(table->Describe(start->first), "Start");
}

// Whatever is cut off or damaged: an error or a table, and no access beyond the file (which the
// sanitizers would see).
TEST(SymbolTable, SurvivesDamagedElfFiles) {
  const std::vector<uint8_t> whole = HelloElf();
  for (size_t size = 0; size < whole.size(); size += 61) {
    (void)SymbolTable::Parse(std::span(whole).first(size), "cut");
  }
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    std::vector<uint8_t> damaged = whole;
    Elf32_Ehdr header;
    std::memcpy(&header, damaged.data(), sizeof(header));
    // Half of the damage where it counts: the header and the section headers.
    for (int k = 0; k < 3; ++k) {
      const size_t at =
          k == 0 ? random() % sizeof(header) : (header.e_shoff + random() % 512) % damaged.size();
      damaged[at] = static_cast<uint8_t>(random());
    }
    const auto table = SymbolTable::Parse(damaged, "damaged");
    if (table) (void)table->Describe(0x100084);
  }
}

TEST(SymbolTable, NamesTheFieldOfAnElfFile) {
  std::vector<uint8_t> file = HelloElf();
  file[EI_CLASS] = 7;
  const auto table = SymbolTable::Parse(file, "odd.elf");
  ASSERT_FALSE(table);
  EXPECT_THAT(table.error().message, HasSubstr("odd.elf: ELF class 7"));
}

}  // namespace
}  // namespace verbatim
