// SPDX-License-Identifier: Apache-2.0
#include "cli/serial_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/cli/pipe_reader.h"

namespace verbatim {
namespace {

using Clock = std::chrono::steady_clock;

void Send(SerialOutput& output, std::string_view text) {
  output.Write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

std::unique_ptr<SerialOutput> Open(int fd) {
  Result<std::unique_ptr<SerialOutput>> output = SerialOutput::ToDescriptor(fd, "the pipe");
  CHECK(output.has_value());
  return *std::move(output);
}

TEST(SerialOutput, HoldsBytesBackForABatchButNotForLong) {
  PipeReader pipe;
  const auto output = Open(pipe.write_end());
  EXPECT_EQ(output->FlushDue(), std::nullopt);
  Send(*output, "a");
  Send(*output, "b");
  ASSERT_TRUE(output->FlushDue());
  EXPECT_LE(*output->FlushDue(), Clock::now() + SerialOutput::kMaxDelay);
  ASSERT_TRUE(output->Flush());
  EXPECT_EQ(output->FlushDue(), std::nullopt);
  EXPECT_EQ(pipe.Read(2), "ab");
  EXPECT_EQ(output->bytes_written(), 2u);
}

TEST(SerialOutput, SendsABulkWithoutDelay) {
  PipeReader pipe;
  const auto output = Open(pipe.write_end());
  Send(*output, std::string(SerialOutput::kUrgentBytes, 'x'));
  ASSERT_TRUE(output->FlushDue());
  EXPECT_LE(*output->FlushDue(), Clock::now());
}

TEST(SerialOutput, KeepsWhatThePipeDoesNotTake) {
  PipeReader pipe;
  ASSERT_GT(::fcntl(pipe.write_end(), F_SETPIPE_SZ, 4096), 0);
  const auto output = Open(pipe.write_end());
  const std::string text = std::string(4096, 'a') + std::string(4096, 'b');
  Send(*output, text);
  ASSERT_TRUE(output->Flush());  // must not wait though nobody reads
  ASSERT_TRUE(output->FlushDue());
  EXPECT_EQ(pipe.Read(4096), text.substr(0, 4096));
  ASSERT_TRUE(output->Flush());
  EXPECT_EQ(pipe.Read(4096), text.substr(4096));
  EXPECT_EQ(output->FlushDue(), std::nullopt);
}

TEST(SerialOutput, DoesNotMakeTheSharedDescriptorNonBlocking) {
  PipeReader pipe;
  const auto output = Open(pipe.write_end());
  EXPECT_EQ(::fcntl(pipe.write_end(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(SerialOutput, MakesTheMachineWaitForRoomAndLetsItGoWhenAbandoned) {
  PipeReader pipe;
  const auto output = Open(pipe.write_end());
  Send(*output, std::string(SerialOutput::kCapacity, 'x'));
  std::atomic<bool> through = false;
  std::thread machine([&] {
    Send(*output, "y");
    through = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(through);
  output->Abandon();
  machine.join();
  EXPECT_TRUE(through);
}

TEST(SerialOutput, ReportsAReaderThatWentAway) {
  ::signal(SIGPIPE, SIG_IGN);
  PipeReader pipe;
  const auto output = Open(pipe.write_end());
  pipe.CloseReadEnd();
  Send(*output, "lost");
  const Status status = output->Flush();
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, testing::HasSubstr("the pipe"));
  EXPECT_EQ(output->FlushDue(), std::nullopt);
}

TEST(SerialOutput, NamesAFileThatCannotBeWritten) {
  const auto output = SerialOutput::ToFile("/nonexistent/log");
  ASSERT_FALSE(output);
  EXPECT_THAT(output.error().message, testing::HasSubstr("/nonexistent/log"));
}

TEST(SerialOutput, ReportsAFullDisk) {
  Result<std::unique_ptr<SerialOutput>> output = SerialOutput::ToFile("/dev/full");
  ASSERT_TRUE(output);
  Send(**output, "text");
  const Status status = (*output)->Flush();
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, testing::HasSubstr("/dev/full"));
}

TEST(SerialOutput, DiscardsWithoutADestination) {
  Result<std::unique_ptr<SerialOutput>> output = SerialOutput::ToNowhere();
  ASSERT_TRUE(output);
  Send(**output, std::string(3 * SerialOutput::kCapacity, 'x'));
  EXPECT_EQ((*output)->FlushDue(), std::nullopt);
}

}  // namespace
}  // namespace verbatim
