// SPDX-License-Identifier: Apache-2.0
// The keyboard controller of a PC at ports 60h and 64h (IBM PC AT and PS/2 Hardware Interface
// Technical References, "Keyboard/Auxiliary Device Controller"; Intel UPI-42 for the bus side).
//
// The controller answers at once, so its input buffer is never seen full. A byte that it puts into
// a full output buffer replaces what is there; bytes of the keyboard wait until the buffer is
// empty. Each byte makes a fresh rising edge on IRQ 1 or IRQ 12.
//
// The auxiliary port exists and passes its tests, but nothing is plugged in: a byte sent to it
// (D4h) is answered as real controllers do after the device kept silent, with FEh from the
// auxiliary side and the time-out bit in the status.
//
// At reset the command byte is what a BIOS leaves: keyboard interrupt and translation on, auxiliary
// port off; the A20 output is on.
#ifndef VERBATIM_DEVICES_I8042_H_
#define VERBATIM_DEVICES_I8042_H_

#include <array>
#include <cstdint>
#include <span>

#include "base/log.h"
#include "devices/device.h"
#include "devices/port_bus.h"
#include "devices/ps2_keyboard.h"
#include "devices/system_control.h"

namespace verbatim {

class I8042 final : public Device, public PortDevice {
 public:
  // All must outlive the controller.
  I8042(IrqLine& irq1, IrqLine& irq12, A20Gate& a20, ResetRequest& reset);

  void Attach(PortBus& bus);
  // As Ps2Keyboard::Type.
  bool Type(std::span<const uint8_t> set2_codes);
  [[nodiscard]] const Ps2Keyboard& keyboard() const { return keyboard_; }

  [[nodiscard]] std::string_view name() const override { return "i8042"; }
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;

  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 private:
  static constexpr unsigned kRamBytes = 32;

  struct State {
    uint8_t status = 0;
    uint8_t output = 0;       // the output buffer
    uint8_t argument_of = 0;  // the command whose argument comes through port 60h, or 0
    bool break_next = false;  // translation: F0h was taken, its key comes next
    bool a20 = true;
    std::array<uint8_t, kRamBytes> ram{};  // byte 0 is the command byte
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  void WriteCommand(uint8_t command);
  void WriteData(uint8_t value);
  void WriteRam(unsigned index, uint8_t value);
  void WriteOutputPort(uint8_t value);
  [[nodiscard]] uint8_t OutputPort() const;

  // Puts a byte into the output buffer; `flags` are the status bits that go with it.
  void Output(uint8_t byte, uint8_t flags);
  // Fetches from the keyboard while the output buffer is empty and the interface enabled.
  void PollKeyboard();
  void UpdateIrqs();

  IrqLine& irq1_;
  IrqLine& irq12_;
  A20Gate& a20_;
  ResetRequest& reset_;
  Ps2Keyboard keyboard_;
  State state_;
  LogLimiter unknown_commands_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_I8042_H_
