// SPDX-License-Identifier: Apache-2.0
#include "engine/window_code.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/bits.h"

namespace verbatim {
namespace {

// One guard page below, and room above the bottom slot for the pop of it.
constexpr uint64_t kGuardBytes = 4096;
constexpr uint64_t kMappedBytes = kGuardBytes + ShadowStack::kBytes;
constexpr uint64_t kBaseOffset = kMappedBytes - 64;

// Tables grow to more than a megabyte each.
constexpr size_t kModesBeyondOnePerWindow = 16;

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

uint64_t ShadowStack::base() const { return reinterpret_cast<uint64_t>(memory_) + kBaseOffset; }

bool ShadowStack::InGuard(uint64_t base, uint64_t address) {
  return address - (base - kBaseOffset) < kGuardBytes;
}

void ShadowStack::Push(uint64_t base, uint64_t& rsp, const uint8_t* site) {
  if (InGuard(base, rsp - sizeof(uint64_t))) rsp = base;
  rsp -= sizeof(uint64_t);
  StoreLittle<uint64_t>(reinterpret_cast<void*>(rsp), reinterpret_cast<uint64_t>(site));
}

WindowCodeSet::WindowCodeSet(uint32_t max_windows, EmptyJumpTable empty_table,
                             const uint8_t* underflow_stub)
    : empty_table_(std::move(empty_table)),
      underflow_stub_(underflow_stub),
      capacity_(max_windows + kModesBeyondOnePerWindow) {}

// A new one, or the one that was not used for the longest time, empty.
Result<WindowCode*> WindowCodeSet::Make() {
  if (codes_.size() < capacity_) {
    Result<ShadowStack> shadow = ShadowStack::Create(underflow_stub_);
    if (!shadow) return std::unexpected(shadow.error());
    Result<JumpTable> table = JumpTable::Create(empty_table_);
    if (!table) return std::unexpected(table.error());
    codes_.push_back(std::make_unique<WindowCode>(std::move(*table), std::move(*shadow)));
    return codes_.back().get();
  }
  WindowCode* oldest =
      std::ranges::min_element(codes_, {}, [](const auto& code) { return code->last_used; })->get();
  oldest->Clear();
  ForgetFarTargets();
  std::erase(CodesOf(oldest->window), oldest);
  return oldest;
}

std::vector<WindowCode*>& WindowCodeSet::CodesOf(WindowId window) {
  if (window >= by_window_.size()) by_window_.resize(window + 1);
  return by_window_[window];
}

Result<WindowCode*> WindowCodeSet::Get(WindowId window, uint64_t mode, uint32_t cs_base) {
  if (last_ == nullptr || last_->window != window || last_->mode != mode) {
    const std::vector<WindowCode*>& codes = CodesOf(window);
    const auto found = std::ranges::find(codes, mode, &WindowCode::mode);
    if (found != codes.end()) {
      last_ = *found;
    } else {
      Result<WindowCode*> made = Make();
      if (!made) return made;
      last_ = *made;
      last_->window = window;
      last_->mode = mode;
      CodesOf(window).push_back(last_);
    }
  }
  last_->cs_base = cs_base;
  NoteUse(last_);
  return last_;
}

void WindowCodeSet::NoteUse(WindowCode* code) {
  last_ = code;
  last_->last_used = ++uses_;
}

void WindowCodeSet::ForgetFarTargets() {
  for (const auto& code : codes_) code->ForgetFarTargets();
}

void WindowCodeSet::OnExecutableDropped(WindowId window, LinearAddress page) {
  ++generation_;
  for (WindowCode* code : CodesOf(window)) {
    code->ClearPage(page.value - code->cs_base);
    code->ResetShadow();
  }
}

void WindowCodeSet::OnWindowReset(WindowId window) {
  ++generation_;
  for (WindowCode* code : CodesOf(window)) code->Clear();
}

void WindowCodeSet::ResetAll() {
  ++generation_;
  for (const auto& code : codes_) code->Clear();
  ForgetFarTargets();
}

}  // namespace verbatim
