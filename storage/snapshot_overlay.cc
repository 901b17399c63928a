// SPDX-License-Identifier: Apache-2.0
#include "storage/snapshot_overlay.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace verbatim {

bool SnapshotOverlay::Holds(uint64_t cluster) const {
  const auto group = held_.find(cluster / kGroup);
  return group != held_.end() && group->second[cluster % kGroup];
}

uint64_t SnapshotOverlay::RunBytes(uint64_t offset, uint64_t bytes) const {
  uint64_t cluster = offset / kClusterBytes;
  const bool held = Holds(cluster);
  uint64_t run = kClusterBytes - offset % kClusterBytes;
  while (run < bytes && Holds(++cluster) == held) run += kClusterBytes;
  return std::min(run, bytes);
}

BlockStatus SnapshotOverlay::Failed(const char* action, int error) {
  if (IsOutOfSpace(error)) return BlockStatus::kOutOfSpace;
  failures_.Log(LogLevel::kError, "the temporary file of snapshot=on cannot be {}: {}", action,
                std::strerror(error));
  return BlockStatus::kError;
}

BlockStatus SnapshotOverlay::ReadOverlay(uint64_t offset, std::span<uint8_t> to) {
  while (!to.empty()) {
    const ssize_t n = file_->Read(to, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Failed("read", errno);
    // Nobody else can shorten it: it ends only in the last cluster, behind what was written.
    if (n == 0) break;
    to = to.subspan(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
  std::fill(to.begin(), to.end(), uint8_t{0});
  return BlockStatus::kDone;
}

BlockStatus SnapshotOverlay::WriteOverlay(uint64_t offset, std::span<const uint8_t> from) {
  while (!from.empty()) {
    const ssize_t n = file_->Write(from, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Failed("written", errno);
    from = from.subspan(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
  return BlockStatus::kDone;
}

BlockStatus SnapshotOverlay::Read(uint64_t offset, std::span<uint8_t> to) {
  if (!Contains(*this, offset, to.size())) return BlockStatus::kError;
  while (!to.empty()) {
    const auto part = to.first(RunBytes(offset, to.size()));
    const BlockStatus read =
        Holds(offset / kClusterBytes) ? ReadOverlay(offset, part) : base_->Read(offset, part);
    if (read != BlockStatus::kDone) return read;
    to = to.subspan(part.size());
    offset += part.size();
  }
  return BlockStatus::kDone;
}

BlockStatus SnapshotOverlay::CopyUp(uint64_t cluster) {
  if (Holds(cluster)) return BlockStatus::kDone;
  std::array<uint8_t, kClusterBytes> buffer;
  const uint64_t offset = cluster * kClusterBytes;
  const auto whole = std::span(buffer).first(std::min(kClusterBytes, size_bytes() - offset));
  BlockStatus status = base_->Read(offset, whole);
  if (status == BlockStatus::kDone) status = WriteOverlay(offset, whole);
  if (status == BlockStatus::kDone) held_[cluster / kGroup].set(cluster % kGroup);
  return status;
}

BlockStatus SnapshotOverlay::Write(uint64_t offset, std::span<const uint8_t> from) {
  if (!Contains(*this, offset, from.size())) return BlockStatus::kError;
  if (from.empty()) return BlockStatus::kDone;
  const uint64_t end = offset + from.size();
  const uint64_t first = offset / kClusterBytes;
  const uint64_t last = (end - 1) / kClusterBytes;
  // Only the two outer clusters can be written in part.
  if (offset % kClusterBytes != 0) {
    if (const BlockStatus up = CopyUp(first); up != BlockStatus::kDone) return up;
  }
  if (end % kClusterBytes != 0 && end != size_bytes()) {
    if (const BlockStatus up = CopyUp(last); up != BlockStatus::kDone) return up;
  }
  const BlockStatus written = WriteOverlay(offset, from);
  if (written != BlockStatus::kDone) return written;
  for (uint64_t cluster = first; cluster <= last; ++cluster) {
    held_[cluster / kGroup].set(cluster % kGroup);
  }
  return BlockStatus::kDone;
}

BlockStatus SnapshotOverlay::Discard(uint64_t offset, uint64_t bytes) {
  if (!Contains(*this, offset, bytes)) return BlockStatus::kError;
  return WriteZeros(*this, offset, bytes);
}

}  // namespace verbatim
