// SPDX-License-Identifier: Apache-2.0
// Whatever a guest writes to the IDE controller's ports and to the tables in its memory, and
// however late the disks answer: drives ask only for what they have, reads stay within their width,
// and what was saved can be loaded.
#include <memory>
#include <vector>

#include "base/bits.h"
#include "tests/devices/ide_fixture.h"
#include "tests/fuzz/device_checks.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace verbatim {
namespace {

constexpr uint16_t kBusMaster = 0xC000;
constexpr uint16_t kBases[] = {0x1F0, 0x170, kBusMaster, kBusMaster + 8};
constexpr unsigned kMostSteps = 1000;

class IdeMachine {
 public:
  explicit IdeMachine(FuzzInput input) : input_(input) {
    ide_.channel(0).AttachDisk(0, disks_[0], "FIRST");
    ide_.channel(0).AttachDisk(1, disks_[1], "SECOND");
    cdrom_ = &ide_.channel(1).AttachCdrom(0, &disks_[2], "DISC");
    ide_.Attach(*bus_);
    ide_.Reset();
    ide_.ConfigureAsFirmware(kBusMaster);
  }

  void Run() {
    for (unsigned step = 0; step < kMostSteps && !input_.AtEnd(); ++step) Step();
    for (const FakeDisk& disk : disks_) Demand(disk.outside == 0, "a request off the disk");
  }

 private:
  void Step() {
    const uint8_t what = input_.Byte();
    const unsigned bytes = 1u << ((what >> 6) % 3);
    const uint16_t base = kBases[(what >> 4) % std::size(kBases)];
    switch (what % 8) {
      case 0: {
        const uint64_t value = bus_->ReadPort(Port(base), bytes);
        Demand(value >> (8 * bytes) == 0, "{:x} in {} bytes", value, bytes);
        break;
      }
      case 1:
      case 2:
        bus_->WritePort(Port(base), bytes, input_.Take<uint32_t>());
        break;
      case 3:
        bus_->WritePort(base + ata::kCommand, 1, input_.Byte());
        break;
      case 4:
        for (unsigned n = input_.Byte() * 4u; n != 0; --n) bus_->ReadPort(base, bytes);
        break;
      case 5:
        for (const uint8_t byte : input_.Bytes(input_.Below(17))) bus_->WritePort(base, 1, byte);
        break;
      case 6:
        for (FakeDisk& disk : disks_) {
          if (!disk.waiting.empty()) disk.AnswerOne();
        }
        break;
      default:
        Rare();
        break;
    }
  }
  uint16_t Port(uint16_t base) {
    const uint8_t offset = input_.Byte();
    // The control port lies 206h above the command block.
    return static_cast<uint16_t>(offset == 0xFF ? base + 0x206 : base + offset % 8);
  }
  void Rare() {
    switch (input_.Below(4)) {
      case 0: {
        const std::span<const uint8_t> table = input_.Bytes(32);
        std::copy(table.begin(), table.end(), memory_.ram.begin() + 0x1000);
        bus_->WritePort(kBusMaster + 4, 4, 0x1000);
        break;
      }
      case 1:
        cdrom_->ChangeDisc((input_.Byte() & 1) != 0 ? &disks_[2] : nullptr);
        break;
      case 2:
        disks_[input_.Below(3)].bad_sectors = {input_.Byte()};
        break;
      default:
        if (ide_.Settled()) DemandLoadsAsSaved(ide_);
        break;
    }
  }

  FuzzInput input_;
  FakeIrqLine irq14_;
  FakeIrqLine irq15_;
  FakeDmaMemory memory_;
  FakeDisk disks_[3] = {FakeDisk(64), FakeDisk(200), FakeDisk(64)};
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
  PiixIde ide_{irq14_, irq15_, memory_};
  AtapiCdrom* cdrom_ = nullptr;
};

}  // namespace
}  // namespace verbatim

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  verbatim::IdeMachine(verbatim::FuzzInput(data, size)).Run();
  return 0;
}
