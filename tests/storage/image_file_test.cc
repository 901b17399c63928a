// SPDX-License-Identifier: Apache-2.0
// Raw images, on a host whose calls can be cut short, interrupted or fail.
#include "storage/image_file.h"

#include <gtest/gtest.h>

#include "tests/storage/images.h"

namespace verbatim {
namespace {

class ImageFileTest : public testing::Test {
 protected:
  BlockBackend& Open(std::vector<uint8_t> contents, bool read_only = false) {
    auto file = std::make_unique<FakeHostFile>(std::move(contents));
    host_ = file.get();
    Result<std::unique_ptr<ImageFile>> image =
        ImageFile::Create("disk", std::move(file), read_only);
    EXPECT_TRUE(image);
    image_ = *std::move(image);
    return *image_;
  }

  FakeHostFile* host_ = nullptr;
  std::unique_ptr<ImageFile> image_;
};

TEST_F(ImageFileTest, ReadsAndWritesWhereItIsTold) {
  BlockBackend& disk = Open(Pattern(4096));
  const std::vector<uint8_t> fresh = Pattern(1024, 99);
  EXPECT_EQ(disk.Write(512, fresh), BlockStatus::kDone);
  std::vector<uint8_t> expected = Pattern(4096);
  std::copy(fresh.begin(), fresh.end(), expected.begin() + 512);
  EXPECT_EQ(ReadAll(disk), expected);
  EXPECT_EQ(host_->contents, expected);
}

TEST_F(ImageFileTest, ShortAndInterruptedCallsAreContinued) {
  BlockBackend& disk = Open(Pattern(2048));
  host_->most_at_once = 100;
  host_->interruptions = 2;
  EXPECT_EQ(ReadAll(disk), Pattern(2048));
  host_->interruptions = 2;
  EXPECT_EQ(disk.Write(0, Pattern(2048, 5)), BlockStatus::kDone);
  EXPECT_EQ(host_->contents, Pattern(2048, 5));
  host_->interruptions = 2;
  EXPECT_EQ(disk.Flush(), BlockStatus::kDone);
}

TEST_F(ImageFileTest, TheLastSectorIsPaddedWithZeros) {
  for (const size_t bytes : {1u, 511u, 513u, 1000u}) {
    BlockBackend& disk = Open(Pattern(bytes));
    EXPECT_EQ(disk.size_bytes(), (bytes + 511) / 512 * 512);
    std::vector<uint8_t> expected = Pattern(bytes);
    expected.resize(disk.size_bytes());
    EXPECT_EQ(ReadAll(disk), expected) << bytes;
    EXPECT_EQ(host_->contents.size(), bytes) << "reading completes nothing";
  }
}

TEST_F(ImageFileTest, WritingThePaddedSectorCompletesIt) {
  BlockBackend& disk = Open(Pattern(700));
  EXPECT_EQ(disk.Write(512, Pattern(512, 8)), BlockStatus::kDone);
  std::vector<uint8_t> last(512);
  EXPECT_EQ(disk.Read(512, last), BlockStatus::kDone);
  EXPECT_EQ(last, Pattern(512, 8));
  EXPECT_EQ(host_->contents.size(), 1024u);
}

TEST_F(ImageFileTest, NothingOutsideTheDiskIsReached) {
  BlockBackend& disk = Open(Pattern(1024));
  std::vector<uint8_t> sector(512, 0xEE);
  for (const uint64_t offset :
       {uint64_t{1024}, uint64_t{513}, ~uint64_t{0}, ~uint64_t{0} - 511, uint64_t{1} << 63}) {
    EXPECT_EQ(disk.Read(offset, sector), BlockStatus::kError) << offset;
    EXPECT_EQ(disk.Write(offset, sector), BlockStatus::kError) << offset;
    EXPECT_EQ(disk.Discard(offset, 512), BlockStatus::kError) << offset;
  }
  EXPECT_EQ(disk.Discard(512, ~uint64_t{0}), BlockStatus::kError);
  EXPECT_EQ(sector, std::vector<uint8_t>(512, 0xEE));
  EXPECT_EQ(host_->contents, Pattern(1024));
}

TEST_F(ImageFileTest, AFileThatShrankGivesErrorsInsteadOfHoles) {
  BlockBackend& disk = Open(Pattern(4096));
  host_->contents.resize(1024);
  std::vector<uint8_t> sector(512);
  EXPECT_EQ(disk.Read(512, sector), BlockStatus::kDone);
  EXPECT_EQ(disk.Read(1024, sector), BlockStatus::kError);
  EXPECT_EQ(disk.Write(2048, sector), BlockStatus::kError);
  EXPECT_EQ(disk.Discard(0, 512), BlockStatus::kError);
  EXPECT_EQ(host_->contents.size(), 1024u);
}

TEST_F(ImageFileTest, FlushReachesTheHostAndItsFailureTheCaller) {
  BlockBackend& disk = Open(Pattern(512));
  EXPECT_EQ(disk.Write(0, Pattern(512, 3)), BlockStatus::kDone);
  EXPECT_TRUE(host_->synced.empty());
  EXPECT_EQ(disk.Flush(), BlockStatus::kDone);
  EXPECT_EQ(host_->synced, Pattern(512, 3));
  host_->failure = EIO;
  EXPECT_EQ(disk.Flush(), BlockStatus::kError);
}

TEST_F(ImageFileTest, FailuresOfTheHostAreTold) {
  BlockBackend& disk = Open(Pattern(512));
  std::vector<uint8_t> sector(512);
  host_->failure = EIO;
  EXPECT_EQ(disk.Read(0, sector), BlockStatus::kError);
  EXPECT_EQ(disk.Write(0, sector), BlockStatus::kError);
  EXPECT_EQ(disk.Discard(0, 512), BlockStatus::kError);
  for (const int full : {ENOSPC, EDQUOT, EFBIG}) {
    host_->failure = full;
    EXPECT_EQ(disk.Write(0, sector), BlockStatus::kOutOfSpace);
    EXPECT_EQ(disk.Flush(), BlockStatus::kOutOfSpace);
  }
}

TEST_F(ImageFileTest, DiscardedBytesReadAsZerosWithAndWithoutHoles) {
  for (const int failure : {0, EOPNOTSUPP}) {
    TemporaryImage image(Pattern(8192));
    class NoHoles final : public HostFile {
     public:
      NoHoles(std::unique_ptr<HostFile> file, int reason)
          : HostFile(FileDescriptor()), file_(std::move(file)), reason_(reason) {}
      ssize_t Read(std::span<uint8_t> to, uint64_t at) override { return file_->Read(to, at); }
      ssize_t Write(std::span<const uint8_t> from, uint64_t at) override {
        return file_->Write(from, at);
      }
      int PunchHole(uint64_t at, uint64_t bytes) override {
        if (reason_ == 0) return file_->PunchHole(at, bytes);
        errno = reason_;
        return -1;
      }
      int64_t Size() override { return file_->Size(); }

     private:
      std::unique_ptr<HostFile> file_;
      int reason_;
    };
    Result<std::unique_ptr<HostFile>> file = HostFile::Open(image.path(), true);
    ASSERT_TRUE(file);
    Result<std::unique_ptr<ImageFile>> disk =
        ImageFile::Create("disk", std::make_unique<NoHoles>(*std::move(file), failure), false);
    ASSERT_TRUE(disk);
    EXPECT_EQ((*disk)->Discard(512, 4096), BlockStatus::kDone);
    std::vector<uint8_t> expected = Pattern(8192);
    std::fill_n(expected.begin() + 512, 4096, uint8_t{0});
    EXPECT_EQ(ReadAll(**disk), expected);
    EXPECT_EQ(image.Contents().size(), 8192u);
  }
}

TEST_F(ImageFileTest, AReadOnlyDiskIsNeverChanged) {
  BlockBackend& disk = Open(Pattern(1024), true);
  EXPECT_TRUE(disk.read_only());
  std::vector<uint8_t> sector(512);
  EXPECT_EQ(disk.Write(0, sector), BlockStatus::kError);
  EXPECT_EQ(disk.Discard(0, 512), BlockStatus::kError);
  EXPECT_EQ(disk.Flush(), BlockStatus::kDone);
  EXPECT_EQ(host_->contents, Pattern(1024));
}

}  // namespace
}  // namespace verbatim
