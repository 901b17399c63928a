// SPDX-License-Identifier: Apache-2.0
// The disks of a machine: images opened as the user named them, a thread for each, and the IDE
// controller they hang on. Exists only if the machine has disks.
//
// Threads: all on the thread of the virtual CPU, but for `on_event`, which a disk's thread calls
// when Service has something to do.
#ifndef VERBATIM_MACHINE_DISKS_H_
#define VERBATIM_MACHINE_DISKS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "devices/pci_config_ports.h"
#include "devices/piix_ide.h"
#include "devices/port_bus.h"
#include "machine/config.h"
#include "machine/image_drive.h"
#include "machine/media_changer.h"
#include "storage/io_worker.h"

namespace verbatim {

class Disks final {
 public:
  // Opens and locks every image. Memory and lines must outlive the disks. `stopped`: the machine is
  // to end, and need not wait for a full disk of the host any longer.
  [[nodiscard]] static Result<std::unique_ptr<Disks>> Open(const std::vector<DiskConfig>& disks,
                                                           DmaMemory& memory, IrqLine& irq14,
                                                           IrqLine& irq15,
                                                           const std::function<void()>& on_event,
                                                           const std::function<bool()>& stopped);

  void Attach(PortBus& bus, PciConfigPorts& pci);
  [[nodiscard]] std::vector<Device*> devices() { return {&ide_}; }

  // In the order of the configuration.
  [[nodiscard]] std::vector<BiosDrive*> BiosDrives();

  // The images of the first CD drive that has several.
  [[nodiscard]] MediaChanger& changer() { return changer_; }

  // Hands over the answers of the disks. While a disk of the host is full, this does not return,
  // which pauses the machine, unless `stopped` says that it shall end.
  void Service(const std::function<bool()>& stopped);

 private:
  struct Image {
    unsigned number;
    std::string path;
    std::unique_ptr<IoWorker> worker;
    std::unique_ptr<ImageDrive> drive;  // null: a disc that waits
  };

  Disks(DmaMemory& memory, IrqLine& irq14, IrqLine& irq15) : ide_(irq14, irq15, memory) {}
  [[nodiscard]] Status Add(const DiskConfig& disk, unsigned number,
                           const std::function<void()>& on_event,
                           const std::function<bool()>& stopped);

  // The discs that wait for a drive.
  [[nodiscard]] Status AddNext(const DiskConfig& disk, unsigned number, AtapiCdrom& cdrom,
                               ImageDrive& drive, const std::function<void()>& on_event);

  PiixIde ide_;
  std::vector<Image> images_;
  bool has_changer_ = false;
  MediaChanger changer_;
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_DISKS_H_
