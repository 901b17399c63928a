// SPDX-License-Identifier: Apache-2.0
// What generated code changes with the block mode: the jump table, the shadow return stack, and
// where far transfers lead in real and virtual-8086 mode. There only selector and base of CS
// change, and of the block mode only what stands for them, so that the stub `far_transfer` goes
// from the code of one segment to that of another without C++. What a selector leads to is noted
// when the callout has done such a transfer.
#ifndef VERBATIM_TRANSLATOR_CODE_TABLES_H_
#define VERBATIM_TRANSLATOR_CODE_TABLES_H_

#include <array>
#include <cstdint>

namespace verbatim {

struct CodeTables;

struct FarTarget {
  static constexpr uint64_t kNone = ~uint64_t{0};

  uint64_t selector = kNone;
  CodeTables* to = nullptr;
};
static_assert(sizeof(FarTarget) == 16);

struct CodeTables {
  static constexpr uint32_t kFarTargets = 32;
  static constexpr unsigned kFold = 5;  // of a selector, on the way to its place

  const uint32_t* jump_table = nullptr;  // r14
  uint64_t shadow_base = 0;              // the bottom slot of the shadow return stack
  uint64_t shadow_rsp = 0;               // while its code is not running
  std::array<FarTarget, kFarTargets> far_targets{};

  [[nodiscard]] FarTarget& FarTargetOf(uint16_t selector) {
    return far_targets[(selector ^ (selector >> kFold)) % kFarTargets];
  }
};

}  // namespace verbatim

#endif  // VERBATIM_TRANSLATOR_CODE_TABLES_H_
