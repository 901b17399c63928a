// SPDX-License-Identifier: Apache-2.0
// The processor state in which a loaded guest is entered, interrupts off: in real mode as the Linux
// boot protocol wants it ("Running the Kernel"), or in protected mode, paging off, all segments
// flat 4 GiB at ring 0 (Multiboot Specification 0.6.96, 3.2 "Machine state").
#ifndef VERBATIM_FIRMWARE_BOOT_STATE_H_
#define VERBATIM_FIRMWARE_BOOT_STATE_H_

#include <cstdint>

#include "base/address.h"

namespace verbatim {

enum class BootMode : uint8_t { kProtected, kReal };

struct BootState {
  BootMode mode = BootMode::kProtected;
  LinearAddress eip;
  uint32_t eax = 0;
  uint32_t ebx = 0;
  uint32_t ecx = 0;
  uint32_t edx = 0;
  uint32_t esi = 0;
  uint32_t edi = 0;
  uint32_t ebp = 0;
  uint32_t esp = 0;
  uint32_t eflags = 2;  // bit 1 always reads as one; IF clear
  uint32_t cr0 = 0x11;  // PE and the hard-wired ET

  // Real mode: segments. Protected mode: flat descriptors of these selectors stand in the GDT
  // below, in guest RAM, so that a guest may reload its segment registers before it has a GDT of
  // its own.
  uint16_t code_selector = 0;  // cs: execute/read, accessed
  uint16_t data_selector = 0;  // ds, es, fs, gs and ss: read/write, accessed
  LinearAddress gdt_base;
  uint16_t gdt_limit = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BOOT_STATE_H_
