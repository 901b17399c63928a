// SPDX-License-Identifier: Apache-2.0
// Text as the keys that type it, on the US layout.
//
//   ls -l<ret>             characters stand for themselves
//   <f2> <up> <kp_enter>   keys by name; see kNames in the source for all
//   <ctrl-alt-delete>      with modifiers held: ctrl, shift, alt, meta and the names of the right
//                          ones (ctrl_r ...); the last part is a name or a character
//   <lt>                   the character '<'; a '>' needs nothing
#ifndef VERBATIM_DEVICES_KEY_TEXT_H_
#define VERBATIM_DEVICES_KEY_TEXT_H_

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "devices/input_events.h"

namespace verbatim {

// What types an ASCII character, a control character included (as terminals send them: 0Dh is
// Enter, 7Fh Backspace, 03h Ctrl and C): presses, then releases in reverse. Empty for others.
[[nodiscard]] std::vector<KeyEvent> KeysOfCharacter(char character);

// The key of that name, in upper or lower case.
[[nodiscard]] std::optional<Key> KeyOfName(std::string_view name);

// Fails, naming the part, where the text is not as above.
[[nodiscard]] Result<std::vector<KeyEvent>> KeysOfText(std::string_view text);

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_KEY_TEXT_H_
