// SPDX-License-Identifier: Apache-2.0
#include "devices/rtc_time.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace verbatim {
namespace {

std::string Text(const RtcTime& t) {
  char text[64];
  std::snprintf(text, sizeof text, "%04u-%02u-%02u/%u %02u:%02u:%02u", t.year, t.month, t.day,
                t.weekday, t.hour, t.minute, t.second);
  return text;
}

TEST(RtcTime, ConvertsUnixTime) {
  EXPECT_EQ(Text(RtcTime::FromUnixSeconds(0)), "1970-01-01/5 00:00:00");
  EXPECT_EQ(Text(RtcTime::FromUnixSeconds(951'827'696)), "2000-02-29/3 12:34:56");
  EXPECT_EQ(Text(RtcTime::FromUnixSeconds(-1)), "1969-12-31/4 23:59:59");
}

TEST(RtcTime, CarriesThroughTheCalendar) {
  const RtcTime eve = {
      .year = 1999, .month = 12, .day = 31, .weekday = 6, .hour = 23, .minute = 59, .second = 59};
  EXPECT_EQ(Text(eve.After(1)), "2000-01-01/7 00:00:00");
  EXPECT_EQ(Text(eve.After(1 + 59 * 86400)), "2000-02-29/3 00:00:00");
  const RtcTime february = {.year = 2023, .month = 2, .day = 28, .weekday = 3, .hour = 23};
  EXPECT_EQ(Text(february.After(3600)), "2023-03-01/4 00:00:00");
}

TEST(RtcTime, KeepsTheGuestsOwnNumberingOfWeekdays) {
  const RtcTime time = {.year = 2024, .month = 1, .day = 1, .weekday = 7};
  EXPECT_EQ(time.After(86400).weekday, 1u);
}

TEST(RtcTime, CarriesWhatIsOutOfRange) {
  const RtcTime odd = {
      .year = 2001, .month = 99, .day = 32, .weekday = 1, .hour = 25, .minute = 61, .second = 61};
  EXPECT_EQ(Text(odd.After(0)), "2002-01-02/2 02:02:01");
  const RtcTime zero = {.year = 2001, .month = 0, .day = 0, .weekday = 1};
  EXPECT_EQ(Text(zero.After(0)), "2000-12-31/1 00:00:00");
}

TEST(RtcFormat, EncodesBcdAndBinary) {
  EXPECT_EQ((RtcFormat{.binary = false, .hours_24 = true}.Encode(59)), 0x59);
  EXPECT_EQ((RtcFormat{.binary = true, .hours_24 = true}.Encode(59)), 59);
}

TEST(RtcFormat, TwelveHourClockRunsFrom12To11WithAPmBit) {
  const RtcFormat bcd = {.binary = false, .hours_24 = false};
  EXPECT_EQ(bcd.EncodeHour(0), 0x12);
  EXPECT_EQ(bcd.EncodeHour(11), 0x11);
  EXPECT_EQ(bcd.EncodeHour(12), 0x92);
  EXPECT_EQ(bcd.EncodeHour(23), 0x91);
}

TEST(RtcFormat, DecodesWhatItEncodes) {
  for (const bool binary : {false, true}) {
    for (const bool hours_24 : {false, true}) {
      const RtcFormat format = {.binary = binary, .hours_24 = hours_24};
      for (unsigned value = 0; value < 100; ++value) {
        EXPECT_EQ(format.Decode(format.Encode(value)), value);
      }
      for (unsigned hour = 0; hour < 24; ++hour) {
        EXPECT_EQ(format.DecodeHour(format.EncodeHour(hour)), hour);
      }
    }
  }
}

}  // namespace
}  // namespace verbatim
