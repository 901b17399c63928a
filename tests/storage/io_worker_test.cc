// SPDX-License-Identifier: Apache-2.0
// The I/O thread: order, answers on the submitter's thread, waiting for space, and the end.
#include "storage/io_worker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <utility>

#include "storage/image_file.h"
#include "tests/storage/images.h"

namespace verbatim {
namespace {

// Counts what it is asked to do; can be full.
class ScriptedBackend final : public BlockBackend {
 public:
  struct Log {
    std::vector<uint64_t> offsets;
    unsigned flushes = 0;
    std::atomic<bool> full = false;
  };
  explicit ScriptedBackend(Log& log) : log_(log) {}

  [[nodiscard]] uint64_t size_bytes() const override { return 1 << 20; }
  [[nodiscard]] bool read_only() const override { return false; }
  BlockStatus Read(uint64_t offset, std::span<uint8_t> to) override {
    std::fill(to.begin(), to.end(), uint8_t{0x5A});
    return Note(offset);
  }
  BlockStatus Write(uint64_t offset, std::span<const uint8_t>) override {
    return log_.full ? BlockStatus::kOutOfSpace : Note(offset);
  }
  BlockStatus Flush() override {
    ++log_.flushes;
    return BlockStatus::kDone;
  }
  BlockStatus Discard(uint64_t offset, uint64_t) override { return Note(offset); }

 private:
  BlockStatus Note(uint64_t offset) {
    log_.offsets.push_back(offset);
    return offset == 0xBAD00 ? BlockStatus::kError : BlockStatus::kDone;
  }
  Log& log_;
};

// An event that the test waits for.
class Event {
 public:
  void Set() {
    set_ = true;
    set_.notify_all();
  }
  void Wait() {
    set_.wait(false);
    set_ = false;
  }

 private:
  std::atomic<bool> set_ = false;
};

class IoWorkerTest : public testing::Test {
 protected:
  void Submit(BlockRequest::Kind kind, uint64_t offset, size_t bytes = 512) {
    BlockRequest request{.kind = kind, .offset = offset, .data = std::vector<uint8_t>(bytes)};
    request.done = [this](BlockStatus status, std::vector<uint8_t> data) {
      answers_.emplace_back(status, std::move(data));
      answered_on_ = std::this_thread::get_id();
    };
    worker_->Submit(std::move(request));
  }

  ScriptedBackend::Log log_;
  Event event_;
  std::unique_ptr<IoWorker> worker_ =
      std::make_unique<IoWorker>(std::make_unique<ScriptedBackend>(log_), [this] { event_.Set(); });
  std::vector<std::pair<BlockStatus, std::vector<uint8_t>>> answers_;
  std::thread::id answered_on_;
};

TEST_F(IoWorkerTest, AnswersComeOnTheThreadThatDelivers) {
  Submit(BlockRequest::Kind::kRead, 1024);
  event_.Wait();
  EXPECT_TRUE(answers_.empty());
  worker_->Deliver();
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].first, BlockStatus::kDone);
  EXPECT_EQ(answers_[0].second, std::vector<uint8_t>(512, 0x5A));
  EXPECT_EQ(answered_on_, std::this_thread::get_id());
}

TEST_F(IoWorkerTest, RequestsAreCarriedOutInTheirOrder) {
  std::vector<uint64_t> expected;
  for (uint64_t i = 0; i < 200; ++i) {
    Submit(i % 2 == 0 ? BlockRequest::Kind::kWrite : BlockRequest::Kind::kRead, i * 512);
    expected.push_back(i * 512);
  }
  Submit(BlockRequest::Kind::kFlush, 0);
  Submit(BlockRequest::Kind::kDiscard, 0xA0000);
  expected.push_back(0xA0000);
  worker_->Drain();
  EXPECT_EQ(log_.offsets, expected);
  EXPECT_EQ(log_.flushes, 1u);
  EXPECT_EQ(answers_.size(), 202u);
}

TEST_F(IoWorkerTest, DrainFollowsWhatTheAnswersSubmit) {
  BlockRequest request{.kind = BlockRequest::Kind::kFlush};
  request.done = [this](BlockStatus, const std::vector<uint8_t>&) {
    Submit(BlockRequest::Kind::kWrite, 512);
  };
  worker_->Submit(std::move(request));
  worker_->Drain();
  EXPECT_EQ(answers_.size(), 1u);
}

TEST_F(IoWorkerTest, ErrorsAreAnswers) {
  Submit(BlockRequest::Kind::kWrite, 0xBAD00);
  worker_->Drain();
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].first, BlockStatus::kError);
}

TEST_F(IoWorkerTest, AFullHostStallsUntilRetry) {
  log_.full = true;
  Submit(BlockRequest::Kind::kWrite, 512);
  Submit(BlockRequest::Kind::kRead, 1024);
  event_.Wait();
  EXPECT_TRUE(worker_->Stalled());
  worker_->Drain();  // returns: there is nothing to wait for
  EXPECT_TRUE(answers_.empty());
  EXPECT_TRUE(log_.offsets.empty()) << "what is behind waits too";
  log_.full = false;
  worker_->Retry();
  worker_->WaitWhileStalled(std::chrono::minutes(1));
  worker_->Drain();
  EXPECT_FALSE(worker_->Stalled());
  EXPECT_EQ(log_.offsets, (std::vector<uint64_t>{512, 1024}));
  ASSERT_EQ(answers_.size(), 2u);
  EXPECT_EQ(answers_[0].first, BlockStatus::kDone);
}

TEST_F(IoWorkerTest, TheEndWaitsForWhatWasSubmitted) {
  for (uint64_t i = 0; i < 50; ++i) Submit(BlockRequest::Kind::kWrite, i * 512);
  worker_.reset();
  EXPECT_EQ(log_.offsets.size(), 50u);
  EXPECT_TRUE(answers_.empty());
}

TEST_F(IoWorkerTest, AStalledWorkerCanBeEnded) {
  log_.full = true;
  Submit(BlockRequest::Kind::kWrite, 512);
  event_.Wait();
  worker_.reset();
  EXPECT_TRUE(log_.offsets.empty());
}

}  // namespace
}  // namespace verbatim
