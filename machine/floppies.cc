// SPDX-License-Identifier: Apache-2.0
#include "machine/floppies.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "firmware/bios/disk/diskette_format.h"
#include "storage/disk_image.h"

namespace verbatim {
namespace {

constexpr uint64_t kMaxFloppyBytes = 4 << 20;

FloppyDriveType DriveFor(const DisketteFormat& format) {
  switch (format.drive_type) {
    case kDrive360K:
      return FloppyDriveType::k360K;
    case kDrive1200K:
      return FloppyDriveType::k1200K;
    case kDrive720K:
      return FloppyDriveType::k720K;
    case kDrive2880K:
      return FloppyDriveType::k2880K;
    default:
      return FloppyDriveType::k1440K;
  }
}

// Of 5.25 inches.
bool IsLarge(FloppyDriveType type) {
  return type == FloppyDriveType::k360K || type == FloppyDriveType::k1200K;
}

}  // namespace

Status Floppies::Open(const std::vector<FloppyConfig>& floppies, Mc146818& cmos,
                      const std::function<void()>& on_event, const std::function<bool()>& stopped) {
  // Those with a place of their own choose before the others.
  for (const bool placed : {true, false}) {
    for (const FloppyConfig& floppy : floppies) {
      if (floppy.unit.has_value() != placed) continue;
      std::optional<unsigned> unit;
      for (unsigned candidate = 0; candidate < kDrives; ++candidate) {
        const bool wanted = !placed || *floppy.unit == candidate;
        if (!unit && wanted && drives_[candidate].images.empty()) unit = candidate;
      }
      if (!unit && placed) {
        return Fail("{}: unit={} is taken by another floppy disk", floppy.path, *floppy.unit);
      }
      if (!unit) return Fail("{}: no place is left: there are two floppy drives", floppy.path);
      if (Status added = Add(floppy, *unit, on_event, stopped); !added) return added;
    }
  }
  cmos.StoreFloppyTypes(static_cast<uint8_t>(fdc_.drive(0).type()),
                        static_cast<uint8_t>(fdc_.drive(1).type()));
  return {};
}

Result<Floppies::Image> Floppies::OpenImage(const FloppyConfig& floppy, const std::string& path,
                                            const std::function<void()>& on_event) {
  Result<std::unique_ptr<BlockBackend>> opened =
      OpenDiskImage({.path = path, .read_only = floppy.read_only, .snapshot = floppy.snapshot});
  if (!opened) return std::unexpected(opened.error());
  std::unique_ptr<BlockBackend> backend = *std::move(opened);
  const uint64_t bytes = backend->size_bytes();
  std::array<uint8_t, kSectorBytes> boot_sector{};
  if (backend->Read(0, boot_sector) != BlockStatus::kDone) {
    return Fail("{}: its first sector cannot be read", path);
  }
  // The format that the BIOS sees.
  const DisketteFormat format = FindDisketteFormat(boot_sector, bytes);
  if (bytes > kMaxFloppyBytes || format.geometry.capacity() * kSectorBytes < bytes) {
    return Fail(
        "{}: not a floppy disk: has {} bytes, expected at most 2.88 MB, or the size that its boot "
        "sector gives",
        path, bytes);
  }
  return Image{.path = path,
               .worker = std::make_unique<IoWorker>(std::move(backend), on_event),
               .geometry = {.cylinders = static_cast<uint8_t>(format.geometry.cylinders),
                            .heads = static_cast<uint8_t>(format.geometry.heads),
                            .sectors = static_cast<uint8_t>(format.geometry.sectors),
                            .drive = DriveFor(format),
                            .rate = FloppyRateOf(format.geometry.sectors)}};
}

Status Floppies::Add(const FloppyConfig& floppy, unsigned unit,
                     const std::function<void()>& on_event, const std::function<bool()>& stopped) {
  Drive& drive = drives_[unit];
  std::vector<std::string> paths = {floppy.path};
  paths.insert(paths.end(), floppy.next.begin(), floppy.next.end());
  FloppyDriveType type = FloppyDriveType::kNone;
  for (const std::string& path : paths) {
    Result<Image> image = OpenImage(floppy, path, on_event);
    if (!image) return std::unexpected(image.error());
    const FloppyDriveType needed = image->geometry.drive;
    if (type != FloppyDriveType::kNone && IsLarge(type) != IsLarge(needed)) {
      return Fail("{}: is a disk of another size than {}, and fits into no drive with it", path,
                  floppy.path);
    }
    // Of either size, the later types take the disks of the earlier ones.
    type = std::max(type, needed);
    drive.images.push_back(*std::move(image));
  }
  Image& first = drive.images.front();
  drive.bios =
      std::make_unique<ImageDrive>(BiosDriveKind::kFloppy, first.path, *first.worker, stopped);
  fdc_.drive(unit).Install(type);
  fdc_.drive(unit).ChangeDisk(*first.worker, first.geometry);
  for (Image& image : drive.images) {
    drive.changer.Add(image.path, [this, unit, &image] {
      fdc_.drive(unit).ChangeDisk(*image.worker, image.geometry);
      drives_[unit].bios->Insert(image.path, *image.worker);
    });
  }
  return {};
}

void Floppies::Attach(PortBus& bus) {
  dma_.Attach(bus);
  fdc_.Attach(bus);
}

void Floppies::Configure() {
  dma_.ConfigureAsFirmware();
  fdc_.ConfigureAsFirmware();
}

std::vector<BiosDrive*> Floppies::BiosDrives() {
  std::vector<BiosDrive*> drives;
  for (const Drive& drive : drives_) {
    if (drive.bios != nullptr) drives.push_back(drive.bios.get());
  }
  return drives;
}

void Floppies::Service(const std::function<bool()>& stopped) {
  for (Drive& drive : drives_) {
    drive.changer.Service();
    for (Image& image : drive.images) {
      if (image.worker->Stalled()) WaitForSpace(*image.worker, image.path, stopped);
      image.worker->Deliver();
    }
  }
}

}  // namespace verbatim
