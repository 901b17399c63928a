// SPDX-License-Identifier: Apache-2.0
// The real-time clock and the memory beside it (MC146818A data sheet; IBM PC AT Technical
// Reference, 1-56) as code of the BIOS reaches them.
#ifndef VERBATIM_FIRMWARE_BIOS_TIME_CMOS_H_
#define VERBATIM_FIRMWARE_BIOS_TIME_CMOS_H_

#include <cstdint>

#include "vcpu/port_io.h"

namespace verbatim {

class Cmos {
 public:
  enum Register : uint8_t {
    kSeconds = 0x00,
    kSecondsAlarm = 0x01,
    kMinutes = 0x02,
    kMinutesAlarm = 0x03,
    kHours = 0x04,
    kHoursAlarm = 0x05,
    kWeekday = 0x06,
    kDay = 0x07,
    kMonth = 0x08,
    kYear = 0x09,
    kStatusA = 0x0A,
    kStatusB = 0x0B,
    kStatusC = 0x0C,
    kStatusD = 0x0D,
    kShutdown = 0x0F,
    kCentury = 0x32,
  };
  // Register B.
  static constexpr uint8_t kStop = 0x80;
  static constexpr uint8_t kPeriodic = 0x40;
  static constexpr uint8_t kAlarm = 0x20;
  static constexpr uint8_t kUpdateEnded = 0x10;
  static constexpr uint8_t kDaylightSaving = 0x01;
  // Register A.
  static constexpr uint8_t kUpdating = 0x80;
  // Register C; its bits 4 to 6 stand where register B has the enables.

  explicit Cmos(PortIo& ports) : ports_(ports) {}

  [[nodiscard]] uint8_t Read(uint8_t index) {
    ports_.WritePort(kIndexPort, 1, index);
    return static_cast<uint8_t>(ports_.ReadPort(kDataPort, 1));
  }
  void Write(uint8_t index, uint8_t value) {
    ports_.WritePort(kIndexPort, 1, index);
    ports_.WritePort(kDataPort, 1, value);
  }
  void Change(uint8_t index, uint8_t clear, uint8_t set) {
    Write(index, static_cast<uint8_t>((Read(index) & ~clear) | set));
  }

 private:
  static constexpr uint16_t kIndexPort = 0x70;
  static constexpr uint16_t kDataPort = 0x71;

  PortIo& ports_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_TIME_CMOS_H_
