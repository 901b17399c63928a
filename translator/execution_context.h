// SPDX-License-Identifier: Apache-2.0
// What r15 points at while translated code runs: the guest's state and, behind it, the host's side
// of the bargain. Written by generated code, by the stubs and by the engine; addressed by offset,
// so standard layout.
#ifndef VERBATIM_TRANSLATOR_EXECUTION_CONTEXT_H_
#define VERBATIM_TRANSLATOR_EXECUTION_CONTEXT_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "translator/code_tables.h"
#include "translator/segment_load.h"
#include "vcpu/cpu_state.h"

namespace verbatim {

// Why generated code came back to the run loop.
enum class ExitReason : uint32_t {
  kLookup,     // indirect branch or cross-page jump without an entry; cpu.eip is the target
  kLink,       // an unchained direct jump; argument: host address of its stub
  kGuess,      // an indirect jump to another target than was guessed; argument: host address of
               // the branch that leads to the guess, or behind it if it was executed
  kDead,       // a block that was invalidated; cpu.eip is its start
  kStale,      // a block found its bytes changed; argument: host address of its body
  kCallout,    // a callout decided not to resume; cpu.eip is up to date
  kKicked,     // an interrupt request, at an exact boundary
  kBlockEnd,   // a single-instruction block is through
  kHostFault,  // a host signal in generated code; see the fault_ fields
  kException,  // the translator knows that this instruction faults; argument: vector
};

struct ExecutionContext {
  CpuState cpu;

  // The engine this context belongs to; opaque here, for the callouts' way back.
  void* engine = nullptr;

  // Set up by the engine before entry.
  uint64_t window_base = 0;              // r13 and gs.base
  const uint32_t* jump_table = nullptr;  // r14
  const uint8_t* page_rights = nullptr;  // what the window shows (memory/page_rights.h)
  uint64_t shadow_base = 0;              // the bottom slot of the shadow return stack
  const uint8_t* entry_pc = nullptr;
  CodeTables* tables = nullptr;  // the last two as they stand there

  // Where translated code finds the bases of FS and GS. Points at the base while the segment covers
  // 4 GiB, else at unreadable memory: the access then traps and is checked in software.
  const uint32_t* fs_base = nullptr;
  const uint32_t* gs_base = nullptr;

  // Grows whenever a descriptor table may have moved: by LGDT, or because memory is mapped
  // otherwise.
  uint64_t segment_generation = 1;
  // Where a block that is entered writes its number, if executed blocks are recorded.
  uint32_t* record_next = nullptr;
  const uint32_t* unused_base = nullptr;  // where the caches of DS and ES put a pointer
  std::array<uint64_t, 2> stub_scratch{};

  // Saved on the way out.
  uint64_t shadow_rsp = 0;
  uint64_t host_rsp = 0;
  uint64_t host_flags = 0x202;   // RFLAGS; only flag::kHostResident of it is the guest's
  uint32_t host_mxcsr = 0x1F80;  // for C++ code
  uint32_t present_mxcsr = 0;    // the processor's, when C++ code is through
  uint32_t exit_reason = 0;
  uint32_t exit_argument = 0;

  // EFLAGS without what lives in the host's RFLAGS, while translated code runs: cpu.eflags is put
  // together from both on the way out. The next two are its values with IF clear and set, so that
  // CLI and STI need no arithmetic.
  uint32_t virtual_flags = 0;
  uint32_t flags_if_clear = 0;
  uint32_t flags_if_set = 0;
  // Not zero: an interrupt waits for IF.
  uint32_t interrupt_pending = 0;

  uint32_t minus_one = 0xFFFFFFFF;  // what target checks add

  // Asynchronous requests; written by signal handlers.
  volatile uint32_t kick = 0;

  // A callout's way back and its result.
  const uint8_t* callout_resume = nullptr;
  const uint8_t* access_pointer = nullptr;  // software accesses: what r8 becomes

  // A host fault in generated code: everything needed to resume exactly there.
  const uint8_t* fault_pc = nullptr;
  uint64_t fault_address = 0;
  uint32_t fault_signal = 0;
  uint32_t fault_trap = 0;   // x86 vector
  uint32_t fault_error = 0;  // x86 error code
  std::array<uint64_t, 16> saved{};

  // Software accesses that cannot go to RAM directly happen here.
  alignas(64) std::array<uint8_t, 64> bounce{};

  std::array<SegmentLoad, kSegmentLoads> segment_loads{};

  uint64_t return_misses = 0;  // counted on request only
};

// Bits that generated code needs at fixed places.
inline constexpr uint64_t kHostTrapFlag = 0x100;

}  // namespace verbatim

#endif  // VERBATIM_TRANSLATOR_EXECUTION_CONTEXT_H_
