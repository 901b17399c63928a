// SPDX-License-Identifier: Apache-2.0
// The log as a file.
#include "trace/block_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>

#include "tests/trace/run_guest.h"

namespace verbatim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class BlockLogTest : public testing::Test {
 protected:
  ~BlockLogTest() override { std::filesystem::remove(path_); }
  const std::string path_ = testing::TempDir() + "verbatim-block-log-" +
                            testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(BlockLogTest, HoldsEveryBlockOnceTheGuestHasRun) {
  {
    const auto log = BlockLog::Create(path_);
    ASSERT_TRUE(log) << log.error().message;
    RunGuest("hello", **log);
  }
  const auto bytes = ReadFile(path_, 64 << 20);
  ASSERT_TRUE(bytes) << bytes.error().message;
  const std::string text(bytes->begin(), bytes->end());
  EXPECT_THAT(text, StartsWith("block 1  eip "));
  EXPECT_THAT(text, HasSubstr("\n\nblock 2  eip "));
  EXPECT_THAT(text, HasSubstr("out dx, al"));
  EXPECT_EQ(text.substr(text.size() - 2), "\n\n") << "the last block is whole";
}

TEST_F(BlockLogTest, NamesAFileThatCannotBeMade) {
  const auto log = BlockLog::Create("/no/such/directory/log");
  ASSERT_FALSE(log);
  EXPECT_THAT(log.error().message, HasSubstr("/no/such/directory/log"));
}

TEST_F(BlockLogTest, AFullDiskIsSaidOnceAndTheGuestRunsOn) {
  testing::internal::CaptureStderr();
  {
    const auto log = BlockLog::Create("/dev/full");
    ASSERT_TRUE(log) << log.error().message;
    RunGuest("hello", **log);
  }
  std::fflush(stderr);
  const std::string output = testing::internal::GetCapturedStderr();
  EXPECT_THAT(output, HasSubstr("/dev/full: cannot be written: No space left on device"));
  EXPECT_EQ(std::ranges::count(output, '\n'), 1);
}

}  // namespace
}  // namespace verbatim
