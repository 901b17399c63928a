// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/clock.h"

#include "firmware/bios/bios_data_area.h"

namespace verbatim {
namespace {

constexpr uint16_t kIndexPort = 0x70;
constexpr uint16_t kDataPort = 0x71;
constexpr uint8_t kSeconds = 0x00;
constexpr uint8_t kMinutes = 0x02;
constexpr uint8_t kHours = 0x04;

constexpr uint32_t kTicksPerDay = 0x1800B0;
// The PIT divides 1193182 Hz by 65536.
constexpr uint64_t kPitHz = 1193182;
constexpr uint64_t kPitPeriod = 65536;

}  // namespace

uint8_t ClockService::ReadCmos(uint8_t index) {
  ports_.WritePort(kIndexPort, 1, index);
  return static_cast<uint8_t>(ports_.ReadPort(kDataPort, 1));
}

unsigned ClockService::ReadCmosBcd(uint8_t index) {
  const uint8_t value = ReadCmos(index);
  return (value >> 4) * 10u + (value & 0x0Fu);
}

void ClockService::PowerOn(PhysicalMemory& memory) {
  const uint64_t seconds =
      (ReadCmosBcd(kHours) * 60u + ReadCmosBcd(kMinutes)) * 60u + ReadCmosBcd(kSeconds);
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
}

void ClockService::TimeOfDay(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  switch (regs.ah()) {
    case 0x00: {
      const auto ticks = call.Read<uint32_t>(bda::kTicks);
      regs.set_cx(static_cast<uint16_t>(ticks >> 16));
      regs.set_dx(static_cast<uint16_t>(ticks));
      regs.set_al(call.Read<uint8_t>(bda::kMidnight));
      call.Write<uint8_t>(bda::kMidnight, 0);
      break;
    }
    case 0x01:
      call.Write(bda::kTicks, static_cast<uint32_t>(regs.cx()) << 16 | regs.dx());
      call.Write<uint8_t>(bda::kMidnight, 0);
      break;
    default:
      call.SetCarry(true);
      return;
  }
  call.SetCarry(false);
}

}  // namespace verbatim
