// SPDX-License-Identifier: Apache-2.0
// One 8237A DMA controller (Intel, 8237A data sheet, order 231466) with the page registers of its
// four channels, as the PC/AT and the PIIX have two (PIIX data sheet, order 290550, 2.5.1).
//
// A device moves bytes through a channel at its own time; here is only the order of addresses, the
// count and what ends it. A transfer stays within its page of 64 Ki units: the address wraps there.
// Transfer modes single, demand and block differ in who else gets the bus between two bytes, that
// is, in nothing here. A software request in block mode runs at once to its end, with nobody on the
// bus: FFh is what memory gets.
//
// As in the PIIX there are no memory-to-memory transfers.
#ifndef VERBATIM_DEVICES_I8237_H_
#define VERBATIM_DEVICES_I8237_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "devices/dma_channel.h"
#include "devices/dma_memory.h"
#include "devices/state.h"

namespace verbatim {

class I8237 {
 public:
  static constexpr unsigned kChannels = 4;
  static constexpr unsigned kRegisters = 16;

  // `unit_bytes`: 1, or 2 where address line 0 is not driven and the address counts words.
  I8237(DmaMemory& memory, std::string_view name, unsigned unit_bytes)
      : memory_(memory), name_(name), unit_bytes_(unit_bytes) {}

  void Reset();
  [[nodiscard]] uint8_t Read(unsigned reg);
  void Write(unsigned reg, uint8_t value);
  [[nodiscard]] uint8_t page(unsigned channel) const { return state_.channels[channel].page; }
  void set_page(unsigned channel, uint8_t page) { state_.channels[channel].page = page; }

  // As DmaChannel.
  DmaProgress ToMemory(unsigned channel, std::span<const uint8_t> data);
  DmaProgress FromMemory(unsigned channel, std::span<uint8_t> data);
  // The controller is on, and the channel not masked and in cascade mode.
  [[nodiscard]] bool Cascades(unsigned channel) const;

  void Save(StateWriter& writer) const;
  [[nodiscard]] Status Load(StateReader& reader);
  // Takes the state of a controller of the same kind.
  void Adopt(const I8237& other) { state_ = other.state_; }

 private:
  struct Channel {
    uint16_t base_address = 0;
    uint16_t base_count = 0;
    uint16_t address = 0;
    uint16_t count = 0;
    uint8_t mode = 0;  // bits 7 to 2 of the mode register
    uint8_t page = 0;
  };
  struct State {
    std::array<Channel, kChannels> channels{};
    uint8_t command = 0;
    uint8_t mask = 0x0F;
    uint8_t requests = 0;
    uint8_t terminal_counts = 0;
    bool high_byte = false;  // the flip-flop
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  void MasterClear();
  void WriteAddressOrCount(unsigned reg, uint8_t value);
  void WriteMode(uint8_t value);
  void WriteRequest(uint8_t value);
  void RunSoftwareRequests();

  [[nodiscard]] bool Enabled() const;
  [[nodiscard]] bool Ready(unsigned channel, uint8_t direction) const;
  // The address of the next unit.
  [[nodiscard]] PhysicalAddress Address(const Channel& channel) const;
  // How many of `units` units the channel moves until something ends, addresses ascending in memory
  // without a gap and in one page of memory.
  [[nodiscard]] size_t Stretch(const Channel& channel, size_t units) const;
  // Counts `units` units; true at the terminal count.
  bool Advance(unsigned channel, size_t units);
  // Moves `data` in stretches by `move`(address, offset, bytes).
  template <typename Move>
  DmaProgress Run(unsigned channel, size_t bytes, Move move);

  DmaMemory& memory_;
  const std::string_view name_;
  const unsigned unit_bytes_;
  State state_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_I8237_H_
