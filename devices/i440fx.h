// SPDX-License-Identifier: Apache-2.0
// The host bridge of an Intel 440FX chipset (82441FX data sheet, order 290549), at 00:00.0: its
// identity and the PAM registers (section 3.2.18), which decide for 13 segments between C0000h and
// FFFFFh whether reads and writes go to RAM or to the ROM behind. There is no system management
// mode: SMRAM stays at its reset value.
#ifndef VERBATIM_DEVICES_I440FX_H_
#define VERBATIM_DEVICES_I440FX_H_

#include <array>
#include <cstdint>

#include "base/address.h"
#include "devices/pci_function.h"

namespace verbatim {

// Where accesses to a part of the BIOS area go. Told of every segment when the bridge is made and
// of each change afterwards.
class ShadowRamControl {
 public:
  virtual ~ShadowRamControl() = default;
  virtual void SetShadow(PhysicalAddress first, uint32_t bytes, bool read_ram, bool write_ram) = 0;
};

class I440Fx final : public PciFunction {
 public:
  static constexpr unsigned kSegments = 13;

  // `shadow` must outlive the bridge.
  explicit I440Fx(ShadowRamControl& shadow);

  [[nodiscard]] std::string_view name() const override { return "i440fx"; }

 protected:
  void ConfigChanged(unsigned offset, unsigned bytes) override;

 private:
  // RE (bit 0) and WE (bit 1) of a segment.
  [[nodiscard]] uint8_t Attributes(unsigned segment) const;
  void Tell(unsigned segment) const;

  ShadowRamControl& shadow_;
  std::array<uint8_t, kSegments> told_{};
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_I440FX_H_
