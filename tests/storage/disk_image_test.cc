// SPDX-License-Identifier: Apache-2.0
// Opening what users name as disks: kinds of files, locks, and the messages about them.
#include "storage/disk_image.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/storage/images.h"

namespace verbatim {
namespace {

using testing::HasSubstr;

std::string ErrorOf(const DiskImage& image) {
  const Result<std::unique_ptr<BlockBackend>> disk = OpenDiskImage(image);
  return disk ? "it opened" : disk.error().message;
}

TEST(DiskImageTest, WhatIsNoDiskIsRefusedByName) {
  const TemporaryImage empty({});
  EXPECT_EQ(ErrorOf({.path = empty.path()}),
            empty.path() + ": is empty: expected at least one byte");
  EXPECT_EQ(ErrorOf({.path = "/tmp"}), "/tmp: is neither a regular file nor a block device");
  EXPECT_EQ(ErrorOf({.path = "/dev/zero"}),
            "/dev/zero: is neither a regular file nor a block device");
  EXPECT_EQ(ErrorOf({.path = "/no/disk"}), "/no/disk: cannot be opened: No such file or directory");
  const std::string fifo = testing::TempDir() + "/disk-fifo-" + std::to_string(::getpid());
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(ErrorOf({.path = fifo}), HasSubstr("is neither a regular file"));
  ::unlink(fifo.c_str());
}

// Root may write everything, so for a while this is somebody else.
class WithoutPrivileges {
 public:
  WithoutPrivileges() : was_(::geteuid()) { EXPECT_EQ(::seteuid(was_ == 0 ? kNobody : was_), 0); }
  ~WithoutPrivileges() { EXPECT_EQ(::seteuid(was_), 0); }
  WithoutPrivileges(const WithoutPrivileges&) = delete;
  WithoutPrivileges& operator=(const WithoutPrivileges&) = delete;

 private:
  static constexpr uid_t kNobody = 65534;
  uid_t was_;
};

TEST(DiskImageTest, AnImageThatMayNotBeWrittenSaysWhatHelps) {
  const TemporaryImage image(Pattern(512));
  ASSERT_EQ(::chmod(image.path().c_str(), 0444), 0);
  {
    const WithoutPrivileges nobody;
    EXPECT_THAT(ErrorOf({.path = image.path()}), HasSubstr("',readonly' and ',snapshot=on'"));
    EXPECT_EQ(ErrorOf({.path = image.path(), .read_only = true}), "it opened");
    EXPECT_EQ(ErrorOf({.path = image.path(), .snapshot = true}), "it opened");
  }
  ASSERT_EQ(::chmod(image.path().c_str(), 0), 0);
  const WithoutPrivileges nobody;
  EXPECT_THAT(ErrorOf({.path = image.path()}), HasSubstr("cannot be opened: Permission denied"));
}

TEST(DiskImageTest, ASecondWriterIsRefused) {
  const TemporaryImage image(Pattern(512));
  const auto first = OpenDiskImage({.path = image.path()});
  ASSERT_TRUE(first);
  EXPECT_THAT(ErrorOf({.path = image.path()}), HasSubstr(image.path() + ": is in use by"));
  EXPECT_THAT(ErrorOf({.path = image.path(), .read_only = true}), HasSubstr("is being written by"));
  EXPECT_THAT(ErrorOf({.path = image.path(), .snapshot = true}),
              HasSubstr("use a copy of the image"));
}

TEST(DiskImageTest, TheOtherUserIsNamed) {
  const TemporaryImage image(Pattern(512));
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto held = OpenDiskImage({.path = image.path()});
    const bool opened = held.has_value();
    [[maybe_unused]] const ssize_t n = ::write(ready[1], &opened, 1);
    ::pause();
  }
  bool opened = false;
  ASSERT_EQ(::read(ready[0], &opened, 1), 1);
  EXPECT_TRUE(opened);
  EXPECT_THAT(ErrorOf({.path = image.path()}), HasSubstr("process " + std::to_string(child)));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(ErrorOf({.path = image.path()}), "it opened");
}

TEST(DiskImageTest, ReadersShareAnImageAndKeepWritersOut) {
  const TemporaryImage image(Pattern(512));
  const auto first = OpenDiskImage({.path = image.path(), .read_only = true});
  const auto second = OpenDiskImage({.path = image.path(), .snapshot = true});
  ASSERT_TRUE(first && second);
  EXPECT_THAT(ErrorOf({.path = image.path()}), HasSubstr("is in use by"));
}

TEST(DiskImageTest, ASnapshotLeavesTheImageUnchanged) {
  const TemporaryImage image(Pattern(10000));
  {
    const auto disk = OpenDiskImage({.path = image.path(), .snapshot = true});
    ASSERT_TRUE(disk);
    EXPECT_FALSE((*disk)->read_only());
    EXPECT_EQ((*disk)->Write(512, Pattern(5120, 77)), BlockStatus::kDone);
    EXPECT_EQ((*disk)->Flush(), BlockStatus::kDone);
    std::vector<uint8_t> expected = Pattern(10000);
    expected.resize((*disk)->size_bytes());
    const std::vector<uint8_t> fresh = Pattern(5120, 77);
    std::copy(fresh.begin(), fresh.end(), expected.begin() + 512);
    EXPECT_EQ(ReadAll(**disk), expected);
  }
  EXPECT_EQ(image.Contents(), Pattern(10000));
}

TEST(DiskImageTest, AHugeSparseImageCostsNothing) {
  const TemporaryImage image(Pattern(512));
  constexpr uint64_t kBytes = uint64_t{8} << 40;
  image.Truncate(kBytes);
  for (const bool snapshot : {false, true}) {
    const auto disk = OpenDiskImage({.path = image.path(), .snapshot = snapshot});
    ASSERT_TRUE(disk) << disk.error().message;
    EXPECT_EQ((*disk)->size_bytes(), kBytes);
    EXPECT_EQ((*disk)->Write(kBytes - 512, Pattern(512, 9)), BlockStatus::kDone);
    std::vector<uint8_t> sector(512);
    EXPECT_EQ((*disk)->Read(kBytes - 512, sector), BlockStatus::kDone);
    EXPECT_EQ(sector, Pattern(512, 9));
  }
}

TEST(DiskImageTest, AFileTruncatedUnderneathIsAnErrorNotASignal) {
  const TemporaryImage image(Pattern(1 << 20));
  const auto disk = OpenDiskImage({.path = image.path()});
  ASSERT_TRUE(disk);
  image.Truncate(1000);
  std::vector<uint8_t> sector(512);
  EXPECT_EQ((*disk)->Read(0, sector), BlockStatus::kDone);
  EXPECT_EQ((*disk)->Read(512, sector), BlockStatus::kError);
  EXPECT_EQ((*disk)->Write(0, sector), BlockStatus::kError);
}

}  // namespace
}  // namespace verbatim
