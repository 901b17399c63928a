// SPDX-License-Identifier: Apache-2.0
#include "engine/block_recorder.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

namespace verbatim {

Result<std::unique_ptr<BlockRecorder>> BlockRecorder::Create() {
  void* memory = ::mmap(nullptr, kBytes + kGuardBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return Fail("engine: cannot map the buffer for executed blocks: {}", std::strerror(errno));
  }
  std::unique_ptr<BlockRecorder> recorder(new BlockRecorder(static_cast<uint32_t*>(memory)));
  if (::mprotect(static_cast<uint8_t*>(memory) + kBytes, kGuardBytes, PROT_NONE) != 0) {
    return Fail("engine: cannot guard the buffer for executed blocks: {}", std::strerror(errno));
  }
  return recorder;
}

BlockRecorder::~BlockRecorder() { ::munmap(begin_, kBytes + kGuardBytes); }

}  // namespace verbatim
