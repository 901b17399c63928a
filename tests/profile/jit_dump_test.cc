// SPDX-License-Identifier: Apache-2.0
// What becomes of a dump that cannot be written to its end; perf_test.py reads whole ones.
#include "profile/jit_dump.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <vector>

namespace verbatim {
namespace {

// Files may not grow beyond so many bytes, for as long as this lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileSizeLimit() {
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before_), 0);
    ::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST(JitDump, SaysAtTheEndThatItIsNotWhole) {
  const std::string folder = testing::TempDir() + "verbatim-jit-dump";
  std::filesystem::create_directory(folder);
  {
    const FileSizeLimit limit(64 << 10);
    const auto dump = JitDump::Create(folder);
    ASSERT_TRUE(dump) << dump.error().message;
    const std::vector<uint8_t> code(1024);
    for (int i = 0; i < 1000; ++i) (*dump)->Add({code, "a block"});
    const Status finished = (*dump)->Finish();
    ASSERT_FALSE(finished);
    EXPECT_NE(finished.error().message.find(folder + "/jit-"), std::string::npos);
    EXPECT_NE(finished.error().message.find("cannot be written"), std::string::npos);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace verbatim
