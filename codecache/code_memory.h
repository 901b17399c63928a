// SPDX-License-Identifier: Apache-2.0
// The memory of the code cache: one memfd, or shared anonymous memory, mapped twice, once writable
// and once executable, so that no mapping is ever both (W^X). The executable view lies in the low 2
// GiB, so that host code addresses fit 32 bits in jump tables and immediates.
//
// Allocation is a bump pointer: space comes back only by Reset, when the whole cache is flushed.
// The first part, sealed by SealPrologue, holds the engine's stubs and survives.
#ifndef VERBATIM_CODECACHE_CODE_MEMORY_H_
#define VERBATIM_CODECACHE_CODE_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/file.h"
#include "base/result.h"
#include "codecache/block.h"
#include "codecache/table_arena.h"

namespace verbatim {

// What the memory is to the host. Linux' perf looks up names of code in anonymous memory alone.
enum class CodeBacking : uint8_t { kMemfd, kAnonymous };

class CodeMemory {
 public:
  static constexpr uint64_t kMinBytes = 1ull << 20;
  static constexpr uint64_t kMaxBytes = 1024ull << 20;

  [[nodiscard]] static Result<std::unique_ptr<CodeMemory>> Create(
      uint64_t bytes, CodeBacking backing = CodeBacking::kMemfd);
  ~CodeMemory();
  CodeMemory(const CodeMemory&) = delete;
  CodeMemory& operator=(const CodeMemory&) = delete;

  [[nodiscard]] uint64_t size_bytes() const { return size_; }
  [[nodiscard]] uint64_t used_bytes() const { return used_; }
  [[nodiscard]] uint64_t free_bytes() const { return size_ - used_; }

  // The next free executable address, and the writable view of everything from there on.
  [[nodiscard]] HostPointer next_exec() const { return exec_ + used_; }
  [[nodiscard]] std::span<uint8_t> free_writable() { return {write_ + used_, size_ - used_}; }
  // Takes `bytes` that were written into free_writable(); the next allocation starts 16-aligned.
  HostPointer Commit(size_t bytes);
  // Where the tables of the blocks are kept: as long as their code.
  [[nodiscard]] TableArena& tables() { return tables_; }

  [[nodiscard]] bool Contains(const uint8_t* exec) const {
    return exec >= exec_ && exec < exec_ + size_;
  }
  [[nodiscard]] uint8_t* Writable(const uint8_t* exec) { return write_ + (exec - exec_); }

  // Writes a 32-bit field or a `jmp rel32` at an executable address through the writable view.
  void PatchDword(HostPointer exec, uint32_t value);
  void PatchJump(HostPointer exec, const uint8_t* target);

  void SealPrologue() { prologue_ = used_; }
  void Reset() {
    used_ = prologue_;
    tables_.Clear();
  }

 private:
  CodeMemory() = default;
  [[nodiscard]] Status MapMemfd();
  [[nodiscard]] Status MapAnonymous();

  FileDescriptor memfd_;  // kMemfd
  uint8_t* write_ = nullptr;
  uint8_t* exec_ = nullptr;
  uint64_t size_ = 0;
  uint64_t used_ = 0;
  uint64_t prologue_ = 0;
  TableArena tables_;
};

}  // namespace verbatim

#endif  // VERBATIM_CODECACHE_CODE_MEMORY_H_
