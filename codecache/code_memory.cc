// SPDX-License-Identifier: Apache-2.0
#include "codecache/code_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/bits.h"
#include "base/check.h"

namespace verbatim {

Result<std::unique_ptr<CodeMemory>> CodeMemory::Create(uint64_t bytes) {
  bytes = AlignUp(bytes, 4096);
  CHECK(bytes >= kMinBytes && bytes <= kMaxBytes);
  std::unique_ptr<CodeMemory> memory(new CodeMemory);
  memory->memfd_ = FileDescriptor(::memfd_create("verbatim-code", MFD_CLOEXEC));
  if (!memory->memfd_.valid() ||
      ::ftruncate(memory->memfd_.get(), static_cast<off_t>(bytes)) != 0) {
    return Fail("code cache: cannot create {} bytes of memory: {}", bytes, std::strerror(errno));
  }
  void* write = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory->memfd_.get(), 0);
  if (write == MAP_FAILED) return Fail("code cache: cannot map it: {}", std::strerror(errno));
  memory->write_ = static_cast<uint8_t*>(write);
  memory->size_ = bytes;
  void* exec = ::mmap(nullptr, bytes, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_32BIT,
                      memory->memfd_.get(), 0);
  if (exec == MAP_FAILED) {
    return Fail("code cache: the host refuses executable memory in its low 2 GiB: {}",
                std::strerror(errno));
  }
  memory->exec_ = static_cast<uint8_t*>(exec);
  return memory;
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
