// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/time/event_wait.h"

#include "firmware/bios/bios_data_area.h"
#include "firmware/bios/power_on.h"

namespace verbatim {
namespace {

// 40:A0.
constexpr uint8_t kActive = 0x01;
constexpr uint8_t kElapsed = 0x80;

constexpr uint8_t kBusy = 0x83;
constexpr uint8_t kCancel = 0x01;
constexpr uint16_t kBdaSegment = 0x40;
constexpr uint64_t kNsPerUs = 1000;

constexpr unsigned kClockIrq = 8;

}  // namespace

bool EventWait::Start(BiosCall& call, FarPointer flag) {
  if ((call.Read<uint8_t>(bda::kWaitActive) & kActive) != 0) return false;
  const uint32_t microseconds = static_cast<uint32_t>(call.regs.cx()) << 16 | call.regs.dx();
  end_ns_ = clock_.NowNs() + microseconds * kNsPerUs;
  call.Write(bda::kWaitActive, kActive);
  call.Write(bda::kWaitFlagPointer, flag.offset);
  call.Write(bda::kWaitFlagPointer + 2, flag.segment);
  call.Write(bda::kWaitMicroseconds, microseconds);
  UnmaskInterrupt(ports_, kClockIrq);
  Cmos(ports_).Change(Cmos::kStatusB, 0, Cmos::kPeriodic);
  return true;
}

void EventWait::Stop(BiosCall& call) {
  Cmos(ports_).Change(Cmos::kStatusB, Cmos::kPeriodic, 0);
  call.Write<uint8_t>(bda::kWaitActive, 0);
}

void EventWait::SetEvent(BiosCall& call) {
  if (call.regs.al() == kCancel) {
    Stop(call);
    call.SetCarry(false);
    return;
  }
  const FarPointer flag{call.regs.bx(), call.Selector(kEs)};
  const bool started = call.regs.al() == 0 && Start(call, flag);
  call.regs.set_ah(started ? 0 : kBusy);
  call.SetCarry(!started);
}

bool EventWait::Wait(BiosCall& call) {
  const FarPointer flag{static_cast<uint16_t>(bda::kWaitActive.value - bda::kStart.value),
                        kBdaSegment};
  if (!Start(call, flag)) {
    call.regs.set_ah(kBusy);
    call.SetCarry(true);
    return false;
  }
  call.SetCarry(false);
  return true;
}

void EventWait::Waited(BiosCall& call) {
  const bool over =
      (call.Read<uint8_t>(bda::kWaitActive) & kElapsed) != 0 || clock_.NowNs() >= end_ns_;
  if (over) Stop(call);
  call.SetLiveCarry(!over);
}

void EventWait::Periodic(BiosCall& call) {
  if ((call.Read<uint8_t>(bda::kWaitActive) & kActive) == 0) return;
  const uint64_t now = clock_.NowNs();
  if (now < end_ns_) {
    call.Write(bda::kWaitMicroseconds, static_cast<uint32_t>((end_ns_ - now) / kNsPerUs));
    return;
  }
  const FarPointer flag{call.Read<uint16_t>(bda::kWaitFlagPointer),
                        call.Read<uint16_t>(bda::kWaitFlagPointer + 2)};
  Stop(call);
  call.Write(bda::kWaitMicroseconds, uint32_t{0});
  call.Write(flag.Linear(), static_cast<uint8_t>(call.Read<uint8_t>(flag.Linear()) | kElapsed));
}

}  // namespace verbatim
