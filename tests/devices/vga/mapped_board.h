// SPDX-License-Identifier: Apache-2.0
// A VGA whose plain window is mapped as a machine maps it: the program's accesses then go to the
// memory past the device.
#ifndef VERBATIM_TESTS_DEVICES_VGA_MAPPED_BOARD_H_
#define VERBATIM_TESTS_DEVICES_VGA_MAPPED_BOARD_H_

#include <cstring>
#include <optional>

#include "tests/devices/vga/vga_board.h"

namespace verbatim {

class MappedBoard final : public VgaBoard, private PlainWindowObserver {
 public:
  explicit MappedBoard(size_t memory_bytes = kMemoryBytes) : VgaBoard(memory_bytes) {
    vga.window().SetObserver(this);
  }

  // Physical addresses A0000h to BFFFFh; what was asked for is mapped before the access.
  void Access(uint32_t address, uint64_t& value, unsigned bytes, bool write) {
    MapIfWanted();
    const uint32_t at = address - 0xA0000 - (mapped ? mapped->first : 0);
    if (mapped && at < mapped->bytes && mapped->bytes - at >= bytes) {
      uint8_t* const memory_at = memory.data() + mapped->offset + at;
      std::memcpy(write ? memory_at : reinterpret_cast<uint8_t*>(&value),
                  write ? reinterpret_cast<const uint8_t*>(&value) : memory_at, bytes);
      ++direct;
    } else if (write) {
      VgaBoard::Poke(address, value, bytes);
    } else {
      value = VgaBoard::Peek(address, bytes);
    }
  }
  void Poke(uint32_t address, uint64_t value, unsigned bytes = 1) {
    Access(address, value, bytes, true);
  }
  uint64_t Peek(uint32_t address, unsigned bytes = 1) {
    uint64_t value = 0;
    Access(address, value, bytes, false);
    return value;
  }
  void MapIfWanted() {
    if (wanted) mapped = vga.window().plain();
    maps += wanted ? 1 : 0;
    wanted = false;
  }

  std::optional<PlainWindow> mapped;
  bool wanted = false;
  unsigned maps = 0;
  unsigned direct = 0;  // accesses past the device

 private:
  void WantsMapping() override { wanted = true; }
  void PlainWindowChanged() override {
    wanted = false;
    mapped.reset();
  }
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_DEVICES_VGA_MAPPED_BOARD_H_
