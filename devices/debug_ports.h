// SPDX-License-Identifier: Apache-2.0
// Ports for whoever watches a guest: 80h, where a BIOS shows its progress (POST code) and where
// others write to wait a microsecond; F4h, by which a test program ends the run; and the debug
// consoles at 402h (SeaBIOS) and E9h (Bochs), which are recognised by reading E9h.
#ifndef VERBATIM_DEVICES_DEBUG_PORTS_H_
#define VERBATIM_DEVICES_DEBUG_PORTS_H_

#include <cstdint>
#include <functional>
#include <utility>

#include "devices/device.h"
#include "devices/port_bus.h"

namespace verbatim {

class PostCodePort final : public Device, public PortDevice {
 public:
  void Attach(PortBus& bus);
  [[nodiscard]] uint8_t code() const { return code_; }

  [[nodiscard]] std::string_view name() const override { return "port 80h"; }
  void Reset() override { code_ = 0; }
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;

  uint32_t ReadPort(uint16_t /*port*/, unsigned /*bytes*/) override { return code_; }
  void WritePort(uint16_t /*port*/, unsigned /*bytes*/, uint32_t value) override {
    code_ = static_cast<uint8_t>(value);
  }

 private:
  uint8_t code_ = 0;
};

// Has no state, so it is no Device.
class DebugExitPort final : public PortDevice {
 public:
  // `on_exit` gets the value written, whatever its width (up to 4 bytes).
  explicit DebugExitPort(std::function<void(uint32_t)> on_exit) : on_exit_(std::move(on_exit)) {}

  void Attach(PortBus& bus);

  uint32_t ReadPort(uint16_t /*port*/, unsigned /*bytes*/) override { return 0; }
  void WritePort(uint16_t /*port*/, unsigned /*bytes*/, uint32_t value) override {
    on_exit_(value);
  }

 private:
  std::function<void(uint32_t)> on_exit_;
};

// What is written to either console goes to the sink. Has no state, so it is no Device.
class DebugConsolePort final : public PortDevice {
 public:
  // `sink` must outlive the port.
  explicit DebugConsolePort(ByteSink& sink) : sink_(sink) {}

  void Attach(PortBus& bus);

  uint32_t ReadPort(uint16_t /*port*/, unsigned /*bytes*/) override { return 0xE9; }
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 private:
  ByteSink& sink_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_DEBUG_PORTS_H_
