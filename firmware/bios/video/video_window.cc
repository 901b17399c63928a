// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/video/video_window.h"

#include <algorithm>
#include <vector>

namespace verbatim {

void VideoWindow::Read(uint32_t offset, std::span<uint8_t> to) {
  while (!to.empty()) {
    offset &= mode_.memory_bytes - 1;
    const size_t piece = std::min<size_t>(to.size(), mode_.memory_bytes - offset);
    bios_.ReadBytes(mode_.memory + offset, to.first(piece));
    to = to.subspan(piece);
    offset = 0;
  }
}

void VideoWindow::Write(uint32_t offset, std::span<const uint8_t> from) {
  while (!from.empty()) {
    offset &= mode_.memory_bytes - 1;
    const size_t piece = std::min<size_t>(from.size(), mode_.memory_bytes - offset);
    bios_.WriteBytes(mode_.memory + offset, from.first(piece));
    from = from.subspan(piece);
    offset = 0;
  }
}

void VideoWindow::MoveLines(const Lines& lines, unsigned by, bool down) {
  if (by >= lines.lines) return;
  const unsigned moved = lines.lines - by;
  const uint32_t from = lines.first + (down ? 0 : by * lines.pitch);
  const uint32_t to = lines.first + (down ? by * lines.pitch : 0);
  const bool whole = lines.bytes == lines.pitch;
  std::vector<uint8_t> bytes(size_t{moved} * lines.bytes);
  if (whole) {
    Read(from, bytes);
    Write(to, bytes);
    return;
  }
  for (unsigned i = 0; i < moved; ++i) {
    Read(from + i * lines.pitch, std::span(bytes).subspan(size_t{i} * lines.bytes, lines.bytes));
  }
  for (unsigned i = 0; i < moved; ++i) {
    Write(to + i * lines.pitch, std::span(bytes).subspan(size_t{i} * lines.bytes, lines.bytes));
  }
}

}  // namespace verbatim
