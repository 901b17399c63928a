// SPDX-License-Identifier: Apache-2.0
// From what a user says of a disk to its backend.
#ifndef VERBATIM_STORAGE_DISK_IMAGE_H_
#define VERBATIM_STORAGE_DISK_IMAGE_H_

#include <memory>
#include <string>

#include "base/result.h"
#include "storage/block_backend.h"

namespace verbatim {

struct DiskImage {
  std::string path;
  bool read_only = false;
  bool snapshot = false;  // what is written is forgotten at the end; the image is only read
};

// Opens and locks. The file stays open as long as the backend lives; nothing is opened later.
[[nodiscard]] Result<std::unique_ptr<BlockBackend>> OpenDiskImage(const DiskImage& image);

}  // namespace verbatim

#endif  // VERBATIM_STORAGE_DISK_IMAGE_H_
