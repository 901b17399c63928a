// SPDX-License-Identifier: Apache-2.0
// What --expect, --send, --change and --exit-on ask for, step by step in the order of the command
// line.
#ifndef VERBATIM_CLI_SCRIPT_H_
#define VERBATIM_CLI_SCRIPT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/guest_text.h"
#include "devices/input_events.h"
#include "machine/config.h"

namespace verbatim {

struct ScriptStep {
  enum class Kind : uint8_t { kExpect, kSend, kChange, kExitOn };
  Kind kind = Kind::kExpect;
  std::string text;                      // as on the command line
  std::vector<KeyEvent> keys{};          // kSend
  MediaSlot slot = MediaSlot::kFloppyA;  // kChange
};

// Where keys go: to the keyboard, or as bytes to the serial line.
enum class KeyTarget : uint8_t { kSerial, kKeyboard };

struct ScriptAction {
  bool exit = false;  // an exit-on text was seen
  std::optional<MediaSlot> change =
      std::nullopt;  // this drive is to get its next medium; else keys are to be sent
  KeyTarget target = KeyTarget::kSerial;
  std::span<const KeyEvent> keys{};
};

class Script {
 public:
  // Keys go to where text was found last; before that to `target`.
  Script(std::vector<ScriptStep> steps, KeyTarget target)
      : steps_(std::move(steps)), target_(target) {}

  [[nodiscard]] GuestText& text() { return text_; }
  // Goes on as far as what the guest said allows: the next thing to be done, nullopt if the guest
  // is to say more first. To be called until there is none.
  [[nodiscard]] std::optional<ScriptAction> Next();
  // The step that waits for the guest; nullptr once all is done.
  [[nodiscard]] const ScriptStep* Waiting() const {
    return at_ < steps_.size() ? &steps_[at_] : nullptr;
  }

 private:
  std::vector<ScriptStep> steps_;
  KeyTarget target_;
  GuestText text_;
  size_t at_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_CLI_SCRIPT_H_
