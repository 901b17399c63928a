// SPDX-License-Identifier: Apache-2.0
#include "cli/console.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "tests/cli/pipe_reader.h"

namespace verbatim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = StopCause::Kind;

constexpr seconds kPatience{10};

// A guest that takes input until its room is used up.
class FakeGuest : public ConsoleGuest {
 public:
  explicit FakeGuest(size_t room = 1 << 20) : room_(room) {}

  [[nodiscard]] size_t InputRoom() const override {
    const std::scoped_lock lock(mutex_);
    return room_;
  }
  size_t QueueInput(std::span<const uint8_t> bytes) override {
    const std::scoped_lock lock(mutex_);
    CHECK(bytes.size() <= room_);
    room_ -= bytes.size();
    input_.append(bytes.begin(), bytes.end());
    changed_.notify_all();
    return bytes.size();
  }
  [[nodiscard]] size_t KeyRoom() const override { return 1000; }
  size_t QueueKeys(std::span<const KeyEvent> keys) override {
    const std::scoped_lock lock(mutex_);
    keys_.insert(keys_.end(), keys.begin(), keys.end());
    changed_.notify_all();
    return keys.size();
  }
  [[nodiscard]] bool ScreenChanged() const override {
    const std::scoped_lock lock(mutex_);
    ++looks_;
    return screen_changed_;
  }
  void RequestView() override {
    const std::scoped_lock lock(mutex_);
    ++view_requests_;
    screen_changed_ = false;
    changed_.notify_all();
  }
  [[nodiscard]] std::shared_ptr<const ScreenView> View() const override {
    const std::scoped_lock lock(mutex_);
    return view_;
  }
  void RequestPicture() override {
    const std::scoped_lock lock(mutex_);
    ++picture_requests_;
    changed_.notify_all();
  }
  [[nodiscard]] std::optional<Image> TakePicture() override { return std::nullopt; }
  std::optional<std::string> ChangeMedium(MediaSlot slot) override {
    const std::scoped_lock lock(mutex_);
    media_changes_.push_back(slot);
    changed_.notify_all();
    if (slot == MediaSlot::kFloppyB) return std::nullopt;
    return "next.img";
  }
  void RequestStop() override {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

  void AddRoom(size_t bytes) {
    const std::scoped_lock lock(mutex_);
    room_ += bytes;
  }
  std::vector<MediaSlot> WaitForChanges(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [this, count] { return media_changes_.size() >= count; });
    return media_changes_;
  }
  bool WaitForStop() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [this] { return stopped_; });
  }
  std::string WaitForInput(size_t bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [this, bytes] { return input_.size() >= bytes; });
    return input_;
  }
  std::string input() const {
    const std::scoped_lock lock(mutex_);
    return input_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string input_;
  size_t room_;
  bool stopped_ = false;
  std::vector<KeyEvent> keys_;
  std::vector<MediaSlot> media_changes_;
  bool screen_changed_ = true;
  mutable unsigned looks_ = 0;
  unsigned view_requests_ = 0;
  unsigned picture_requests_ = 0;
  std::shared_ptr<const ScreenView> view_;
};

class ConsoleTest : public testing::Test {
 protected:
  ConsoleTest() : output_(*SerialOutput::ToDescriptor(out_.write_end(), "the output")) {
    ::signal(SIGPIPE, SIG_IGN);
    options_.input_fd = in_.read_end();
    ::sigemptyset(&options_.signals);
    options_.notice = [this](std::string_view text) { notices_ += text; };
    options_.give_up = [](const StopCause&) { FAIL() << "gave up"; };
  }

  std::unique_ptr<Console> Start() {
    Result<std::unique_ptr<Console>> console = Console::Start(guest_, *output_, options_);
    CHECK(console.has_value());
    return *std::move(console);
  }
  void Type(std::string_view keys) {
    ASSERT_EQ(::write(in_.write_end(), keys.data(), keys.size()),
              static_cast<ssize_t>(keys.size()));
  }
  void Send(std::string_view text) {
    output_->Write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }

  PipeReader in_;
  PipeReader out_;
  FakeGuest guest_;
  std::unique_ptr<SerialOutput> output_;
  Console::Options options_;
  std::string notices_;
};

TEST_F(ConsoleTest, KeysChangeMediaAndAreAnswered) {
  options_.escapes = true;
  const auto console = Start();
  Type(
      "\x01"
      "f\x01"
      "F");
  EXPECT_EQ(guest_.WaitForChanges(2), (std::vector{MediaSlot::kFloppyA, MediaSlot::kFloppyB}));
  console->Finish();
  EXPECT_EQ(notices_,
            "next.img is in the drive\nno other medium for this drive was given (next=PATH)\n");
}

TEST_F(ConsoleTest, PassesInputUnchangedWithoutATerminal) {
  const auto console = Start();
  Type("a\x01xb\x03");
  EXPECT_EQ(guest_.WaitForInput(5), "a\x01xb\x03");
  EXPECT_EQ(console->Finish().kind, Kind::kNone);
}

TEST_F(ConsoleTest, GoesOnAfterTheEndOfInput) {
  const auto console = Start();
  Type("last");
  in_.CloseWriteEnd();
  EXPECT_EQ(guest_.WaitForInput(4), "last");
  Send("still here");
  EXPECT_EQ(out_.Read(10), "still here");
  EXPECT_EQ(console->Finish().kind, Kind::kNone);
}

TEST_F(ConsoleTest, DeliversSomeBytesWithoutANewline) {
  const auto console = Start();
  Send("# ");
  EXPECT_EQ(out_.Read(2), "# ");
}

TEST_F(ConsoleTest, KeepsTheOrderOfManySmallWrites) {
  const auto console = Start();
  constexpr int kLines = 50'000;
  std::string expected;
  for (int line = 0; line < kLines; ++line) expected += std::to_string(line) + "\n";
  std::thread machine([&] {
    for (const char& byte : expected) Send({&byte, 1});
  });
  const std::string got = out_.Read(expected.size());
  machine.join();
  EXPECT_TRUE(got == expected);
}

TEST_F(ConsoleTest, DeliversEverythingBeforeItFinishes) {
  auto console = Start();
  const std::string text(20'000, 'z');
  Send(text);
  EXPECT_EQ(console->Finish().kind, Kind::kNone);
  EXPECT_EQ(out_.Read(text.size()), text);
}

TEST_F(ConsoleTest, QuitsOnTheEscape) {
  options_.escapes = true;
  const auto console = Start();
  Type("k\x01hx\x01x");
  EXPECT_TRUE(guest_.WaitForStop());
  EXPECT_EQ(console->Finish().kind, Kind::kQuit);
  EXPECT_EQ(guest_.input(), "kx");
  EXPECT_THAT(notices_, testing::HasSubstr("Ctrl-A x"));
}

TEST_F(ConsoleTest, StopsWhenTheTimeIsUp) {
  options_.timeout = milliseconds(50);
  const auto begin = std::chrono::steady_clock::now();
  const auto console = Start();
  EXPECT_TRUE(guest_.WaitForStop());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(50));
  EXPECT_EQ(console->Finish().kind, Kind::kTimeout);
}

TEST_F(ConsoleTest, StopsWhenTheReaderOfTheOutputWentAway) {
  const auto console = Start();
  out_.CloseReadEnd();
  Send("lost");
  EXPECT_TRUE(guest_.WaitForStop());
  const StopCause cause = console->Finish();
  EXPECT_EQ(cause.kind, Kind::kOutputFailed);
  EXPECT_THAT(cause.message, testing::HasSubstr("the output"));
}

TEST_F(ConsoleTest, EndsByTimeoutThoughNobodyTakesTheOutput) {
  options_.timeout = milliseconds(100);
  const auto console = Start();
  std::thread machine([this] { Send(std::string(1 << 20, 'x')); });
  EXPECT_TRUE(guest_.WaitForStop());
  machine.join();
  EXPECT_EQ(console->Finish().kind, Kind::kTimeout);
  EXPECT_EQ(output_->bytes_written() + output_->bytes_not_written(), 1u << 20);
}

class SmallRoomTest : public ConsoleTest {
 protected:
  SmallRoomTest() : small_(3) {}
  FakeGuest small_;
};

TEST_F(SmallRoomTest, GivesTheGuestNoMoreThanItHasRoomFor) {
  Result<std::unique_ptr<Console>> console = Console::Start(small_, *output_, options_);
  ASSERT_TRUE(console);
  Type("abcdef");
  EXPECT_EQ(small_.WaitForInput(3), "abc");
  small_.AddRoom(2);
  EXPECT_EQ(small_.WaitForInput(5), "abcde");
  small_.AddRoom(10);
  EXPECT_EQ(small_.WaitForInput(6), "abcdef");
}

TEST_F(ConsoleTest, StopsOnASignalThatIsDirectedAtTheProcess) {
  ::signal(SIGTERM, SIG_DFL);
  options_.signals = BlockTerminationSignals();
  const auto console = Start();
  ::kill(::getpid(), SIGTERM);
  EXPECT_TRUE(guest_.WaitForStop());
  const StopCause cause = console->Finish();
  EXPECT_EQ(cause.kind, Kind::kSignal);
  EXPECT_EQ(cause.signal, SIGTERM);
}

TEST_F(ConsoleTest, GivesUpOnAGuestThatDoesNotStopWhenToldTwice) {
  ::signal(SIGTERM, SIG_DFL);
  options_.signals = BlockTerminationSignals();
  std::atomic<int> gave_up_by = 0;
  options_.give_up = [&](const StopCause& cause) { gave_up_by = cause.signal; };
  const auto console = Start();
  ::kill(::getpid(), SIGTERM);
  EXPECT_TRUE(guest_.WaitForStop());
  EXPECT_EQ(gave_up_by, 0);
  ::kill(::getpid(), SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (gave_up_by == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_EQ(gave_up_by, SIGTERM);
}

}  // namespace
}  // namespace verbatim
