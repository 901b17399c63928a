// SPDX-License-Identifier: Apache-2.0
// The picture on the screen, kept up to date: draws only what may have changed since the last time,
// so that looking at a screen that stands still costs next to nothing.
#ifndef VERBATIM_DEVICES_VGA_SCREEN_H_
#define VERBATIM_DEVICES_VGA_SCREEN_H_

#include <cstdint>
#include <optional>

#include "devices/vga/image.h"
#include "devices/vga/vga.h"

namespace verbatim {

class Screen {
 public:
  // `vga` must outlive the screen, which is the one that clears its dirty pages.
  explicit Screen(Vga& vga) : vga_(vga) {}

  // Brings the picture up to date; returns whether any of it was drawn anew.
  bool Refresh();
  [[nodiscard]] const Image& image() const { return image_; }
  // Rows drawn so far.
  [[nodiscard]] uint64_t rows_drawn() const { return rows_drawn_; }

 private:
  // What decides about the whole picture besides the memory.
  struct Shown {
    uint64_t generation;
    bool cursor_phase;
    bool character_phase;
    friend bool operator==(const Shown&, const Shown&) = default;
  };

  void DrawRows(const DisplayState& state, unsigned first, unsigned end);
  [[nodiscard]] bool DrawDirtyRows(const DisplayState& state);

  Vga& vga_;
  Image image_;
  std::optional<Shown> shown_;
  uint64_t rows_drawn_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_SCREEN_H_
