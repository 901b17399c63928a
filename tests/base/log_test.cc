// SPDX-License-Identifier: Apache-2.0
// What reaches standard error: levels, the limiter, and failed assertions.
#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "base/check.h"

namespace verbatim {
namespace {

using testing::HasSubstr;
using testing::Not;

class LogTest : public testing::Test {
 protected:
  void SetUp() override { testing::internal::CaptureStderr(); }
  void TearDown() override {
    if (!taken_) static_cast<void>(Output());
    SetLogLevel(LogLevel::kWarning);
  }
  std::string Output() {
    taken_ = true;
    std::fflush(stderr);
    return testing::internal::GetCapturedStderr();
  }

 private:
  bool taken_ = false;
};

TEST_F(LogTest, OneLineWithLevelAndCarriageReturn) {
  Log(LogLevel::kWarning, "port {:04x}h", 0x3F8);
  EXPECT_EQ(Output(), "verbatim: warning: port 03f8h\r\n");
}

TEST_F(LogTest, LevelsBelowTheChosenAreSilent) {
  EXPECT_FALSE(LogEnabled(LogLevel::kInfo));
  Log(LogLevel::kInfo, "quiet");
  SetLogLevel(LogLevel::kDebug);
  EXPECT_TRUE(LogEnabled(LogLevel::kDebug));
  Log(LogLevel::kDebug, "loud");
  const std::string output = Output();
  EXPECT_THAT(output, Not(HasSubstr("quiet")));
  EXPECT_THAT(output, HasSubstr("debug: loud"));
}

TEST_F(LogTest, TheLimiterGoesQuietAndGoesOnCounting) {
  LogLimiter limiter;
  constexpr uint64_t kTimes = LogLimiter::kMaxRepeats + 100;
  for (uint64_t i = 0; i < kTimes; ++i) limiter.Log(LogLevel::kWarning, "message {}", i);
  const std::string output = Output();
  EXPECT_EQ(limiter.count(), kTimes);
  // The messages, and one line that says that more of them are not shown.
  EXPECT_EQ(std::ranges::count(output, '\n'), static_cast<ssize_t>(LogLimiter::kMaxRepeats) + 1);
  EXPECT_THAT(output, HasSubstr("message 7"));
  EXPECT_THAT(output, Not(HasSubstr("message 8")));
  EXPECT_THAT(output, HasSubstr("counted but not shown"));
}

TEST_F(LogTest, ExactlyAsManyAsAllowedGiveNoNotice) {
  LogLimiter limiter;
  for (uint64_t i = 0; i < LogLimiter::kMaxRepeats; ++i) limiter.Log(LogLevel::kWarning, "again");
  EXPECT_THAT(Output(), Not(HasSubstr("counted")));
}

TEST(CheckDeathTest, SaysWhatFailedAndWhere) {
  EXPECT_DEATH(CHECK(1 + 1 == 3), "internal error: .*log_test.cc:[0-9]+: 1 \\+ 1 == 3");
}

TEST(CheckDeathTest, RunsTheDumpHookOnce) {
  static int dumped = 42;
  EXPECT_DEATH(
      {
        SetDumpHook(
            [](void* context) noexcept {
              std::fprintf(stderr, "dump %d\n", *static_cast<int*>(context));
              // A failure in the hook must not run it again.
              CHECK(context == nullptr);
            },
            &dumped);
        CHECK(dumped == 0);
      },
      "dumped == 0.*\n.*dump 42\n.*context == nullptr");
}

}  // namespace
}  // namespace verbatim
