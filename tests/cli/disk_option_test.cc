// SPDX-License-Identifier: Apache-2.0
#include "cli/disk_option.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/options.h"

namespace verbatim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

DiskConfig Given(std::string_view text) {
  const Result<DiskConfig> disk = ReadDiskOption(text);
  if (!disk) ADD_FAILURE() << disk.error().message;
  return disk.value_or(DiskConfig{});
}

std::string Complaint(const Result<DiskConfig>& disk) {
  return disk ? "(none)" : disk.error().message;
}

TEST(DiskOption, APathAloneIsAWritableDiskAnywhere) {
  const DiskConfig disk = Given("a b=c.img");
  EXPECT_EQ(disk.path, "a b=c.img");
  EXPECT_FALSE(disk.cdrom || disk.read_only || disk.snapshot || disk.bus.has_value());
}

TEST(DiskOption, TakesEveryKey) {
  const DiskConfig disk = Given("d.img,snapshot=on,if=ide,bus=1,unit=1");
  EXPECT_TRUE(disk.snapshot);
  EXPECT_EQ(disk.bus, 1u);
  EXPECT_EQ(disk.unit, 1u);
  EXPECT_TRUE(Given("d.img,readonly").read_only);
  EXPECT_TRUE(Given("d.img,readonly=on").read_only);
  EXPECT_FALSE(Given("d.img,readonly=off,snapshot=off").read_only);
}

TEST(DiskOption, ADoubleCommaBelongsToThePath) {
  EXPECT_EQ(Given("a,,b.img,readonly").path, "a,b.img");
  EXPECT_EQ(Given("a,,").path, "a,");
}

TEST(DiskOption, FurtherMediaWaitInTheirOrder) {
  using testing::ElementsAre;
  EXPECT_THAT(ReadCdromOption("1.iso,next=2.iso,bus=1,next=3,,4.iso")->next,
              ElementsAre("2.iso", "3,4.iso"));
  EXPECT_THAT(ReadFloppyOption("1.img,next=2.img,readonly")->next, ElementsAre("2.img"));
  EXPECT_THAT(ReadImageArgument("1.img,next=2.img")->next, ElementsAre("2.img"));
  EXPECT_THAT(Complaint(ReadDiskOption("d,next=2")), HasSubstr("'next=2' is not known"));
  EXPECT_THAT(Complaint(ReadCdromOption("d,next=")), HasSubstr("expected next=PATH"));
}

TEST(DiskOption, NamesWhatItDoesNotUnderstand) {
  for (const char* bad : {"d,snapshpt=on", "d,snapshot=maybe", "d,if=scsi", "d,bus=2",
                          "d,unit=", "d,readonly=1", "d,", "d,bus"}) {
    EXPECT_THAT(Complaint(ReadDiskOption(bad)),
                AllOf(HasSubstr(std::string("--disk '") + bad), HasSubstr("expected readonly")));
  }
  EXPECT_THAT(Complaint(ReadDiskOption("")), HasSubstr("expected a path"));
  EXPECT_THAT(Complaint(ReadDiskOption(",readonly")), HasSubstr("expected a path"));
  EXPECT_THAT(Complaint(ReadDiskOption("d,unit=1")), HasSubstr("needs bus="));
  EXPECT_THAT(Complaint(ReadDiskOption("d,readonly,snapshot=on")), HasSubstr("not both"));
}

TEST(DiskOption, ADiscIsNeverWritten) {
  const Result<DiskConfig> disc = ReadCdromOption("cd.iso,bus=0,unit=1");
  ASSERT_TRUE(disc);
  EXPECT_TRUE(disc->cdrom);
  EXPECT_EQ(disc->unit, 1u);
  EXPECT_THAT(Complaint(ReadCdromOption("cd.iso,snapshot=on")), HasSubstr("--cdrom"));
}

TEST(DiskOption, AFloppyDiskTakesItsKeys) {
  const Result<FloppyConfig> floppy = ReadFloppyOption("a,,b.img,unit=1,snapshot=on");
  ASSERT_TRUE(floppy);
  EXPECT_EQ(floppy->path, "a,b.img");
  EXPECT_EQ(floppy->unit, 1u);
  EXPECT_TRUE(floppy->snapshot);
  EXPECT_FALSE(floppy->read_only);
  EXPECT_TRUE(ReadFloppyOption("f,readonly")->read_only);
  EXPECT_FALSE(ReadFloppyOption("f,readonly=off")->unit.has_value());
}

TEST(DiskOption, NamesWhatAFloppyDiskDoesNotHave) {
  const auto complaint = [](std::string_view text) {
    const Result<FloppyConfig> floppy = ReadFloppyOption(text);
    return floppy ? std::string("(none)") : floppy.error().message;
  };
  for (const char* bad : {"f,bus=0", "f,unit=2", "f,unit", "f,if=ide", "f,snapshot"}) {
    EXPECT_THAT(complaint(bad),
                AllOf(HasSubstr(std::string("--floppy '") + bad), HasSubstr("expected readonly")));
  }
  EXPECT_THAT(complaint(""), HasSubstr("expected a path"));
  EXPECT_THAT(complaint("f,readonly,snapshot=on"), HasSubstr("not both"));
}

TEST(DiskOption, FloppyDisksAreEnoughToBoot) {
  const char* const arguments[] = {"verbatim", "run", "--floppy", "a", "--floppy", "b,readonly"};
  const Result<Command> command =
      ParseCommandLine(static_cast<int>(std::size(arguments)), arguments);
  ASSERT_TRUE(command);
  const MachineConfig& machine = std::get<RunOptions>(*command).machine;
  ASSERT_EQ(machine.floppies.size(), 2u);
  EXPECT_EQ(machine.floppies[0].path, "a");
  EXPECT_TRUE(machine.floppies[1].read_only);
}

TEST(DiskOption, BothOptionsMayBeRepeated) {
  const char* const arguments[] = {"verbatim", "run", "--kernel", "k",       "--disk",   "a",
                                   "--cdrom",  "c",   "--disk",   "b,bus=1", "--append", "x"};
  const Result<Command> command =
      ParseCommandLine(static_cast<int>(std::size(arguments)), arguments);
  ASSERT_TRUE(command);
  const MachineConfig& machine = std::get<RunOptions>(*command).machine;
  ASSERT_EQ(machine.disks.size(), 3u);
  EXPECT_EQ(machine.disks[0].path, "a");
  EXPECT_EQ(machine.disks[1].path, "b");
  EXPECT_EQ(machine.disks[2].path, "c");
  EXPECT_TRUE(machine.disks[2].cdrom);
  EXPECT_EQ(machine.command_line, "x");
}

}  // namespace
}  // namespace verbatim
