// SPDX-License-Identifier: Apache-2.0
#include "cli/operator.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/log.h"
#include "cli/serial_keys.h"

namespace verbatim {
namespace {

// How soon sending goes on while the guest has no room.
constexpr std::chrono::milliseconds kRoomRetry{5};

// Gives of `pending` what `room` there is to `take`, which returns how much it took.
template <typename T, typename Take>
void Drain(std::deque<T>& pending, size_t room, Take take) {
  const size_t count = std::min(room, pending.size());
  if (count == 0) return;
  const std::vector<T> batch(pending.begin(), pending.begin() + static_cast<ptrdiff_t>(count));
  const size_t taken = take(std::span<const T>(batch));
  pending.erase(pending.begin(), pending.begin() + static_cast<ptrdiff_t>(taken));
}

std::string_view OptionOf(ScriptStep::Kind kind) {
  return kind == ScriptStep::Kind::kExitOn ? "--exit-on" : "--expect";
}

}  // namespace

void Operator::Start(ConsoleGuest& guest, TimePoint now) {
  guest_ = &guest;
  screenshots_.Start(now);
  Act(now);
}

void Operator::OnSerial(std::span<const uint8_t> bytes) {
  screenshots_.AddSerial(bytes);
  if (script_.Waiting() == nullptr) return;
  script_.text().AddSerial(bytes);
  Advance();
}

void Operator::OnView(const ScreenView& view) {
  std::vector<std::string> rows;
  if (view.text) {
    for (unsigned row = 0; row < view.text->rows; ++row) rows.push_back(view.text->Utf8Row(row));
  }
  screenshots_.SetScreen(rows);
  script_.text().SetScreen(std::move(rows));
  Advance();
}

Status Operator::OnPicture() {
  if (!picture_requested_) return {};
  const std::optional<Image> picture = guest_->TakePicture();
  if (!picture) return {};
  picture_requested_ = false;
  return screenshots_.Write(*picture);
}

void Operator::Advance() {
  while (const std::optional<ScriptAction> action = script_.Next()) {
    if (action->exit) {
      exit_seen_ = true;
    } else if (action->change) {
      if (!guest_->ChangeMedium(*action->change)) {
        Log(LogLevel::kWarning, "--change: no other medium for this drive was given (next=PATH)");
      }
    } else if (action->target == KeyTarget::kKeyboard) {
      keys_.insert(keys_.end(), action->keys.begin(), action->keys.end());
    } else {
      const std::string bytes = SerialBytesOf(action->keys);
      bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    }
  }
}

void Operator::SendPending() {
  Drain(keys_, guest_->KeyRoom(), [this](auto keys) { return guest_->QueueKeys(keys); });
  Drain(bytes_, guest_->InputRoom(), [this](auto bytes) { return guest_->QueueInput(bytes); });
}

void Operator::Act(TimePoint now) {
  Advance();
  if (!picture_requested_ && screenshots_.Due(now)) {
    picture_requested_ = true;
    guest_->RequestPicture();
  }
  // What is sent must not change the picture.
  if (!picture_requested_) SendPending();
}

std::optional<Operator::TimePoint> Operator::NextDue(TimePoint now) const {
  std::optional<TimePoint> next = screenshots_.NextDue();
  if (!picture_requested_ && (!keys_.empty() || !bytes_.empty())) {
    const TimePoint retry = now + kRoomRetry;
    next = next ? std::min(*next, retry) : retry;
  }
  return next;
}

std::vector<std::string> Operator::Unmet() const {
  std::vector<std::string> lines;
  if (const ScriptStep* step = script_.Waiting(); step != nullptr) {
    lines.push_back(fmt::format("{} '{}': not seen", OptionOf(step->kind), step->text));
  }
  for (const std::string& shot : screenshots_.NotTaken()) {
    lines.push_back(fmt::format("--screenshot-at {}: not taken, the run ended before", shot));
  }
  return lines;
}

}  // namespace verbatim
