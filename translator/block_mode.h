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
  kFlat,     // base 0, 4 GiB, readable and writable: nothing
  kBased,    // 4 GiB, readable and writable: add the base
  kChecked,  // limited, read-only, expand-down or null: checked in software
};

class BlockMode {
 public:
  BlockMode() = default;
  explicit constexpr BlockMode(uint64_t bits) : bits_(bits) {}

  // From present state; `cs_id` names the base and limit of a code segment that is not flat (0 if
  // it is).
  [[nodiscard]] static BlockMode Of(const CpuState& cpu, uint32_t cs_id);
  // The class of a data segment, as `Of` packs it.
  [[nodiscard]] static SegmentClass ClassOf(const SegmentRegister& segment);

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
  // FS and GS are resolved when the block runs, so their class is not part of the mode.
  [[nodiscard]] constexpr SegmentClass segment_class(uint8_t segment) const {
    return static_cast<SegmentClass>((bits_ >> (kSegmentShift + 2 * segment)) & 3);
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
  static constexpr unsigned kSegmentShift = 16;  // ES, CS, SS, DS: two bits each

  uint64_t bits_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_TRANSLATOR_BLOCK_MODE_H_
