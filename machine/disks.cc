// SPDX-License-Identifier: Apache-2.0
#include "machine/disks.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "storage/disk_image.h"

namespace verbatim {
namespace {

constexpr unsigned kBridgeDevice = 1;  // the chipset's; its first function is the ISA bridge
constexpr unsigned kIdeFunction = 1;

struct Place {
  unsigned bus;
  unsigned unit;
};
// Disks from the front, discs where systems expect them: alone on the second channel.
constexpr Place kDiskPlaces[] = {{0, 0}, {0, 1}, {1, 1}, {1, 0}};
constexpr Place kCdromPlaces[] = {{1, 0}, {1, 1}, {0, 1}, {0, 0}};

// The ports and lines of the two channels in compatibility mode (PCI IDE Controller Specification
// 1.0, section 2.1).
constexpr AtaPlace kChannels[] = {
    {.command_port = 0x1F0, .control_port = 0x3F6, .irq = 14, .channel = 0},
    {.command_port = 0x170, .control_port = 0x376, .irq = 15, .channel = 1}};

AtaPlace TellPlace(const Place& place) {
  AtaPlace told = kChannels[place.bus];
  told.slave = place.unit == 1;
  told.pci_device = kBridgeDevice;
  told.pci_function = kIdeFunction;
  return told;
}

}  // namespace

Result<std::unique_ptr<Disks>> Disks::Open(const std::vector<DiskConfig>& disks, DmaMemory& memory,
                                           IrqLine& irq14, IrqLine& irq15,
                                           const std::function<void()>& on_event,
                                           const std::function<bool()>& stopped) {
  std::unique_ptr<Disks> opened(new Disks(memory, irq14, irq15));
  // Those with a place of their own choose before the others.
  for (const bool placed : {true, false}) {
    for (size_t i = 0; i < disks.size(); ++i) {
      if (disks[i].bus.has_value() != placed) continue;
      if (Status added = opened->Add(disks[i], static_cast<unsigned>(i), on_event, stopped);
          !added) {
        return std::unexpected(added.error());
      }
    }
  }
  return opened;
}

Status Disks::Add(const DiskConfig& disk, unsigned number, const std::function<void()>& on_event,
                  const std::function<bool()>& stopped) {
  std::optional<Place> place;
  if (disk.bus) {
    place = Place{*disk.bus, disk.unit};
    if (ide_.channel(place->bus).Occupied(place->unit)) {
      return Fail("{}: bus={},unit={} is taken by another disk", disk.path, place->bus,
                  place->unit);
    }
  } else {
    for (const Place& candidate : disk.cdrom ? kCdromPlaces : kDiskPlaces) {
      if (!place && !ide_.channel(candidate.bus).Occupied(candidate.unit)) place = candidate;
    }
    if (!place) return Fail("{}: no place is left: IDE has four", disk.path);
  }
  Result<std::unique_ptr<BlockBackend>> backend = OpenDiskImage(
      {.path = disk.path, .read_only = disk.read_only || disk.cdrom, .snapshot = disk.snapshot});
  if (!backend) return std::unexpected(backend.error());
  auto worker = std::make_unique<IoWorker>(*std::move(backend), on_event);
  const std::string serial = fmt::format("VB{:05}", number + 1);
  AtapiCdrom* cdrom = nullptr;
  if (disk.cdrom) {
    cdrom = &ide_.channel(place->bus).AttachCdrom(place->unit, worker.get(), serial);
  } else {
    ide_.channel(place->bus).AttachDisk(place->unit, *worker, serial);
  }
  auto drive =
      std::make_unique<ImageDrive>(disk.cdrom ? BiosDriveKind::kCdrom : BiosDriveKind::kDisk,
                                   disk.path, *worker, stopped, TellPlace(*place));
  ImageDrive& added = *drive;
  IoWorker& first = *worker;
  images_.push_back({number, disk.path, std::move(worker), std::move(drive)});
  if (disk.next.empty()) return {};
  if (std::exchange(has_changer_, true)) {
    return Fail("{}: next= is for one CD drive, and another one has it", disk.path);
  }
  changer_.Add(disk.path, [path = disk.path, cdrom, &added, &first] {
    cdrom->ChangeDisc(&first);
    added.Insert(path, first);
  });
  return AddNext(disk, number, *cdrom, added, on_event);
}

Status Disks::AddNext(const DiskConfig& disk, unsigned number, AtapiCdrom& cdrom, ImageDrive& drive,
                      const std::function<void()>& on_event) {
  for (const std::string& path : disk.next) {
    Result<std::unique_ptr<BlockBackend>> backend =
        OpenDiskImage({.path = path, .read_only = true, .snapshot = false});
    if (!backend) return std::unexpected(backend.error());
    auto worker = std::make_unique<IoWorker>(*std::move(backend), on_event);
    changer_.Add(path, [path, &cdrom, &drive, disc = worker.get()] {
      cdrom.ChangeDisc(disc);
      drive.Insert(path, *disc);
    });
    images_.push_back({number, path, std::move(worker), nullptr});
  }
  return {};
}

void Disks::Attach(PortBus& bus, PciConfigPorts& pci) {
  ide_.Attach(bus);
  pci.Add(kBridgeDevice, kIdeFunction, ide_);
}

std::vector<BiosDrive*> Disks::BiosDrives() {
  std::ranges::sort(images_, {}, &Image::number);
  std::vector<BiosDrive*> drives;
  for (const Image& image : images_) {
    if (image.drive != nullptr) drives.push_back(image.drive.get());
  }
  return drives;
}

void Disks::Service(const std::function<bool()>& stopped) {
  changer_.Service();
  for (Image& image : images_) {
    if (image.worker->Stalled()) WaitForSpace(*image.worker, image.path, stopped);
    image.worker->Deliver();
  }
}

}  // namespace verbatim
