// SPDX-License-Identifier: Apache-2.0
// A floppy drive at its cable: where the head stands, which disk is in, and the disk-change line,
// which a disk taken out sets and a step with a disk inside clears. Also a place where no drive is.
#ifndef VERBATIM_DEVICES_FLOPPY_DRIVE_H_
#define VERBATIM_DEVICES_FLOPPY_DRIVE_H_

#include <cstdint>

#include "devices/floppy_geometry.h"
#include "storage/block_queue.h"

namespace verbatim {

class FloppyDrive {
 public:
  // A drive of that type, empty.
  void Install(FloppyDriveType type) { type_ = type; }
  // Puts the disk in, after taking out the one that is there. What the image lacks of its format
  // reads as zeros and cannot be written.
  void ChangeDisk(BlockQueue& disk, const FloppyGeometry& geometry) {
    disk_ = &disk;
    geometry_ = geometry;
    changed_ = true;
  }
  void Eject() {
    disk_ = nullptr;
    changed_ = true;
  }

  [[nodiscard]] FloppyDriveType type() const { return type_; }
  [[nodiscard]] bool Installed() const { return type_ != FloppyDriveType::kNone; }
  [[nodiscard]] BlockQueue* disk() const { return disk_; }
  // Only with a disk inside.
  [[nodiscard]] const FloppyGeometry& geometry() const { return geometry_; }
  [[nodiscard]] bool HasDisk() const { return disk_ != nullptr; }
  [[nodiscard]] bool WriteProtected() const { return HasDisk() && disk_->read_only(); }

  [[nodiscard]] uint8_t cylinder() const { return cylinder_; }
  [[nodiscard]] bool AtTrack0() const { return Installed() && cylinder_ == 0; }
  // Moves the head by that many cylinders, as far as it goes.
  void Step(int cylinders) {
    if (!Installed() || cylinders == 0) return;
    const int last = type_ == FloppyDriveType::k360K ? kLastCylinder40 : kLastCylinder80;
    const int target = cylinder_ + cylinders;
    cylinder_ = static_cast<uint8_t>(target < 0 ? 0 : target > last ? last : target);
    if (HasDisk()) changed_ = false;
  }
  // What a step does to the disk-change line, as firmware leaves it that has looked at the drive.
  void ClearChange() { changed_ = !HasDisk(); }
  [[nodiscard]] bool Changed() const { return Installed() && changed_; }

  // For saved states.
  void set_position(uint8_t cylinder, bool changed) {
    cylinder_ = cylinder;
    changed_ = changed;
  }
  [[nodiscard]] bool changed_latch() const { return changed_; }
  static constexpr int kLastCylinder40 = 43;
  static constexpr int kLastCylinder80 = 85;

 private:
  FloppyDriveType type_ = FloppyDriveType::kNone;
  BlockQueue* disk_ = nullptr;
  FloppyGeometry geometry_{};
  uint8_t cylinder_ = 0;
  bool changed_ = true;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_FLOPPY_DRIVE_H_
