// SPDX-License-Identifier: Apache-2.0
// Where the sectors of a disk are kept: synchronous, one caller at a time (the I/O thread of the
// disk). What goes wrong is a value that the drive can report to its guest; the reason, for the
// person at the host, goes to the log.
#ifndef VERBATIM_STORAGE_BLOCK_BACKEND_H_
#define VERBATIM_STORAGE_BLOCK_BACKEND_H_

#include <cstdint>
#include <span>

namespace verbatim {

inline constexpr uint64_t kSectorBytes = 512;

enum class BlockStatus : uint8_t {
  kDone,
  kError,       // the medium or the request is bad: the guest shall know
  kOutOfSpace,  // the host's disk is full: may work later
};

class BlockBackend {
 public:
  virtual ~BlockBackend() = default;

  // A multiple of kSectorBytes. Never changes.
  [[nodiscard]] virtual uint64_t size_bytes() const = 0;
  [[nodiscard]] virtual bool read_only() const = 0;

  // Any offset and length: what does not lie within size_bytes() is refused, nothing is transferred
  // then. After another failure of Read the buffer's contents are unspecified, after one of Write
  // those of the range.
  [[nodiscard]] virtual BlockStatus Read(uint64_t offset, std::span<uint8_t> to) = 0;
  [[nodiscard]] virtual BlockStatus Write(uint64_t offset, std::span<const uint8_t> from) = 0;
  // When it returns kDone, what was written before will survive a crash of the host.
  [[nodiscard]] virtual BlockStatus Flush() = 0;
  // The range is not needed any more and reads as zeros.
  [[nodiscard]] virtual BlockStatus Discard(uint64_t offset, uint64_t bytes) = 0;
};

// Whether the range lies within the disk, without overflow.
[[nodiscard]] inline bool Contains(const BlockBackend& backend, uint64_t offset, uint64_t bytes) {
  return bytes <= backend.size_bytes() && offset <= backend.size_bytes() - bytes;
}

// A discard where nothing cheaper reads as zeros. The range lies within the disk.
[[nodiscard]] BlockStatus WriteZeros(BlockBackend& backend, uint64_t offset, uint64_t bytes);

}  // namespace verbatim

#endif  // VERBATIM_STORAGE_BLOCK_BACKEND_H_
