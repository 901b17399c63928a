// SPDX-License-Identifier: Apache-2.0
// Stops for a debugger outside of the guest. A step, and a run with watchpoints, goes the way of a
// guest that is traced (docs/decisions/breakpoints.md): instruction by instruction, with its
// accesses in software form. Breakpoints alone cost a run nothing.
#include "engine/engine.h"

namespace verbatim {

void Engine::AddBreakpoint(LinearAddress address) {
  if (!breakpoints_.Add(address)) return;
  std::vector<Block*> victims;
  for (const Block& block : store_->blocks()) {
    if (!block.valid || address.value - block.key.linear.value >= block.guest_bytes) continue;
    victims.push_back(store_->Find(block.key));
  }
  for (Block* block : victims) store_->Invalidate(*block);
  if (!victims.empty()) ++invalidations_;
}

bool Engine::AtBreakpoint() const {
  const CpuState& cpu = context_->cpu;
  return breakpoints_.Contains(LinearAddress{cpu.segments[kCs].base + cpu.eip});
}

std::optional<RunResult> Engine::WatchResult(RunFor limit) {
  if (watch_.HasHit()) return RunResult::kWatchpoint;
  if (limit == RunFor::kOneInstruction && advanced_) return RunResult::kStepped;
  return std::nullopt;
}

// After a traced entry. What came out for any other reason was not executed yet.
void Engine::NoteAdvance() {
  switch (static_cast<ExitReason>(context_->exit_reason)) {
    case ExitReason::kBlockEnd:
    case ExitReason::kCallout:
    case ExitReason::kException:
      advanced_ = true;
      break;
    default:
      break;
  }
}

}  // namespace verbatim
