// SPDX-License-Identifier: Apache-2.0
// An 82093AA I/O APIC (data sheet, order 290566) with 24 inputs at FEC00000h. Each input has an
// entry that says to which processor, with which vector and how its interrupts go.
//
// Inputs are wires that are high while their source asks for service, so the polarity bit of an
// entry means nothing here: the board has every source the way its entry should say. An edge that
// comes while its entry is masked is forgotten, as in the chip. Messages that are not for the local
// APIC's vectors (SMI, NMI, INIT, ExtINT) are passed on as they are.
#ifndef VERBATIM_DEVICES_IO_APIC_H_
#define VERBATIM_DEVICES_IO_APIC_H_

#include <array>
#include <cstdint>
#include <functional>

#include "base/address.h"
#include "devices/device.h"
#include "devices/local_apic.h"
#include "memory/mmio_handler.h"

namespace verbatim {

class IoApic final : public Device, public MmioHandler {
 public:
  static constexpr PhysicalAddress kAddress{0xFEC00000};
  static constexpr uint32_t kBytes = kPageBytes;
  static constexpr unsigned kInputs = 24;
  static constexpr uint8_t kId = 1;  // as the ACPI tables say; firmware may write it

  explicit IoApic(std::function<void(const ApicMessage&)> send) : send_(std::move(send)) {}

  void SetInput(unsigned input, bool high);
  // From the local APIC: a level-triggered interrupt was served.
  void EndOfInterrupt(uint8_t vector);

  [[nodiscard]] std::string_view name() const override { return "io apic"; }
  // Masks every entry; the inputs stay as they are.
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;

  // IOREGSEL at 0 and IOWIN at 10h, as doublewords.
  uint64_t ReadMmio(uint32_t offset, unsigned bytes) override;
  void WriteMmio(uint32_t offset, unsigned bytes, uint64_t value) override;

 private:
  static constexpr uint64_t kMasked = uint64_t{1} << 16;

  struct State {
    uint8_t selected = 0;
    uint8_t id = 0;
    uint32_t inputs = 0;  // their levels
    std::array<uint64_t, kInputs> entries{};
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  [[nodiscard]] uint32_t ReadRegister() const;
  void WriteRegister(uint32_t value);
  void Send(uint64_t entry) const;
  // Asks for a level-triggered input if it is high and not being served.
  void UpdateLevel(unsigned input);

  const std::function<void(const ApicMessage&)> send_;
  State state_ = FreshState();
  static State FreshState();
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_IO_APIC_H_
