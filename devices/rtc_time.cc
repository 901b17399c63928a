// SPDX-License-Identifier: Apache-2.0
#include "devices/rtc_time.h"

#include <algorithm>
#include <chrono>

namespace verbatim {
namespace {

constexpr uint8_t kPm = 0x80;

RtcTime FromDays(std::chrono::sys_days days, uint32_t second_of_day) {
  const std::chrono::year_month_day date(days);
  return {.year = static_cast<unsigned>(static_cast<int>(date.year())),
          .month = static_cast<unsigned>(date.month()),
          .day = static_cast<unsigned>(date.day()),
          .weekday = std::chrono::weekday(days).c_encoding() + 1,
          .hour = second_of_day / 3600,
          .minute = second_of_day / 60 % 60,
          .second = second_of_day % 60};
}

}  // namespace

RtcTime RtcTime::FromUnixSeconds(int64_t seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto days = std::chrono::floor<std::chrono::days>(time);
  return FromDays(days, static_cast<uint32_t>((time - days).count()));
}

RtcTime RtcTime::After(uint64_t seconds) const {
  const std::chrono::year_month first_of_month(std::chrono::year(static_cast<int>(year)),
                                               std::chrono::month(std::clamp(month, 1u, 12u)));
  const uint64_t total = uint64_t{hour} * 3600 + minute * 60 + second + seconds;
  const uint64_t days_passed = total / kSecondsPerDay;
  const std::chrono::sys_days date = std::chrono::sys_days(first_of_month / 1) +
                                     std::chrono::days(static_cast<int64_t>(day + days_passed) - 1);
  RtcTime after = FromDays(date, static_cast<uint32_t>(total % kSecondsPerDay));
  after.weekday = static_cast<unsigned>((weekday + 6 + days_passed) % 7 + 1);
  return after;
}

uint8_t RtcFormat::Encode(unsigned value) const {
  return static_cast<uint8_t>(binary ? value : value / 10 << 4 | value % 10);
}

unsigned RtcFormat::Decode(uint8_t value) const {
  return binary ? value : (value >> 4) * 10u + (value & 0xF);
}

uint8_t RtcFormat::EncodeHour(unsigned hour) const {
  if (hours_24) return Encode(hour);
  const unsigned hour_12 = hour % 12 == 0 ? 12 : hour % 12;
  return static_cast<uint8_t>(Encode(hour_12) | (hour >= 12 ? kPm : 0));
}

unsigned RtcFormat::DecodeHour(uint8_t value) const {
  if (hours_24) return Decode(value);
  return Decode(value & ~kPm & 0xFF) % 12 + ((value & kPm) != 0 ? 12 : 0);
}

}  // namespace verbatim
