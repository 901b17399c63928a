// SPDX-License-Identifier: Apache-2.0
// Where blocks write their numbers when they are entered (BlockBuilder::EmitRecord): a buffer with
// an unmapped page behind it, so that no block has to look whether there is room. The fault of the
// one that finds it full is served like any other (Engine::HandlePageFault).
#ifndef VERBATIM_ENGINE_BLOCK_RECORDER_H_
#define VERBATIM_ENGINE_BLOCK_RECORDER_H_

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"

namespace verbatim {

class BlockRecorder {
 public:
  // Small enough to stay in a second-level cache beside what the guest works on; a fault for each
  // 32,768 entries is a tenth of a nanosecond for each.
  static constexpr uint64_t kBytes = 128 << 10;

  [[nodiscard]] static Result<std::unique_ptr<BlockRecorder>> Create();
  ~BlockRecorder();
  BlockRecorder(const BlockRecorder&) = delete;
  BlockRecorder& operator=(const BlockRecorder&) = delete;

  [[nodiscard]] uint32_t* begin() const { return begin_; }
  [[nodiscard]] bool InGuard(uint64_t address) const {
    return address - (reinterpret_cast<uint64_t>(begin_) + kBytes) < kGuardBytes;
  }
  // What was written, `next` being where the next number would go.
  [[nodiscard]] std::span<const uint32_t> Written(const uint32_t* next) const {
    return {begin_, next};
  }

 private:
  static constexpr uint64_t kGuardBytes = 4096;
  explicit BlockRecorder(uint32_t* begin) : begin_(begin) {}

  uint32_t* const begin_;
};

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_BLOCK_RECORDER_H_
