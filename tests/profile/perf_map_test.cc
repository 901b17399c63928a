// SPDX-License-Identifier: Apache-2.0
// The map of names for perf: what becomes of places whose code is replaced.
#include "profile/perf_map.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace verbatim {
namespace {

class PerfMapTest : public testing::Test {
 protected:
  PerfMapTest() { std::filesystem::create_directory(folder_); }
  ~PerfMapTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<PerfMap> Create() {
    auto map = PerfMap::Create(folder_);
    EXPECT_TRUE(map) << map.error().message;
    return *std::move(map);
  }
  void Add(PerfMap& map, uint64_t address, size_t bytes, const std::string& name) {
    map.Add({{reinterpret_cast<const uint8_t*>(address), bytes}, name});
  }
  std::string Text() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  const std::string folder_ = testing::TempDir() + "verbatim-perf-map-" +
                              testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string path_ = fmt::format("{}/perf-{}.map", folder_, ::getpid());
};

TEST_F(PerfMapTest, HoldsStartSizeAndNameOfEachPiece) {
  const auto map = Create();
  Add(*map, 0x2000, 0x30, "second [00001000 user]");
  Add(*map, 0x1000, 0x10, "first");
  ASSERT_TRUE(map->Finish());
  EXPECT_EQ(Text(), "1000 10 first\n2000 30 second [00001000 user]\n");
}

TEST_F(PerfMapTest, ForgetsWhatWasInThePlaceOfNewCode) {
  const auto map = Create();
  Add(*map, 0x1000, 0x100, "ends in it");
  Add(*map, 0x1100, 0x10, "is covered");
  Add(*map, 0x1180, 0x100, "begins in it");
  Add(*map, 0x1280, 0x10, "follows");
  Add(*map, 0x10F0, 0x190, "new");
  ASSERT_TRUE(map->Finish());
  EXPECT_EQ(Text(), "10f0 190 new\n1280 10 follows\n");
}

TEST_F(PerfMapTest, GivesAMovedBlockItsNewName) {
  const auto map = Create();
  Add(*map, 0x1000, 0x10, "[b7001000 user]");
  Add(*map, 0x1000, 0x10, "[b7402000 user]");
  ASSERT_TRUE(map->Finish());
  EXPECT_EQ(Text(), "1000 10 [b7402000 user]\n");
}

TEST_F(PerfMapTest, DoesNotWriteThroughALinkThatSomebodyHasLeftThere) {
  const std::string victim = folder_ + "/victim";
  std::ofstream(victim) << "precious";
  std::filesystem::create_symlink(victim, path_);
  const auto map = Create();
  ASSERT_TRUE(map->Finish());
  std::ostringstream text;
  text << std::ifstream(victim).rdbuf();
  EXPECT_EQ(text.str(), "precious");
}

TEST_F(PerfMapTest, SaysWhichFileCannotBeCreated) {
  const auto map = PerfMap::Create(folder_ + "/nowhere");
  ASSERT_FALSE(map);
  EXPECT_NE(map.error().message.find("/nowhere/perf-"), std::string::npos) << map.error().message;
}

}  // namespace
}  // namespace verbatim
