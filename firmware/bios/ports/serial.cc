// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/ports/serial.h"

#include <iterator>

#include "firmware/bios/bios_data_area.h"

namespace verbatim {
namespace {

enum Register : unsigned {
  kData = 0,
  kInterruptEnable = 1,
  kLineControl = 3,
  kModemControl = 4,
  kLineStatus = 5,
  kModemStatus = 6,
};
constexpr uint8_t kDivisorAccess = 0x80;
constexpr uint8_t kBreakControl = 0x40;
constexpr uint8_t kReady = 0x03;  // DTR and RTS
constexpr uint8_t kDataTerminalReady = 0x01;
constexpr uint8_t kCharacterThere = 0x01;
constexpr uint8_t kErrors = 0x1E;
constexpr uint8_t kRoom = 0x20;

constexpr uint8_t kTimedOut = 0x80;
constexpr unsigned kPorts = 4;
constexpr uint64_t kNsPerSecond = 1'000'000'000;

enum Function : uint8_t {
  kInitialise = 0x00,
  kSend = 0x01,
  kReceive = 0x02,
  kStatus = 0x03,
  kExtendedInitialise = 0x04,
  kModem = 0x05,
};

// By bits 7 to 5 of function 00h, or by cl of 04h, which goes on to 19200.
constexpr uint16_t kDivisors[] = {1047, 768, 384, 192, 96, 48, 24, 12, 6};

}  // namespace

uint8_t SerialService::Read(unsigned offset) const {
  return static_cast<uint8_t>(ports_.ReadPort(static_cast<uint16_t>(base_ + offset), 1));
}

void SerialService::Write(unsigned offset, uint8_t value) {
  ports_.WritePort(static_cast<uint16_t>(base_ + offset), 1, value);
}

void SerialService::Report(BiosCall& call) const {
  call.regs.set_ah(Read(kLineStatus));
  call.regs.set_al(Read(kModemStatus));
}

void SerialService::SetUp(uint16_t divisor, uint8_t line_control) {
  Write(kLineControl, kDivisorAccess);
  Write(kData, static_cast<uint8_t>(divisor));
  Write(kInterruptEnable, static_cast<uint8_t>(divisor >> 8));
  Write(kLineControl, line_control);
  Write(kInterruptEnable, 0);
}

void SerialService::Poll(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  const bool send = regs.ah() == kSend;
  const uint8_t status = Read(kLineStatus);
  if ((status & (send ? kRoom : kCharacterThere)) == 0) {
    if (clock_.NowNs() < end_ns_) {
      call.Wait();
    } else {
      regs.set_ah(status | kTimedOut);
    }
    return;
  }
  if (send) {
    Write(kData, regs.al());
    regs.set_ah(status);
  } else {
    regs.set_al(Read(kData));
    regs.set_ah(status & kErrors);
  }
}

void SerialService::Function(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  const uint16_t number = regs.dx();
  base_ = number < kPorts ? call.Read<uint16_t>(bda::kSerialPorts + number * 2u) : 0;
  if (base_ == 0) {
    regs.set_ah(kTimedOut);
    return;
  }
  switch (regs.ah()) {
    case kInitialise:
      SetUp(kDivisors[regs.al() >> 5], regs.al() & 0x1F);
      Report(call);
      break;
    case kSend:
    case kReceive: {
      const auto seconds = call.Read<uint8_t>(bda::kSerialTimeouts + number);
      end_ns_ = clock_.NowNs() + (seconds == 0 ? 256u : seconds) * kNsPerSecond;
      Write(kModemControl,
            static_cast<uint8_t>((Read(kModemControl) & ~kReady) |
                                 (regs.ah() == kSend ? kReady : kDataTerminalReady)));
      Poll(call);
      break;
    }
    case kStatus:
      Report(call);
      break;
    case kExtendedInitialise: {
      if (regs.cl() >= std::size(kDivisors)) {
        regs.set_ah(kTimedOut);
        break;
      }
      // bh: none, odd, even, stick odd, stick even; bl: second stop bit; ch: bits less five.
      constexpr uint8_t kParity[] = {0x00, 0x08, 0x18, 0x28, 0x38};
      const uint8_t parity = regs.bh() < std::size(kParity) ? kParity[regs.bh()] : 0;
      SetUp(kDivisors[regs.cl()],
            static_cast<uint8_t>((regs.al() != 0 ? kBreakControl : 0) | parity |
                                 (regs.bl() != 0 ? 0x04 : 0) | (regs.ch() & 0x03)));
      Report(call);
      break;
    }
    case kModem:
      if (regs.al() == 1) {
        Write(kModemControl, regs.bl());
      } else {
        regs.set_bl(Read(kModemControl));
      }
      Report(call);
      break;
    default:
      break;
  }
}

}  // namespace verbatim
