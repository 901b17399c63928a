// SPDX-License-Identifier: Apache-2.0
// The host bridge of an Intel 440FX chipset (82441FX data sheet, order 290549), at 00:00.0: its
// identity; the PAM registers (section 3.2.18), which decide for 13 segments between C0000h and
// FFFFFh whether reads and writes go to RAM or to what is behind; and SMRAM (section 3.2.20), which
// can open the RAM behind A0000h to BFFFFh, until it is locked. There is no system management mode,
// so that is all that RAM is good for.
#ifndef VERBATIM_DEVICES_I440FX_H_
#define VERBATIM_DEVICES_I440FX_H_

#include <array>
#include <cstdint>

#include "base/address.h"
#include "devices/pci_function.h"

namespace verbatim {

// Where accesses to a part of the area A0000h-FFFFFh go. Told of every segment when the bridge is
// made and of each change afterwards.
class ShadowRamControl {
 public:
  virtual ~ShadowRamControl() = default;
  virtual void SetShadow(PhysicalAddress first, uint32_t bytes, bool read_ram, bool write_ram) = 0;
};

class I440Fx final : public PciFunction {
 public:
  static constexpr unsigned kSegments = 14;  // the last is SMRAM's

  // `shadow` must outlive the bridge.
  explicit I440Fx(ShadowRamControl& shadow);

  // What firmware leaves behind that needs no ROM: RAM from C0000h to FFFFFh, of which F0000h to
  // FFFFFh is write-protected when its tables are complete.
  void ShadowAsFirmware();
  void ProtectAsFirmware();

  [[nodiscard]] std::string_view name() const override { return "i440fx"; }

 protected:
  [[nodiscard]] uint8_t Unlocked(unsigned offset) const override;
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
