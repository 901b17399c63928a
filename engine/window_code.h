// SPDX-License-Identifier: Apache-2.0
// What each window has besides memory: the jump table and the shadow return stack of the code that
// runs through it.
#ifndef VERBATIM_ENGINE_WINDOW_CODE_H_
#define VERBATIM_ENGINE_WINDOW_CODE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "codecache/jump_table.h"
#include "memory/window.h"

namespace verbatim {

// A stack of host return addresses below a slot that catches underflow. Grows down onto an
// unmapped page.
class ShadowStack {
 public:
  static constexpr uint64_t kBytes = 64 << 10;

  [[nodiscard]] static Result<ShadowStack> Create(const uint8_t* underflow_stub);
  ShadowStack(ShadowStack&& other) noexcept;
  ShadowStack& operator=(ShadowStack&&) = delete;
  ~ShadowStack();

  // The address that rsp has when the stack is empty; it points at the underflow stub's address.
  [[nodiscard]] uint64_t base() const;
  [[nodiscard]] bool InGuard(uint64_t address) const;

 private:
  ShadowStack() = default;
  uint8_t* memory_ = nullptr;
};

struct WindowCode {
  JumpTable table;
  ShadowStack shadow;
  uint64_t shadow_rsp;  // while the window is not running
  uint64_t mode = 0;    // block mode the table and the stack were filled under
  uint32_t cs_base = 0;

  void ResetShadow() { shadow_rsp = shadow.base(); }
};

class WindowCodeSet final : public WindowObserver {
 public:
  WindowCodeSet(uint32_t max_windows, const uint8_t* miss_stub, const uint8_t* underflow_stub);

  // Made when first asked for.
  [[nodiscard]] Result<WindowCode*> Get(WindowId window);

  // Code may no longer be where the tables say. `generation` grows each time something was dropped.
  void OnExecutableDropped(WindowId window, LinearAddress page) override;
  void OnWindowReset(WindowId window) override;
  void ResetAll();
  [[nodiscard]] uint64_t generation() const { return generation_; }

 private:
  const uint8_t* miss_stub_;
  const uint8_t* underflow_stub_;
  std::vector<std::unique_ptr<WindowCode>> windows_;
  uint64_t generation_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_WINDOW_CODE_H_
