// SPDX-License-Identifier: Apache-2.0
// The floppy side of a PC: the ISA DMA controllers, the floppy controller on IRQ 6 and DMA channel
// 2, and up to two drives with an image each. The controllers are in every machine, drives only
// where there are images: an image's format decides which drive it gets.
//
// Threads: as machine/disks.h.
#ifndef VERBATIM_MACHINE_FLOPPIES_H_
#define VERBATIM_MACHINE_FLOPPIES_H_

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "devices/i82077.h"
#include "devices/isa_dma.h"
#include "devices/mc146818.h"
#include "devices/port_bus.h"
#include "machine/config.h"
#include "machine/image_drive.h"
#include "machine/media_changer.h"
#include "storage/io_worker.h"

namespace verbatim {

class Floppies {
 public:
  static constexpr unsigned kDrives = 2;

  // All must outlive this.
  Floppies(const Clock& clock, DmaMemory& memory, IrqLine& irq6)
      : dma_(memory), fdc_(clock, irq6, dma_.Channel(kDmaChannel)) {}

  // Opens and locks the images, and stores the drives in CMOS. As Disks::Open.
  [[nodiscard]] Status Open(const std::vector<FloppyConfig>& floppies, Mc146818& cmos,
                            const std::function<void()>& on_event,
                            const std::function<bool()>& stopped);

  void Attach(PortBus& bus);
  // As firmware leaves the controllers, after each reset.
  void Configure();
  [[nodiscard]] std::vector<Device*> devices() { return {&dma_, &fdc_}; }
  [[nodiscard]] Device& timed_device() { return fdc_; }
  // Whether an access to the port can move the next event of the timed device.
  [[nodiscard]] static bool MovesDeadline(uint16_t port) { return port >= 0x3F0 && port <= 0x3F7; }

  // Drive A first.
  [[nodiscard]] std::vector<BiosDrive*> BiosDrives();

  // The images of drive A or B.
  [[nodiscard]] MediaChanger& changer(unsigned unit) { return drives_[unit].changer; }

  // As Disks::Service.
  void Service(const std::function<bool()>& stopped);

 private:
  static constexpr unsigned kDmaChannel = 2;

  struct Image {
    std::string path;
    std::unique_ptr<IoWorker> worker;
    FloppyGeometry geometry;
  };
  struct Drive {
    std::vector<Image> images;  // none: no drive
    std::unique_ptr<ImageDrive> bios;
    MediaChanger changer;
  };
  [[nodiscard]] static Result<Image> OpenImage(const FloppyConfig& floppy, const std::string& path,
                                               const std::function<void()>& on_event);
  [[nodiscard]] Status Add(const FloppyConfig& floppy, unsigned unit,
                           const std::function<void()>& on_event,
                           const std::function<bool()>& stopped);

  IsaDma dma_;
  I82077 fdc_;
  std::array<Drive, kDrives> drives_;
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_FLOPPIES_H_
