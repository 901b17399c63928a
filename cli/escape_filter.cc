// SPDX-License-Identifier: Apache-2.0
#include "cli/escape_filter.h"

namespace verbatim {
namespace {

constexpr uint8_t kEscape = 0x01;  // Ctrl-A

}  // namespace

EscapeFilter::Keys EscapeFilter::Filter(std::span<const uint8_t> typed) {
  Keys keys;
  for (const uint8_t key : typed) {
    ++keys.used;
    if (!escaped_) {
      escaped_ = key == kEscape;
      if (!escaped_) keys.to_guest.push_back(key);
      continue;
    }
    escaped_ = false;
    switch (key) {
      case 'x':
        keys.quit = true;
        return keys;
      case 'h':
      case '?':
        keys.help = true;
        break;
      case 'f':
        keys.change = MediaSlot::kFloppyA;
        return keys;
      case 'F':
        keys.change = MediaSlot::kFloppyB;
        return keys;
      case 'd':
        keys.change = MediaSlot::kCdrom;
        return keys;
      case 'a':
      case kEscape:
        keys.to_guest.push_back(kEscape);
        break;
      default:
        keys.unknown = true;
        break;
    }
  }
  return keys;
}

}  // namespace verbatim
