// SPDX-License-Identifier: Apache-2.0
// A disk as its controller sees it: requests go in, answers come back later, on the thread of the
// virtual CPU. Requests of one queue are carried out in the order of submission.
#ifndef VERBATIM_STORAGE_BLOCK_QUEUE_H_
#define VERBATIM_STORAGE_BLOCK_QUEUE_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "storage/block_backend.h"

namespace verbatim {

// The memory of a request belongs to the queue until the answer hands it back: a guest that resets
// its controller in between cannot pull it away.
struct BlockRequest {
  enum class Kind : uint8_t { kRead, kWrite, kFlush, kDiscard };

  Kind kind = Kind::kFlush;
  uint64_t offset = 0;
  std::vector<uint8_t> data{};  // what to write, or as long as what to read
  uint64_t discard_bytes = 0;   // kDiscard
  std::function<void(BlockStatus status, std::vector<uint8_t> data)> done{};
};

class BlockQueue {
 public:
  virtual ~BlockQueue() = default;
  [[nodiscard]] virtual uint64_t size_bytes() const = 0;
  [[nodiscard]] virtual bool read_only() const = 0;
  // `done` is not called from within.
  virtual void Submit(BlockRequest request) = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_STORAGE_BLOCK_QUEUE_H_
