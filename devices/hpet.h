// SPDX-License-Identifier: Apache-2.0
// High precision event timers (IA-PC HPET Specification 1.0a): a 64-bit counter of 14.31818 MHz and
// three comparators at FED00000h, each one-shot or periodic, of 64 or 32 bits. No FSB delivery.
//
// A timer interrupts through one of the I/O APIC's inputs 16 to 23, to which the board wires
// nothing else. With legacy replacement timers 0 and 1 drive IRQ 0 and 8, and the 8254 and the RTC,
// whose outputs come in here, are cut off. To the I/O APIC an edge is a pulse; a legacy line stays
// high until its next edge, since an 8259 forgets a request that is gone before it is acknowledged.
//
// Timers advance when they are looked at. Missed periods make one interrupt, and the comparator
// goes on in one step however many there were. A comparator matches the counts after it was
// written, so one that holds the present count matches a whole turn later.
#ifndef VERBATIM_DEVICES_HPET_H_
#define VERBATIM_DEVICES_HPET_H_

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

#include "base/address.h"
#include "devices/device.h"
#include "devices/tick_rate.h"
#include "memory/mmio_handler.h"

namespace verbatim {

class Hpet final : public Device, public MmioHandler {
 public:
  static constexpr PhysicalAddress kAddress{0xFED00000};
  static constexpr uint32_t kBytes = kPageBytes;  // decoded; the registers are in the first KiB
  static constexpr uint64_t kHz = 14'318'180;
  static constexpr unsigned kTimers = 3;
  static constexpr unsigned kLegacyLines = 2;      // IRQ 0 and IRQ 8
  static constexpr uint32_t kRoutes = 0x00FF0000;  // inputs of the I/O APIC
  // The low half of the capabilities, which the ACPI table repeats: Intel's, with legacy
  // replacement, a 64-bit counter, three timers, revision 1.
  static constexpr uint32_t kId = 0x8086u << 16 | 1u << 15 | 1u << 13 | (kTimers - 1) << 8 | 1;

  struct Connections {
    std::array<IrqLine*, kLegacyLines> legacy;
    std::function<void(unsigned input, bool high)> set_input;  // of the I/O APIC
    // The next event may have moved.
    std::function<void()> on_deadline;
  };

  // `clock` and the lines must outlive the timers.
  Hpet(const Clock& clock, Connections connections);

  // Where the 8254's output (0) and the RTC's (1) go instead of to the line itself.
  [[nodiscard]] IrqLine& Replaced(unsigned line) { return replaced_[line]; }

  [[nodiscard]] std::string_view name() const override { return "hpet"; }
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;
  [[nodiscard]] std::optional<uint64_t> NextEventNs() const override;
  void AdvanceTo(uint64_t now_ns) override;

  // Registers are aligned doublewords or quadwords (2.3.2); other accesses read as zero and write
  // nothing.
  uint64_t ReadMmio(uint32_t offset, unsigned bytes) override;
  void WriteMmio(uint32_t offset, unsigned bytes, uint64_t value) override;

 private:
  struct Timer {
    uint64_t config = 0;  // the writable bits, and VAL_SET until the comparator is written
    uint64_t comparator = UINT64_MAX;
    uint64_t period = 0;

    // The bits of the counter that are compared.
    [[nodiscard]] uint64_t Mask() const;
    // Clocks until the counter, now at `counter`, matches; nullopt: not within 2^64.
    [[nodiscard]] std::optional<uint64_t> ClocksToMatch(uint64_t counter) const;
    // Whether it matched in the next `clocks` clocks.
    [[nodiscard]] bool Advance(uint64_t counter, uint64_t clocks);
    void WriteConfig(uint64_t value);
    void WriteComparator(uint64_t value, uint64_t written);
  };

  struct State {
    uint64_t ticks = 0;    // of the oscillator, up to which everything has advanced
    uint64_t counter = 0;  // at that time
    uint8_t config = 0;
    uint8_t status = 0;    // level-triggered timers that ask
    uint8_t edges = 0;     // legacy lines that an edge left high
    uint8_t replaced = 0;  // levels of the outputs that come in
    uint32_t inputs = 0;   // of the I/O APIC that are driven high
    std::array<Timer, kTimers> timers;
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  class Input final : public IrqLine {
   public:
    void Connect(Hpet& hpet, unsigned line) {
      hpet_ = &hpet;
      line_ = line;
    }
    void SetLevel(bool high) override { hpet_->SetReplaced(line_, high); }

   private:
    Hpet* hpet_ = nullptr;
    unsigned line_ = 0;
  };

  [[nodiscard]] uint64_t TicksNow() const { return TickRate<kHz>::TicksAt(clock_.NowNs()); }
  [[nodiscard]] bool Enabled() const;
  [[nodiscard]] bool IsLegacy(unsigned timer) const;
  // Whether a match would be heard of: the timer may interrupt and has a line to do it.
  [[nodiscard]] bool CanInterrupt(unsigned timer) const;
  [[nodiscard]] bool IsAsking(unsigned timer) const;

  void SetReplaced(unsigned line, bool high);
  void Sync(uint64_t ticks);
  void Match(unsigned timer);
  // Drives every line as the registers say.
  void UpdateLines();
  [[nodiscard]] uint64_t ReadRegister(uint32_t offset);
  // `written` has the bits of `value` that the guest writes; the others are as they were.
  void WriteRegister(uint32_t offset, uint64_t value, uint64_t written);
  [[nodiscard]] uint64_t ReadTimer(const Timer& timer, uint32_t offset) const;

  const Clock& clock_;
  const Connections connections_;
  std::array<Input, kLegacyLines> replaced_;
  State state_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_HPET_H_
