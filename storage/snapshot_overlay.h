// SPDX-License-Identifier: Apache-2.0
// What a run writes, kept apart from its image: a sparse file that goes when the run ends. The base
// is only read. Written data is kept by clusters of 4 KiB at their own offsets; a set in memory
// says which the overlay holds.
#ifndef VERBATIM_STORAGE_SNAPSHOT_OVERLAY_H_
#define VERBATIM_STORAGE_SNAPSHOT_OVERLAY_H_

#include <bitset>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "base/log.h"
#include "storage/block_backend.h"
#include "storage/host_file.h"

namespace verbatim {

class SnapshotOverlay final : public BlockBackend {
 public:
  static constexpr uint64_t kClusterBytes = 4096;

  // `file` is empty and of nobody else.
  SnapshotOverlay(std::unique_ptr<BlockBackend> base, std::unique_ptr<HostFile> file)
      : base_(std::move(base)), file_(std::move(file)) {}

  [[nodiscard]] uint64_t size_bytes() const override { return base_->size_bytes(); }
  [[nodiscard]] bool read_only() const override { return false; }
  [[nodiscard]] BlockStatus Read(uint64_t offset, std::span<uint8_t> to) override;
  [[nodiscard]] BlockStatus Write(uint64_t offset, std::span<const uint8_t> from) override;
  // Nothing of it is meant to survive.
  [[nodiscard]] BlockStatus Flush() override { return BlockStatus::kDone; }
  [[nodiscard]] BlockStatus Discard(uint64_t offset, uint64_t bytes) override;

 private:
  static constexpr uint64_t kGroup = 4096;  // clusters

  [[nodiscard]] bool Holds(uint64_t cluster) const;
  // How many of the next `bytes` bytes lie in clusters that are alike, as Holds.
  [[nodiscard]] uint64_t RunBytes(uint64_t offset, uint64_t bytes) const;
  [[nodiscard]] BlockStatus ReadOverlay(uint64_t offset, std::span<uint8_t> to);
  [[nodiscard]] BlockStatus WriteOverlay(uint64_t offset, std::span<const uint8_t> from);
  // Copies the cluster from the base unless it is held.
  [[nodiscard]] BlockStatus CopyUp(uint64_t cluster);
  BlockStatus Failed(const char* action, int error);

  const std::unique_ptr<BlockBackend> base_;
  const std::unique_ptr<HostFile> file_;
  std::unordered_map<uint64_t, std::bitset<kGroup>> held_;  // by cluster / kGroup
  LogLimiter failures_;
};

}  // namespace verbatim

#endif  // VERBATIM_STORAGE_SNAPSHOT_OVERLAY_H_
