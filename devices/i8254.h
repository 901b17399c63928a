// SPDX-License-Identifier: Apache-2.0
// The 8254 timer of a PC at ports 40h-43h (Intel 8254 data sheet, order 231164): three counters
// clocked at 1.193182 MHz, derived exactly from the guest clock. Counter 0 drives IRQ 0, counter 1
// times the DRAM refresh, counter 2 the speaker; the gates of 0 and 1 are tied high.
//
// Counters advance when they are looked at. Only counter 0 has a listener, so only it has timer
// events, one per rise of its output. However many rises went by when it is served late, the IRQ
// line shows one rising edge; what was missed follows, an edge each time that the guest has taken
// one, up to a second's worth (docs/decisions/late-ticks.md). A fall that comes of counting is
// shown together with the next rise (the input is edge triggered, so nothing else sees it);
// otherwise a guest that the host kept off the processor for as long as OUT is high would lose the
// tick, which real time would not do to it.
#ifndef VERBATIM_DEVICES_I8254_H_
#define VERBATIM_DEVICES_I8254_H_

#include <array>
#include <cstdint>
#include <optional>

#include "devices/device.h"
#include "devices/i8254_counter.h"
#include "devices/port_bus.h"
#include "devices/tick_rate.h"

namespace verbatim {

class I8254 final : public Device, public PortDevice {
 public:
  static constexpr uint64_t kHz = 1'193'182;
  static constexpr unsigned kCounters = 3;

  // `clock` and `irq0` must outlive the timer.
  I8254(const Clock& clock, IrqLine& irq0);

  void Attach(PortBus& bus);

  // CLK pulses since power-on.
  [[nodiscard]] uint64_t TicksNow() const { return TickRate<kHz>::TicksAt(clock_.NowNs()); }
  // OUT of counter 2 at `ticks`, which is TicksNow().
  [[nodiscard]] bool Output2(uint64_t ticks) {
    Sync(2, ticks);
    return counters_[2].out();
  }
  void SetGate2(bool high);
  // The guest has taken the interrupt of IRQ 0. Not called, missed ticks stay missed.
  void TickTaken();

  [[nodiscard]] std::string_view name() const override { return "i8254"; }
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;
  [[nodiscard]] std::optional<uint64_t> NextEventNs() const override;
  void AdvanceTo(uint64_t now_ns) override;

  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 private:
  // Brings one counter to `ticks`, raising IRQ 0 if counter 0's output rose.
  void Sync(unsigned counter, uint64_t ticks);
  void RaiseIrq();
  void NoteMissed(uint64_t rises);
  // Of counter 0, when it is programmed or nobody takes its ticks.
  void ForgetMissed() { missed_ = 0; }
  // Rises in a second, of a counter slow enough for its ticks to be worth a delivery.
  [[nodiscard]] uint32_t MostMissed() const;
  void WriteControl(uint8_t control);
  // Shows a change of counter 0's output that programming it has made.
  void ShowProgrammedOutput(unsigned counter, bool out_before);

  const Clock& clock_;
  IrqLine& irq0_;
  std::array<I8254Counter, kCounters> counters_;
  uint32_t missed_ = 0;                      // rises of counter 0 that the line has not shown
  uint32_t untaken_ = 0;                     // edges since the guest last took one
  std::array<uint64_t, kCounters> ticks_{};  // up to which each counter has advanced
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_I8254_H_
