// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/bell.h"

#include "firmware/bios/bios_data_area.h"

namespace verbatim {
namespace {

constexpr uint16_t kCounter2 = 0x42;
constexpr uint16_t kTimerControl = 0x43;
constexpr uint16_t kPortB = 0x61;
constexpr uint32_t kSquareWave2 = 0xB6;       // counter 2, low byte then high byte, mode 3
constexpr uint32_t kDivisor = 1193182 / 900;  // Hz
constexpr uint32_t kSpeakerOn = 0x03;  // the gate of counter 2, and its output to the speaker
constexpr uint32_t kOwnBits = 0x0F;    // the others are read only
constexpr uint8_t kTicks = 5;          // the first may come at once: 0.22 to 0.27 s

void SetSpeaker(PortIo& ports, bool on) {
  const uint32_t others = ports.ReadPort(kPortB, 1) & kOwnBits & ~kSpeakerOn;
  ports.WritePort(kPortB, 1, others | (on ? kSpeakerOn : 0));
}

}  // namespace

void RingBell(BiosCall& call, PortIo& ports) {
  call.Write(bda::kBellTicks, kTicks);
  // A fault in the data area begins the call anew; ports must not have been written by then.
  if (call.faulted()) return;
  ports.WritePort(kTimerControl, 1, kSquareWave2);
  ports.WritePort(kCounter2, 1, kDivisor & 0xFF);
  ports.WritePort(kCounter2, 1, kDivisor >> 8);
  SetSpeaker(ports, true);
}

void CountBellDown(BiosCall& call, PortIo& ports) {
  const auto ticks = call.Read<uint8_t>(bda::kBellTicks);
  if (ticks == 0) return;
  call.Write(bda::kBellTicks, static_cast<uint8_t>(ticks - 1));
  if (ticks == 1 && !call.faulted()) SetSpeaker(ports, false);
}

}  // namespace verbatim
