// SPDX-License-Identifier: Apache-2.0
// The display adapter of the machine: a VGA as PCI function 00:02.0 with 16 MiB of memory, which
// translated code reaches without software through the linear frame buffer; and pictures of the
// screen for other threads.
//
// Threads: everything on the thread of the virtual CPU but what says otherwise. Who wants a picture
// asks for it and has the virtual CPU kicked; its next Service takes it, between two instructions,
// and calls `on_picture`. Asking whether anything changed costs the virtual CPU nothing.
#ifndef VERBATIM_MACHINE_DISPLAY_H_
#define VERBATIM_MACHINE_DISPLAY_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "devices/pci_config_ports.h"
#include "devices/port_bus.h"
#include "devices/vga/image.h"
#include "devices/vga/vga.h"
#include "devices/vga/vga_pci.h"
#include "machine/screen_view.h"
#include "memory/physical_memory.h"

namespace verbatim {

struct DisplayStatistics {
  uint64_t views = 0;         // text screens read
  uint64_t view_ns = 0;       // time of the virtual CPU for that
  uint64_t pictures = 0;      // whole pictures copied
  uint64_t region_moves = 0;  // of the frame buffer or the registers by the guest
  uint64_t window_maps = 0;   // times that A0000h was mapped into the guest
};

class Display final : public DisplayMapping, private PlainWindowObserver {
 public:
  static constexpr uint32_t kMemoryBytes = 16u << 20;

  // Both outlive the display. Memory has the window at A0000h from now on.
  Display(const Clock& clock, PhysicalMemory& memory);

  void Attach(PortBus& bus, PciConfigPorts& pci);
  [[nodiscard]] std::vector<Device*> devices() { return {&vga_, &pci_}; }
  // Gives the card an expansion ROM of at most 64 KiB.
  void AddRom(std::span<const uint8_t> contents);
  // Video memory as it is after power-on.
  void ClearMemory();

  // Takes the pictures that were asked for, and maps the window at A0000h if that pays.
  void Service();
  // Calls `kick` where a Service is wanted soon.
  void SetKick(std::function<void()> kick) { kick_ = std::move(kick); }
  void SetPictureObserver(std::function<void()> on_picture) { on_picture_ = std::move(on_picture); }

  // On any thread. Whether the text screen may look different from when it was last read.
  [[nodiscard]] bool Changed() const;
  // The virtual CPU is to be kicked afterwards.
  void RequestView() { wanted_.fetch_or(kView, std::memory_order_relaxed); }
  void RequestPicture() { wanted_.fetch_or(kPicture, std::memory_order_relaxed); }
  // The last text screen read; null before the first.
  [[nodiscard]] std::shared_ptr<const ScreenView> View() const;
  // The picture asked for last, drawn on the calling thread; once.
  [[nodiscard]] std::optional<Image> TakePicture();

  [[nodiscard]] const DisplayStatistics& statistics() const { return statistics_; }

  // DisplayMapping
  void MapFrameBuffer(std::optional<PhysicalAddress> start) override;
  void MapRegisters(std::optional<PhysicalAddress> start) override;
  void MapRom(std::optional<PhysicalAddress> start) override;

 private:
  static constexpr uint8_t kView = 1;
  static constexpr uint8_t kPicture = 2;
  static constexpr uint8_t kMapping = 4;

  // What decides about a picture, as a copy.
  struct Snapshot {
    DisplayState state;
    std::vector<uint8_t> memory;
  };

  // PlainWindowObserver
  void WantsMapping() override;
  void PlainWindowChanged() override;

  void MapWindow();
  void ReadView();
  void CopyPicture();
  void Map(RegionId region, std::optional<PhysicalAddress> start);

  PhysicalMemory& memory_;
  const RegionId video_memory_;
  const RegionId window_view_;  // made before the window's device: it answers where it is shown
  Vga vga_;
  VgaRegisterPage register_page_;
  const RegionId registers_;
  VgaPci pci_;
  std::optional<RegionId> rom_;
  std::function<void()> on_picture_;
  std::function<void()> kick_;
  DisplayStatistics statistics_;

  std::atomic<uint8_t> wanted_ = 0;
  std::atomic<uint64_t> seen_generation_ = ~uint64_t{0};  // of the last view
  mutable std::mutex mutex_;
  std::shared_ptr<const ScreenView> view_;  // guarded
  std::optional<Snapshot> snapshot_;        // guarded
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_DISPLAY_H_
