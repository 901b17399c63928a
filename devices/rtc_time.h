// SPDX-License-Identifier: Apache-2.0
// The calendar of a real-time clock and its register encodings (BCD or binary, 12 or 24 hours).
#ifndef VERBATIM_DEVICES_RTC_TIME_H_
#define VERBATIM_DEVICES_RTC_TIME_H_

#include <cstdint>

namespace verbatim {

inline constexpr uint32_t kSecondsPerDay = 86400;

struct RtcTime {
  unsigned year = 1970;  // with its century
  unsigned month = 1;    // 1-12
  unsigned day = 1;      // 1-31
  unsigned weekday = 1;  // 1-7; 1 is Sunday
  unsigned hour = 0;     // 0-23
  unsigned minute = 0;
  unsigned second = 0;

  [[nodiscard]] static RtcTime FromUnixSeconds(int64_t seconds);
  // Fields that are out of range carry into the next larger ones, except a month outside 1-12,
  // which counts as the nearest. The weekday, which a guest may number as it likes, moves on by the
  // days that pass.
  [[nodiscard]] RtcTime After(uint64_t seconds) const;
  [[nodiscard]] uint32_t SecondOfDay() const {
    return (hour * 3600 + minute * 60 + second) % kSecondsPerDay;
  }
};

// The DM and 24/12 bits of the clock's register B.
struct RtcFormat {
  bool binary = false;
  bool hours_24 = false;

  [[nodiscard]] uint8_t Encode(unsigned value) const;
  [[nodiscard]] unsigned Decode(uint8_t value) const;
  [[nodiscard]] uint8_t EncodeHour(unsigned hour) const;
  [[nodiscard]] unsigned DecodeHour(uint8_t value) const;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_RTC_TIME_H_
