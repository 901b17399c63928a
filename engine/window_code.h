// SPDX-License-Identifier: Apache-2.0
// What each window has besides memory: the jump table and the shadow return stack of the code that
// runs through it, for each block mode it runs in. Blocks verify their eip where they are entered,
// not their mode, so modes must not share either. A guest that goes to and fro between modes
// (16-bit code in many segments, a kernel that toggles CR0.TS) finds both as it left them.
#ifndef VERBATIM_ENGINE_WINDOW_CODE_H_
#define VERBATIM_ENGINE_WINDOW_CODE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/result.h"
#include "codecache/jump_table.h"
#include "memory/window.h"
#include "translator/code_tables.h"

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
  // Whether `address` is in the guard page of the stack with that base.
  [[nodiscard]] static bool InGuard(uint64_t base, uint64_t address);
  // As a host call that comes back to `site`; like one, starts afresh when it is full.
  static void Push(uint64_t base, uint64_t& rsp, const uint8_t* site);

 private:
  ShadowStack() = default;
  uint8_t* memory_ = nullptr;
};

struct WindowCode : CodeTables {
  WindowCode(JumpTable jumps, ShadowStack stack)
      : table(std::move(jumps)), shadow(std::move(stack)) {
    jump_table = table.data();
    shadow_base = shadow.base();
    ResetShadow();
  }

  JumpTable table;
  ShadowStack shadow;
  WindowId window = 0;
  uint64_t mode = 0;
  uint32_t cs_base = 0;
  uint64_t last_used = 0;

  // Where C++ code has led guests with this eip, beside the table: returns from interrupts go to
  // any instruction, and another target may have taken the hashed entry.
  struct Target {
    uint32_t eip = 0;
    const uint8_t* body = nullptr;
  };
  static constexpr uint32_t kTargets = 64;
  std::array<Target, kTargets> targets{};
  [[nodiscard]] Target& TargetOf(uint32_t eip) { return targets[(eip ^ (eip >> 6)) % kTargets]; }
  // nullptr: not known.
  [[nodiscard]] const uint8_t* BodyAt(uint32_t eip) {
    const Target& target = TargetOf(eip);
    return target.eip == eip ? target.body : nullptr;
  }

  void ResetShadow() { shadow_rsp = shadow.base(); }
  void ForgetFarTargets() { far_targets.fill({}); }
  void ClearPage(uint32_t first_eip) {
    table.ClearPage(first_eip);
    targets.fill({});
  }
  void Clear() {
    table.Clear();
    targets.fill({});
    ResetShadow();
  }
};

class WindowCodeSet final : public WindowObserver {
 public:
  WindowCodeSet(uint32_t max_windows, EmptyJumpTable empty_table, const uint8_t* underflow_stub);

  // Made when first asked for; past a certain number the one that was not asked for the longest
  // makes room. The last one returned stays valid until the next call. `mode`: bits of a BlockMode;
  // `cs_base`: of the code segment that it stands for now.
  [[nodiscard]] Result<WindowCode*> Get(WindowId window, uint64_t mode, uint32_t cs_base);

  // One of them that generated code went to by itself: it counts as returned by Get.
  void NoteUse(WindowCode* code);

  // Code may no longer be where the tables say. `generation` grows each time something was dropped.
  void OnExecutableDropped(WindowId window, LinearAddress page) override;
  void OnWindowReset(WindowId window) override;
  void ResetAll();
  [[nodiscard]] uint64_t generation() const { return generation_; }

 private:
  [[nodiscard]] Result<WindowCode*> Make();
  [[nodiscard]] std::vector<WindowCode*>& CodesOf(WindowId window);
  // What a selector leads to, or stands for, is another.
  void ForgetFarTargets();

  EmptyJumpTable empty_table_;
  const uint8_t* underflow_stub_;
  size_t capacity_;
  std::vector<std::unique_ptr<WindowCode>> codes_;
  std::vector<std::vector<WindowCode*>> by_window_;
  WindowCode* last_ = nullptr;
  uint64_t uses_ = 0;
  uint64_t generation_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_WINDOW_CODE_H_
