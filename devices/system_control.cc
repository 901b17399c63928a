// SPDX-License-Identifier: Apache-2.0
#include "devices/system_control.h"

#include <utility>

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

constexpr uint16_t kPortB = 0x61;
constexpr uint16_t kPortA = 0x92;

constexpr uint8_t kPortBWritable = 0x0F;
constexpr unsigned kRefreshBit = 4;
constexpr unsigned kTimer2OutputBit = 5;
constexpr uint64_t kTimerClocksPerRefresh = 18;

constexpr uint8_t kPortAFastReset = 0x01;
constexpr uint8_t kPortAA20 = 0x02;

}  // namespace

A20OrGate::A20OrGate(A20Gate& output) : output_(output) {
  for (InputGate& input : inputs_) input.owner = this;
  output_.SetA20(false);
}

void A20OrGate::Update() {
  bool enabled = false;
  for (const InputGate& input : inputs_) enabled = enabled || input.enabled();
  if (std::exchange(enabled_, enabled) != enabled) output_.SetA20(enabled);
}

void SystemControlPortB::Attach(PortBus& bus) { bus.Claim(kPortB, 1, 1, *this); }

uint32_t SystemControlPortB::ReadPort(uint16_t /*port*/, unsigned /*bytes*/) {
  const uint64_t ticks = timer_.TicksNow();
  const auto refresh = static_cast<uint32_t>(ticks / kTimerClocksPerRefresh & 1);
  const uint32_t output = timer_.Output2(ticks) ? 1 : 0;
  return control_ | refresh << kRefreshBit | output << kTimer2OutputBit;
}

void SystemControlPortB::WritePort(uint16_t /*port*/, unsigned /*bytes*/, uint32_t value) {
  control_ = value & kPortBWritable;
  timer_.SetGate2((control_ & kTimer2Gate) != 0);
}

void SystemControlPortB::Reset() {
  control_ = 0;
  timer_.SetGate2(false);
}

void SystemControlPortB::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  writer.Field("control", control_);
}

Status SystemControlPortB::Load(StateReader& reader) {
  uint8_t control = 0;
  reader.Begin(name(), kStateVersion);
  reader.Field("control", control, kPortBWritable);
  const Status status = reader.status();
  if (status) control_ = control;
  return status;
}

void SystemControlPortA::Attach(PortBus& bus) { bus.Claim(kPortA, 1, 1, *this); }

uint32_t SystemControlPortA::ReadPort(uint16_t /*port*/, unsigned /*bytes*/) { return value_; }

void SystemControlPortA::WritePort(uint16_t /*port*/, unsigned /*bytes*/, uint32_t value) {
  const auto old =
      std::exchange(value_, static_cast<uint8_t>(value & (kPortAFastReset | kPortAA20)));
  a20_.SetA20((value_ & kPortAA20) != 0);
  // The reset is a pulse at the bit's rising edge.
  if ((value_ & ~old & kPortAFastReset) != 0) reset_.RequestInit();
}

void SystemControlPortA::Reset() {
  value_ = 0;
  a20_.SetA20(false);
}

void SystemControlPortA::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  writer.Field("value", value_);
}

Status SystemControlPortA::Load(StateReader& reader) {
  uint8_t value = 0;
  reader.Begin(name(), kStateVersion);
  reader.Field("value", value, static_cast<uint8_t>(kPortAFastReset | kPortAA20));
  const Status status = reader.status();
  if (status) {
    value_ = value;
    a20_.SetA20((value_ & kPortAA20) != 0);
  }
  return status;
}

}  // namespace verbatim
