// SPDX-License-Identifier: Apache-2.0
// A VGA (IBM Personal System/2 Hardware Interface Technical Reference, "Video Subsystem") with the
// VBE_DISPI interface of Bochs, as the adapter that QEMU calls std: the registers at their ports,
// and what belongs together to show a picture. Drawing it is the renderer's business.
//
// Each register keeps the bits it has; an index without a register reads as 0. Vertical retrace
// never interrupts; the light pen, the sequencer's reset bits and the diagnostic bits of Input
// Status 1 do nothing. The retrace of Input Status 1 is a function of the clock.
//
// Ports are bytes, those of VBE words: a byte access to these reads all ones and does nothing.
#ifndef VERBATIM_DEVICES_VGA_VGA_H_
#define VERBATIM_DEVICES_VGA_VGA_H_

#include <atomic>
#include <cstdint>
#include <span>

#include "base/log.h"
#include "devices/device.h"
#include "devices/port_bus.h"
#include "devices/vga/dirty_pages.h"
#include "devices/vga/display_state.h"
#include "devices/vga/vbe.h"
#include "devices/vga/vga_memory.h"
#include "devices/vga/vga_registers.h"

namespace verbatim {

class Vga final : public Device, public PortDevice {
 public:
  static constexpr size_t kMaxMemoryBytes = 256u << 20;

  // `memory`: all video memory, which is also the linear frame buffer; a power of two from 256 KiB
  // to kMaxMemoryBytes. It belongs to the machine, which saves it as it saves RAM. Whoever else
  // writes to it marks that in dirty(). Both outlive the device.
  Vga(const Clock& clock, std::span<uint8_t> memory);

  void Attach(PortBus& bus);
  // The handler for A0000h to BFFFFh.
  [[nodiscard]] VgaMemory& window() { return window_; }

  // What there is to show at this moment. The memory is not copied.
  [[nodiscard]] DisplayState Display() const;
  // Changes whenever a register changed that bears on the picture. Any thread.
  [[nodiscard]] uint64_t generation() const { return generation_.load(std::memory_order_relaxed); }
  [[nodiscard]] DirtyPages& dirty() { return dirty_; }
  [[nodiscard]] const DirtyPages& dirty() const { return dirty_; }

  // The VBE registers without the index port, as their memory-mapped form needs them.
  [[nodiscard]] uint16_t ReadVbe(uint16_t index) const { return vbe_.Read(index); }
  void WriteVbe(uint16_t index, uint16_t value);

  [[nodiscard]] std::string_view name() const override { return "vga"; }
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;

  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 private:
  [[nodiscard]] uint8_t ReadByte(uint16_t port);
  void WriteByte(uint16_t port, uint8_t value);
  [[nodiscard]] uint8_t ReadCrtcGroup(unsigned offset);
  void WriteCrtcGroup(unsigned offset, uint8_t value);
  [[nodiscard]] bool IsActiveGroup(uint16_t port) const;

  void WriteSequencer(uint8_t value);
  void WriteGraphics(uint8_t value);
  void WriteCrtc(uint8_t value);
  void WriteAttribute(uint8_t value);
  [[nodiscard]] uint8_t ReadDac();
  void WriteDac(uint8_t value);
  void Show(uint8_t& shown, uint8_t value);
  void NoteChange() { generation_.store(generation() + 1, std::memory_order_relaxed); }
  void Configure() { window_.Configure(registers_, vbe_.registers()); }

  const Clock& clock_;
  std::span<uint8_t> memory_;
  DirtyPages dirty_;
  VgaRegisters registers_;
  Vbe vbe_;
  VgaMemory window_;
  // Written by one thread, so that counting needs no locked instruction.
  std::atomic<uint64_t> generation_ = 0;
  LogLimiter vbe_bytes_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_VGA_H_
