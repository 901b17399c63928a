// SPDX-License-Identifier: Apache-2.0
// The display adapter as a PCI function, 1234:1111: base address 0 is the linear frame buffer, base
// address 2 a page of registers: the VGA ports 3C0h to 3DFh at 400h, the VBE registers as words at
// 500h. The rest of that page reads as all ones. It may have an expansion ROM (PCI Local Bus
// Specification 2.1, section 6.2.5.2).
#ifndef VERBATIM_DEVICES_VGA_VGA_PCI_H_
#define VERBATIM_DEVICES_VGA_VGA_PCI_H_

#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/log.h"
#include "devices/pci_function.h"
#include "devices/vga/vga.h"
#include "memory/mmio_handler.h"

namespace verbatim {

// The registers in memory. Accesses of several bytes act as bytes (VGA) or words (VBE) in ascending
// order; VBE words that an access holds only in part are not written and read as usual.
class VgaRegisterPage final : public MmioHandler {
 public:
  static constexpr uint32_t kBytes = kPageBytes;

  explicit VgaRegisterPage(Vga& vga) : vga_(vga) {}

  uint64_t ReadMmio(uint32_t offset, unsigned bytes) override;
  void WriteMmio(uint32_t offset, unsigned bytes, uint64_t value) override;

 private:
  [[nodiscard]] uint8_t ReadByte(uint32_t offset);

  Vga& vga_;
  LogLimiter partial_words_;
};

// Where the guest wants the regions of the adapter; nullopt while memory space is disabled. Told
// of each change.
class DisplayMapping {
 public:
  virtual ~DisplayMapping() = default;
  virtual void MapFrameBuffer(std::optional<PhysicalAddress> start) = 0;
  virtual void MapRegisters(std::optional<PhysicalAddress> start) = 0;
  virtual void MapRom(std::optional<PhysicalAddress> start) = 0;
};

class VgaPci final : public PciFunction {
 public:
  // `memory_bytes`: as of the Vga. `mapping` must outlive the function.
  VgaPci(uint32_t memory_bytes, DisplayMapping& mapping);

  // From now on the card has a ROM: a power of two from 2 KiB.
  void AddRom(uint32_t rom_bytes);

  [[nodiscard]] std::string_view name() const override { return "vga-pci"; }

 protected:
  void ConfigChanged(unsigned offset, unsigned bytes) override;

 private:
  [[nodiscard]] std::optional<PhysicalAddress> Base(unsigned bar) const;
  [[nodiscard]] std::optional<PhysicalAddress> RomBase() const;

  DisplayMapping& mapping_;
  std::optional<PhysicalAddress> frame_buffer_;
  std::optional<PhysicalAddress> registers_;
  std::optional<PhysicalAddress> rom_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_VGA_PCI_H_
