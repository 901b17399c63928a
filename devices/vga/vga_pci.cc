// SPDX-License-Identifier: Apache-2.0
#include "devices/vga/vga_pci.h"

#include <utility>

namespace verbatim {
namespace {

constexpr uint16_t kVendor = 0x1234;
constexpr uint16_t kDevice = 0x1111;
constexpr uint32_t kVgaClass = 0x030000;

constexpr uint16_t kCommandMemory = 0x0002;
constexpr uint16_t kCommandWritable = 0x0003;  // I/O space, memory space
constexpr unsigned kFrameBufferBar = kPciBar0;
constexpr unsigned kRegistersBar = kPciBar0 + 8;
constexpr unsigned kRomBar = 0x30;
constexpr uint32_t kRomEnable = 0x01;
constexpr uint32_t kPrefetchable = 0x08;
constexpr uint32_t kBarAddress = 0xFFFFFFF0;

constexpr uint32_t kVgaFirst = 0x400;
constexpr uint32_t kVgaEnd = 0x420;
constexpr uint16_t kVgaFirstPort = 0x3C0;
constexpr uint32_t kVbeFirst = 0x500;
constexpr uint32_t kVbeEnd = kVbeFirst + 2 * kVbeIndexCount;

bool IsVga(uint32_t offset) { return offset >= kVgaFirst && offset < kVgaEnd; }
bool IsVbe(uint32_t offset) { return offset >= kVbeFirst && offset < kVbeEnd; }
uint16_t PortOf(uint32_t offset) {
  return static_cast<uint16_t>(kVgaFirstPort + (offset - kVgaFirst));
}
uint16_t VbeIndexOf(uint32_t offset) { return static_cast<uint16_t>((offset - kVbeFirst) / 2); }

}  // namespace

uint8_t VgaRegisterPage::ReadByte(uint32_t offset) {
  if (IsVga(offset)) return static_cast<uint8_t>(vga_.ReadPort(PortOf(offset), 1));
  if (!IsVbe(offset)) return 0xFF;
  const uint16_t word = vga_.ReadVbe(VbeIndexOf(offset));
  return static_cast<uint8_t>((offset & 1) != 0 ? word >> 8 : word);
}

uint64_t VgaRegisterPage::ReadMmio(uint32_t offset, unsigned bytes) {
  uint64_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) value |= uint64_t{ReadByte(offset + i)} << (8 * i);
  return value;
}

void VgaRegisterPage::WriteMmio(uint32_t offset, unsigned bytes, uint64_t value) {
  for (unsigned i = 0; i < bytes; ++i) {
    const uint32_t at = offset + i;
    if (IsVga(at)) {
      vga_.WritePort(PortOf(at), 1, static_cast<uint8_t>(value >> (8 * i)));
    } else if (IsVbe(at) && (at & 1) == 0 && i + 1 < bytes) {
      vga_.WriteVbe(VbeIndexOf(at), static_cast<uint16_t>(value >> (8 * i)));
      ++i;
    } else if (IsVbe(at)) {
      partial_words_.Log(LogLevel::kWarning, "vga: write to half a VBE register, at {:03X}h", at);
    }
  }
}

VgaPci::VgaPci(uint32_t memory_bytes, DisplayMapping& mapping)
    : PciFunction({.vendor = kVendor,
                   .device = kDevice,
                   .class_code = kVgaClass,
                   .subsystem_vendor = 0x1AF4,
                   .subsystem = 0x1100}),
      mapping_(mapping) {
  Define(kPciCommand, 2, 0, kCommandWritable);
  Define(kFrameBufferBar, 4, kPrefetchable, ~(memory_bytes - 1));
  Define(kRegistersBar, 4, 0, ~(VgaRegisterPage::kBytes - 1));
}

void VgaPci::AddRom(uint32_t rom_bytes) { Define(kRomBar, 4, 0, ~(rom_bytes - 1) | kRomEnable); }

// A reset card without a ROM has zeros there, so its ROM is never enabled.
std::optional<PhysicalAddress> VgaPci::RomBase() const {
  if ((ReadConfig(kRomBar, 4) & kRomEnable) == 0) return std::nullopt;
  return Base(kRomBar);
}

std::optional<PhysicalAddress> VgaPci::Base(unsigned bar) const {
  if ((ReadConfig(kPciCommand, 2) & kCommandMemory) == 0) return std::nullopt;
  return PhysicalAddress{ReadConfig(bar, 4) & kBarAddress};
}

void VgaPci::ConfigChanged(unsigned /*offset*/, unsigned /*bytes*/) {
  const std::optional<PhysicalAddress> frame_buffer = Base(kFrameBufferBar);
  if (std::exchange(frame_buffer_, frame_buffer) != frame_buffer) {
    mapping_.MapFrameBuffer(frame_buffer);
  }
  const std::optional<PhysicalAddress> registers = Base(kRegistersBar);
  if (std::exchange(registers_, registers) != registers) mapping_.MapRegisters(registers);
  const std::optional<PhysicalAddress> rom = RomBase();
  if (std::exchange(rom_, rom) != rom) mapping_.MapRom(rom);
}

}  // namespace verbatim
