// SPDX-License-Identifier: Apache-2.0
// Host signals on the vCPU thread. A handler only classifies, edits the saved context and returns:
// it allocates nothing and locks nothing.
//
//   synchronous signal in generated code   registers go to the context through the host_fault stub
//   kick in generated code                 at a recoverable boundary: to the `kicked` stub, else
//                                          single-stepped there with the host's trap flag
//   kick elsewhere                         sets ExecutionContext::kick, which entry checks
//   synchronous signal elsewhere           not ours: whoever had the signal before gets it
#ifndef VERBATIM_ENGINE_HOST_SIGNALS_H_
#define VERBATIM_ENGINE_HOST_SIGNALS_H_

#include <signal.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "codecache/block_store.h"
#include "engine/stubs.h"
#include "engine/window_code.h"
#include "translator/execution_context.h"

namespace verbatim {

// What a handler needs to know about the vCPU that runs on its thread.
struct SignalTarget {
  ExecutionContext* context = nullptr;
  const CodeMemory* memory = nullptr;
  const BlockStore* store = nullptr;
  const Stubs* stubs = nullptr;
  uint64_t shadow_overflows = 0;
};

// The signal by which a vCPU thread is interrupted.
[[nodiscard]] int KickSignal();

// Installs the handlers (process-wide, once) and, for the calling thread, an alternate stack and
// the target; takes the latter two back when destroyed, on the same thread.
class SignalScope {
 public:
  [[nodiscard]] static Result<std::unique_ptr<SignalScope>> Enter(SignalTarget* target);
  ~SignalScope();
  SignalScope(const SignalScope&) = delete;
  SignalScope& operator=(const SignalScope&) = delete;

 private:
  SignalScope() = default;
  std::unique_ptr<uint8_t[]> stack_;
  stack_t previous_{};
};

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_HOST_SIGNALS_H_
