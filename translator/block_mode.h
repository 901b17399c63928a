// SPDX-License-Identifier: Apache-2.0
// The processor modes a block's translation depends on, packed into the block key. Everything that
// is not in here is looked at when the block runs.
#ifndef VERBATIM_TRANSLATOR_BLOCK_MODE_H_
#define VERBATIM_TRANSLATOR_BLOCK_MODE_H_

#include <cstdint>

#include "decoder/instruction.h"
#include "vcpu/cpu_state.h"

namespace verbatim {

// What an access through a segment costs.
enum class SegmentClass : uint8_t {
  kFlat,     // base 0, 4 GiB: nothing
  kBased,    // 4 GiB: add the base
  k64K,      // limit FFFFh, as in real and virtual-8086 mode: compare with it, add the base
  kLimited,  // another limit, expand-up: likewise
  kChecked,  // read-only data, execute-only, expand-down or null: in software
  kDynamic,  // FS and GS, as long as they cover 4 GiB or nothing: looked up when the block runs
};

class BlockMode {
 public:
  BlockMode() = default;
  explicit constexpr BlockMode(uint64_t bits) : bits_(bits) {}

  // From present state; `cs_id` names the base and limit of a code segment that is not flat (0 if
  // it is).
  [[nodiscard]] static BlockMode Of(const CpuState& cpu, uint32_t cs_id);

  [[nodiscard]] constexpr uint64_t bits() const { return bits_; }
  [[nodiscard]] constexpr unsigned cpl() const { return static_cast<unsigned>(bits_ & 3); }
  [[nodiscard]] constexpr bool code32() const { return (bits_ & kCode32) != 0; }
  [[nodiscard]] constexpr bool stack32() const { return (bits_ & kStack32) != 0; }
  [[nodiscard]] constexpr bool task_switched() const { return (bits_ & kTs) != 0; }
  [[nodiscard]] constexpr bool emulate_fpu() const { return (bits_ & kEm) != 0; }
  [[nodiscard]] constexpr bool monitor_fpu() const { return (bits_ & kMp) != 0; }
  [[nodiscard]] constexpr bool osfxsr() const { return (bits_ & kOsfxsr) != 0; }
  // RDTSC is privileged (CR4.TSD).
  [[nodiscard]] constexpr bool tsc_disabled() const { return (bits_ & kTsd) != 0; }
  // One instruction, then back to the run loop; never linked or entered through a table.
  [[nodiscard]] constexpr bool single() const { return (bits_ & kSingle) != 0; }
  // Memory accesses in software form.
  [[nodiscard]] constexpr bool software() const { return (bits_ & kSoftware) != 0; }
  [[nodiscard]] constexpr uint32_t cs_id() const { return static_cast<uint32_t>(bits_ >> 32); }
  // Segment registers are loaded as in real and virtual-8086 mode: with sixteen times the selector.
  [[nodiscard]] constexpr bool real_segments() const { return (bits_ & kRealSegments) != 0; }
  // CS can be written through: real and virtual-8086 mode.
  [[nodiscard]] constexpr bool cs_writable() const { return (bits_ & kCsWritable) != 0; }
  [[nodiscard]] constexpr SegmentClass segment_class(uint8_t segment) const {
    if (segment >= kFs) {
      // Two bits suffice: 0 stands for kDynamic.
      const uint64_t packed = (bits_ >> DynamicShift(segment)) & 3;
      return packed == 0 ? SegmentClass::kDynamic : static_cast<SegmentClass>(packed + 1);
    }
    return static_cast<SegmentClass>((bits_ >> (kSegmentShift + 3 * segment)) & 7);
  }

  // The mode whose tables a block uses: its own, or, if it is a single instruction and uses none,
  // that which it interrupts.
  [[nodiscard]] constexpr BlockMode Linked() const {
    return single() ? BlockMode(bits_ & ~(kSingle | kSoftware)) : *this;
  }
  [[nodiscard]] constexpr BlockMode Single() const { return BlockMode(bits_ | kSingle); }
  [[nodiscard]] constexpr BlockMode InSoftware() const { return BlockMode(bits_ | kSoftware); }
  [[nodiscard]] constexpr BlockMode SingleInSoftware() const { return Single().InSoftware(); }

  friend bool operator==(const BlockMode&, const BlockMode&) = default;

 private:
  static constexpr uint64_t kCode32 = 1u << 2;
  static constexpr uint64_t kStack32 = 1u << 3;
  static constexpr uint64_t kTs = 1u << 4;
  static constexpr uint64_t kEm = 1u << 5;
  static constexpr uint64_t kMp = 1u << 6;
  static constexpr uint64_t kOsfxsr = 1u << 7;
  static constexpr uint64_t kSingle = 1u << 8;
  static constexpr uint64_t kSoftware = 1u << 9;
  static constexpr uint64_t kTsd = 1u << 10;
  static constexpr uint64_t kRealSegments = 1u << 11;
  static constexpr uint64_t kCsWritable = 1u << 15;
  static constexpr unsigned kSegmentShift = 16;  // ES, CS, SS, DS: three bits each
  // FS and GS: two bits each, up to bit 31.
  [[nodiscard]] static constexpr unsigned DynamicShift(uint8_t segment) {
    return segment == kFs ? 28 : 30;
  }

  uint64_t bits_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_TRANSLATOR_BLOCK_MODE_H_
