// SPDX-License-Identifier: Apache-2.0
// A raw image: byte n of the disk is byte n of a file or block device.
//
// A file may have any size but 0; the disk is as large as the next multiple of a sector, and what
// the file lacks of its last sector reads as zeros (the first write to that sector completes it).
// A file that became shorter since it was opened gives errors, to reads where it ends and to every
// write, which would otherwise make it grow with a hole in between.
#ifndef VERBATIM_STORAGE_IMAGE_FILE_H_
#define VERBATIM_STORAGE_IMAGE_FILE_H_

#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/result.h"
#include "storage/block_backend.h"
#include "storage/host_file.h"

namespace verbatim {

class ImageFile final : public BlockBackend {
 public:
  // `name` is for messages. Fails if the file is empty.
  [[nodiscard]] static Result<std::unique_ptr<ImageFile>> Create(std::string name,
                                                                 std::unique_ptr<HostFile> file,
                                                                 bool read_only);

  [[nodiscard]] uint64_t size_bytes() const override { return size_bytes_; }
  [[nodiscard]] bool read_only() const override { return read_only_; }
  [[nodiscard]] BlockStatus Read(uint64_t offset, std::span<uint8_t> to) override;
  [[nodiscard]] BlockStatus Write(uint64_t offset, std::span<const uint8_t> from) override;
  [[nodiscard]] BlockStatus Flush() override;
  [[nodiscard]] BlockStatus Discard(uint64_t offset, uint64_t bytes) override;

 private:
  ImageFile(std::string name, std::unique_ptr<HostFile> file, uint64_t file_bytes, bool read_only);
  // Logs what the host said, and makes it a value.
  BlockStatus Failed(const char* action, uint64_t offset, int error);
  // The file is at least as long as it was.
  [[nodiscard]] bool StillWhole(uint64_t offset);

  const std::string name_;
  const std::unique_ptr<HostFile> file_;
  const uint64_t size_bytes_;
  const bool read_only_;
  uint64_t file_bytes_;  // size_bytes_, or less by a part of the last sector
  LogLimiter failures_;
};

}  // namespace verbatim

#endif  // VERBATIM_STORAGE_IMAGE_FILE_H_
