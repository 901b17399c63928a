// SPDX-License-Identifier: Apache-2.0
// A serial port with a 16550A UART (National PC16550D data sheet, June 1995).
//
// The transmitter is instantaneous: a byte written to THR is in the sink before the write returns,
// so THRE and TEMT always read as 1 (a real line rate would only slow guests down). The order of
// events is the chip's: the write withdraws the THRE interrupt, the byte leaves, the interrupt is
// raised anew; reading IIR while it is the reported source withdraws it.
//
// Received bytes come in through Receive, at any speed; ReceiveRoom says how many fit, so that a
// caller who respects it never causes an overrun. The character time-out interrupt is timed by the
// programmed divisor and frame.
//
// As on a PC, the interrupt reaches the IRQ line only while OUT2 is on, which loopback forces off.
#ifndef VERBATIM_DEVICES_UART16550_H_
#define VERBATIM_DEVICES_UART16550_H_

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "devices/device.h"
#include "devices/port_bus.h"

namespace verbatim {

class Uart16550 final : public Device, public PortDevice {
 public:
  static constexpr unsigned kFifoBytes = 16;
  static constexpr unsigned kPorts = 8;

  // Modem status inputs, as bits of MSR.
  static constexpr uint8_t kCts = 0x10;
  static constexpr uint8_t kDsr = 0x20;
  static constexpr uint8_t kRi = 0x40;
  static constexpr uint8_t kDcd = 0x80;

  struct Config {
    std::string name;  // e.g. "com1"
    uint16_t base_port = 0x3F8;
    uint8_t modem_inputs = kCts | kDsr | kDcd;
    // Called when the guest or a reset leaves the receiver empty and connected: the moment to go on
    // with Receive, from within the call if need be.
    std::function<void()> on_receiver_empty;
  };

  // The references must outlive the UART.
  Uart16550(const Clock& clock, IrqLine& irq, ByteSink& output, Config config);

  void Attach(PortBus& bus);

  // How many bytes Receive can take without loss; 0 in loopback, when the input is disconnected.
  [[nodiscard]] unsigned ReceiveRoom() const;
  // Bytes beyond ReceiveRoom() are lost and set the overrun error, as on the chip; in loopback all
  // are lost silently.
  void Receive(std::span<const uint8_t> bytes);
  // A break condition on the line: a null byte flagged BI.
  void ReceiveBreak();
  // Sets the levels of CTS, DSR, RI and DCD (bits 4-7 as in MSR).
  void SetModemInputs(uint8_t inputs);

  [[nodiscard]] std::string_view name() const override { return config_.name; }
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;
  [[nodiscard]] std::optional<uint64_t> NextEventNs() const override;
  void AdvanceTo(uint64_t now_ns) override;

  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 private:
  struct State {
    uint8_t ier = 0;
    uint8_t fcr = 0;
    uint8_t lcr = 0;
    uint8_t mcr = 0;
    uint8_t lsr_errors = 0;  // OE, and PE, FE, BI of the byte at the FIFO's head
    uint8_t msr_deltas = 0;
    uint8_t modem_inputs = 0;
    uint8_t scratch = 0;
    uint16_t divisor = 0x0C;
    bool thre_pending = false;
    bool timeout_pending = false;
    uint8_t count = 0;  // bytes received and not read
    uint8_t head = 0;   // index of the oldest of them
    std::array<uint8_t, kFifoBytes> data{};
    std::array<uint8_t, kFifoBytes> errors{};  // PE, FE, BI of each byte, as in LSR
    uint64_t last_activity_ns = 0;             // when a byte last entered or left the FIFO
    bool irq = false;
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  [[nodiscard]] bool FifoEnabled() const { return (state_.fcr & 1) != 0; }
  [[nodiscard]] bool Loopback() const { return (state_.mcr & 0x10) != 0; }
  [[nodiscard]] unsigned Capacity() const { return FifoEnabled() ? kFifoBytes : 1; }
  [[nodiscard]] unsigned TriggerLevel() const;
  [[nodiscard]] uint8_t ModemStatus() const;
  [[nodiscard]] uint8_t InterruptId() const;
  [[nodiscard]] uint64_t CharacterNs() const;

  uint8_t ReadData();
  uint8_t ReadInterruptId();
  uint8_t ReadLineStatus();
  uint8_t ReadModemStatus();
  void WriteData(uint8_t value);
  void WriteInterruptEnable(uint8_t value);
  void WriteFifoControl(uint8_t value);
  void WriteLineControl(uint8_t value);
  void WriteModemControl(uint8_t value);

  void Push(uint8_t byte, uint8_t errors);
  void ClearReceiver();
  void TellIfEmpty() const;
  void NoteModemChange(uint8_t before);
  void UpdateIrq();

  const Clock& clock_;
  IrqLine& irq_;
  ByteSink& output_;
  const Config config_;
  State state_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_UART16550_H_
