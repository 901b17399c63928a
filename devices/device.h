// SPDX-License-Identifier: Apache-2.0
// What a device sees of the machine (clock, IRQ line, byte channel) and what the machine sees of a
// device (reset, state, timer events). Everything runs on the thread of the virtual CPU; nothing
// here locks.
#ifndef VERBATIM_DEVICES_DEVICE_H_
#define VERBATIM_DEVICES_DEVICE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "devices/state.h"

namespace verbatim {

// Guest time: nanoseconds since power-on. Never runs backwards.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual uint64_t NowNs() const = 0;
};

// One interrupt request wire. Setting the level it already has is harmless.
class IrqLine {
 public:
  virtual ~IrqLine() = default;
  virtual void SetLevel(bool high) = 0;
};

// Where a byte stream goes, e.g. what a UART transmits. Must not call back into the device.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual void Write(std::span<const uint8_t> bytes) = 0;
};

// What a device can ask of the machine as a whole. The machine acts after the current instruction.
class ResetRequest {
 public:
  virtual ~ResetRequest() = default;
  // Every chip.
  virtual void RequestReset() = 0;
  // INIT: the processor restarts at its reset vector; memory and chips stay as they are.
  virtual void RequestInit() = 0;
};

class PowerOffRequest {
 public:
  virtual ~PowerOffRequest() = default;
  virtual void RequestPowerOff() = 0;
};

class Device {
 public:
  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  virtual ~Device() = default;

  // The name in error messages and in the saved state.
  [[nodiscard]] virtual std::string_view name() const = 0;
  // The state after the reset pin was pulsed; lowers the lines that the device drives.
  virtual void Reset() = 0;

  virtual void Save(StateWriter& writer) const = 0;
  // The clock must already show the time of the snapshot. On failure the device is unchanged. Lines
  // are not driven: the interrupt controller's own state holds their levels, so a snapshot is
  // consistent once every device is loaded.
  [[nodiscard]] virtual Status Load(StateReader& reader) = 0;

  // Absolute guest time of the next event that AdvanceTo must serve; nullopt if there is none.
  // Changes whenever a port of the device is accessed.
  [[nodiscard]] virtual std::optional<uint64_t> NextEventNs() const { return std::nullopt; }
  // Serves all events due at `now_ns`, which is never later than the clock.
  virtual void AdvanceTo([[maybe_unused]] uint64_t now_ns) {}
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_DEVICE_H_
