// SPDX-License-Identifier: Apache-2.0
// What is on the screen, for a terminal or to search in.
#ifndef VERBATIM_MACHINE_SCREEN_VIEW_H_
#define VERBATIM_MACHINE_SCREEN_VIEW_H_

#include <optional>

#include "devices/vga/image.h"
#include "devices/vga/text_screen.h"

namespace verbatim {

struct ScreenView {
  std::optional<TextScreen> text;  // in text modes
  ImageSize graphics;              // in graphics modes; 0 by 0 while the screen is blank
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_SCREEN_VIEW_H_
