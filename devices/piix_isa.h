// SPDX-License-Identifier: Apache-2.0
// The ISA bridge of an Intel 82371SB (PIIX3) at 00:01.0 (data sheet, order 290550, section 2.2) and
// its interrupt router: PIRQRC[A:D] (section 2.2.5) lead each of the wires PIRQA# to PIRQD# to one
// of the interrupt controllers' lines, or nowhere. The other registers keep what is written.
//
// On this board pin P (0 = INTA#) of slot S is soldered to PIRQ number (S + P - 1) mod 4, as boards
// of that chipset have it. All pins on a wire share it, and all wires led to a line share that.
#ifndef VERBATIM_DEVICES_PIIX_ISA_H_
#define VERBATIM_DEVICES_PIIX_ISA_H_

#include <array>
#include <cstdint>

#include "devices/i8259_pair.h"
#include "devices/pci_function.h"

namespace verbatim {

class PiixIsa final : public PciFunction {
 public:
  static constexpr unsigned kSlots = 32;
  static constexpr unsigned kPins = 4;
  static constexpr unsigned kPirqs = 4;

  // `pic` must outlive the bridge.
  explicit PiixIsa(I8259Pair& pic);

  // The interrupt pin (0 to 3) of a slot. High means asserted, INTx# pulled low.
  [[nodiscard]] IrqLine& Pin(unsigned slot, unsigned pin);
  // What firmware leaves behind: PIRQA# and PIRQB# to IRQ 10, the others to IRQ 11.
  void RouteAsFirmware();

  [[nodiscard]] std::string_view name() const override { return "piix isa"; }
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;

 protected:
  void ConfigChanged(unsigned offset, unsigned bytes) override;

 private:
  class PinInput final : public IrqLine {
   public:
    void Connect(PiixIsa& bridge, unsigned slot, unsigned pin) {
      bridge_ = &bridge;
      slot_ = slot;
      pin_ = pin;
    }
    void SetLevel(bool high) override { bridge_->SetPin(slot_, pin_, high); }

   private:
    PiixIsa* bridge_ = nullptr;
    unsigned slot_ = 0;
    unsigned pin_ = 0;
  };

  void SetPin(unsigned slot, unsigned pin, bool high);
  [[nodiscard]] bool PirqLevel(unsigned pirq) const;
  void UpdateLines();
  [[nodiscard]] Status LoadParts(StateReader& reader);

  I8259Pair& pic_;
  std::array<PinInput, size_t{kSlots} * kPins> inputs_;
  std::array<uint8_t, kSlots> asserted_{};  // a bit for each pin
  bool loading_ = false;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_PIIX_ISA_H_
