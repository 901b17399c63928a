// SPDX-License-Identifier: Apache-2.0
#include "machine/image_drive.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "base/log.h"

namespace verbatim {
namespace {

constexpr std::chrono::milliseconds kSpaceInterval{500};

}  // namespace

void WaitForSpace(IoWorker& worker, const std::string& path, const std::function<bool()>& stopped) {
  Log(LogLevel::kError,
      "{}: the host has no space, or allows no file of that size, for what the guest writes: the "
      "guest is paused until there is",
      path);
  while (worker.Stalled() && !stopped()) {
    worker.WaitWhileStalled(kSpaceInterval);
    worker.Retry();
  }
  if (!worker.Stalled()) Log(LogLevel::kWarning, "{}: the guest goes on", path);
}

BlockStatus ImageDrive::Perform(BlockRequest request, std::vector<uint8_t>* answer) {
  // Shared: if the machine stops while the worker is stalled, the answer comes after this returned.
  struct Outcome {
    std::optional<BlockStatus> status;
    std::vector<uint8_t> data;
  };
  const auto outcome = std::make_shared<Outcome>();
  request.done = [outcome](BlockStatus status, std::vector<uint8_t> data) {
    outcome->status = status;
    outcome->data = std::move(data);
  };
  worker_->Submit(std::move(request));
  while (true) {
    worker_->Drain();
    if (outcome->status) break;
    WaitForSpace(*worker_, path_, stopped_);
    if (worker_->Stalled()) return BlockStatus::kError;
  }
  if (answer != nullptr) *answer = std::move(outcome->data);
  return *outcome->status;
}

BlockStatus ImageDrive::Read(uint64_t offset, std::span<uint8_t> to) {
  std::vector<uint8_t> answer;
  const BlockStatus status = Perform({.kind = BlockRequest::Kind::kRead,
                                      .offset = offset,
                                      .data = std::vector<uint8_t>(to.size())},
                                     &answer);
  if (status == BlockStatus::kDone) std::ranges::copy(answer, to.begin());
  return status;
}

BlockStatus ImageDrive::Write(uint64_t offset, std::span<const uint8_t> from) {
  return Perform(
      {.kind = BlockRequest::Kind::kWrite, .offset = offset, .data = {from.begin(), from.end()}},
      nullptr);
}

BlockStatus ImageDrive::Flush() { return Perform({.kind = BlockRequest::Kind::kFlush}, nullptr); }

}  // namespace verbatim
