// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/boot/boot_entry.h"

#include "firmware/bios/disk/geometry.h"

namespace verbatim {

void EnterBootSector(BiosCall& call, FarPointer entry, uint8_t drive) {
  call.regs.set_ax(kBootSignature);
  call.regs.set_dx(drive);
  call.SetSegment(kDs, 0);
  call.SetSegment(kEs, 0);
  call.SetSegment(kSs, 0);
  call.regs.Set(kEsp, kBootSectorEntry.offset);
  call.Jump(entry);
}

}  // namespace verbatim
