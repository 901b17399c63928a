// SPDX-License-Identifier: Apache-2.0
// Memory above 1 MiB through int 15h: how much there is (functions 88h, 8Ah, E801h, E881h and
// E820h, ACPI 2.0, 14.1), moves to and from it (87h), and the A20 gate that opens it (24h).
#ifndef VERBATIM_FIRMWARE_BIOS_SYSTEM_MEMORY_FUNCTIONS_H_
#define VERBATIM_FIRMWARE_BIOS_SYSTEM_MEMORY_FUNCTIONS_H_

#include <span>
#include <vector>

#include "firmware/bios/bios_call.h"
#include "firmware/bios/system/port_dialog.h"
#include "firmware/memory_map.h"
#include "vcpu/port_io.h"

namespace verbatim {

class MemoryFunctions {
 public:
  MemoryFunctions(PortIo& ports, std::vector<MemoryMapEntry> map)
      : ports_(ports), map_(std::move(map)) {}

  void Move(BiosCall& call);
  void SizeInKib(BiosCall& call);       // 88h
  void BigSizeInKib(BiosCall& call);    // 8Ah
  void SizeInTwoParts(BiosCall& call);  // E801h, E881h
  // E820h. False: it is not this function that is asked for.
  [[nodiscard]] bool MapEntry(BiosCall& call);

  // 24h. True: the gate is to be moved by a dialog.
  [[nodiscard]] bool A20(BiosCall& call);
  [[nodiscard]] PortStep Next(PortResult last);

 private:
  [[nodiscard]] uint64_t ExtendedBytes() const;

  PortIo& ports_;
  const std::vector<MemoryMapEntry> map_;
  bool open_a20_ = false;
  unsigned a20_step_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_SYSTEM_MEMORY_FUNCTIONS_H_
