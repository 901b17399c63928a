// SPDX-License-Identifier: Apache-2.0
// The keyboard controller of a PC at ports 60h and 64h (IBM PC AT and PS/2 Hardware Interface
// Technical References, "Keyboard/Auxiliary Device Controller"; Intel UPI-42 for the bus side).
//
// The controller answers at once, so its input buffer is never seen full. A byte that it puts into
// a full output buffer replaces what is there; bytes of keyboard and mouse wait until the buffer is
// empty, and then for as long as the wire takes: who reads port 60h twice in a row, as interrupt
// handlers that hook each other do, reads the same byte twice. Each byte makes a fresh rising edge
// on IRQ 1 or IRQ 12.
//
// A mouse is always plugged into the auxiliary port.
//
// At reset the command byte is what a BIOS leaves: keyboard interrupt and translation on, auxiliary
// port off; the A20 output is on.
#ifndef VERBATIM_DEVICES_I8042_H_
#define VERBATIM_DEVICES_I8042_H_

#include <array>
#include <cstdint>

#include "base/log.h"
#include "devices/device.h"
#include "devices/input_events.h"
#include "devices/port_bus.h"
#include "devices/ps2_keyboard.h"
#include "devices/ps2_mouse.h"
#include "devices/system_control.h"

namespace verbatim {

class I8042 final : public Device, public PortDevice {
 public:
  // All must outlive the controller.
  I8042(const Clock& clock, IrqLine& irq1, IrqLine& irq12, A20Gate& a20, ResetRequest& reset);

  void Attach(PortBus& bus);
  // As Ps2Keyboard::Accept and Ps2Mouse::Accept.
  [[nodiscard]] bool PressKey(KeyEvent event);
  [[nodiscard]] bool MoveMouse(const MouseEvent& event);
  [[nodiscard]] const Ps2Keyboard& keyboard() const { return keyboard_; }

  [[nodiscard]] std::string_view name() const override { return "i8042"; }
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;
  [[nodiscard]] std::optional<uint64_t> NextEventNs() const override;
  void AdvanceTo(uint64_t now_ns) override;

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
    uint64_t wire_free_ns = 0;             // before then no byte of keyboard or mouse has come
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
  // Brings keyboard and mouse up to date and fetches what they have to say.
  void Poll() { AdvanceTo(clock_.NowNs()); }
  void FetchFromKeyboard();
  [[nodiscard]] bool Full() const;
  [[nodiscard]] bool KeyboardEnabled() const;
  [[nodiscard]] bool MouseEnabled() const;
  void UpdateIrqs();

  const Clock& clock_;
  IrqLine& irq1_;
  IrqLine& irq12_;
  A20Gate& a20_;
  ResetRequest& reset_;
  Ps2Keyboard keyboard_;
  Ps2Mouse mouse_;
  State state_;
  LogLimiter unknown_commands_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_I8042_H_
