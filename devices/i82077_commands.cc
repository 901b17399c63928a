// SPDX-License-Identifier: Apache-2.0
// What the 82077AA does when the last byte of a command has come.
#include "devices/i82077_commands.h"

#include <algorithm>
#include <cstdlib>

#include "devices/i82077.h"

namespace verbatim {
namespace {

using namespace fdc;

constexpr uint8_t kVersion = 0x90;  // an 82077 or later

constexpr uint8_t kSt3Always = 0x28;  // ready, two sides
constexpr uint8_t kSt3WriteProtected = 0x40;
constexpr uint8_t kSt3Track0 = 0x10;

}  // namespace

void I82077::Execute() {
  const Operation operation = CommandOf(state_.command[0]).operation;
  if (MovesData(operation)) {
    if (operation == Operation::kFormat) {
      BeginFormat();
    } else {
      BeginData();
    }
    return;
  }
  switch (operation) {
    case Operation::kSenseInterrupt:
      SenseInterrupt();
      break;
    case Operation::kSenseDrive:
      SenseDrive();
      break;
    case Operation::kRecalibrate:
      Recalibrate();
      break;
    case Operation::kSeek:
      Seek();
      break;
    case Operation::kRelativeSeek:
      RelativeSeek();
      break;
    case Operation::kDumpRegisters:
      DumpRegisters();
      break;
    case Operation::kVersion:
      BeginResult({kVersion});
      break;
    case Operation::kLock:
      state_.locked = (state_.command[0] & kLockBit) != 0;
      BeginResult({static_cast<uint8_t>(state_.locked ? 0x10 : 0)});
      break;
    case Operation::kSpecify:
      state_.step_unload = state_.command[1];
      state_.load_non_dma = state_.command[2];
      EndCommand();
      break;
    case Operation::kConfigure:
      state_.configuration = state_.command[2] & 0x7F;
      state_.precompensation_track = state_.command[3];
      EndCommand();
      break;
    case Operation::kPerpendicular:
      Perpendicular();
      break;
    default:
      Invalid();
      break;
  }
}

void I82077::Invalid() { BeginResult({kSt0Invalid}); }

void I82077::SenseInterrupt() {
  if (state_.reset_polls != 0) {
    const unsigned unit = kDrives - state_.reset_polls--;
    SetInterrupt(false);
    BeginResult({static_cast<uint8_t>(kSt0Polling | unit), state_.present_cylinder[unit]});
    return;
  }
  for (unsigned unit = 0; unit < kDrives; ++unit) {
    const auto bit = static_cast<uint8_t>(1u << unit);
    if ((state_.seek_ended & bit) == 0) continue;
    state_.seek_ended &= static_cast<uint8_t>(~bit);
    state_.busy &= static_cast<uint8_t>(~bit);
    SetInterrupt(false);
    if (state_.seek_ended != 0) SetInterrupt(true);
    BeginResult({state_.seek_status[unit], state_.present_cylinder[unit]});
    return;
  }
  Invalid();
}

void I82077::SenseDrive() {
  const FloppyDrive& drive = Selected();
  BeginResult({static_cast<uint8_t>(kSt3Always | (drive.WriteProtected() ? kSt3WriteProtected : 0) |
                                    (drive.AtTrack0() ? kSt3Track0 : 0) | SelectedHead() << 2 |
                                    SelectedUnit())});
}

// The head moves at once; the guest hears of it when the time of the steps is over.
void I82077::BeginSeek(int cylinders, uint8_t status) {
  const unsigned unit = SelectedUnit();
  const auto bit = static_cast<uint8_t>(1u << unit);
  Selected().Step(cylinders);
  state_.seek_status[unit] =
      static_cast<uint8_t>(status | kSt0SeekEnd | SelectedHead() << 2 | unit);
  state_.seek_ended &= static_cast<uint8_t>(~bit);
  state_.busy |= bit;
  state_.seek_ns[unit] =
      clock_.NowNs() + kSettleNs + static_cast<uint64_t>(std::abs(cylinders)) * kStepNs;
  EndCommand();
}

void I82077::EndSeek(unsigned unit) {
  state_.seek_ns[unit] = kNever;
  state_.seek_ended |= static_cast<uint8_t>(1u << unit);
  SetInterrupt(true);
}

void I82077::Recalibrate() {
  state_.command[1] &= 0x03;  // head 0
  const FloppyDrive& drive = Selected();
  state_.present_cylinder[SelectedUnit()] = 0;
  // No more than 79 pulses are given, and none at track 0.
  const int steps =
      drive.Installed() ? std::min<int>(drive.cylinder(), kRecalibrateSteps) : kRecalibrateSteps;
  const bool found = drive.Installed() && drive.cylinder() <= steps;
  BeginSeek(-steps, found ? 0 : kSt0Abnormal | kSt0EquipmentCheck);
}

void I82077::Seek() {
  uint8_t& present = state_.present_cylinder[SelectedUnit()];
  const int steps = state_.command[2] - present;
  present = state_.command[2];
  BeginSeek(steps, 0);
}

void I82077::RelativeSeek() {
  uint8_t& present = state_.present_cylinder[SelectedUnit()];
  const bool in = (state_.command[0] & kRelativeIn) != 0;
  int steps = state_.command[2];
  uint8_t status = 0;
  if (!in && Selected().Installed() && steps > Selected().cylinder()) {
    // Track 0 ends it.
    steps = Selected().cylinder();
    status = kSt0Abnormal | kSt0EquipmentCheck;
  }
  present = static_cast<uint8_t>(in ? present + steps : present - steps);
  BeginSeek(in ? steps : -steps, status);
}

void I82077::DumpRegisters() {
  const auto& present = state_.present_cylinder;
  BeginResult({present[0], present[1], present[2], present[3], state_.step_unload,
               state_.load_non_dma, state_.last_eot,
               static_cast<uint8_t>((state_.locked ? kLockBit : 0) | state_.perpendicular),
               state_.configuration, state_.precompensation_track});
}

void I82077::Perpendicular() {
  const uint8_t value = state_.command[1];
  const uint8_t drives = (value & kPerpendicularOverwrite) != 0 ? value : state_.perpendicular;
  state_.perpendicular =
      static_cast<uint8_t>((drives & kPerpendicularDrives) | (value & kPerpendicularModes));
  EndCommand();
}

}  // namespace verbatim
