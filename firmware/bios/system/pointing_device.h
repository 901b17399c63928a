// SPDX-License-Identifier: Apache-2.0
// The pointing device of int 15h, function C2h, and its interrupt 74h (IBM PS/2 and PC BIOS
// Interface Technical Reference, interrupt 15h). Its state is in the extended BIOS data area at
// 22h to 2Fh, as on the PS/2.
//
// The driver's routine gets a packet as four words on its stack: status, x, y and z; bytes five to
// eight of long packets are in their high halves.
#ifndef VERBATIM_FIRMWARE_BIOS_SYSTEM_POINTING_DEVICE_H_
#define VERBATIM_FIRMWARE_BIOS_SYSTEM_POINTING_DEVICE_H_

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "firmware/bios/bios_call.h"
#include "firmware/bios/system/mouse_dialog.h"

namespace verbatim {

class PointingDevice {
 public:
  // Function C2h. True: commands are to be sent; EndFunction comes after them.
  [[nodiscard]] bool Function(BiosCall& call);
  [[nodiscard]] PortStep Next(PortResult last) { return dialog_.Next(last); }
  void EndFunction(BiosCall& call);

  // Int 74h: a byte of the device in al. CF: a packet is complete and a driver wants it; then its
  // routine's address is at ds:bx, and the words to push are ax, cx, dx and si.
  void ByteArrived(BiosCall& call);

 private:
  [[nodiscard]] bool Send(std::initializer_list<uint8_t> bytes, unsigned answers,
                          std::optional<bool> interrupt = std::nullopt);

  MouseDialog dialog_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_SYSTEM_POINTING_DEVICE_H_
