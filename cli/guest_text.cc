// SPDX-License-Identifier: Apache-2.0
#include "cli/guest_text.h"

#include <utility>

namespace verbatim {

void GuestText::AddSerial(std::span<const uint8_t> bytes) {
  serial_.append(bytes.begin(), bytes.end());
  if (serial_.size() > kMaxSerialBytes) serial_.erase(0, serial_.size() - kMaxSerialBytes);
}

void GuestText::SetScreen(std::vector<std::string> rows) {
  rows_ = std::move(rows);
  LocateNewText();
}

bool GuestText::ReadRowsStandFrom(size_t scrolled) const {
  const size_t left = read_.size() - scrolled;
  if (left > rows_.size()) return false;
  for (size_t row = 0; row + 1 < left; ++row) {
    if (rows_[row] != read_[scrolled + row]) return false;
  }
  return rows_[left - 1].starts_with(read_.back());
}

void GuestText::LocateNewText() {
  new_row_ = 0;
  new_column_ = 0;
  for (size_t scrolled = 0; scrolled < read_.size(); ++scrolled) {
    if (!ReadRowsStandFrom(scrolled)) continue;
    new_row_ = read_.size() - scrolled - 1;
    new_column_ = read_.back().size();
    return;
  }
  read_.clear();
}

bool GuestText::FindInSerial(std::string_view text) {
  const size_t at = serial_.find(text);
  if (at == std::string::npos) return false;
  serial_.erase(0, at + text.size());
  return true;
}

bool GuestText::FindOnScreen(std::string_view text) {
  for (size_t row = new_row_; row < rows_.size(); ++row) {
    const size_t at = rows_[row].find(text, row == new_row_ ? new_column_ : 0);
    if (at == std::string::npos) continue;
    read_.assign(rows_.begin(), rows_.begin() + static_cast<ptrdiff_t>(row) + 1);
    read_.back().resize(at + text.size());
    LocateNewText();
    return true;
  }
  return false;
}

std::optional<TextSource> GuestText::Find(std::string_view text) {
  const bool on_screen = FindOnScreen(text);
  if (FindInSerial(text)) return TextSource::kSerial;
  return on_screen ? std::optional(TextSource::kScreen) : std::nullopt;
}

}  // namespace verbatim
