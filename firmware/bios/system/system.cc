// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/system/system.h"

#include <array>

#include "firmware/bios/bios_data_area.h"
#include "firmware/bios/power_on.h"
#include "firmware/bios/rom.h"
#include "firmware/bios/time/cmos.h"

namespace verbatim {
namespace {

constexpr uint8_t kNotSupported = 0x86;
constexpr uint16_t kConfigurationTable = 0xE6F5;

// Function 84h.
constexpr uint16_t kGamePort = 0x201;
constexpr uint8_t kSwitches = 0xF0;

// Function 89h: the descriptor that it fills in itself, for the ROM's code.
constexpr uint32_t kRomDescriptor = 0x38;
constexpr std::array<uint8_t, 8> kRomCode = {0xFF, 0xFF, 0x00, 0x00, 0x0F, 0x9B, 0x00, 0x00};
constexpr uint8_t kCannotChange = 0xFF;
constexpr uint16_t kPort92 = 0x92;
constexpr uint8_t kPort92A20 = 0x02;
constexpr uint8_t kPort92Reset = 0x01;

void Refuse(BiosCall& call) {
  call.regs.set_ah(kNotSupported);
  call.SetCarry(true);
}

void Succeed(BiosCall& call) {
  call.regs.set_ah(0);
  call.SetCarry(false);
}

}  // namespace

void SystemService::Function(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  bool more = false;
  switch (regs.ah()) {
    case 0x24:
      dialog_ = Dialog::kA20;
      more = memory_.A20(call);
      break;
    case 0x4F:  // the key is not changed
      call.SetCarry(true);
      break;
    case 0x52:  // a disc may be ejected
    case 0x80:  // device opened, closed, program ended
    case 0x81:
    case 0x82:
    case 0x85:  // system request
    case 0x90:  // device busy
    case 0x91:  // device ready
      Succeed(call);
      break;
    case 0x53:
      more = apm_.Interrupt(call);
      break;
    case 0x83:
      wait_.SetEvent(call);
      break;
    case 0x84:
      Joystick(call);
      break;
    case 0x86:
      more = wait_.Wait(call);
      break;
    case 0x87:
      memory_.Move(call);
      break;
    case 0x88:
      memory_.SizeInKib(call);
      break;
    case 0x8A:
      memory_.BigSizeInKib(call);
      break;
    case 0xC0:
      call.SetSegment(kEs, kRomSegment);
      regs.set_bx(kConfigurationTable);
      Succeed(call);
      break;
    case 0xC1:
      call.SetSegment(kEs, call.Read<uint16_t>(bda::kExtendedArea));
      Succeed(call);
      break;
    case 0xC2:
      dialog_ = Dialog::kPointer;
      more = pointer_.Function(call);
      break;
    case 0xE8:
      if (regs.al() == 0x01 || regs.al() == 0x81) {
        memory_.SizeInTwoParts(call);
        break;
      }
      if (regs.al() == 0x20 && memory_.MapEntry(call)) break;
      Refuse(call);
      break;
    case 0xC3:  // watchdog and option selection: of the PS/2, others refuse them
    case 0xC4:
      Refuse(call);
      break;
    default:
      unknown_.Log(LogLevel::kInfo, "BIOS: int 15h, ax={:04X}h, is not provided", regs.ax());
      Refuse(call);
      break;
  }
  call.SetLiveCarry(more);
}

void SystemService::NextStep(BiosCall& call) {
  const PortResult last{call.regs.al(), call.regs.ah()};
  PortStep step;
  if (dialog_ == Dialog::kA20) step = memory_.Next(last);
  if (dialog_ == Dialog::kPointer) step = pointer_.Next(last);
  call.regs.set_ah(step.kind);
  call.regs.set_al(step.value);
  call.regs.set_dx(step.port);
}

void SystemService::EndDialog(BiosCall& call) {
  if (dialog_ == Dialog::kPointer) pointer_.EndFunction(call);
  dialog_ = Dialog::kNone;
}

// There is no game port; the AT's BIOS answers so where nothing is plugged in.
void SystemService::Joystick(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  if (regs.dx() > 1) {
    Refuse(call);
    return;
  }
  if (regs.dx() == 0) {
    regs.set_al(static_cast<uint8_t>(ports_.ReadPort(kGamePort, 1)) & kSwitches);
  } else {
    regs.set_ax(0);
    regs.set_bx(0);
    regs.set_cx(0);
    regs.set_dx(0);
  }
  call.SetCarry(false);
}

void SystemService::PrepareProtectedMode(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  if (call.state().ProtectedMode()) {
    regs.set_ah(kCannotChange);
    call.SetCarry(true);
    call.SetLiveCarry(true);
    return;
  }
  call.WriteBytes(call.At(kEs, (regs.si() + kRomDescriptor) & 0xFFFF), kRomCode);
  const auto port = static_cast<uint8_t>(ports_.ReadPort(kPort92, 1) & ~kPort92Reset);
  ports_.WritePort(kPort92, 1, port | kPort92A20);
  PlaceInterrupts(ports_, regs.bh(), regs.bl());
  call.SetLiveCarry(false);
}

void SystemService::ClockInterrupt(BiosCall& call) {
  Cmos cmos(ports_);
  const uint8_t enabled = cmos.Read(Cmos::kStatusB);
  const uint8_t flags = cmos.Read(Cmos::kStatusC) & enabled;
  if ((flags & Cmos::kPeriodic) != 0) wait_.Periodic(call);
  call.SetLiveCarry((flags & Cmos::kAlarm) != 0);
}

}  // namespace verbatim
