// SPDX-License-Identifier: Apache-2.0
// The scan codes of each key (IBM PS/2 Hardware Interface Technical Reference, 1990, "Keyboards",
// scan code tables; Microsoft, Keyboard Scan Code Specification, for the three keys that came
// later). Set 1 needs no column: it is set 2 as the controller translates it.
#ifndef VERBATIM_DEVICES_PS2_SCAN_CODES_H_
#define VERBATIM_DEVICES_PS2_SCAN_CODES_H_

#include <cstdint>
#include <optional>

#include "devices/input_events.h"

namespace verbatim {

// What a key sends in set 3. In the other sets all keys but Pause do all three.
struct KeyType {
  static constexpr uint8_t kMake = 0;
  static constexpr uint8_t kBreak = 1;      // a code at the release too
  static constexpr uint8_t kTypematic = 2;  // the make code again while the key is held
};

// Sets 1 and 2 send the grey keys with prefixes that hide the state of the shift keys and Num Lock
// from software that knows keyboards with 84 keys only.
enum class KeyGroup : uint8_t { kPlain, kCursor, kKeypadSlash, kPrintScreen, kPause };

struct ScanCodes {
  uint8_t set2;
  bool extended;  // E0h goes before it
  uint8_t set3;
  uint8_t type;  // KeyType, the default
  KeyGroup group = KeyGroup::kPlain;
};

[[nodiscard]] const ScanCodes& ScanCodesOf(Key key);
[[nodiscard]] std::optional<Key> KeyOfSet3(uint8_t code);

// Set 2 to set 1, prefixes apart: the table of the AT keyboard controller.
[[nodiscard]] uint8_t ToScanCodeSet1(uint8_t set2_code);

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_PS2_SCAN_CODES_H_
