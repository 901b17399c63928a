// SPDX-License-Identifier: Apache-2.0
// The program's log: warnings and notices for the person who runs it, on standard error. A guest
// can provoke some messages at will, so these go through LogLimited, which goes quiet after a few.
#ifndef VERBATIM_BASE_LOG_H_
#define VERBATIM_BASE_LOG_H_

#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>

namespace verbatim {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

void SetLogLevel(LogLevel level);
[[nodiscard]] bool LogEnabled(LogLevel level);
void LogMessage(LogLevel level, std::string_view message);

// While held, messages wait (the first kMaxHeldMessages; the rest are counted): somebody else has
// the terminal. They are printed on release.
inline constexpr unsigned kMaxHeldMessages = 1000;
void HoldLog();
void ReleaseLog();

template <typename... Args>
void Log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (LogEnabled(level)) LogMessage(level, fmt::format(format, std::forward<Args>(args)...));
}

// For messages that a guest can cause: the first `kMaxRepeats` are printed, the rest only counted.
class LogLimiter {
 public:
  static constexpr uint64_t kMaxRepeats = 8;

  template <typename... Args>
  void Log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
    const uint64_t n = count_++;
    if (!LogEnabled(level)) return;
    if (n < kMaxRepeats) {
      LogMessage(level, fmt::format(format, std::forward<Args>(args)...));
    } else if (n == kMaxRepeats) {
      LogMessage(level, "further messages of this kind are counted but not shown");
    }
  }
  [[nodiscard]] uint64_t count() const { return count_; }

 private:
  uint64_t count_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_BASE_LOG_H_
