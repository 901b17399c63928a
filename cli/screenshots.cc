// SPDX-License-Identifier: Apache-2.0
#include "cli/screenshots.h"

#include <algorithm>
#include <utility>

#include "devices/vga/png.h"

namespace verbatim {

Result<Screenshots> Screenshots::Open(const std::vector<ScreenshotOrder>& orders) {
  Screenshots screenshots;
  for (const ScreenshotOrder& order : orders) {
    Result<FileDescriptor> file = OpenForWriting(order.path);
    if (!file) return Fail("--screenshot-at {}: {}", order.given, file.error().message);
    screenshots.shots_.push_back({.order = order, .file = *std::move(file)});
  }
  return screenshots;
}

void Screenshots::Look(Shot& shot) {
  if (shot.stage == Stage::kWaiting && shot.seen.Find(shot.order.text)) shot.stage = Stage::kDue;
}

void Screenshots::AddSerial(std::span<const uint8_t> bytes) {
  for (Shot& shot : shots_) {
    if (shot.order.after || shot.stage != Stage::kWaiting) continue;
    shot.seen.AddSerial(bytes);
    Look(shot);
  }
}

void Screenshots::SetScreen(const std::vector<std::string>& rows) {
  for (Shot& shot : shots_) {
    if (shot.order.after || shot.stage != Stage::kWaiting) continue;
    shot.seen.SetScreen(rows);
    Look(shot);
  }
}

std::optional<Screenshots::TimePoint> Screenshots::NextDue() const {
  std::optional<TimePoint> next;
  for (const Shot& shot : shots_) {
    if (!shot.order.after || shot.stage != Stage::kWaiting) continue;
    const TimePoint at = start_ + *shot.order.after;
    next = next ? std::min(*next, at) : at;
  }
  return next;
}

bool Screenshots::Due(TimePoint now) {
  bool due = false;
  for (Shot& shot : shots_) {
    if (shot.stage == Stage::kWaiting && shot.order.after && start_ + *shot.order.after <= now) {
      shot.stage = Stage::kDue;
    }
    due = due || shot.stage == Stage::kDue;
  }
  return due;
}

bool Screenshots::WatchText() const {
  return std::ranges::any_of(
      shots_, [](const Shot& shot) { return !shot.order.after && shot.stage == Stage::kWaiting; });
}

Status Screenshots::Write(const Image& image) {
  const Result<std::vector<uint8_t>> encoded = EncodePng(image);
  for (Shot& shot : shots_) {
    if (shot.stage != Stage::kDue) continue;
    shot.stage = Stage::kTaken;
    Status written = encoded ? WriteAll(shot.file.get(), *encoded) : Status();
    if (!encoded) written = std::unexpected(encoded.error());
    if (!written) {
      return Fail("--screenshot-at {}: cannot be written: {}", shot.order.given,
                  written.error().message);
    }
    shot.file.Close();
  }
  return {};
}

std::vector<std::string> Screenshots::NotTaken() const {
  std::vector<std::string> names;
  for (const Shot& shot : shots_) {
    if (shot.stage != Stage::kTaken) names.push_back(shot.order.given);
  }
  return names;
}

}  // namespace verbatim
