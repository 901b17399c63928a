// SPDX-License-Identifier: Apache-2.0
// The IDE function of an Intel 82371SB (PIIX3) at 00:01.1 (data sheet, order 290550, sections 2.3
// and 2.6): two channels at the PC's own ports and interrupts, and a bus master whose 16 ports the
// guest places by BAR 4 (BMIBA). Unlike the chip's, that register keeps all 32 bits of an address,
// which the PCI specification (2.1, section 6.2.5.1) leaves to the device: firmware exists that
// takes the size of a region from the upper half too.
//
// A channel answers while its IDETIM register says so (IDE Decode Enable) and the function's I/O
// space is enabled: neither is the case after a reset, firmware does it. The timing bits are kept
// and mean nothing, drives here have no cycle times.
#ifndef VERBATIM_DEVICES_PIIX_IDE_H_
#define VERBATIM_DEVICES_PIIX_IDE_H_

#include <array>
#include <cstdint>
#include <string>

#include "devices/ide_channel.h"
#include "devices/pci_function.h"
#include "devices/port_bus.h"

namespace verbatim {

class PiixIde final : public PciFunction, public PortDevice {
 public:
  static constexpr unsigned kChannels = 2;
  static constexpr unsigned kBusMasterPorts = 16;

  // Both lines, the memory and the bus must outlive the controller.
  PiixIde(IrqLine& irq14, IrqLine& irq15, DmaMemory& memory);

  void Attach(PortBus& bus);
  [[nodiscard]] IdeChannel& channel(unsigned number) { return channels_[number]; }
  // What firmware leaves behind: both channels on, and the bus master at `bus_master_port`.
  void ConfigureAsFirmware(uint16_t bus_master_port);

  // Save needs this: no request is under way (the machine has drained its disks).
  [[nodiscard]] bool Settled() const;

  [[nodiscard]] std::string_view name() const override { return "piix ide"; }
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;

  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 protected:
  void ConfigChanged(unsigned offset, unsigned bytes) override;

 private:
  [[nodiscard]] bool Decodes(unsigned channel) const;
  // The bus master register behind a port: its channel, and its offset there.
  [[nodiscard]] std::pair<unsigned, unsigned> BusMasterRegister(unsigned port) const;
  void NoteMasterAbort();
  [[nodiscard]] Status LoadParts(StateReader& reader);

  std::array<IdeChannel, kChannels> channels_;
  PortBus* bus_ = nullptr;
  unsigned bus_master_range_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_PIIX_IDE_H_
