// SPDX-License-Identifier: Apache-2.0
// The ring of key codes in the BIOS data area. Guests move it (its bounds are in the data area too)
// and write into it; its pointers are followed as they stand, one step at a time, within segment
// 40h.
#ifndef VERBATIM_FIRMWARE_BIOS_KEYBOARD_KEY_BUFFER_H_
#define VERBATIM_FIRMWARE_BIOS_KEYBOARD_KEY_BUFFER_H_

#include <cstdint>
#include <optional>

#include "firmware/bios/bios_call.h"

namespace verbatim {

class KeyBuffer {
 public:
  explicit KeyBuffer(BiosCall& call) : call_(call) {}

  // False: it is full.
  [[nodiscard]] bool Put(uint16_t code);
  [[nodiscard]] std::optional<uint16_t> First();
  void RemoveFirst();
  void Clear();

 private:
  [[nodiscard]] uint16_t After(uint16_t offset);

  BiosCall& call_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_KEYBOARD_KEY_BUFFER_H_
