// SPDX-License-Identifier: Apache-2.0
// Whatever a guest does to the ports, and whatever comes from outside meanwhile, the devices stay
// within their contracts. Now and then a second set of devices is loaded from the saved state of
// the first; from then on both get the same accesses and must give the same answers.
#include <memory>
#include <vector>

#include "base/log.h"
#include "tests/devices/all_devices.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace verbatim {
namespace {

// Where devices are; the rest of the 64 Ki is reached by an access to any port.
constexpr uint16_t kPorts[] = {0x20,  0x21,  0x40,  0x41,  0x42,  0x43,  0x60,  0x61,  0x64,  0x70,
                               0x71,  0x80,  0x92,  0xA0,  0xA1,  0xB2,  0xF4,  0x3F8, 0x3F9, 0x3FA,
                               0x3FB, 0x3FC, 0x3FD, 0x3FE, 0x3FF, 0x4D0, 0x4D1, 0x04,  0x05,  0x08,
                               0x0A,  0x0B,  0x81,  0xD4,  0xD6,  0x3F2, 0x3F4, 0x3F5, 0x3F7, 0x600,
                               0x602, 0x604, 0x608, 0xCF8, 0xCF9, 0xCFC, 0xCFD, 0xCFE};
constexpr uint64_t kLongestStepNs = 2'000'000;
constexpr unsigned kMostSteps = 2000;

class Machine {
 public:
  explicit Machine(FuzzInput input) : input_(input) { sets_.push_back(Make()); }

  void Run() {
    for (unsigned step = 0; step < kMostSteps && !input_.AtEnd(); ++step) Step();
    if (sets_.size() == 2) {
      Demand(sets_[0]->Save() == sets_[1]->Save(), "a loaded set of devices went another way");
    }
  }

 private:
  [[nodiscard]] std::unique_ptr<AllDevices> Make() { return std::make_unique<AllDevices>(clock_); }

  // What `use` gives for the first set; the second must give the same.
  template <typename Use>
  auto OnAll(const char* what, Use use) {
    const auto first = use(*sets_[0]);
    if (sets_.size() == 2) {
      const auto second = use(*sets_[1]);
      Demand(first == second, "{}: {:x}, but {:x} after loading", what, first, second);
    }
    return first;
  }

  void Step() {
    const uint8_t what = input_.Byte();
    const unsigned bytes = 1u << ((what >> 6) % 3);
    switch (what % 12) {
      case 0:
      case 1:
      case 2:
        Read(kPorts[input_.Below(std::size(kPorts))], bytes);
        break;
      case 3:
      case 4:
      case 5:
        Write(kPorts[input_.Below(std::size(kPorts))], bytes);
        break;
      case 6:
        Read(input_.Take<uint16_t>(), bytes);
        break;
      case 7:
        Write(input_.Take<uint16_t>(), bytes);
        break;
      case 8:
        Wait(input_.Take<uint32_t>() % kLongestStepNs);
        break;
      case 9:
        Outside();
        break;
      case 10:
        Acknowledge();
        break;
      case 11:
        Rare();
        break;
    }
  }

  void Read(uint16_t port, unsigned bytes) {
    const uint64_t value =
        OnAll("read", [&](AllDevices& set) { return set.bus.ReadPort(port, bytes); });
    Demand(value >> (8 * bytes) == 0, "port {:x} gives {:x} in {} bytes", port, value, bytes);
  }

  void Write(uint16_t port, unsigned bytes) {
    const auto value = input_.Take<uint32_t>();
    for (auto& set : sets_) set->bus.WritePort(port, bytes, value);
  }

  // As the run loop: from event to event.
  void Wait(uint64_t ns) {
    const uint64_t end = clock_.now_ns + ns;
    while (true) {
      uint64_t next = end;
      for (const Device* device : sets_[0]->devices) {
        next = std::min(next, device->NextEventNs().value_or(end));
      }
      clock_.now_ns = std::max(clock_.now_ns, next);
      for (auto& set : sets_) {
        for (Device* device : set->devices) {
          device->AdvanceTo(clock_.now_ns);
          Demand(device->NextEventNs().value_or(UINT64_MAX) > clock_.now_ns,
                 "{} leaves an event due", device->name());
        }
      }
      if (clock_.now_ns >= end) break;
    }
  }

  void Keys(std::span<const uint8_t> bytes) {
    for (const uint8_t byte : bytes) {
      const KeyEvent event{.key = static_cast<Key>(byte % kKeyCount), .pressed = byte < 128};
      OnAll("key", [&](AllDevices& set) { return set.keyboard.PressKey(event) ? 1 : 0; });
    }
  }

  void Mouse(std::span<const uint8_t> bytes) {
    for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
      const MouseEvent event{.dx = static_cast<int8_t>(bytes[i]) * 8,
                             .dy = static_cast<int8_t>(bytes[i + 1]) * 8,
                             .wheel = static_cast<int8_t>(bytes[i + 2]),
                             .buttons = bytes[i + 3]};
      OnAll("mouse", [&](AllDevices& set) { return set.keyboard.MoveMouse(event) ? 1 : 0; });
    }
  }

  void Outside() {
    const uint8_t what = input_.Byte();
    const std::span<const uint8_t> bytes = input_.Bytes(what >> 3);
    if (what % 6 == 0) return Keys(bytes);
    if (what % 6 == 5) return Mouse(bytes);
    for (auto& set : sets_) {
      switch (what % 6) {
        case 1:
          set->com1.Receive(bytes);
          break;
        case 2:
          set->com1.ReceiveBreak();
          break;
        case 3:
          set->com1.SetModemInputs(what);
          break;
        case 4:
          set->acpi.PressPowerButton();
          break;
      }
    }
  }

  void Acknowledge() {
    OnAll("interrupt", [](AllDevices& set) {
      return set.pic.InterruptRequested() ? 0x100u + set.pic.Acknowledge() : 0u;
    });
  }

  void Rare() {
    if ((input_.Byte() & 1) != 0) {
      for (auto& set : sets_) {
        for (Device* device : set->devices) device->Reset();
      }
      return;
    }
    const std::vector<uint8_t> saved = sets_[0]->Save();
    sets_.resize(1);
    sets_.push_back(Make());
    const Status loaded = sets_[1]->Load(saved);
    Demand(loaded.has_value(), "own state refused: {}", loaded ? "" : loaded.error().message);
    Demand(sets_[1]->Save() == saved, "saves something else than was loaded");
  }

  FuzzInput input_;
  FakeClock clock_;
  std::vector<std::unique_ptr<AllDevices>> sets_;
};

}  // namespace
}  // namespace verbatim

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  verbatim::SetLogLevel(verbatim::LogLevel::kError);
  verbatim::Machine({data, size}).Run();
  return 0;
}
