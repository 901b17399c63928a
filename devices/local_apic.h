// SPDX-License-Identifier: Apache-2.0
// The local APIC of the only processor (SDM vol. 3, chapter 11), xAPIC mode: 4 KiB of registers,
// after reset at FEE00000h. Where they are, and whether it is on at all, is IA32_APIC_BASE's affair
// and that of who places them; switched off there, it is in its state after reset (11.4.3).
//
// It takes interrupts from the I/O APIC, from its own timer, from IPIs to itself and, as ExtINT
// through LINT0, from the 8259s. What is meant for other processors is dropped; NMI, SMI, INIT and
// start-up IPIs to itself are not modelled and are logged. The timer counts at kTimerHz.
#ifndef VERBATIM_DEVICES_LOCAL_APIC_H_
#define VERBATIM_DEVICES_LOCAL_APIC_H_

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

#include "base/address.h"
#include "base/log.h"
#include "devices/device.h"
#include "memory/mmio_handler.h"

namespace verbatim {

// A message on the way to local APICs.
struct ApicMessage {
  uint8_t vector = 0;
  uint8_t delivery_mode = 0;  // as in a redirection table entry: 0 fixed, 1 lowest priority, ...
  bool level = false;
  bool logical = false;  // of the destination
  uint8_t destination = 0;
};

class LocalApic final : public Device, public MmioHandler {
 public:
  static constexpr PhysicalAddress kAddress{0xFEE00000};
  static constexpr uint32_t kBytes = kPageBytes;
  static constexpr uint64_t kTimerHz = 1'000'000'000;

  struct Connections {
    // An EOI for a level-triggered vector goes to the I/O APIC.
    std::function<void(uint8_t vector)> on_eoi;
    // The next event may have moved.
    std::function<void()> on_deadline;
  };

  // `clock` must outlive the APIC.
  LocalApic(const Clock& clock, Connections connections);

  // Whether the processor is to be interrupted. `ext_int`: the INTR output of the 8259s, at LINT0.
  [[nodiscard]] bool InterruptRequested(bool ext_int) const {
    return pending_ || (ext_int && AcceptsExtInt());
  }
  // The vector that the processor takes now; nullopt: that of the 8259s.
  [[nodiscard]] std::optional<uint8_t> Acknowledge();
  // From the I/O APIC.
  void Deliver(const ApicMessage& message);
  // As firmware leaves it: enabled, with the 8259s at LINT0 and NMI at LINT1 (virtual wire mode).
  void ConfigureAsFirmware();

  [[nodiscard]] std::string_view name() const override { return "local apic"; }
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;
  [[nodiscard]] std::optional<uint64_t> NextEventNs() const override;
  void AdvanceTo(uint64_t now_ns) override;

  // Registers are aligned doublewords (11.4.1); other accesses read as zero and write nothing.
  uint64_t ReadMmio(uint32_t offset, unsigned bytes) override;
  void WriteMmio(uint32_t offset, unsigned bytes, uint64_t value) override;

 private:
  static constexpr unsigned kVectors = 256;
  using VectorSet = std::array<uint32_t, kVectors / 32>;
  enum Lvt : unsigned { kTimer, kThermal, kPerformance, kLint0, kLint1, kError, kLvts };

  struct State {
    uint8_t id = 0;
    uint8_t task_priority = 0;
    uint32_t logical_id = 0;
    uint32_t format = UINT32_MAX;
    uint32_t spurious = 0xFF;
    uint32_t error_status = 0;
    uint32_t pending_errors = 0;
    uint32_t command_low = 0;
    uint32_t command_high = 0;
    std::array<uint32_t, kLvts> lvt{};
    uint32_t initial_count = 0;
    uint32_t divide = 0;
    uint64_t timer_start_ns = 0;  // of the present period
    bool timer_runs = false;
    VectorSet in_service{};
    VectorSet trigger_level{};
    VectorSet requested{};
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  [[nodiscard]] static int Highest(const VectorSet& set);  // -1: none
  [[nodiscard]] bool Enabled() const;
  [[nodiscard]] bool AcceptsExtInt() const;
  [[nodiscard]] uint8_t ProcessorPriority() const;
  [[nodiscard]] bool IsAddressedBy(const ApicMessage& message) const;
  [[nodiscard]] uint64_t PeriodNs() const;
  [[nodiscard]] uint32_t CurrentCount() const;
  [[nodiscard]] uint32_t ReadRegister(unsigned index) const;
  void WriteRegister(unsigned index, uint32_t value);
  void Request(uint8_t vector, bool level);
  void RaiseLvt(Lvt entry);
  void NoteError(uint32_t bit);
  void EndOfInterrupt();
  void SendCommand();
  void StartTimer();
  void Update();

  const Clock& clock_;
  const Connections connections_;
  State state_;
  bool pending_ = false;  // a vector above the processor's priority is requested
  LogLimiter not_modelled_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_LOCAL_APIC_H_
