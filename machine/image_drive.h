// SPDX-License-Identifier: Apache-2.0
// An image as the virtual BIOS sees it: through the same thread as the controller uses, so that
// what one has written the other reads.
#ifndef VERBATIM_MACHINE_IMAGE_DRIVE_H_
#define VERBATIM_MACHINE_IMAGE_DRIVE_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "firmware/bios/drive.h"
#include "storage/io_worker.h"

namespace verbatim {

// While a disk of the host is full, returns only once there is room or the machine is to stop; says
// so in the log.
void WaitForSpace(IoWorker& worker, const std::string& path, const std::function<bool()>& stopped);

class ImageDrive final : public BiosDrive {
 public:
  // `worker` outlives the drive. `stopped`: the machine is to end.
  ImageDrive(BiosDriveKind kind, std::string path, IoWorker& worker, std::function<bool()> stopped,
             std::optional<AtaPlace> place = {})
      : kind_(kind),
        path_(std::move(path)),
        worker_(&worker),
        stopped_(std::move(stopped)),
        place_(place) {}

  // Another medium; its worker outlives the drive too.
  void Insert(std::string path, IoWorker& worker) {
    path_ = std::move(path);
    worker_ = &worker;
    ++medium_;
  }

  [[nodiscard]] BiosDriveKind kind() const override { return kind_; }
  [[nodiscard]] const std::string& name() const override { return path_; }
  [[nodiscard]] uint64_t size_bytes() const override { return worker_->size_bytes(); }
  [[nodiscard]] bool read_only() const override { return worker_->read_only(); }
  [[nodiscard]] std::optional<AtaPlace> place() const override { return place_; }
  [[nodiscard]] unsigned medium() const override { return medium_; }

  [[nodiscard]] BlockStatus Read(uint64_t offset, std::span<uint8_t> to) override;
  [[nodiscard]] BlockStatus Write(uint64_t offset, std::span<const uint8_t> from) override;
  [[nodiscard]] BlockStatus Flush() override;

 private:
  // The data of the answer, if it is good.
  [[nodiscard]] BlockStatus Perform(BlockRequest request, std::vector<uint8_t>* answer);

  const BiosDriveKind kind_;
  std::string path_;
  IoWorker* worker_;
  unsigned medium_ = 0;
  const std::function<bool()> stopped_;
  const std::optional<AtaPlace> place_;
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_IMAGE_DRIVE_H_
