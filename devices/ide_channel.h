// SPDX-License-Identifier: Apache-2.0
// One IDE cable with up to two drives, as its host sees it: the command block, the control block
// and the bus master (ATA/ATAPI-6, chapters 7 and 9).
//
// Register writes reach both drives, reads and commands the selected one. A missing drive 1 is
// answered for by drive 0: its registers, a status of zero, and commands that go nowhere (9.16.1).
// Where nobody answers, the pull-down on DD7 makes every register read 7Fh.
#ifndef VERBATIM_DEVICES_IDE_CHANNEL_H_
#define VERBATIM_DEVICES_IDE_CHANNEL_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "devices/atapi_cdrom.h"
#include "devices/device.h"
#include "devices/dma_memory.h"
#include "devices/ide_bus_master.h"
#include "devices/ide_drive.h"

namespace verbatim {

class IdeChannel final : public IdeCable {
 public:
  static constexpr unsigned kSlots = 2;

  IdeChannel(IrqLine& irq, DmaMemory& memory, std::function<void()> on_abort)
      : irq_(irq), bus_master_(memory, std::move(on_abort)) {}

  // Before the machine is powered on; the slot must be free.
  void AttachDisk(unsigned slot, BlockQueue& disk, std::string serial);
  AtapiCdrom& AttachCdrom(unsigned slot, BlockQueue* disc, std::string serial);
  [[nodiscard]] bool Occupied(unsigned slot) const { return drives_[slot] != nullptr; }

  void PowerOn();
  // `offset` from the first port of the command block; several bytes from offset 0 go through the
  // data port, others are single registers.
  [[nodiscard]] uint32_t ReadCommandBlock(unsigned offset, unsigned bytes);
  void WriteCommandBlock(unsigned offset, unsigned bytes, uint32_t value);
  [[nodiscard]] uint8_t ReadAlternateStatus() const;
  void WriteControl(uint8_t value);

  [[nodiscard]] uint8_t ReadBusMaster(unsigned offset) const {
    return bus_master_.ReadRegister(offset);
  }
  void WriteBusMaster(unsigned offset, uint8_t value);
  void SetBusMasterEnabled(bool enabled);

  // As IdeDrive::Settled, for both drives.
  [[nodiscard]] bool Settled() const;
  void Save(StateWriter& writer) const;
  // Not atomic: the caller restores what it saved before.
  [[nodiscard]] Status Load(StateReader& reader);

  // IdeCable
  void InterruptChanged() override;
  size_t DmaToMemory(std::span<const uint8_t> data) override { return bus_master_.ToMemory(data); }
  size_t DmaFromMemory(std::span<uint8_t> data) override { return bus_master_.FromMemory(data); }

 private:
  [[nodiscard]] IdeDrive* Selected() const { return drives_[selected_].get(); }
  // Who answers reads; nullptr: nobody.
  [[nodiscard]] IdeDrive* Answering() const;
  [[nodiscard]] uint8_t ReadRegister(unsigned offset);
  void WriteRegister(unsigned offset, uint8_t value);
  void Diagnose();

  IrqLine& irq_;
  IdeBusMaster bus_master_;
  std::array<std::unique_ptr<IdeDrive>, kSlots> drives_;
  unsigned selected_ = 0;
  uint8_t control_ = 0;  // nIEN, SRST, HOB
  bool line_ = false;    // the interrupt line
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_IDE_CHANNEL_H_
