// SPDX-License-Identifier: Apache-2.0
// ACPI fixed hardware: PM1 event and control registers, the power management timer, and the SMI
// command port by which an operating system takes over (ACPI 6.5, sections 4.8.2 and 4.8.3).
//
// The registers stand where a machine's firmware puts them, in the order of a PIIX4 (data sheet,
// order 290562, chapter 7). Of the chip's own ones behind the timer the control registers keep what
// is written, the status registers read as zero: nothing on this board raises their events.
//
// The values below are what the FADT must say. The timer runs at 3.579545 MHz, derived exactly from
// the guest clock. The SCI is level triggered and active high.
#ifndef VERBATIM_DEVICES_ACPI_PM_H_
#define VERBATIM_DEVICES_ACPI_PM_H_

#include <array>
#include <cstdint>
#include <optional>

#include "base/log.h"
#include "devices/device.h"
#include "devices/port_bus.h"
#include "devices/tick_rate.h"

namespace verbatim {

// Offsets from the first port.
inline constexpr uint16_t kPm1EventOffset = 0;
inline constexpr uint16_t kPm1ControlOffset = 4;
inline constexpr uint16_t kPmTimerOffset = 8;
inline constexpr uint16_t kSmiCommandPort = 0xB2;
inline constexpr uint8_t kAcpiEnableCommand = 0xA1;
inline constexpr uint8_t kAcpiDisableCommand = 0xA0;
inline constexpr unsigned kSciIrq = 9;
inline constexpr uint8_t kSleepTypeS5 = 0;  // SLP_TYP of soft off, for the \_S5 object

class AcpiPm final : public Device, public PortDevice {
 public:
  static constexpr uint64_t kTimerHz = 3'579'545;
  static constexpr uint16_t kPorts = 64;

  struct Config {
    bool timer_32bit = true;  // TMR_VAL_EXT in the FADT
  };

  // All must outlive the device.
  AcpiPm(const Clock& clock, IrqLine& sci, PowerOffRequest& power, Config config);

  // Behind Attach the registers stand nowhere; only the SMI command port is there.
  void Attach(PortBus& bus);
  void Place(std::optional<uint16_t> first_port);
  [[nodiscard]] bool HasPort(uint16_t port) const {
    return first_port_ && static_cast<uint16_t>(port - *first_port_) < kPorts;
  }
  void PressPowerButton();
  // The output of the RTC: its rise is the RTC's event (RTC_STS), whatever else it is wired to.
  void SetRtcLine(bool high);

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
  static constexpr unsigned kControlBytes = 40;  // from 10h

  struct State {
    uint16_t status = 0;
    uint16_t enable = 0;
    uint16_t control = 0;
    uint8_t smi_command = 0;
    uint8_t smi_data = 0;
    uint64_t half_periods = 0;  // changes of the timer's highest bit that were noted
    bool sci = false;
    bool rtc_line = false;
    std::array<uint8_t, kControlBytes> chip_control{};
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  [[nodiscard]] unsigned HighestBit() const { return config_.timer_32bit ? 31 : 23; }
  [[nodiscard]] uint32_t TimerValue() const;
  void Sync(uint64_t now_ns);
  void UpdateSci();
  uint8_t ReadByte(unsigned offset);
  void WriteByte(unsigned offset, uint8_t value);
  void WriteControl(uint16_t value);
  void WriteSmiCommand(uint8_t command);

  const Clock& clock_;
  IrqLine& sci_;
  PowerOffRequest& power_;
  const Config config_;
  PortBus* bus_ = nullptr;
  unsigned range_ = 0;
  std::optional<uint16_t> first_port_;
  State state_;
  LogLimiter refused_sleeps_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_ACPI_PM_H_
