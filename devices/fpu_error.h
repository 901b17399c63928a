// SPDX-License-Identifier: Apache-2.0
// The coprocessor error latch of the PC/AT board (PIIX data sheet, order 290550, 2.5.6 and 3.10.3;
// SDM vol. 1, D.2): FERR# raises IRQ 13, which a write to port F0h takes away.
//
// The write also asserts IGNNE#, under which waiting instructions ignore the pending exception
// until it is cleared. That is not modelled: such an instruction signals the error again.
#ifndef VERBATIM_DEVICES_FPU_ERROR_H_
#define VERBATIM_DEVICES_FPU_ERROR_H_

#include <cstdint>

#include "devices/device.h"
#include "devices/port_bus.h"

namespace verbatim {

class FpuErrorLatch final : public Device, public PortDevice {
 public:
  // `irq` must outlive the latch.
  explicit FpuErrorLatch(IrqLine& irq) : irq_(irq) {}

  void Attach(PortBus& bus);
  // FERR# falls.
  void Signal();

  [[nodiscard]] std::string_view name() const override { return "fpu error"; }
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;

  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 private:
  IrqLine& irq_;
  bool set_ = false;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_FPU_ERROR_H_
