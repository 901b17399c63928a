// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/power_on.h"

#include <array>
#include <cstdint>

#include "base/bits.h"
#include "firmware/bios/bios_data_area.h"
#include "firmware/bios/rom.h"

namespace verbatim {
namespace {

constexpr unsigned kVectorCount = 256;
constexpr unsigned kMasterVectors = 32;
constexpr uint8_t kSlaveBase = 0x70;
constexpr unsigned kSlaveVectors = 8;
// 60h to 67h are for the user, and null: EMS drivers look at 67h.
constexpr uint8_t kUserBase = 0x60;
constexpr uint8_t kUserEnd = 0x68;

// 8259A data sheet: the four initialisation words, then the mask.
constexpr uint16_t kMaster = 0x20;
constexpr uint16_t kSlave = 0xA0;
constexpr uint8_t kIcw1 = 0x11;  // edge triggered, cascaded, ICW4 follows
constexpr uint8_t kIcw4 = 0x01;  // 8086 mode
constexpr uint8_t kMasterBase = 0x08;
constexpr uint8_t kMasterMask = 0xB8;  // timer, keyboard, cascade, floppy
constexpr uint8_t kSlaveMask = 0x8F;   // mouse, coprocessor, first disk
constexpr uint8_t kAllMasked = 0xFF;
constexpr uint8_t kEndOfInterrupt = 0x20;

// 8254 data sheet: counter, both bytes, mode.
constexpr uint16_t kPitControl = 0x43;
constexpr uint16_t kPitCounter0 = 0x40;
constexpr uint16_t kPitCounter1 = 0x41;
constexpr uint8_t kCounter0SquareWave = 0x36;
constexpr uint8_t kCounter1Rate = 0x54;
constexpr uint8_t kRefreshDivisor = 18;

constexpr uint16_t kEquipmentBasic = 0x0006;  // coprocessor, pointing device; video from the VGA
constexpr uint8_t kKeyboardEnhanced = 0x10;

void InitialiseController(PortIo& ports, uint16_t port, uint8_t base, uint8_t cascade,
                          uint8_t mask) {
  ports.WritePort(port, 1, kIcw1);
  const auto data = static_cast<uint16_t>(port + 1);
  ports.WritePort(data, 1, base);
  ports.WritePort(data, 1, cascade);
  ports.WritePort(data, 1, kIcw4);
  ports.WritePort(data, 1, mask);
}

}  // namespace

void SetUpVectors(PhysicalMemory& memory) {
  std::array<uint8_t, kVectorCount * 4> vectors{};
  for (unsigned number = 0; number < kVectorCount; ++number) {
    uint16_t offset = RomDummyVector();
    if (number < kMasterVectors) offset = RomVector(number);
    if (number >= kSlaveBase && number < kSlaveBase + kSlaveVectors) {
      offset = RomSlaveVector(number - kSlaveBase);
    }
    if ((number >= kUserBase && number < kUserEnd) || offset == 0) continue;
    StoreLittle(&vectors[number * 4], offset);
    StoreLittle(&vectors[number * 4 + 2], kRomSegment);
  }
  memory.Write({0}, vectors.data(), vectors.size());
}

void SetUpDataArea(PhysicalMemory& memory) {
  std::array<uint8_t, bda::kBytes> area{};
  const auto put = [&area](LinearAddress at, auto value) {
    StoreLittle(&area[at.value - bda::kStart.value], value);
  };
  put(bda::kExtendedArea, bda::kExtendedAreaSegment);
  put(bda::kEquipment, kEquipmentBasic);
  put(bda::kBaseMemoryKib, bda::kBaseMemoryKibytes);
  put(bda::kKeyBufferHead, bda::kKeyBufferOffset);
  put(bda::kKeyBufferTail, bda::kKeyBufferOffset);
  put(bda::kKeyBufferStart, bda::kKeyBufferOffset);
  put(bda::kKeyBufferEnd, bda::kKeyBufferEndOffset);
  put(bda::kParallelTimeouts, 0x14141414u);
  put(bda::kSerialTimeouts, 0x01010101u);
  put(bda::kKeyboardMode, kKeyboardEnhanced);
  memory.Write({bda::kStart.value}, area.data(), area.size());

  const uint8_t extended_kib = 1;
  memory.Write({static_cast<uint64_t>(bda::kExtendedAreaSegment) * 16}, &extended_kib, 1);
}

void SetUpChips(PortIo& ports) {
  InitialiseController(ports, kMaster, kMasterBase, 1u << 2, kMasterMask);
  InitialiseController(ports, kSlave, kSlaveBase, 2, kSlaveMask);

  ports.WritePort(kPitControl, 1, kCounter0SquareWave);
  ports.WritePort(kPitCounter0, 1, 0);
  ports.WritePort(kPitCounter0, 1, 0);
  ports.WritePort(kPitControl, 1, kCounter1Rate);
  ports.WritePort(kPitCounter1, 1, kRefreshDivisor);
}

void PlaceInterrupts(PortIo& ports, uint8_t master, uint8_t slave) {
  InitialiseController(ports, kMaster, master, 1u << 2, kAllMasked);
  InitialiseController(ports, kSlave, slave, 2, kAllMasked);
}

void UnmaskInterrupt(PortIo& ports, unsigned irq) {
  const auto port = static_cast<uint16_t>((irq < 8 ? kMaster : kSlave) + 1);
  ports.WritePort(port, 1, ports.ReadPort(port, 1) & ~(1u << irq % 8));
}

void EndInterrupts(PortIo& ports) {
  ports.WritePort(kSlave, 1, kEndOfInterrupt);
  ports.WritePort(kMaster, 1, kEndOfInterrupt);
}

}  // namespace verbatim
