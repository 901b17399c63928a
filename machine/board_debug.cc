// SPDX-License-Identifier: Apache-2.0
// The board under a debugger, and the clocks of a guest that stands still.
#include <x86intrin.h>

#include "machine/board.h"

namespace verbatim {

void Machine::Board::CreateDebugControl() {
  if (config_.debugger == nullptr) return;
  debug_ = std::make_unique<DebugControl>(
      DebugControl::Connections{.debugger = *config_.debugger,
                                .engine = *engine_,
                                .mmu = mmu_,
                                .hold_clocks = [this](bool hold) { HoldClocks(hold); },
                                .ends = [this] { return Ends(); },
                                .statistics = [this] { return Statistics(); }});
}

// The time stamp counter is the host's own: what passes meanwhile is taken from it.
void Machine::Board::HoldClocks(bool hold) {
  if (hold == held_tsc_.has_value()) return;
  if (hold) {
    clock_.Hold(true);
    held_tsc_ = __rdtsc();
    deadline_.Arm(std::nullopt);
    // Who looks at the screen sees it as it stands now.
    display_.RequestView();
    display_.Service();
    return;
  }
  engine_->cpu().state().tsc_offset -= __rdtsc() - *held_tsc_;
  held_tsc_.reset();
  clock_.Hold(false);
}

Result<std::optional<MachineEnd>> Machine::Board::FollowDebugger() {
  switch (debug_->TakeWish()) {
    case DebugControl::Wish::kNone:
      return std::nullopt;
    case DebugControl::Wish::kQuit:
      return MachineEnd::kKilled;
    case DebugControl::Wish::kReset:
      break;
  }
  if (Status on = PowerOn(); !on) return std::unexpected(on.error());
  debug_->OnReset();
  return MachineEnd::kReset;
}

void Machine::Board::RequestPause() {
  if (debug_ == nullptr) return;
  debug_->RequestPause();
  engine_->Kick();
}

}  // namespace verbatim
