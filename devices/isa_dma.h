// SPDX-License-Identifier: Apache-2.0
// The DMA of the ISA bus: two 8237A, for bytes at ports 00h to 0Fh (channels 0 to 3) and for words
// at C0h to DFh (channels 5 to 7), and page registers at 81h to 8Fh (IBM PC AT Technical Reference,
// "Direct Memory Access"; PIIX data sheet, order 290550, 2.5.1). The first one's requests go
// through channel 4 of the second, which must be in cascade mode and not masked. Of the page
// registers that belong to no channel each keeps a byte; the one at 80h is the POST code's.
#ifndef VERBATIM_DEVICES_ISA_DMA_H_
#define VERBATIM_DEVICES_ISA_DMA_H_

#include <array>
#include <cstdint>

#include "devices/device.h"
#include "devices/i8237.h"
#include "devices/port_bus.h"

namespace verbatim {

class IsaDma final : public Device, public PortDevice {
 public:
  // `memory` must outlive the controllers.
  explicit IsaDma(DmaMemory& memory);

  void Attach(PortBus& bus);
  // Channel 0 to 7, but not 4.
  [[nodiscard]] DmaChannel& Channel(unsigned channel) { return channels_[channel]; }
  // As firmware leaves it: the cascade is open, all other channels are masked.
  void ConfigureAsFirmware();

  [[nodiscard]] std::string_view name() const override { return "isa dma"; }
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;

  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 private:
  static constexpr unsigned kPageRegisters = 16;

  class OneChannel final : public DmaChannel {
   public:
    DmaProgress ToMemory(std::span<const uint8_t> data) override;
    DmaProgress FromMemory(std::span<uint8_t> data) override;
    IsaDma* owner = nullptr;
    unsigned number = 0;
  };

  [[nodiscard]] bool Connected(unsigned channel) const;

  I8237 bytes_;
  I8237 words_;
  std::array<OneChannel, 2 * I8237::kChannels> channels_;
  std::array<uint8_t, kPageRegisters> spare_pages_{};
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_ISA_DMA_H_
