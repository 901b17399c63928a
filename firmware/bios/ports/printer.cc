// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/ports/printer.h"

#include "firmware/bios/bios_data_area.h"

namespace verbatim {
namespace {

enum Register : unsigned { kData = 0, kStatus = 1, kControl = 2 };
// Status: the port's bits 7 to 3 with two of them inverted; bit 0 is the time-out.
constexpr uint8_t kStatusBits = 0xF8;
constexpr uint8_t kInverted = 0x48;
constexpr uint8_t kNotBusy = 0x80;
constexpr uint8_t kTimedOut = 0x01;
// Control.
constexpr uint8_t kSelectedAndStrobe = 0x0D;
constexpr uint8_t kSelected = 0x0C;
constexpr uint8_t kInitialising = 0x08;

constexpr unsigned kPorts = 3;
constexpr uint64_t kNsPerSecond = 1'000'000'000;

enum Function : uint8_t { kPrint = 0x00, kInitialise = 0x01, kGetStatus = 0x02 };

}  // namespace

uint8_t PrinterService::Status() const {
  const uint32_t status = ports_.ReadPort(static_cast<uint16_t>(base_ + kStatus), 1);
  return static_cast<uint8_t>((status & kStatusBits) ^ kInverted);
}

void PrinterService::Poll(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  if ((Status() & kNotBusy) == 0) {
    if (clock_.NowNs() < end_ns_) {
      call.Wait();
    } else {
      regs.set_ah(Status() | kTimedOut);
    }
    return;
  }
  const auto control = static_cast<uint16_t>(base_ + kControl);
  ports_.WritePort(base_, 1, regs.al());
  ports_.WritePort(control, 1, kSelectedAndStrobe);
  ports_.WritePort(control, 1, kSelected);
  regs.set_ah(Status());
}

void PrinterService::Function(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  const uint16_t number = regs.dx();
  base_ = number < kPorts ? call.Read<uint16_t>(bda::kParallelPorts + number * 2u) : 0;
  if (base_ == 0) {
    regs.set_ah(kTimedOut);
    return;
  }
  const auto control = static_cast<uint16_t>(base_ + kControl);
  switch (regs.ah()) {
    case kPrint: {
      const auto seconds = call.Read<uint8_t>(bda::kParallelTimeouts + number);
      end_ns_ = clock_.NowNs() + (seconds == 0 ? 256u : seconds) * kNsPerSecond;
      Poll(call);
      break;
    }
    case kInitialise:
      ports_.WritePort(control, 1, kInitialising);
      ports_.WritePort(control, 1, kSelected);
      regs.set_ah(Status());
      break;
    case kGetStatus:
      regs.set_ah(Status());
      break;
    default:
      break;
  }
}

}  // namespace verbatim
