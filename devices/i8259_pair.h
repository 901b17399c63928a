// SPDX-License-Identifier: Apache-2.0
// The interrupt controllers of a PC: a master 8259A at 20h and a slave at A0h, cascaded on line 2,
// and the edge/level control registers at 4D0h (PIIX data sheet, order 290550, section 2.5.10).
//
// Each line has two wires, which are ORed: one of the ISA bus, or of what is on the board, and one
// from the router of PCI interrupts.
//
// InterruptRequested is a cached bit, recomputed at every change of a line or register, so that the
// run loop can test it for free.
#ifndef VERBATIM_DEVICES_I8259_PAIR_H_
#define VERBATIM_DEVICES_I8259_PAIR_H_

#include <array>
#include <cstdint>

#include "devices/device.h"
#include "devices/i8259.h"
#include "devices/port_bus.h"

namespace verbatim {

// Must not call back into the controllers.
class InterruptObserver {
 public:
  virtual ~InterruptObserver() = default;
  // The INTR output went from low to high.
  virtual void InterruptRaised() = 0;
  // A line changed: what else is wired to it hears the same.
  virtual void LineChanged(unsigned irq, bool high);
};

class I8259Pair final : public Device, public PortDevice {
 public:
  static constexpr unsigned kLines = 16;
  static constexpr unsigned kCascadeLine = 2;

  // `observer` must outlive the controllers.
  explicit I8259Pair(InterruptObserver& observer);

  void Attach(PortBus& bus);

  // IRQ 0-15 except 2, which the cascade occupies.
  [[nodiscard]] IrqLine& Line(unsigned irq) { return Wire(kIsa, irq); }
  [[nodiscard]] IrqLine& PciLine(unsigned irq) { return Wire(kPci, irq); }
  // A request of that line is latched and has not been acknowledged.
  [[nodiscard]] bool Waits(unsigned irq) const {
    return irq < 8 ? master_.Waits(irq) : slave_.Waits(irq - 8);
  }
  // The INTR output.
  [[nodiscard]] bool InterruptRequested() const { return interrupt_requested_; }
  // The two INTA cycles: returns the vector. With no request left it is that of the spurious IRQ 7.
  // (A spurious IRQ 15 needs a slave line that falls between the two cycles; here they are one.)
  uint8_t Acknowledge();

  [[nodiscard]] std::string_view name() const override { return "i8259"; }
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;

  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 private:
  enum Bus : unsigned { kIsa, kPci, kBuses };

  class Input final : public IrqLine {
   public:
    void Connect(I8259Pair& pair, Bus bus, unsigned irq) {
      pair_ = &pair;
      bus_ = bus;
      irq_ = irq;
    }
    void SetLevel(bool high) override { pair_->SetWire(bus_, irq_, high); }

   private:
    I8259Pair* pair_ = nullptr;
    Bus bus_ = kIsa;
    unsigned irq_ = 0;
  };

  [[nodiscard]] IrqLine& Wire(Bus bus, unsigned irq);
  void SetWire(Bus bus, unsigned irq, bool high);
  // Propagates the slave's INT to the master and the master's to the processor.
  void Update();

  InterruptObserver& observer_;
  I8259 master_;
  I8259 slave_;
  std::array<std::array<Input, kLines>, kBuses> inputs_;
  std::array<uint16_t, kBuses> wires_{};  // the level of each, by line
  bool interrupt_requested_ = false;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_I8259_PAIR_H_
