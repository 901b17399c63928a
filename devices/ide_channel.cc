// SPDX-License-Identifier: Apache-2.0
#include "devices/ide_channel.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "devices/ata_disk.h"

namespace verbatim {
namespace {

constexpr uint8_t kNobody = 0x7F;

}  // namespace

void IdeChannel::AttachDisk(unsigned slot, BlockQueue& disk, std::string serial) {
  CHECK(slot < kSlots && drives_[slot] == nullptr);
  drives_[slot] = std::make_unique<AtaDisk>(*this, disk, std::move(serial));
}

AtapiCdrom& IdeChannel::AttachCdrom(unsigned slot, BlockQueue* disc, std::string serial) {
  CHECK(slot < kSlots && drives_[slot] == nullptr);
  auto cdrom = std::make_unique<AtapiCdrom>(*this, disc, std::move(serial));
  AtapiCdrom& attached = *cdrom;
  drives_[slot] = std::move(cdrom);
  return attached;
}

void IdeChannel::PowerOn() {
  selected_ = 0;
  control_ = 0;
  bus_master_.Reset();
  for (const auto& drive : drives_) {
    if (drive) drive->PowerOn();
  }
  InterruptChanged();
}

IdeDrive* IdeChannel::Answering() const {
  return Selected() == nullptr && selected_ == 1 ? drives_[0].get() : Selected();
}

void IdeChannel::InterruptChanged() {
  const IdeDrive* const drive = Selected();
  const bool level =
      drive != nullptr && drive->interrupt() && (control_ & ata::kInterruptDisable) == 0;
  if (level && !line_) bus_master_.NoteInterrupt();
  line_ = level;
  irq_.SetLevel(level);
}

uint32_t IdeChannel::ReadCommandBlock(unsigned offset, unsigned bytes) {
  if (offset == ata::kData) {
    IdeDrive* const drive = Selected();
    if (drive != nullptr) return drive->ReadData(bytes);
    return bytes == 4 ? UINT32_MAX : (1u << (8 * bytes)) - 1;
  }
  uint32_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) value |= uint32_t{ReadRegister(offset + i)} << (8 * i);
  return value;
}

void IdeChannel::WriteCommandBlock(unsigned offset, unsigned bytes, uint32_t value) {
  if (offset == ata::kData) {
    if (IdeDrive* const drive = Selected()) drive->WriteData(bytes, value);
    return;
  }
  for (unsigned i = 0; i < bytes; ++i) {
    WriteRegister(offset + i, static_cast<uint8_t>(value >> (8 * i)));
  }
}

uint8_t IdeChannel::ReadRegister(unsigned offset) {
  IdeDrive* const drive = Answering();
  if (drive == nullptr) return kNobody;
  if (offset == ata::kCommand) {
    if (Selected() == nullptr) return 0;
    const uint8_t status = drive->status();
    drive->ClearInterrupt();
    return status;
  }
  const uint8_t value = drive->ReadRegister(offset, (control_ & ata::kHighOrderByte) != 0);
  if (offset != ata::kDevice) return value;
  return static_cast<uint8_t>((value & ~ata::kDevSelect) | (selected_ == 1 ? ata::kDevSelect : 0));
}

uint8_t IdeChannel::ReadAlternateStatus() const {
  const IdeDrive* const drive = Answering();
  if (drive == nullptr) return kNobody;
  return Selected() == nullptr ? uint8_t{0} : drive->status();
}

void IdeChannel::WriteRegister(unsigned offset, uint8_t value) {
  control_ &= static_cast<uint8_t>(~ata::kHighOrderByte);
  if (offset == ata::kCommand) {
    if (value == ata::kDiagnostic) {
      Diagnose();
    } else if (IdeDrive* const drive = Selected()) {
      drive->WriteCommand(value);
    }
    return;
  }
  for (const auto& drive : drives_) {
    if (drive) drive->WriteRegister(offset, value);
  }
  if (offset == ata::kDevice) {
    // A busy drive holds the cable.
    const IdeDrive* const drive = Selected();
    if (drive != nullptr && (drive->status() & ata::kBusy) != 0) return;
    selected_ = (value & ata::kDevSelect) != 0 ? 1 : 0;
    InterruptChanged();
  }
}

void IdeChannel::Diagnose() {
  for (const auto& drive : drives_) {
    if (drive && (drive->status() & ata::kBusy) != 0) return;
  }
  for (const auto& drive : drives_) {
    if (!drive) continue;
    drive->ClearInterrupt();
    drive->Diagnose();
  }
  selected_ = 0;
  if (drives_[0]) drives_[0]->RaiseInterrupt();
}

void IdeChannel::WriteControl(uint8_t value) {
  const uint8_t old = std::exchange(
      control_, static_cast<uint8_t>(
                    value & (ata::kInterruptDisable | ata::kSoftReset | ata::kHighOrderByte)));
  const bool was_reset = (old & ata::kSoftReset) != 0;
  const bool is_reset = (control_ & ata::kSoftReset) != 0;
  if (was_reset != is_reset) {
    selected_ = 0;
    for (const auto& drive : drives_) {
      if (!drive) continue;
      if (is_reset) {
        drive->BeginSoftReset();
      } else {
        drive->EndSoftReset();
      }
    }
  }
  InterruptChanged();
}

void IdeChannel::WriteBusMaster(unsigned offset, uint8_t value) {
  if (!bus_master_.WriteRegister(offset, value)) return;
  if (IdeDrive* const drive = Selected()) drive->DmaReady();
}

void IdeChannel::SetBusMasterEnabled(bool enabled) {
  const bool ran = bus_master_.Running();
  bus_master_.SetEnabled(enabled);
  if (ran || !bus_master_.Running()) return;
  if (IdeDrive* const drive = Selected()) drive->DmaReady();
}

bool IdeChannel::Settled() const {
  return std::ranges::all_of(drives_, [](const auto& drive) { return !drive || drive->Settled(); });
}

void IdeChannel::Save(StateWriter& writer) const {
  writer.Field("selected", selected_);
  writer.Field("control", control_);
  writer.Field("line", line_);
  bus_master_.SaveTo(writer);
  for (const auto& drive : drives_) {
    const bool present = drive != nullptr;
    writer.Field("present", present);
    if (present) drive->Save(writer);
  }
}

Status IdeChannel::Load(StateReader& reader) {
  unsigned selected = 0;
  uint8_t control = 0;
  bool line = false;
  IdeBusMaster::State bus_master;
  reader.Field("selected", selected, kSlots - 1);
  reader.Field("control", control);
  reader.Field("line", line);
  IdeBusMaster::Visit(reader, bus_master);
  for (const auto& drive : drives_) {
    bool present = false;
    reader.Field("present", present);
    reader.Require(present == (drive != nullptr), "present", "the drives of this machine");
    if (Status status = reader.status(); !status) return status;
    if (!drive) continue;
    if (Status status = drive->Load(reader); !status) return status;
  }
  selected_ = selected;
  control_ = control;
  line_ = line;
  bus_master_.Adopt(bus_master);
  return reader.status();
}

}  // namespace verbatim
