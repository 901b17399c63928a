// SPDX-License-Identifier: Apache-2.0
// The real-time clock and CMOS memory of a PC at ports 70h and 71h (Motorola MC146818A data sheet,
// 1988), with the PC/AT's conventions for the memory behind it.
//
// The time is what the registers hold: they are brought up to date whenever they are looked at, by
// the seconds that ended since. A second ends at the end of its update cycle, which UIP announces
// 244 us before it begins; it takes 1984 us. The divider runs only with the time base that the
// crystal has (DV = 010); leaving divider reset makes the first update half a second later.
// Century (32h) moves with the year. DSE and the square wave output have no effect.
//
// Timer events exist only for interrupts that are enabled and whose flag is not set yet, so a guest
// that does not read register C is not woken again, and missed periods make one interrupt.
#ifndef VERBATIM_DEVICES_MC146818_H_
#define VERBATIM_DEVICES_MC146818_H_

#include <array>
#include <cstdint>
#include <optional>

#include "devices/device.h"
#include "devices/port_bus.h"
#include "devices/rtc_time.h"

namespace verbatim {

class Mc146818 final : public Device, public PortDevice {
 public:
  static constexpr unsigned kBytes = 128;
  static constexpr uint8_t kShutdownStatus = 0x0F;
  static constexpr uint8_t kCenturyRegister = 0x32;

  struct Config {
    int64_t unix_seconds = 0;  // the time at power-on, in the zone the guest expects
    uint64_t memory_below_4g_bytes = 0;
    uint64_t memory_above_4g_bytes = 0;
    uint8_t equipment = 0x02;  // 14h: a coprocessor
    // 3Dh and 38h, as Bochs defined them: what is booted first, second and third; 1 is a diskette,
    // 2 a disk, 3 a CD, 0 nothing.
    std::array<uint8_t, 3> boot_order{};
  };

  // The references must outlive the clock.
  Mc146818(const Clock& clock, IrqLine& irq8, const Config& config);

  void Attach(PortBus& bus);
  // The drives as the set-up program would store them: byte 10h, first drive in the high nibble,
  // and their number in byte 14h.
  void StoreFloppyTypes(uint8_t first, uint8_t second);
  // Bit 7 of port 70h: the guest keeps NMI away from the processor.
  [[nodiscard]] bool NmiMasked() const { return state_.nmi_masked; }
  // 0Fh, by which the PC/AT's BIOS tells a reset that leads back from protected mode from others.
  [[nodiscard]] uint8_t ShutdownStatus() const { return state_.bytes[kShutdownStatus]; }

  [[nodiscard]] std::string_view name() const override { return "mc146818"; }
  // The reset pin stops the interrupts; time and memory go on.
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;
  [[nodiscard]] std::optional<uint64_t> NextEventNs() const override;
  void AdvanceTo(uint64_t now_ns) override;

  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 private:
  struct State {
    uint8_t index = 0;
    bool nmi_masked = false;
    bool irq = false;
    // The age of the divider chain is the clock plus this, modulo 2^64; whole seconds and the
    // periodic rates are counted from age 0.
    uint64_t divider_offset_ns = 0;
    uint64_t synced_age_ns = 0;
    std::array<uint8_t, kBytes> bytes{};
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  [[nodiscard]] uint64_t Age(uint64_t now_ns) const { return now_ns + state_.divider_offset_ns; }
  [[nodiscard]] bool DividerRuns() const;
  [[nodiscard]] bool Updating() const;
  [[nodiscard]] uint64_t PeriodTicks() const;  // of 32768 Hz; 0 if off
  [[nodiscard]] RtcFormat Format() const;
  [[nodiscard]] RtcTime Time() const;

  void Sync(uint64_t now_ns);
  void EndSeconds(uint64_t seconds);
  [[nodiscard]] bool AlarmWithin(uint32_t second_of_day, uint64_t seconds) const;
  void StoreTime(const RtcTime& time);
  void UpdateIrq();
  void StoreMemorySizes(const Config& config);
  void StoreChecksum();

  uint8_t ReadData();
  void WriteData(uint8_t value);
  void WriteRegisterA(uint8_t value);

  const Clock& clock_;
  IrqLine& irq8_;
  State state_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_MC146818_H_
