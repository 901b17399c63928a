// SPDX-License-Identifier: Apache-2.0
// The fixed pieces of host code at the start of code memory: entering and leaving generated code,
// dispatch, callouts. Assembled once.
//
// While in C++ the stack is the thread's own; while in generated code rsp is the shadow return
// stack. The boundary saves what the System V ABI lets C++ destroy and the guest owns: general
// registers, flags, xmm0-7, MXCSR. x87 and MMX registers stay where they are.
#ifndef VERBATIM_ENGINE_STUBS_H_
#define VERBATIM_ENGINE_STUBS_H_

#include <array>
#include <cstdint>

#include "base/result.h"
#include "codecache/code_memory.h"
#include "translator/execution_context.h"
#include "translator/stub_table.h"

namespace verbatim {

// Called by the stubs on the C++ stack, with the guest's state in context->cpu except that eip is
// as it was when the block was entered (the site knows it).
struct CalloutHandlers {
  // True: go on behind the callout. False: leave with the exit reason already set.
  bool (*callout)(ExecutionContext* context, uint32_t site) noexcept = nullptr;
  // True: context->access_pointer is the operand. False: leave.
  bool (*access_begin)(ExecutionContext* context, uint32_t site) noexcept = nullptr;
  // Always goes on.
  bool (*access_end)(ExecutionContext* context, uint32_t site) noexcept = nullptr;
  bool count_return_misses = false;  // in ExecutionContext::return_misses
};

struct Stubs {
  StubTable table;
  // Runs generated code from context->entry_pc with the state in context->cpu, until an exit.
  void (*enter)(ExecutionContext* context) = nullptr;
  // Goes on exactly where a host fault happened, with context->saved.
  void (*resume)(ExecutionContext* context) = nullptr;
  // Where the signal handlers send generated code: registers are the guest's (plus scratch).
  const uint8_t* host_fault = nullptr;
  const uint8_t* kicked = nullptr;  // r8d = eip
  // Where empty slots of jump tables lead: there is nothing to look for. r8d = eip
  const uint8_t* empty_slot = nullptr;

  // The parts of the stubs that are on their way into a block and past their look at
  // ExecutionContext::kick. Everything else in them ends in C++, which looks again.
  struct Range {
    const uint8_t* begin = nullptr;
    const uint8_t* end = nullptr;
  };
  std::array<Range, 13> entering{};

  [[nodiscard]] bool IsEntering(const uint8_t* pc) const {
    for (const Range& range : entering) {
      if (pc >= range.begin && pc < range.end) return true;
    }
    return false;
  }
};

[[nodiscard]] Result<Stubs> BuildStubs(CodeMemory& memory, const CalloutHandlers& handlers);

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_STUBS_H_
