// SPDX-License-Identifier: Apache-2.0
// MOVS, CMPS, SCAS, STOS and LODS in software (SDM vol. 2), for operands that translated code
// cannot reach directly: device memory, segments with a limit, 16-bit addresses, other address
// spaces' pages. Runs of bytes in plain memory are moved a page at a time.
#ifndef VERBATIM_VCPU_STRING_OPERATIONS_H_
#define VERBATIM_VCPU_STRING_OPERATIONS_H_

#include <cstdint>
#include <optional>

#include "decoder/instruction.h"
#include "vcpu/cpu_state.h"
#include "vcpu/exception.h"
#include "vcpu/segmented_memory.h"

namespace verbatim {

struct StringProgress {
  bool finished = true;  // false: iterations are left; execute again (interrupts come in between)
  bool guilty = false;   // something other than plain, directly reachable memory was touched
};

class StringOperations {
 public:
  // Iterations after which an interrupt gets its chance; one while traced.
  static constexpr uint32_t kMaxIterations = 4096;

  StringOperations(CpuState& state, SegmentedMemory& memory) : state_(state), memory_(memory) {}

  // Executes the instruction at state.eip; does not move eip. A fault leaves the registers as after
  // the last complete iteration.
  [[nodiscard]] Faultable<StringProgress> Execute(const GuestInstruction& instruction);

 private:
  enum class Kind : uint8_t { kMove, kCompare, kScan, kStore, kLoad };
  struct Operation {
    Kind kind;
    uint32_t bytes;  // of an element
    uint32_t mask;   // of addresses and the count
    uint8_t source;  // segment
    bool repeated;
    bool while_equal;  // REPE
    bool compares;
  };

  [[nodiscard]] Faultable<void> Iterate(const Operation& operation);
  // One iteration of what Bulk does not do. A move or a store counts as guilty then.
  [[nodiscard]] Faultable<void> IterateAndJudge(const Operation& operation, bool& guilty);
  // Moves or stores as many elements at once as lie in one page on both sides; 0 if the case is not
  // simple enough. To devices, two or more.
  [[nodiscard]] uint32_t Bulk(const Operation& operation, uint32_t count, bool& guilty);
  // What is at seg:offset, within one page: plain memory, or a device that takes runs.
  struct Place {
    uint8_t* host = nullptr;
    PhysicalMemory::DeviceRuns device{};
    [[nodiscard]] bool none() const { return host == nullptr && device.runs == nullptr; }
  };
  [[nodiscard]] Place PlaceOf(uint8_t segment, uint32_t offset, uint32_t bytes, bool write,
                              bool& guilty);
  // False: the elements are to be moved one by one.
  [[nodiscard]] static bool Move(const Place& from, const Place& to, unsigned bytes,
                                 uint32_t elements);
  static void Fill(const Place& to, unsigned bytes, uint32_t elements, uint32_t value);
  [[nodiscard]] Faultable<uint32_t> LoadElement(uint8_t segment, uint32_t offset, uint32_t bytes);
  [[nodiscard]] Faultable<void> StoreElement(uint32_t offset, uint32_t bytes, uint32_t value);
  void Advance(uint8_t gpr, const Operation& operation, uint32_t elements);
  void SetCompareFlags(uint32_t left, uint32_t right, uint32_t bytes);

  CpuState& state_;
  SegmentedMemory& memory_;
};

}  // namespace verbatim

#endif  // VERBATIM_VCPU_STRING_OPERATIONS_H_
