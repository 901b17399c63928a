// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/ports/port_detection.h"

#include <cstdint>
#include <span>

#include "firmware/bios/bios_data_area.h"

namespace verbatim {
namespace {

constexpr uint16_t kSerialPorts[] = {0x3F8, 0x2F8, 0x3E8, 0x2E8};
constexpr uint16_t kParallelPorts[] = {0x378, 0x278};

// IIR of a UART: bits 4 and 5 read as zero.
constexpr unsigned kInterruptIdentification = 2;
constexpr uint8_t kAlwaysZero = 0x30;
// The data latch of a parallel port reads back.
constexpr uint8_t kPattern = 0xAA;

// 40:10.
constexpr unsigned kSerialShift = 9;
constexpr unsigned kParallelShift = 14;
constexpr uint16_t kCounts = 7u << kSerialShift | 3u << kParallelShift;

bool IsSerialPort(PortIo& ports, uint16_t base) {
  return (ports.ReadPort(static_cast<uint16_t>(base + kInterruptIdentification), 1) &
          kAlwaysZero) == 0;
}

bool IsParallelPort(PortIo& ports, uint16_t base) {
  ports.WritePort(base, 1, kPattern);
  return ports.ReadPort(base, 1) == kPattern;
}

template <typename Test>
unsigned Note(PortIo& ports, PhysicalMemory& memory, std::span<const uint16_t> candidates,
              LinearAddress table, Test test) {
  unsigned count = 0;
  for (const uint16_t base : candidates) {
    if (!test(ports, base)) continue;
    memory.Write({table.value + 2 * count}, &base, sizeof base);
    ++count;
  }
  return count;
}

}  // namespace

void DetectPorts(PortIo& ports, PhysicalMemory& memory) {
  const unsigned serial = Note(ports, memory, kSerialPorts, bda::kSerialPorts, IsSerialPort);
  const unsigned parallel =
      Note(ports, memory, kParallelPorts, bda::kParallelPorts, IsParallelPort);
  uint16_t equipment = 0;
  memory.Read({bda::kEquipment.value}, &equipment, sizeof equipment);
  equipment = static_cast<uint16_t>((equipment & ~kCounts) | serial << kSerialShift |
                                    parallel << kParallelShift);
  memory.Write({bda::kEquipment.value}, &equipment, sizeof equipment);
}

}  // namespace verbatim
