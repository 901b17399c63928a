// SPDX-License-Identifier: Apache-2.0
// Memory for the tables of blocks: recovery points, links and the like, which are of a known size
// when a block is finished and live until the code cache is flushed. A pointer that moves on in
// large chunks; nothing is freed but everything.
#ifndef VERBATIM_CODECACHE_TABLE_ARENA_H_
#define VERBATIM_CODECACHE_TABLE_ARENA_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "base/bits.h"

namespace verbatim {

class TableArena {
 public:
  // A copy of `table`.
  template <typename T>
  [[nodiscard]] std::span<T> Keep(std::span<const T> table) {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T> &&
                  alignof(T) <= kAlignment);
    if (table.empty()) return {};
    T* const copy = static_cast<T*>(Take(table.size_bytes()));
    std::uninitialized_copy(table.begin(), table.end(), copy);
    return {copy, table.size()};
  }

  [[nodiscard]] uint64_t used_bytes() const { return used_; }

  // What was kept is gone; the memory stays for what is to come.
  void Clear() {
    next_chunk_ = 0;
    left_ = {};
    used_ = 0;
  }

 private:
  static constexpr size_t kAlignment = 8;
  static constexpr size_t kChunkBytes = 64 << 10;

  void* Take(size_t bytes) {
    bytes = AlignUp(bytes, kAlignment);
    used_ += bytes;
    while (left_.size() < bytes) left_ = NextChunk(bytes);
    void* const taken = left_.data();
    left_ = left_.subspan(bytes);
    return taken;
  }

  std::span<std::byte> NextChunk(size_t bytes) {
    if (next_chunk_ == chunks_.size()) {
      const size_t size = std::max(bytes, kChunkBytes);
      chunks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size});
    }
    const Chunk& chunk = chunks_[next_chunk_++];
    return {chunk.bytes.get(), chunk.size};
  }

  struct Chunk {
    std::unique_ptr<std::byte[]> bytes;
    size_t size = 0;
  };
  std::vector<Chunk> chunks_;
  size_t next_chunk_ = 0;      // to be used
  std::span<std::byte> left_;  // of the one in front of it
  uint64_t used_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_CODECACHE_TABLE_ARENA_H_
