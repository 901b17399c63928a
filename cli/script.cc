// SPDX-License-Identifier: Apache-2.0
#include "cli/script.h"

namespace verbatim {

std::optional<ScriptAction> Script::Next() {
  while (at_ < steps_.size()) {
    const ScriptStep& step = steps_[at_];
    if (step.kind == ScriptStep::Kind::kSend) {
      ++at_;
      return ScriptAction{.target = target_, .keys = step.keys};
    }
    if (step.kind == ScriptStep::Kind::kChange) {
      ++at_;
      return ScriptAction{.change = step.slot};
    }
    const std::optional<TextSource> found = text_.Find(step.text);
    if (!found) return std::nullopt;
    ++at_;
    target_ = *found == TextSource::kSerial ? KeyTarget::kSerial : KeyTarget::kKeyboard;
    if (step.kind == ScriptStep::Kind::kExitOn) return ScriptAction{.exit = true};
  }
  return std::nullopt;
}

}  // namespace verbatim
