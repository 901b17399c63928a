// SPDX-License-Identifier: Apache-2.0
// Whatever a guest writes to the local APIC and the I/O APIC, and however lines and time move:
// registers are doublewords, a vector is taken only when one is asked for and never one that is
// reserved, no event is left due, and what was saved can be loaded.
#include <optional>
#include <vector>

#include "base/log.h"
#include "devices/io_apic.h"
#include "devices/local_apic.h"
#include "tests/devices/fakes.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace verbatim {
namespace {

constexpr unsigned kMostSteps = 4000;
constexpr uint8_t kFirstLegalVector = 16;
constexpr uint32_t kSpurious = 0xF0;
constexpr unsigned kSizes[] = {1, 2, 4, 8};

class ApicMachine {
 public:
  explicit ApicMachine(FuzzInput input) : input_(input) { local_.ConfigureAsFirmware(); }

  void Run() {
    for (unsigned step = 0; step < kMostSteps && !input_.AtEnd(); ++step) Step();
  }

 private:
  void Step() {
    const uint8_t what = input_.Byte();
    switch (what % 8) {
      case 0:
      case 1:
        // Mostly registers as they are meant to be accessed.
        local_.WriteMmio(input_.Byte() * 16u, 4, input_.Take<uint32_t>());
        break;
      case 2:
        io_.WriteMmio(0, 4, input_.Byte());
        io_.WriteMmio(0x10, 4, input_.Take<uint32_t>());
        break;
      case 3:
        io_.SetInput(what / 8 % IoApic::kInputs, (what & 0x80) != 0);
        break;
      case 4:
        clock_.now_ns += input_.Take<uint32_t>() >> what / 8;
        local_.AdvanceTo(clock_.now_ns);
        Demand(local_.NextEventNs().value_or(UINT64_MAX) > clock_.now_ns, "an event is left due");
        break;
      case 5:
        Interrupt((what & 0x80) != 0);
        break;
      case 6:
        Odd(what / 8);
        break;
      default:
        Rare(what / 8);
        break;
    }
  }

  // As the processor does it.
  void Interrupt(bool ext_int) {
    if (!local_.InterruptRequested(ext_int)) return;
    const std::optional<uint8_t> vector = local_.Acknowledge();
    Demand(vector.has_value() || ext_int, "no vector, and the 8259s have none");
    Demand(!vector || *vector >= kFirstLegalVector, "the reserved vector {}", vector.value_or(0));
    Demand(local_.ReadMmio(kSpurious, 4) <= 0x3FF, "bits that do not exist");
  }

  // Accesses of any width to anywhere.
  void Odd(unsigned what) {
    MmioHandler& device = (what & 1) != 0 ? static_cast<MmioHandler&>(io_) : local_;
    const unsigned bytes = kSizes[what / 2 % 4];
    const uint32_t offset = input_.Take<uint16_t>() % (kPageBytes - 8);
    if ((what & 8) != 0) {
      device.WriteMmio(offset, bytes, input_.Take<uint64_t>());
    } else {
      const uint64_t value = device.ReadMmio(offset, bytes);
      Demand(bytes == 8 || value >> 8 * bytes == 0, "{:x} in {} bytes", value, bytes);
    }
  }

  void Rare(unsigned what) {
    if (what % 4 == 0) {
      local_.Reset();
      return;
    }
    if (what % 4 == 1) {
      io_.Reset();
      return;
    }
    for (Device* device : {static_cast<Device*>(&local_), static_cast<Device*>(&io_)}) {
      const std::vector<uint8_t> saved = Saved(*device);
      StateReader reader(saved);
      Demand(device->Load(reader).has_value() && Saved(*device) == saved, "{}: not loaded as saved",
             device->name());
    }
  }

  FuzzInput input_;
  FakeClock clock_;
  LocalApic local_{
      clock_,
      {.on_eoi = [this](uint8_t vector) { io_.EndOfInterrupt(vector); }, .on_deadline = [] {}}};
  IoApic io_{[this](const ApicMessage& message) { local_.Deliver(message); }};
};

}  // namespace
}  // namespace verbatim

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  verbatim::SetLogLevel(verbatim::LogLevel::kError);
  verbatim::ApicMachine(verbatim::FuzzInput(data, size)).Run();
  return 0;
}
