// SPDX-License-Identifier: Apache-2.0
// Pictures of the screen that --screenshot-at asks for: at a time, or when a text is seen. The
// files are opened beforehand, since a confined process cannot.
#ifndef VERBATIM_CLI_SCREENSHOTS_H_
#define VERBATIM_CLI_SCREENSHOTS_H_

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "cli/guest_text.h"
#include "devices/vga/image.h"

namespace verbatim {

struct ScreenshotOrder {
  std::string given;                               // as on the command line
  std::optional<std::chrono::milliseconds> after;  // since the start of the run
  std::string text;                                // without a time
  std::string path;
};

class Screenshots {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Creates the files.
  [[nodiscard]] static Result<Screenshots> Open(const std::vector<ScreenshotOrder>& orders);

  void Start(TimePoint now) { start_ = now; }
  void AddSerial(std::span<const uint8_t> bytes);
  void SetScreen(const std::vector<std::string>& rows);
  // The earliest time at which one is due that is not now.
  [[nodiscard]] std::optional<TimePoint> NextDue() const;
  // Any is to be taken of the screen as it is now.
  [[nodiscard]] bool Due(TimePoint now);
  // Some wait for a text.
  [[nodiscard]] bool WatchText() const;
  // The picture for all that were due.
  [[nodiscard]] Status Write(const Image& image);
  // Those that were never due.
  [[nodiscard]] std::vector<std::string> NotTaken() const;

 private:
  enum class Stage : uint8_t { kWaiting, kDue, kTaken };
  struct Shot {
    ScreenshotOrder order;
    FileDescriptor file;
    GuestText seen{};
    Stage stage = Stage::kWaiting;
  };
  void Look(Shot& shot);

  std::vector<Shot> shots_;
  TimePoint start_{};
};

}  // namespace verbatim

#endif  // VERBATIM_CLI_SCREENSHOTS_H_
