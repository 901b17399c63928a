// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace verbatim {
namespace {

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("verbatim",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    // \r: the terminal is in raw mode while a guest owns it.
    made->set_pattern("verbatim: %l: %v\r");
    made->set_level(spdlog::level::warn);
    return made;
  }();
  return *logger;
}

struct HeldMessages {
  std::mutex mutex;
  bool holding = false;
  std::vector<std::pair<LogLevel, std::string>> messages;
  uint64_t dropped = 0;
};

HeldMessages& Held() {
  static HeldMessages held;
  return held;
}

}  // namespace

void SetLogLevel(LogLevel level) { Logger().set_level(ToSpdlog(level)); }

bool LogEnabled(LogLevel level) { return Logger().should_log(ToSpdlog(level)); }

void LogMessage(LogLevel level, std::string_view message) {
  {
    HeldMessages& held = Held();
    const std::scoped_lock lock(held.mutex);
    if (held.holding) {
      if (!LogEnabled(level)) return;
      if (held.messages.size() < kMaxHeldMessages) {
        held.messages.emplace_back(level, message);
      } else {
        ++held.dropped;
      }
      return;
    }
  }
  Logger().log(ToSpdlog(level), "{}", message);
}

void HoldLog() {
  const std::scoped_lock lock(Held().mutex);
  Held().holding = true;
}

void ReleaseLog() {
  HeldMessages& held = Held();
  std::vector<std::pair<LogLevel, std::string>> messages;
  uint64_t dropped = 0;
  {
    const std::scoped_lock lock(held.mutex);
    held.holding = false;
    messages.swap(held.messages);
    dropped = std::exchange(held.dropped, 0);
  }
  for (const auto& [level, message] : messages) LogMessage(level, message);
  if (dropped != 0) Log(LogLevel::kWarning, "{} further messages were not kept", dropped);
}

}  // namespace verbatim
