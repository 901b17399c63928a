// SPDX-License-Identifier: Apache-2.0
// One PCI function: its 256 bytes of configuration space (PCI Local Bus Specification 2.1, chapter
// 6). Every bit is read-only unless made writable or clear-on-one, so a base address register needs
// no code: the bits below its size stay read-only and its size can be read back.
#ifndef VERBATIM_DEVICES_PCI_FUNCTION_H_
#define VERBATIM_DEVICES_PCI_FUNCTION_H_

#include <array>
#include <cstdint>

#include "devices/device.h"

namespace verbatim {

// Offsets in the configuration header.
enum PciRegister : uint8_t {
  kPciVendorId = 0x00,
  kPciDeviceId = 0x02,
  kPciCommand = 0x04,
  kPciStatus = 0x06,
  kPciRevision = 0x08,
  kPciClassCode = 0x09,  // three bytes
  kPciLatencyTimer = 0x0D,
  kPciHeaderType = 0x0E,
  kPciBar0 = 0x10,
  kPciSubsystemVendorId = 0x2C,
  kPciSubsystemId = 0x2E,
  kPciInterruptLine = 0x3C,
  kPciInterruptPin = 0x3D,
};

class PciFunction : public Device {
 public:
  static constexpr unsigned kConfigBytes = 256;

  struct Identity {
    uint16_t vendor = 0;
    uint16_t device = 0;
    uint32_t class_code = 0;  // base class, subclass, interface: 24 bits
    uint8_t revision = 0;
    uint16_t subsystem_vendor = 0;
    uint16_t subsystem = 0;
  };

  // `offset + bytes` is at most kConfigBytes; `bytes` is 1, 2 or 4.
  [[nodiscard]] uint32_t ReadConfig(unsigned offset, unsigned bytes) const;
  void WriteConfig(unsigned offset, unsigned bytes, uint32_t value);

  // Restores the values that the registers had when the function was made.
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;

 protected:
  explicit PciFunction(const Identity& identity);

  // For constructors: the value after reset, and which bits can be written or cleared with a 1.
  void Define(unsigned offset, unsigned bytes, uint32_t value, uint32_t writable,
              uint32_t clear_on_one = 0);
  // Sets or clears bits that the device itself changes, such as errors in the status register.
  void RaiseBits(unsigned offset, unsigned bytes, uint32_t bits);
  void ClearBits(unsigned offset, unsigned bytes, uint32_t bits);
  // Which of the writable bits of a byte can be written now: for registers with a lock.
  [[nodiscard]] virtual uint8_t Unlocked(unsigned offset) const;
  // Called after registers changed: by a write to these bytes, by Reset or by Load (all of them).
  virtual void ConfigChanged(unsigned offset, unsigned bytes);

 private:
  std::array<uint8_t, kConfigBytes> config_{};
  std::array<uint8_t, kConfigBytes> after_reset_{};
  std::array<uint8_t, kConfigBytes> writable_{};
  std::array<uint8_t, kConfigBytes> clear_on_one_{};
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_PCI_FUNCTION_H_
