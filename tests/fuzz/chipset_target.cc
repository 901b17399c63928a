// SPDX-License-Identifier: Apache-2.0
// The devices that firmware meets first: configuration space of bridge and south bridge, interrupt
// router, power management, fw_cfg with its DMA. Whatever a guest does to them, they stay within
// their contracts, and a second set that is loaded from the first goes the same way.
#include <algorithm>
#include <memory>
#include <vector>

#include "base/log.h"
#include "devices/fw_cfg.h"
#include "devices/i440fx.h"
#include "devices/piix_isa.h"
#include "devices/piix_pm.h"
#include "tests/devices/fakes.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace verbatim {
namespace {

constexpr unsigned kMostSteps = 2000;
constexpr uint16_t kPorts[] = {0x510, 0x511, 0x514, 0x518, 0xB2, 0xB3, 0x20, 0xA0, 0x4D1};

class Ram final : public DmaMemory {
 public:
  bool DmaRead(PhysicalAddress from, std::span<uint8_t> to) override {
    if (from.value > bytes.size() || to.size() > bytes.size() - from.value) return false;
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(from.value), to.size(), to.begin());
    return true;
  }
  bool DmaWrite(PhysicalAddress to, std::span<const uint8_t> from) override {
    if (to.value > bytes.size() || from.size() > bytes.size() - to.value) return false;
    std::ranges::copy(from, bytes.begin() + static_cast<ptrdiff_t>(to.value));
    return true;
  }
  std::vector<uint8_t> bytes = std::vector<uint8_t>(16 << 10);
};

class NoShadow final : public ShadowRamControl {
 public:
  void SetShadow(PhysicalAddress first, uint32_t bytes, bool, bool) override {
    Demand(first.value >= 0xA0000 && first.value + bytes <= 0x100000, "a segment outside");
  }
};

class NoObserver final : public InterruptObserver {
 public:
  void InterruptRaised() override {}
};

struct Chips {
  explicit Chips(FakeClock& clock_to_use) : clock(clock_to_use) {
    pic.Attach(bus);
    registers.Attach(bus);
    fw_cfg.Attach(bus);
    fw_cfg.AddFile("short", FwCfg::Bytes{1, 2, 3});
    fw_cfg.AddFile("made", [this] { return FwCfg::Bytes(5000, pm.BasePort() ? 1 : 0); });
  }
  [[nodiscard]] std::vector<uint8_t> Save() const {
    StateWriter writer;
    for (const Device* device : devices) device->Save(writer);
    writer.Field("ram", ram.bytes, ram.bytes.size());
    return writer.bytes();
  }

  FakeClock& clock;
  PortBus bus;
  Ram ram;
  NoShadow shadow;
  NoObserver observer;
  FakePower power;
  I8259Pair pic{observer};
  I440Fx bridge{shadow};
  PiixIsa isa{pic};
  AcpiPm registers{clock, pic.Line(kSciIrq), power, {}};
  PiixPm pm{registers};
  FwCfg fw_cfg{ram};
  const std::vector<Device*> devices = {&pic, &bridge, &isa, &registers, &pm, &fw_cfg};
};

class Run {
 public:
  explicit Run(FuzzInput input) : input_(input) {
    sets_.push_back(std::make_unique<Chips>(clock_));
  }

  void Go() {
    for (unsigned step = 0; step < kMostSteps && !input_.AtEnd(); ++step) Step();
    if (sets_.size() == 2) Demand(sets_[0]->Save() == sets_[1]->Save(), "went another way");
  }

 private:
  void Step() {
    const uint8_t what = input_.Byte();
    const unsigned bytes = 1u << (what >> 6) % 3;
    switch (what % 8) {
      case 0:
        Configure(bytes);
        break;
      case 1:
        Ports(kPorts[input_.Below(std::size(kPorts))], bytes);
        break;
      case 2:
        Ports(PmPort(), bytes);
        break;
      case 3: {
        const uint8_t pin = input_.Byte();
        const bool high = (input_.Byte() & 1) != 0;
        for (auto& set : sets_) set->isa.Pin(pin % 32, pin / 32 % 4).SetLevel(high);
        break;
      }
      case 4: {  // a descriptor somewhere in memory
        const auto at = static_cast<uint16_t>(input_.Take<uint16_t>() % 0x4010);
        const std::span<const uint8_t> descriptor = input_.Bytes(16);
        for (auto& set : sets_) {
          static_cast<void>(set->ram.DmaWrite({at}, descriptor));
          set->bus.WritePort(0x518, 4, __builtin_bswap32(at));
        }
        break;
      }
      case 5:
        clock_.now_ns += input_.Take<uint32_t>();
        for (auto& set : sets_) set->registers.AdvanceTo(clock_.now_ns);
        break;
      case 6:
        Acknowledge();
        break;
      default:
        Rare();
        break;
    }
  }

  uint16_t PmPort() {
    return static_cast<uint16_t>(sets_[0]->pm.BasePort().value_or(0x600) + input_.Byte() % 64);
  }

  void Configure(unsigned bytes) {
    const uint8_t which = input_.Byte();
    const unsigned offset = input_.Byte() & ~(bytes - 1);
    const auto value = input_.Take<uint32_t>();
    for (auto& set : sets_) {
      PciFunction* const functions[] = {&set->bridge, &set->isa, &set->pm};
      functions[which % 3]->WriteConfig(offset, bytes, value);
    }
  }

  void Ports(uint16_t port, unsigned bytes) {
    if ((input_.Byte() & 1) != 0) {
      const auto value = input_.Take<uint32_t>();
      for (auto& set : sets_) set->bus.WritePort(port, bytes, value);
      return;
    }
    const uint32_t first = sets_[0]->bus.ReadPort(port, bytes);
    Demand(uint64_t{first} >> (8 * bytes) == 0, "port {:x}: {:x} in {} bytes", port, first, bytes);
    if (sets_.size() == 2) {
      Demand(sets_[1]->bus.ReadPort(port, bytes) == first, "port {:x} differs", port);
    }
  }

  void Acknowledge() {
    for (auto& set : sets_) {
      if (set->pic.InterruptRequested()) set->pic.Acknowledge();
    }
  }

  void Rare() {
    if ((input_.Byte() & 1) != 0) {
      for (auto& set : sets_) {
        for (Device* device : set->devices) device->Reset();
      }
      return;
    }
    auto other = std::make_unique<Chips>(clock_);
    StateWriter writer;
    for (const Device* device : sets_[0]->devices) device->Save(writer);
    StateReader reader(writer.bytes());
    for (Device* device : other->devices) {
      Demand(device->Load(reader).has_value(), "{} refuses its own state", device->name());
    }
    other->ram.bytes = sets_[0]->ram.bytes;
    Demand(other->Save() == sets_[0]->Save(), "saves something else than was loaded");
    sets_.resize(1);
    sets_.push_back(std::move(other));
  }

  FuzzInput input_;
  FakeClock clock_;
  std::vector<std::unique_ptr<Chips>> sets_;
};

}  // namespace
}  // namespace verbatim

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  verbatim::SetLogLevel(verbatim::LogLevel::kError);
  verbatim::Run({data, size}).Go();
  return 0;
}
