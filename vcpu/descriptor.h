// SPDX-License-Identifier: Apache-2.0
// Segment selectors and the eight bytes of a descriptor (SDM vol. 3, 3.4.2, 3.4.5, 3.5 and 5.8.3).
// Pure values; descriptor_tables.h reads them from memory.
#ifndef VERBATIM_VCPU_DESCRIPTOR_H_
#define VERBATIM_VCPU_DESCRIPTOR_H_

#include <cstdint>

#include "vcpu/cpu_state.h"

namespace verbatim {

inline constexpr uint16_t kSelectorTableBit = 4;  // TI: the LDT

[[nodiscard]] constexpr unsigned RplOf(uint16_t selector) { return selector & 3u; }
[[nodiscard]] constexpr bool IsNullSelector(uint16_t selector) { return (selector & 0xFFFCu) == 0; }
[[nodiscard]] constexpr uint16_t WithRpl(uint16_t selector, unsigned rpl) {
  return static_cast<uint16_t>((selector & 0xFFFCu) | rpl);
}
// The error code that names a selector: EXT and IDT clear, RPL dropped.
[[nodiscard]] constexpr uint32_t SelectorError(uint16_t selector) { return selector & 0xFFFCu; }

// Types of system descriptors and gates (SDM vol. 3, table 3-2).
enum class SystemType : uint8_t {
  kTss16Available = 1,
  kLdt = 2,
  kTss16Busy = 3,
  kCallGate16 = 4,
  kTaskGate = 5,
  kInterruptGate16 = 6,
  kTrapGate16 = 7,
  kTss32Available = 9,
  kTss32Busy = 11,
  kCallGate32 = 12,
  kInterruptGate32 = 14,
  kTrapGate32 = 15,
};

// Hidden parts that are loaded without a descriptor.
inline constexpr uint16_t kRealModeAttributes = 0x0093;     // present, writable, accessed
inline constexpr uint16_t kVirtual8086Attributes = 0x00F3;  // likewise, DPL 3
inline constexpr uint16_t kTssBusyBit = 0x0002;

struct Descriptor {
  uint32_t low = 0;
  uint32_t high = 0;

  [[nodiscard]] uint16_t Attributes() const { return static_cast<uint16_t>((high >> 8) & 0xF0FFu); }
  [[nodiscard]] uint32_t Base() const {
    return (low >> 16) | ((high & 0xFFu) << 16) | (high & 0xFF000000u);
  }
  // In bytes, granularity applied.
  [[nodiscard]] uint32_t Limit() const {
    const uint32_t raw = (low & 0xFFFFu) | (high & 0xF0000u);
    return (high & 0x00800000u) != 0 ? (raw << 12) | 0xFFFu : raw;
  }
  [[nodiscard]] unsigned Dpl() const { return (high >> 13) & 3u; }
  [[nodiscard]] bool Present() const { return (high & 0x8000u) != 0; }

  [[nodiscard]] bool IsSystem() const { return (high & 0x1000u) == 0; }
  // Only for system descriptors.
  [[nodiscard]] SystemType Type() const { return static_cast<SystemType>((high >> 8) & 0xFu); }
  [[nodiscard]] bool IsAvailableTss() const {
    return IsSystem() &&
           (Type() == SystemType::kTss16Available || Type() == SystemType::kTss32Available);
  }
  [[nodiscard]] bool IsBusyTss() const {
    return IsSystem() && (Type() == SystemType::kTss16Busy || Type() == SystemType::kTss32Busy);
  }

  [[nodiscard]] bool IsCode() const { return (high & 0x1800u) == 0x1800u; }
  [[nodiscard]] bool IsConforming() const { return (high & 0x1C00u) == 0x1C00u; }
  [[nodiscard]] bool IsWritableData() const { return (high & 0x1A00u) == 0x1200u; }
  [[nodiscard]] bool IsReadable() const {
    return (high & 0x1800u) == 0x1000u || (high & 0x1A00u) == 0x1A00u;
  }
  [[nodiscard]] bool Accessed() const { return (high & 0x100u) != 0; }

  // Gates.
  [[nodiscard]] uint16_t GateSelector() const { return static_cast<uint16_t>(low >> 16); }
  [[nodiscard]] bool GateIs32() const { return (high & 0x800u) != 0; }
  [[nodiscard]] uint32_t GateOffset() const {
    return GateIs32() ? (low & 0xFFFFu) | (high & 0xFFFF0000u) : low & 0xFFFFu;
  }
  [[nodiscard]] unsigned GateParameters() const { return high & 0x1Fu; }

  [[nodiscard]] SegmentRegister Load(uint16_t selector) const {
    return {.selector = selector, .attributes = Attributes(), .base = Base(), .limit = Limit()};
  }
};

}  // namespace verbatim

#endif  // VERBATIM_VCPU_DESCRIPTOR_H_
