// SPDX-License-Identifier: Apache-2.0
// The glue registers of the PC/AT board: system control port B (61h: timer 2 gate, speaker, refresh
// toggle) and port A (92h: fast A20 gate and fast reset); PIIX data sheet, order 290550, sections
// 2.5.5 and 2.5.7. Also the OR gate in which the A20 controls of port 92h and of the keyboard
// controller meet.
#ifndef VERBATIM_DEVICES_SYSTEM_CONTROL_H_
#define VERBATIM_DEVICES_SYSTEM_CONTROL_H_

#include <array>
#include <cstdint>

#include "devices/device.h"
#include "devices/i8254.h"
#include "devices/port_bus.h"

namespace verbatim {

// Address line 20 towards memory: passed on when enabled, forced to 0 otherwise.
class A20Gate {
 public:
  virtual ~A20Gate() = default;
  virtual void SetA20(bool enabled) = 0;
};

// A20 is enabled while any input enables it. Inputs start disabled; the output is told of changes
// only, and the first time of "disabled" when the gate is made.
class A20OrGate {
 public:
  enum Source : unsigned { kKeyboardController, kPort92, kSources };

  explicit A20OrGate(A20Gate& output);
  [[nodiscard]] A20Gate& Input(Source source) { return inputs_[source]; }

 private:
  class InputGate final : public A20Gate {
   public:
    void SetA20(bool enabled) override {
      enabled_ = enabled;
      owner->Update();
    }
    [[nodiscard]] bool enabled() const { return enabled_; }
    A20OrGate* owner = nullptr;

   private:
    bool enabled_ = false;
  };
  void Update();

  A20Gate& output_;
  std::array<InputGate, kSources> inputs_;
  bool enabled_ = false;
};

class SystemControlPortB final : public Device, public PortDevice {
 public:
  // `timer` must outlive the port.
  explicit SystemControlPortB(I8254& timer) : timer_(timer) { timer.SetGate2(false); }

  void Attach(PortBus& bus);
  // Whether the guest lets timer 2's output through to the speaker.
  [[nodiscard]] bool SpeakerEnabled() const { return (control_ & kSpeakerData) != 0; }

  [[nodiscard]] std::string_view name() const override { return "port 61h"; }
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;

  // Bit 4 toggles with every refresh request, that is every 18 timer clocks (15.085 us).
  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 private:
  static constexpr uint8_t kTimer2Gate = 0x01;
  static constexpr uint8_t kSpeakerData = 0x02;

  I8254& timer_;
  uint8_t control_ = 0;  // bits 0-3
};

class SystemControlPortA final : public Device, public PortDevice {
 public:
  // Both must outlive the port.
  SystemControlPortA(A20Gate& a20, ResetRequest& reset) : a20_(a20), reset_(reset) {}

  void Attach(PortBus& bus);

  [[nodiscard]] std::string_view name() const override { return "port 92h"; }
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;

  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 private:
  A20Gate& a20_;
  ResetRequest& reset_;
  uint8_t value_ = 0;  // bits 0 (fast reset) and 1 (A20)
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_SYSTEM_CONTROL_H_
