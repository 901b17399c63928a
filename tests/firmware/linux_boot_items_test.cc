// SPDX-License-Identifier: Apache-2.0
#include "firmware/linux_boot_items.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/bits.h"
#include "firmware/bzimage_header.h"
#include "tests/firmware/synthetic_bzimage.h"

namespace verbatim {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

constexpr uint64_t kRamBytes = 8 << 20;

std::string TextOf(const LinuxBootItems::Piece& piece) {
  return {piece.bytes.begin(), piece.bytes.end()};
}

TEST(LinuxBootItems, ArePiecesOfWhatALoaderMakes) {
  const SyntheticBzImage image;
  const std::vector<uint8_t> initrd(5000, 0x5A);
  BootFiles files = image.Files();
  files.initrd = InputFile{"initrd", initrd};
  files.command_line = "console=ttyS0";
  const Result<LinuxBootItems> items = MakeLinuxBootItems(files, kRamBytes);
  ASSERT_TRUE(items) << items.error().message;
  const Result<BzImageHeader> header = ParseBzImageHeader(files.kernel);
  ASSERT_TRUE(header);
  EXPECT_EQ(items->kernel.address, header->load_address);
  EXPECT_THAT(items->kernel.bytes, ElementsAreArray(header->kernel));
  EXPECT_EQ(TextOf(items->command_line), std::string("console=ttyS0\0", 14));
  EXPECT_THAT(items->initrd.bytes, ElementsAreArray(initrd));

  EXPECT_EQ(items->setup.address, PhysicalAddress{0x10000});
  ASSERT_EQ(items->setup.bytes.size(), header->setup.size());
  const auto field = [&](uint32_t offset) {
    return LoadLittle<uint32_t>(&items->setup.bytes[offset]);
  };
  EXPECT_EQ(field(setup_header::kCmdLinePtr), items->command_line.address.value);
  EXPECT_EQ(field(setup_header::kRamdiskImage), items->initrd.address.value);
  EXPECT_EQ(field(setup_header::kRamdiskSize), 5000u);
}

TEST(LinuxBootItems, LeaveTheTopOfRamToTheFirmware) {
  const SyntheticBzImage image;
  const std::vector<uint8_t> initrd(4096);
  BootFiles files = image.Files();
  files.initrd = InputFile{"initrd", initrd};
  const Result<LinuxBootItems> items = MakeLinuxBootItems(files, kRamBytes);
  ASSERT_TRUE(items) << items.error().message;
  EXPECT_EQ(items->initrd.address.value, kRamBytes - (1 << 20) - 4096);
}

TEST(LinuxBootItems, AreThereWithoutAnInitrd) {
  const SyntheticBzImage image;
  const Result<LinuxBootItems> items = MakeLinuxBootItems(image.Files(), kRamBytes);
  ASSERT_TRUE(items) << items.error().message;
  EXPECT_TRUE(items->initrd.bytes.empty());
  EXPECT_EQ(TextOf(items->command_line), std::string(1, '\0'));
}

TEST(LinuxBootItems, RefuseWhatIsNoLinuxAndWhatDoesNotFit) {
  const std::vector<uint8_t> text(2000, 'x');
  const auto other = MakeLinuxBootItems({.kernel = {"notes", text}}, kRamBytes);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("notes"));
  const SyntheticBzImage image;
  const std::vector<uint8_t> initrd(kRamBytes);
  BootFiles files = image.Files();
  files.initrd = InputFile{"initrd", initrd};
  const auto large = MakeLinuxBootItems(files, kRamBytes);
  ASSERT_FALSE(large);
  EXPECT_THAT(large.error().message, HasSubstr("initrd"));
  EXPECT_FALSE(MakeLinuxBootItems(image.Files(), 4096));
}

}  // namespace
}  // namespace verbatim
