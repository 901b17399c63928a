// SPDX-License-Identifier: Apache-2.0
// What the console needs of a machine. All of it may be called on the console thread while the
// machine runs on its own.
#ifndef VERBATIM_CLI_CONSOLE_GUEST_H_
#define VERBATIM_CLI_CONSOLE_GUEST_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "devices/input_events.h"
#include "devices/vga/image.h"
#include "machine/config.h"
#include "machine/screen_view.h"

namespace verbatim {

class ConsoleGuest {
 public:
  virtual ~ConsoleGuest() = default;
  // The serial line.
  [[nodiscard]] virtual size_t InputRoom() const = 0;
  virtual size_t QueueInput(std::span<const uint8_t> bytes) = 0;
  // The keyboard. Takes what there is room for; returns how much that was.
  [[nodiscard]] virtual size_t KeyRoom() const = 0;
  virtual size_t QueueKeys(std::span<const KeyEvent> keys) = 0;
  // The screen, as machine/machine.h has it. What was requested is announced by
  // Console::PictureTaken.
  [[nodiscard]] virtual bool ScreenChanged() const = 0;
  virtual void RequestView() = 0;
  [[nodiscard]] virtual std::shared_ptr<const ScreenView> View() const = 0;
  virtual void RequestPicture() = 0;
  [[nodiscard]] virtual std::optional<Image> TakePicture() = 0;

  // As machine/machine.h has it.
  virtual std::optional<std::string> ChangeMedium(MediaSlot slot) = 0;

  virtual void RequestStop() = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_CLI_CONSOLE_GUEST_H_
