// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/power_on_screen.h"

#include <gtest/gtest.h>

#include <vector>

namespace verbatim {
namespace {

class SizeOnly final : public BiosDrive {
 public:
  SizeOnly(BiosDriveKind kind, uint64_t bytes) : kind_(kind), bytes_(bytes) {}

  [[nodiscard]] BiosDriveKind kind() const override { return kind_; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] uint64_t size_bytes() const override { return bytes_; }
  [[nodiscard]] bool read_only() const override { return true; }
  [[nodiscard]] BlockStatus Read(uint64_t, std::span<uint8_t>) override { return {}; }
  [[nodiscard]] BlockStatus Write(uint64_t, std::span<const uint8_t>) override { return {}; }
  [[nodiscard]] BlockStatus Flush() override { return {}; }

 private:
  BiosDriveKind kind_;
  uint64_t bytes_;
  std::string name_ = "/home/user/secret.img";
};

TEST(PowerOnScreenTest, NamesMemoryAndDrivesInThreeLines) {
  const std::vector<MemoryMapEntry> map = *BuildMemoryMap(16u << 20);
  SizeOnly disk(BiosDriveKind::kDisk, 504ull << 20);
  SizeOnly disc(BiosDriveKind::kCdrom, 0);
  SizeOnly diskette(BiosDriveKind::kFloppy, 1440u << 10);
  const std::vector<BiosDrive*> drives = {&disk, &disc, &diskette};
  EXPECT_EQ(PowerOnScreen(map, drives),
            "Verbatim virtual BIOS\r\nMemory: 16384 KiB\r\n"
            "Drives: disk 504 MiB, CD-ROM (empty), diskette 1440 KiB\r\n");
  EXPECT_NE(PowerOnScreen(map, {}).find("Drives: none\r\n"), std::string::npos);
}

TEST(PowerOnScreenTest, ManyDrivesDoNotBreakTheLine) {
  SizeOnly disk(BiosDriveKind::kDisk, 504ull << 20);
  const std::vector<BiosDrive*> drives(20, &disk);
  const std::string text = PowerOnScreen({}, drives);
  EXPECT_TRUE(text.ends_with(", ...\r\n"));
  EXPECT_LE(text.size() - text.find("Drives"), 81u);
}

}  // namespace
}  // namespace verbatim
