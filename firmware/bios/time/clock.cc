// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/time/clock.h"

#include "firmware/bios/bell.h"
#include "firmware/bios/bios_data_area.h"
#include "firmware/bios/power_on.h"

namespace verbatim {
namespace {

constexpr uint32_t kTicksPerDay = 0x1800B0;
// The PIT divides 1193182 Hz by 65536.
constexpr uint64_t kPitHz = 1193182;
constexpr uint64_t kPitPeriod = 65536;

// Register A: the divider runs; register D: the time is valid.
constexpr uint8_t kDividerMask = 0x70;
constexpr uint8_t kDividerRuns = 0x20;
constexpr uint8_t kTimeValid = 0x80;

constexpr unsigned kClockIrq = 8;

enum Function : uint8_t {
  kGetTicks = 0x00,
  kSetTicks = 0x01,
  kGetTime = 0x02,
  kSetTime = 0x03,
  kGetDate = 0x04,
  kSetDate = 0x05,
  kSetAlarm = 0x06,
  kClearAlarm = 0x07,
};

constexpr unsigned FromBcd(uint8_t value) { return (value >> 4) * 10u + (value & 0x0Fu); }

}  // namespace

// A second may end amid the reading.
ClockService::Time ClockService::ReadTime() {
  const auto read = [this] {
    return Time{cmos_.Read(Cmos::kHours), cmos_.Read(Cmos::kMinutes), cmos_.Read(Cmos::kSeconds)};
  };
  const Time time = read();
  return cmos_.Read(Cmos::kSeconds) == time.seconds && cmos_.Read(Cmos::kHours) == time.hours
             ? time
             : read();
}

bool ClockService::Runs() {
  return (cmos_.Read(Cmos::kStatusA) & kDividerMask) == kDividerRuns &&
         (cmos_.Read(Cmos::kStatusD) & kTimeValid) != 0;
}

// The clock stands while its registers change (MC146818A data sheet, "SET").
void ClockService::SetRegisters(std::initializer_list<std::pair<uint8_t, uint8_t>> values) {
  cmos_.Change(Cmos::kStatusB, 0, Cmos::kStop);
  for (const auto& [index, value] : values) cmos_.Write(index, value);
  cmos_.Change(Cmos::kStatusB, Cmos::kStop, 0);
}

void ClockService::PowerOn(PhysicalMemory& memory) {
  const Time time = ReadTime();
  const uint64_t seconds =
      (FromBcd(time.hours) * 60u + FromBcd(time.minutes)) * 60u + FromBcd(time.seconds);
  const auto ticks = static_cast<uint32_t>(seconds * kPitHz / kPitPeriod);
  memory.Write({bda::kTicks.value}, &ticks, sizeof ticks);
}

void ClockService::Tick(BiosCall& call) {
  uint32_t ticks = call.Read<uint32_t>(bda::kTicks) + 1;
  if (ticks >= kTicksPerDay) {
    ticks = 0;
    call.Write<uint8_t>(bda::kMidnight, 1);
  }
  call.Write(bda::kTicks, ticks);
  CountBellDown(call, ports_);
}

void ClockService::SetAlarm(BiosCall& call) {
  const BiosRegisters& regs = call.regs;
  if ((cmos_.Read(Cmos::kStatusB) & Cmos::kAlarm) != 0) {
    call.SetCarry(true);
    return;
  }
  SetRegisters({{Cmos::kHoursAlarm, regs.ch()},
                {Cmos::kMinutesAlarm, regs.cl()},
                {Cmos::kSecondsAlarm, regs.dh()}});
  UnmaskInterrupt(ports_, kClockIrq);
  cmos_.Change(Cmos::kStatusB, 0, Cmos::kAlarm);
  call.SetCarry(false);
}

void ClockService::TimeOfDay(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  const bool needs_clock = regs.ah() == kGetTime || regs.ah() == kGetDate;
  if (needs_clock && !Runs()) {
    call.SetCarry(true);
    return;
  }
  switch (regs.ah()) {
    case kGetTicks: {
      const auto ticks = call.Read<uint32_t>(bda::kTicks);
      regs.set_cx(static_cast<uint16_t>(ticks >> 16));
      regs.set_dx(static_cast<uint16_t>(ticks));
      regs.set_al(call.Read<uint8_t>(bda::kMidnight));
      call.Write<uint8_t>(bda::kMidnight, 0);
      break;
    }
    case kSetTicks:
      call.Write(bda::kTicks, static_cast<uint32_t>(regs.cx()) << 16 | regs.dx());
      call.Write<uint8_t>(bda::kMidnight, 0);
      break;
    case kGetTime: {
      const Time time = ReadTime();
      regs.set_ch(time.hours);
      regs.set_cl(time.minutes);
      regs.set_dh(time.seconds);
      regs.set_dl(cmos_.Read(Cmos::kStatusB) & Cmos::kDaylightSaving);
      break;
    }
    case kSetTime: {
      const auto saving = static_cast<uint8_t>(regs.dl() & Cmos::kDaylightSaving);
      SetRegisters(
          {{Cmos::kHours, regs.ch()}, {Cmos::kMinutes, regs.cl()}, {Cmos::kSeconds, regs.dh()}});
      cmos_.Change(Cmos::kStatusB, Cmos::kDaylightSaving, saving);
      break;
    }
    case kGetDate:
      regs.set_ch(cmos_.Read(Cmos::kCentury));
      regs.set_cl(cmos_.Read(Cmos::kYear));
      regs.set_dh(cmos_.Read(Cmos::kMonth));
      regs.set_dl(cmos_.Read(Cmos::kDay));
      break;
    case kSetDate:
      SetRegisters({{Cmos::kCentury, regs.ch()},
                    {Cmos::kYear, regs.cl()},
                    {Cmos::kMonth, regs.dh()},
                    {Cmos::kDay, regs.dl()}});
      break;
    case kSetAlarm:
      SetAlarm(call);
      return;
    case kClearAlarm:
      cmos_.Change(Cmos::kStatusB, Cmos::kAlarm, 0);
      break;
    default:
      call.SetCarry(true);
      return;
  }
  call.SetCarry(false);
}

}  // namespace verbatim
