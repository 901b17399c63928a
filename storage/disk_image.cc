// SPDX-License-Identifier: Apache-2.0
#include "storage/disk_image.h"

#include <utility>

#include "storage/image_file.h"
#include "storage/snapshot_overlay.h"

namespace verbatim {

Result<std::unique_ptr<BlockBackend>> OpenDiskImage(const DiskImage& image) {
  const bool writable = !image.read_only && !image.snapshot;
  Result<std::unique_ptr<HostFile>> file = HostFile::Open(image.path, writable);
  if (!file) return std::unexpected(file.error());
  Result<std::unique_ptr<ImageFile>> raw =
      ImageFile::Create(image.path, *std::move(file), !writable);
  if (!raw) return std::unexpected(raw.error());
  if (!image.snapshot || image.read_only) return *std::move(raw);
  Result<std::unique_ptr<HostFile>> overlay = HostFile::Temporary();
  if (!overlay) return Fail("{}: snapshot=on: {}", image.path, overlay.error().message);
  return std::make_unique<SnapshotOverlay>(*std::move(raw), *std::move(overlay));
}

}  // namespace verbatim
