// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/system/apm.h"

#include <algorithm>

#include "firmware/bios/rom.h"

namespace verbatim {
namespace {

enum Status : uint8_t {
  kSuccess = 0x00,
  kDisabled = 0x01,
  kRealModeConnected = 0x02,
  kNotConnected = 0x03,
  kProtected16Connected = 0x05,
  kProtected32Connected = 0x07,
  kUnknownDevice = 0x09,
  kOutOfRange = 0x0A,
  kNotSupported = 0x0C,
  kCannotEnterState = 0x60,
  kNoEvent = 0x80,
};

enum Function : uint8_t {
  kInstallationCheck = 0x00,
  kConnectReal = 0x01,
  kConnect16 = 0x02,
  kConnect32 = 0x03,
  kDisconnect = 0x04,
  kIdle = 0x05,
  kBusy = 0x06,
  kSetPowerState = 0x07,
  kEnable = 0x08,
  kRestoreDefaults = 0x09,
  kGetPowerStatus = 0x0A,
  kGetEvent = 0x0B,
  kGetPowerState = 0x0C,
  kEnableDevice = 0x0D,
  kDriverVersion = 0x0E,
  kEngage = 0x0F,
  kCapabilities = 0x10,
};

constexpr uint16_t kVersion = 0x0102;
constexpr uint16_t kSignature = 0x504D;  // 'PM'
// 16-bit and 32-bit protected mode; idling stops the clock.
constexpr uint16_t kFlags = 0x0007;
constexpr uint16_t kFlagDisabled = 0x0008;
constexpr uint16_t kFlagDisengaged = 0x0010;
constexpr uint16_t kBiosDataSegment = 0x0040;
constexpr uint16_t kSegmentBytes = 0xFFF0;

constexpr uint16_t kApmBios = 0x0000;
constexpr uint16_t kAllDevices = 0x0001;
constexpr uint16_t kAllDevicesOld = 0xFFFF;  // APM 1.0

enum PowerState : uint16_t { kReady = 0, kStandby = 1, kSuspend = 2, kOff = 3 };

constexpr uint8_t kOnLine = 0x01;
constexpr uint8_t kUnknown = 0xFF;
constexpr uint8_t kNoBattery = 0x80;
constexpr uint16_t kUnknownTime = 0xFFFF;

// ACPI 2.0, 4.7.3.2: SLP_EN with SLP_TYP 0, which is S5 here (acpi_tables.h).
constexpr uint16_t kSoftOff = 1u << 13;

}  // namespace

bool Apm::Interrupt(BiosCall& call) {
  const uint8_t function = call.regs.al();
  const uint8_t status = Call(call);
  if (status != kSuccess) call.regs.set_ah(status);
  call.SetCarry(status != kSuccess);
  return function == kIdle && status == kSuccess;
}

void Apm::ProtectedMode(BiosCall& call) {
  const uint8_t status = Call(call);
  if (status != kSuccess) call.regs.set_ah(status);
  call.SetLiveCarry(status != kSuccess);
}

uint8_t Apm::Connect(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  if (regs.bx() != kApmBios) return kUnknownDevice;
  switch (state_.connection) {
    case Connection::kNone:
      break;
    case Connection::kReal:
      return kRealModeConnected;
    case Connection::kProtected16:
      return kProtected16Connected;
    case Connection::kProtected32:
      return kProtected32Connected;
  }
  state_.version = 0x0100;
  switch (regs.al()) {
    case kConnectReal:
      state_.connection = Connection::kReal;
      return kSuccess;
    case kConnect16:
      state_.connection = Connection::kProtected16;
      regs.set_bx(kApmEntry);
      regs.set_cx(kBiosDataSegment);
      regs.set_si(kSegmentBytes);
      break;
    default:
      state_.connection = Connection::kProtected32;
      regs.Set(kEbx, kApmEntry);
      regs.set_cx(kRomSegment);
      regs.set_dx(kBiosDataSegment);
      regs.Set(kEsi, static_cast<uint32_t>(kSegmentBytes) << 16 | kSegmentBytes);
      break;
  }
  regs.set_ax(kRomSegment);
  regs.set_di(kSegmentBytes);
  return kSuccess;
}

uint8_t Apm::SetPowerState(BiosCall& call) {
  const uint16_t device = call.regs.bx();
  const uint16_t power = call.regs.cx();
  if (device != kAllDevices && device != kAllDevicesOld) return kUnknownDevice;
  if (power > kOff) return kOutOfRange;
  if (!state_.enabled) return kDisabled;
  if (power == kReady) return kSuccess;
  if (power != kOff) return kCannotEnterState;
  ports_.WritePort(power_port_, 2, kSoftOff);
  return kSuccess;
}

uint8_t Apm::PowerStatus(BiosCall& call) const {
  BiosRegisters& regs = call.regs;
  if (regs.bx() != kAllDevices) return kUnknownDevice;
  regs.set_bh(kOnLine);
  regs.set_bl(kUnknown);
  regs.set_ch(kNoBattery);
  regs.set_cl(kUnknown);
  regs.set_dx(kUnknownTime);
  return kSuccess;
}

uint8_t Apm::Call(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  const uint8_t function = regs.al();
  const bool all = regs.bx() == kAllDevices || regs.bx() == kAllDevicesOld;
  if (function == kInstallationCheck) {
    if (regs.bx() != kApmBios) return kUnknownDevice;
    regs.set_ax(kVersion);
    regs.set_bx(kSignature);
    regs.set_cx(static_cast<uint16_t>(kFlags | (state_.enabled ? 0 : kFlagDisabled) |
                                      (state_.engaged ? 0 : kFlagDisengaged)));
    return kSuccess;
  }
  if (function >= kConnectReal && function <= kConnect32) return Connect(call);
  if (function > kCapabilities) return kNotSupported;
  if (state_.connection == Connection::kNone) return kNotConnected;
  switch (function) {
    case kDisconnect:
      if (regs.bx() != kApmBios) return kUnknownDevice;
      state_ = State{};
      return kSuccess;
    case kSetPowerState:
      return SetPowerState(call);
    case kEnable:
      if (!all) return kUnknownDevice;
      if (regs.cx() > 1) return kOutOfRange;
      state_.enabled = regs.cx() == 1;
      return kSuccess;
    case kRestoreDefaults:
      if (!all) return kUnknownDevice;
      state_.enabled = true;
      return kSuccess;
    case kGetPowerStatus:
      return PowerStatus(call);
    case kGetEvent:
      return kNoEvent;
    case kGetPowerState:
      if (!all) return kUnknownDevice;
      regs.set_cx(kReady);
      return kSuccess;
    case kEnableDevice:
      return all && regs.cx() <= 1 ? kSuccess : kUnknownDevice;
    case kDriverVersion:
      if (regs.bx() != kApmBios) return kUnknownDevice;
      state_.version = std::min(regs.cx(), kVersion);
      regs.set_ax(state_.version);
      return kSuccess;
    case kEngage:
      if (!all) return kUnknownDevice;
      if (regs.cx() > 1) return kOutOfRange;
      state_.engaged = regs.cx() == 1;
      return kSuccess;
    case kCapabilities:
      if (regs.bx() != kApmBios) return kUnknownDevice;
      regs.set_bl(0);  // batteries
      regs.set_cx(0);
      return kSuccess;
    default:  // idle and busy
      return kSuccess;
  }
}

}  // namespace verbatim
