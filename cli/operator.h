// SPDX-License-Identifier: Apache-2.0
// Does at the machine what the command line asks for in a person's place: waits for texts, types,
// takes pictures of the screen (--expect, --send, --exit-on, --screenshot-at).
//
// A picture that is due is taken before anything more is typed. On the console thread.
#ifndef VERBATIM_CLI_OPERATOR_H_
#define VERBATIM_CLI_OPERATOR_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/console_guest.h"
#include "cli/screenshots.h"
#include "cli/script.h"

namespace verbatim {

class Operator {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Operator(Script script, Screenshots screenshots)
      : script_(std::move(script)), screenshots_(std::move(screenshots)) {}

  void Start(ConsoleGuest& guest, TimePoint now);
  void OnSerial(std::span<const uint8_t> bytes);
  void OnView(const ScreenView& view);
  // A picture that was requested may be there.
  [[nodiscard]] Status OnPicture();
  // Does what is to be done now.
  void Act(TimePoint now);

  // Wants to see every change of the screen.
  [[nodiscard]] bool WatchesScreen() const {
    return script_.Waiting() != nullptr || screenshots_.WatchText();
  }
  // When Act has something to do.
  [[nodiscard]] std::optional<TimePoint> NextDue(TimePoint now) const;
  // An exit-on text was seen.
  [[nodiscard]] bool exit_seen() const { return exit_seen_; }
  // What was asked for and never came, as lines for the user.
  [[nodiscard]] std::vector<std::string> Unmet() const;

 private:
  void Advance();
  void SendPending();

  Script script_;
  Screenshots screenshots_;
  ConsoleGuest* guest_ = nullptr;
  bool picture_requested_ = false;
  bool exit_seen_ = false;
  // Sent by the script, and not taken by the guest as yet.
  std::deque<KeyEvent> keys_;
  std::deque<uint8_t> bytes_;
};

}  // namespace verbatim

#endif  // VERBATIM_CLI_OPERATOR_H_
