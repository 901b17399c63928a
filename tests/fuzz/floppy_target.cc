// SPDX-License-Identifier: Apache-2.0
// Whatever a guest writes to the ports of the floppy and DMA controllers, however late the disks
// answer and whenever they are changed: requests stay within the disks, values within their width,
// no event is left due, and what was saved can be loaded.
#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "base/log.h"
#include "devices/i82077.h"
#include "devices/isa_dma.h"
#include "tests/devices/ide_fixture.h"
#include "tests/fuzz/device_checks.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace verbatim {
namespace {

constexpr unsigned kMostSteps = 2000;
constexpr uint64_t kLongestStepNs = 4'000'000;
constexpr uint16_t kFifo = 0x3F5;
// The DMA registers of channel 2 and those of all.
constexpr uint16_t kDmaPorts[] = {0x04, 0x05, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D,
                                  0x0E, 0x0F, 0x81, 0xC0, 0xD0, 0xD4, 0xD6, 0xDA};

class FloppyMachine {
 public:
  explicit FloppyMachine(FuzzInput input) : input_(input) {
    // As large as their formats; most of it holds nothing, for speed.
    for (const unsigned disk : {0u, 2u}) disks_[disk].reported_bytes = kFormats[disk].SizeBytes();
    dma_.Attach(*bus_);
    dma_.ConfigureAsFirmware();
    fdc_.Attach(*bus_);
    fdc_.drive(0).Install(FloppyDriveType::k1440K);
    fdc_.drive(1).Install(FloppyDriveType::k360K);
    Insert(0, 0);
    Insert(1, 2);
    fdc_.ConfigureAsFirmware();
  }

  void Run() {
    for (unsigned step = 0; step < kMostSteps && !input_.AtEnd(); ++step) Step();
    for (const FakeDisk& disk : disks_) Demand(disk.outside == 0, "a request off the disk");
  }

 private:
  void Insert(unsigned unit, unsigned disk) {
    fdc_.drive(unit).ChangeDisk(disks_[disk], kFormats[disk]);
  }

  void Step() {
    const uint8_t what = input_.Byte();
    switch (what % 8) {
      case 0:
      case 1:
        for (unsigned left = what >> 4; left != 0; --left) Write(kFifo);
        break;
      case 2:
        for (unsigned left = what >> 4; left != 0; --left) Read(kFifo);
        break;
      case 3:
        Write(static_cast<uint16_t>(0x3F0 + (what >> 4) % 8));
        break;
      case 4:
        Read(static_cast<uint16_t>(0x3F0 + (what >> 4) % 8));
        break;
      case 5:
        Write(kDmaPorts[what >> 4]);
        break;
      case 6:
        Wait(input_.Take<uint32_t>() % kLongestStepNs);
        if ((what & 0x80) != 0) break;
        for (FakeDisk& disk : disks_) {
          if (!disk.waiting.empty()) disk.AnswerOne();
        }
        break;
      default:
        Rare(what >> 4);
        break;
    }
  }
  void Read(uint16_t port) {
    const uint32_t value = bus_->ReadPort(port, 1);
    Demand(value <= 0xFF, "{:x} in a byte", value);
  }
  void Write(uint16_t port) { bus_->WritePort(port, 1, input_.Byte()); }
  void Wait(uint64_t ns) {
    clock_.now_ns += ns;
    fdc_.AdvanceTo(clock_.now_ns);
    Demand(fdc_.NextEventNs().value_or(UINT64_MAX) > clock_.now_ns, "an event is left due");
  }
  void Rare(unsigned what) {
    switch (what % 5) {
      case 0:
        Insert(what >> 3, what % kDisks);
        break;
      case 1:
        fdc_.drive(what >> 3).Eject();
        break;
      case 2:
        disks_[what % kDisks].bad_sectors = {input_.Byte()};
        break;
      case 3:
        fdc_.Reset();
        break;
      default:
        if (!fdc_.Settled()) break;
        for (Device* device : {static_cast<Device*>(&fdc_), static_cast<Device*>(&dma_)}) {
          DemandLoadsAsSaved(*device);
        }
        break;
    }
  }

  static constexpr unsigned kDisks = 3;
  // The second is shorter than its format.
  static constexpr FloppyGeometry kFormats[kDisks] = {*FloppyGeometryOf(1440 * 1024),
                                                      *FloppyGeometryOf(1440 * 1024),
                                                      *FloppyGeometryOf(160 * 1024)};

  FuzzInput input_;
  FakeClock clock_;
  FakeIrqLine irq6_;
  FakeDmaMemory memory_;
  IsaDma dma_{memory_};
  FakeDisk disks_[kDisks] = {FakeDisk(40), FakeDisk(20), FakeDisk(20, true)};
  I82077 fdc_{clock_, irq6_, dma_.Channel(2)};
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
};

}  // namespace
}  // namespace verbatim

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  verbatim::SetLogLevel(verbatim::LogLevel::kError);
  verbatim::FloppyMachine(verbatim::FuzzInput(data, size)).Run();
  return 0;
}
