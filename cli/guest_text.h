// SPDX-License-Identifier: Apache-2.0
// What the guest has said, on the serial line and on the text screen, and how far it has been read:
// text that was found counts once, as if both were streams.
//
// The serial line is one. Of the screen, rows above the end of the last text found are behind it,
// and stay so when they scroll; where they are gone or changed (the screen was cleared, a menu was
// drawn) the whole screen counts as new. Text does not run from one row into the next.
#ifndef VERBATIM_CLI_GUEST_TEXT_H_
#define VERBATIM_CLI_GUEST_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim {

enum class TextSource : uint8_t { kSerial, kScreen };

class GuestText {
 public:
  // Serial output that nobody looked for is forgotten beyond this.
  static constexpr size_t kMaxSerialBytes = 256 << 10;

  void AddSerial(std::span<const uint8_t> bytes);
  // The rows of the screen as they are now, filled up with spaces; none in graphics modes.
  void SetScreen(std::vector<std::string> rows);

  // Looks for `text` in what is new. Found, it and all before it is read from then on: on both, if
  // it stands on both.
  [[nodiscard]] std::optional<TextSource> Find(std::string_view text);

 private:
  [[nodiscard]] bool FindInSerial(std::string_view text);
  [[nodiscard]] bool FindOnScreen(std::string_view text);
  // Where the rows that were read begin on the screen now, if they do.
  [[nodiscard]] bool ReadRowsStandFrom(size_t scrolled) const;
  void LocateNewText();

  std::string serial_;             // not read as yet
  std::vector<std::string> rows_;  // the screen
  std::vector<std::string> read_;  // rows when text was found last, the last one up to its end
  // Where on the screen what is new begins.
  size_t new_row_ = 0;
  size_t new_column_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_CLI_GUEST_TEXT_H_
