// SPDX-License-Identifier: Apache-2.0
#include "codecache/code_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/bits.h"
#include "base/check.h"

namespace verbatim {

namespace {

std::unexpected<Error> Refused() {
  return Fail("code cache: the host refuses executable memory in its low 2 GiB: {}",
              std::strerror(errno));
}

}  // namespace

Result<std::unique_ptr<CodeMemory>> CodeMemory::Create(uint64_t bytes, CodeBacking backing) {
  bytes = AlignUp(bytes, 4096);
  CHECK(bytes >= kMinBytes && bytes <= kMaxBytes);
  std::unique_ptr<CodeMemory> memory(new CodeMemory);
  memory->size_ = bytes;
  const Status mapped =
      backing == CodeBacking::kMemfd ? memory->MapMemfd() : memory->MapAnonymous();
  if (!mapped) return std::unexpected(mapped.error());
  return memory;
}

Status CodeMemory::MapMemfd() {
  memfd_ = FileDescriptor(::memfd_create("verbatim-code", MFD_CLOEXEC));
  if (!memfd_.valid() || ::ftruncate(memfd_.get(), static_cast<off_t>(size_)) != 0) {
    return Fail("code cache: cannot create {} bytes of memory: {}", size_, std::strerror(errno));
  }
  void* write = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, memfd_.get(), 0);
  if (write == MAP_FAILED) return Fail("code cache: cannot map it: {}", std::strerror(errno));
  write_ = static_cast<uint8_t*>(write);
  void* exec =
      ::mmap(nullptr, size_, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_32BIT, memfd_.get(), 0);
  if (exec == MAP_FAILED) return Refused();
  exec_ = static_cast<uint8_t*>(exec);
  return {};
}

Status CodeMemory::MapAnonymous() {
  void* exec =
      ::mmap(nullptr, size_, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (exec == MAP_FAILED) return Refused();
  exec_ = static_cast<uint8_t*>(exec);
  // An old size of zero: the same pages once more (mremap(2)).
  void* write = ::mremap(exec, 0, size_, MREMAP_MAYMOVE);
  if (write == MAP_FAILED) return Fail("code cache: cannot map it: {}", std::strerror(errno));
  write_ = static_cast<uint8_t*>(write);
  if (::mprotect(write, size_, PROT_READ | PROT_WRITE) != 0) {
    return Fail("code cache: cannot be made writable: {}", std::strerror(errno));
  }
  return {};
}

CodeMemory::~CodeMemory() {
  if (write_ != nullptr) ::munmap(write_, size_);
  if (exec_ != nullptr) ::munmap(exec_, size_);
}

HostPointer CodeMemory::Commit(size_t bytes) {
  CHECK(bytes <= free_bytes());
  HostPointer start = next_exec();
  used_ = AlignUp(used_ + bytes, 16);
  if (used_ > size_) used_ = size_;
  return start;
}

void CodeMemory::PatchDword(HostPointer exec, uint32_t value) {
  CHECK(Contains(exec) && Contains(exec + 3));
  // One store: the field may be fetched by this very thread next.
  StoreLittle<uint32_t>(Writable(exec), value);
}

void CodeMemory::PatchJump(HostPointer exec, const uint8_t* target) {
  CHECK(Contains(exec) && Contains(exec + 4));
  uint8_t* at = Writable(exec);
  at[0] = 0xE9;
  StoreLittle<uint32_t>(at + 1, static_cast<uint32_t>(target - (exec + 5)));
}

}  // namespace verbatim
