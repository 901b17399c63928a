// SPDX-License-Identifier: Apache-2.0
#include "cli/firmware_option.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/firmware_log.h"

namespace verbatim {
namespace {

using testing::HasSubstr;

std::string Complaint(std::string_view text) {
  const Result<FirmwareConfig> firmware = ReadFirmwareOption(text);
  return firmware ? "(none)" : firmware.error().message;
}

TEST(FirmwareOption, IsAPathAndPerhapsAVgaBios) {
  EXPECT_EQ(ReadFirmwareOption("a.bin")->path, "a.bin");
  EXPECT_EQ(ReadFirmwareOption("a.bin")->vgabios_path, std::nullopt);
  const Result<FirmwareConfig> both = ReadFirmwareOption("a,,b.bin,vgabios=c=,,d");
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(both->path, "a,b.bin");
  EXPECT_EQ(both->vgabios_path, "c=,d");
}

TEST(FirmwareOption, NamesTheRomThatBootsAKernel) {
  const Result<FirmwareConfig> firmware = ReadFirmwareOption("a,linuxboot=l.bin,vgabios=v.bin");
  ASSERT_TRUE(firmware) << firmware.error().message;
  EXPECT_EQ(firmware->linuxboot_path, "l.bin");
  EXPECT_EQ(firmware->vgabios_path, "v.bin");
}

TEST(FirmwareOption, NamesWhatItDoesNotUnderstand) {
  EXPECT_THAT(Complaint(""), HasSubstr("expected a path first"));
  EXPECT_THAT(Complaint(",vgabios=a"), HasSubstr("expected a path first"));
  EXPECT_THAT(Complaint("a,vgabios="), HasSubstr("'vgabios='"));
  EXPECT_THAT(Complaint("a,b"), HasSubstr("'b': expected vgabios=PATH"));
  EXPECT_THAT(Complaint("a,vgabios=b,vgabios=c"), HasSubstr("'vgabios=c'"));
  EXPECT_THAT(Complaint("a,linuxboot=b,linuxboot=c"), HasSubstr("'linuxboot=c'"));
}

class FirmwareLogTest : public testing::Test {
 protected:
  ~FirmwareLogTest() override { std::filesystem::remove(path_); }
  void Write(std::string_view text) {
    for (const char c : text) {
      const auto byte = static_cast<uint8_t>(c);
      log_->Write({&byte, 1});
    }
  }
  std::string File() {
    std::stringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  std::string path_ = testing::TempDir() + "verbatim-firmware-log-" +
                      testing::UnitTest::GetInstance()->current_test_info()->name();
  std::unique_ptr<FirmwareLog> log_ = *FirmwareLog::Create(path_);
};

TEST_F(FirmwareLogTest, WholeLinesLeaveAtOnceAndTheRestAtTheEnd) {
  Write("one\ntwo");
  EXPECT_EQ(File(), "one\n");
  EXPECT_TRUE(log_->Finish());
  EXPECT_EQ(File(), "one\ntwo");
}

TEST_F(FirmwareLogTest, ALineWithoutEndIsCutUp) {
  Write(std::string(5000, 'x'));
  EXPECT_EQ(File(), std::string(4096, 'x'));
  EXPECT_TRUE(log_->Finish());
  EXPECT_EQ(File(), std::string(5000, 'x'));
}

TEST(FirmwareLog, AFullDiskIsReportedAtTheEnd) {
  const Result<std::unique_ptr<FirmwareLog>> log = FirmwareLog::Create("/dev/full");
  ASSERT_TRUE(log);
  const uint8_t newline = '\n';
  (*log)->Write({&newline, 1});
  (*log)->Write({&newline, 1});
  const Status finished = (*log)->Finish();
  ASSERT_FALSE(finished);
  EXPECT_THAT(finished.error().message, HasSubstr("No space left"));
}

}  // namespace
}  // namespace verbatim
