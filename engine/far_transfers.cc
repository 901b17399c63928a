// SPDX-License-Identifier: Apache-2.0
// Far transfers that the stub does by itself (translator/code_tables.h): noting where they lead,
// and catching up with those that were done.
#include "engine/engine.h"

namespace verbatim {

void Engine::KeepFarTarget(WindowCode& from) {
  // But for the code segment the code of both is translated alike.
  constexpr uint64_t kAllButCodeSegment = 0xFFFFFFFFu;
  if (from.window != code_->window || ((from.mode ^ code_->mode) & kAllButCodeSegment) != 0) return;
  const uint16_t selector = context_->cpu.segments[kCs].selector;
  from.FarTargetOf(selector) = {.selector = selector, .to = code_};
}

// Nothing was dropped on the way: that takes C++ code.
void Engine::AdoptTables() {
  code_ = static_cast<WindowCode*>(context_->tables);
  mode_ = BlockMode(code_->mode);
  window_code_->NoteUse(code_);
}

}  // namespace verbatim
