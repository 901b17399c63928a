// SPDX-License-Identifier: Apache-2.0
// ACPI fixed hardware: PM1 event and control registers, the power management timer, and the SMI
// command port by which an operating system takes over (ACPI 6.5, sections 4.8.2 and 4.8.3).
//
// The port numbers and values below are what the FADT must say. The timer runs at 3.579545 MHz,
// derived exactly from the guest clock. The SCI is level triggered and active high.
#ifndef VERBATIM_DEVICES_ACPI_PM_H_
#define VERBATIM_DEVICES_ACPI_PM_H_

#include <cstdint>
#include <optional>

#include "base/log.h"
#include "devices/device.h"
#include "devices/port_bus.h"
#include "devices/tick_rate.h"

namespace verbatim {

inline constexpr uint16_t kPm1EventPort = 0x600;
inline constexpr uint8_t kPm1EventBytes = 4;
inline constexpr uint16_t kPm1ControlPort = 0x604;
inline constexpr uint8_t kPm1ControlBytes = 2;
inline constexpr uint16_t kPmTimerPort = 0x608;
inline constexpr uint8_t kPmTimerBytes = 4;
inline constexpr uint16_t kSmiCommandPort = 0xB2;
inline constexpr uint8_t kAcpiEnableCommand = 0xA1;
inline constexpr uint8_t kAcpiDisableCommand = 0xA0;
inline constexpr unsigned kSciIrq = 9;
inline constexpr uint8_t kSleepTypeS5 = 0;  // SLP_TYP of soft off, for the \_S5 object

class AcpiPm final : public Device, public PortDevice {
 public:
  static constexpr uint64_t kTimerHz = 3'579'545;

  struct Config {
    bool timer_32bit = true;  // TMR_VAL_EXT in the FADT
  };

  // All must outlive the device.
  AcpiPm(const Clock& clock, IrqLine& sci, PowerOffRequest& power, Config config);

  void Attach(PortBus& bus);
  void PressPowerButton();

  [[nodiscard]] std::string_view name() const override { return "acpi pm"; }
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;
  // The next change of the timer's highest bit, while it would raise the SCI.
  [[nodiscard]] std::optional<uint64_t> NextEventNs() const override;
  void AdvanceTo(uint64_t now_ns) override;

  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 private:
  using TimerRate = TickRate<kTimerHz>;

  struct State {
    uint16_t status = 0;
    uint16_t enable = 0;
    uint16_t control = 0;
    uint8_t smi_command = 0;
    uint8_t smi_data = 0;
    uint64_t half_periods = 0;  // changes of the timer's highest bit that were noted
    bool sci = false;
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  [[nodiscard]] unsigned HighestBit() const { return config_.timer_32bit ? 31 : 23; }
  [[nodiscard]] uint32_t TimerValue() const;
  void Sync(uint64_t now_ns);
  void UpdateSci();
  uint8_t ReadByte(uint16_t port);
  void WriteByte(uint16_t port, uint8_t value);
  void WriteControl(uint16_t value);
  void WriteSmiCommand(uint8_t command);

  const Clock& clock_;
  IrqLine& sci_;
  PowerOffRequest& power_;
  const Config config_;
  State state_;
  LogLimiter refused_sleeps_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_ACPI_PM_H_
