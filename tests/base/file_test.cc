// SPDX-License-Identifier: Apache-2.0
// Owned descriptors and whole-file reads.
#include "base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>
#include <utility>

namespace verbatim {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

bool IsOpen(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

class FileTest : public testing::Test {
 protected:
  FileTest() {
    std::string name = testing::TempDir() + "verbatim-file-test-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~FileTest() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  void Write(const std::string& path, std::string_view text) {
    const Result<FileDescriptor> file = OpenForWriting(path);
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_EQ(::write(file->get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  std::string directory_;
};

TEST_F(FileTest, ReadsBackAllBytes) {
  Write(Path("f"), std::string_view("a\0b\xFF", 4));
  const auto bytes = ReadFile(Path("f"), 4);
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_THAT(*bytes, ElementsAreArray({'a', '\0', 'b', '\xFF'}));
}

TEST_F(FileTest, AnEmptyFileIsNoError) {
  Write(Path("f"), "");
  const auto bytes = ReadFile(Path("f"), 0);
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_TRUE(bytes->empty());
}

TEST_F(FileTest, WritingTruncatesWhatWasThere) {
  Write(Path("f"), "long text");
  Write(Path("f"), "x");
  EXPECT_EQ(ReadFile(Path("f"), 100)->size(), 1u);
}

TEST_F(FileTest, NamesAMissingFile) {
  const auto bytes = ReadFile(Path("missing"), 100);
  ASSERT_FALSE(bytes);
  EXPECT_THAT(bytes.error().message, HasSubstr(Path("missing") + ": cannot be opened: No such"));
}

TEST_F(FileTest, RefusesWhatIsLargerThanAllowed) {
  Write(Path("f"), "12345");
  const auto bytes = ReadFile(Path("f"), 4);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().message, Path("f") + ": holds 5 bytes, expected at most 4");
}

TEST_F(FileTest, RefusesDirectories) {
  const auto bytes = ReadFile(directory_, 100);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().message, directory_ + ": is not a regular file");
}

TEST_F(FileTest, AnOpenFileIsReadAgainThoughItsNameIsGone) {
  Write(Path("f"), "12345");
  const Result<ReadableFile> file = ReadableFile::Open(Path("f"), 5);
  ASSERT_TRUE(file);
  std::filesystem::remove(Path("f"));
  for (int time = 0; time < 2; ++time) {
    const auto bytes = file->Read();
    ASSERT_TRUE(bytes);
    EXPECT_THAT(*bytes, ElementsAreArray("12345", 5));
  }
}

TEST_F(FileTest, NamesAFileThatShrankSinceItWasOpened) {
  Write(Path("f"), "12345");
  const Result<ReadableFile> file = ReadableFile::Open(Path("f"), 5);
  ASSERT_TRUE(file);
  std::filesystem::resize_file(Path("f"), 4);
  const auto bytes = file->Read();
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().message, Path("f") + ": shrank since it was opened");
}

TEST_F(FileTest, NamesAPathThatCannotBeWritten) {
  const auto file = OpenForWriting(Path("no/such/directory"));
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, HasSubstr("no/such/directory: cannot be opened for writing"));
}

TEST_F(FileTest, ADescriptorIsClosedWithItsOwner) {
  int number;
  {
    const FileDescriptor file(::open("/dev/null", O_RDONLY));
    number = file.get();
    ASSERT_TRUE(IsOpen(number));
  }
  EXPECT_FALSE(IsOpen(number));
}

TEST_F(FileTest, MovingADescriptorHandsItOver) {
  FileDescriptor from(::open("/dev/null", O_RDONLY));
  const int number = from.get();
  FileDescriptor to(std::move(from));
  EXPECT_EQ(to.get(), number);
  EXPECT_FALSE(from.valid());
  EXPECT_TRUE(IsOpen(number));
}

TEST_F(FileTest, AssigningADescriptorClosesTheOneItHad) {
  FileDescriptor kept(::open("/dev/null", O_RDONLY));
  FileDescriptor replaced(::open("/dev/zero", O_RDONLY));
  const int old_number = replaced.get();
  const int new_number = kept.get();
  replaced = std::move(kept);
  EXPECT_FALSE(IsOpen(old_number));
  EXPECT_EQ(replaced.get(), new_number);
}

TEST_F(FileTest, ClosingTwiceIsHarmless) {
  FileDescriptor file(::open("/dev/null", O_RDONLY));
  file.Close();
  EXPECT_FALSE(file.valid());
  file.Close();
  EXPECT_FALSE(file.valid());
}

}  // namespace
}  // namespace verbatim
