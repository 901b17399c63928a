// SPDX-License-Identifier: Apache-2.0
// The one way by which time, interrupts and input reach the virtual CPU. The machine implements it;
// the engine asks, on the vCPU thread only, between instructions.
#ifndef VERBATIM_ENGINE_EVENT_GATE_H_
#define VERBATIM_ENGINE_EVENT_GATE_H_

#include <cstdint>
#include <optional>

namespace verbatim {

class EventGate {
 public:
  virtual ~EventGate() = default;
  // After a kick: serves timers that are due and input that has arrived. May raise interrupt lines.
  virtual void Service() = 0;
  // The processor halts and the engine itself waits for the next timer event: stops the timer that
  // would kick, and returns its deadline in CLOCK_MONOTONIC nanoseconds. Service starts it again.
  // A gate without timers has none.
  [[nodiscard]] virtual std::optional<uint64_t> SuspendTimer() { return std::nullopt; }
  // The interrupt controller's INTR output.
  [[nodiscard]] virtual bool InterruptRequested() const = 0;
  // The acknowledge cycle: the vector of the interrupt to deliver.
  [[nodiscard]] virtual uint8_t AcknowledgeInterrupt() = 0;
  // An unmasked x87 exception with CR0.NE clear: FERR#, which a PC wires to IRQ 13.
  virtual void SignalFpuError() = 0;
  // The run loop shall return.
  [[nodiscard]] virtual bool StopRequested() const = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_EVENT_GATE_H_
