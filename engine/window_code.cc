// SPDX-License-Identifier: Apache-2.0
#include "engine/window_code.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/bits.h"

namespace verbatim {
namespace {

// One guard page below, and room above the bottom slot for the pop of it.
constexpr uint64_t kGuardBytes = 4096;
constexpr uint64_t kMappedBytes = kGuardBytes + ShadowStack::kBytes;

}  // namespace

Result<ShadowStack> ShadowStack::Create(const uint8_t* underflow_stub) {
  void* memory = ::mmap(nullptr, kMappedBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || ::mprotect(memory, kGuardBytes, PROT_NONE) != 0) {
    return Fail("engine: cannot map a shadow stack: {}", std::strerror(errno));
  }
  ShadowStack stack;
  stack.memory_ = static_cast<uint8_t*>(memory);
  StoreLittle<uint64_t>(reinterpret_cast<void*>(stack.base()),
                        reinterpret_cast<uint64_t>(underflow_stub));
  return stack;
}

ShadowStack::ShadowStack(ShadowStack&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)) {}

ShadowStack::~ShadowStack() {
  if (memory_ != nullptr) ::munmap(memory_, kMappedBytes);
}

uint64_t ShadowStack::base() const {
  return reinterpret_cast<uint64_t>(memory_) + kMappedBytes - 64;
}

bool ShadowStack::InGuard(uint64_t address) const {
  return address - reinterpret_cast<uint64_t>(memory_) < kGuardBytes;
}

WindowCodeSet::WindowCodeSet(uint32_t max_windows, const uint8_t* miss_stub,
                             const uint8_t* underflow_stub)
    : miss_stub_(miss_stub), underflow_stub_(underflow_stub), windows_(max_windows) {}

Result<WindowCode*> WindowCodeSet::Get(WindowId window) {
  std::unique_ptr<WindowCode>& slot = windows_[window];
  if (slot == nullptr) {
    Result<ShadowStack> shadow = ShadowStack::Create(underflow_stub_);
    if (!shadow) return std::unexpected(shadow.error());
    const uint64_t base = shadow->base();
    slot =
        std::make_unique<WindowCode>(WindowCode{JumpTable(miss_stub_), std::move(*shadow), base});
  }
  return slot.get();
}

void WindowCodeSet::OnExecutableDropped(WindowId window, LinearAddress page) {
  ++generation_;
  WindowCode* code = windows_[window].get();
  if (code == nullptr) return;
  code->table.ClearPage(page.value - code->cs_base);
  code->ResetShadow();
}

void WindowCodeSet::OnWindowReset(WindowId window) {
  ++generation_;
  WindowCode* code = windows_[window].get();
  if (code == nullptr) return;
  code->table.Clear();
  code->ResetShadow();
}

void WindowCodeSet::ResetAll() {
  for (WindowId window = 0; window < windows_.size(); ++window) OnWindowReset(window);
}

}  // namespace verbatim
