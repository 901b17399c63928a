// SPDX-License-Identifier: Apache-2.0
// Keys typed at the terminal, parted into what the guest gets and what is meant for the command.
// Ctrl-A starts a command; everything else passes.
#ifndef VERBATIM_CLI_ESCAPE_FILTER_H_
#define VERBATIM_CLI_ESCAPE_FILTER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "machine/config.h"

namespace verbatim {

inline constexpr std::string_view kEscapeHelp =
    "Ctrl-A x  quit\n"
    "Ctrl-A h  this help\n"
    "Ctrl-A f  put the next floppy disk into drive A; F: into drive B (--floppy PATH,next=PATH)\n"
    "Ctrl-A d  put the next CD into the drive (--cdrom PATH,next=PATH)\n"
    "Ctrl-A a  send a Ctrl-A to the guest (Ctrl-A Ctrl-A too)\n";

class EscapeFilter {
 public:
  struct Keys {
    std::vector<uint8_t> to_guest;  // never more bytes than were typed
    bool quit = false;              // what was typed after it is dropped
    bool help = false;
    // A drive that gets its next medium, before anything that was typed behind it.
    std::optional<MediaSlot> change;
    size_t used = 0;       // bytes looked at: all, but for what stands behind a change
    bool unknown = false;  // a key that means nothing after Ctrl-A was dropped
  };

  // An escape may be split over two calls.
  [[nodiscard]] Keys Filter(std::span<const uint8_t> typed);

 private:
  bool escaped_ = false;  // the last byte was the escape
};

}  // namespace verbatim

#endif  // VERBATIM_CLI_ESCAPE_FILTER_H_
