// SPDX-License-Identifier: Apache-2.0
// Whatever a guest writes to the HPET, and however time and the lines that it replaces move: values
// within their width, no event left due, other registers than those of the specification unchanged,
// and a state that loads as it was saved.
#include <algorithm>
#include <optional>

#include "base/log.h"
#include "devices/hpet.h"
#include "tests/devices/fakes.h"
#include "tests/fuzz/device_checks.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace verbatim {
namespace {

constexpr unsigned kMostSteps = 4000;
constexpr unsigned kInputs = 24;  // of the I/O APIC

class Timers {
 public:
  explicit Timers(FuzzInput input) : input_(input) {}

  void Run() {
    for (unsigned step = 0; step < kMostSteps && !input_.AtEnd(); ++step) Step();
  }

 private:
  void Step() {
    const uint8_t what = input_.Byte();
    switch (what % 8) {
      case 0:
      case 1:
        // Registers as they are meant to be accessed: whole, or a half of one.
        hpet_.WriteMmio(input_.Byte() % 0x60u * 4, 4, input_.Take<uint32_t>());
        break;
      case 2:
        hpet_.WriteMmio(input_.Byte() % 0x30u * 8, 8, input_.Take<uint64_t>());
        break;
      case 3:
        hpet_.Replaced(what / 8 % 2).SetLevel((what & 0x80) != 0);
        break;
      case 4:
        Advance(input_.Take<uint32_t>() >> what / 8);
        break;
      case 5:
        AccessAnywhere(hpet_, input_, what / 8 % 4, (what / 8 & 4) != 0, kPageBytes);
        break;
      case 6:
        Demand(hpet_.ReadMmio(0, 4) == Hpet::kId, "another kind of HPET");
        break;
      default:
        Rare(what / 8);
        break;
    }
  }

  // To where it shall be, or to the very event: four of those can bring the end of time.
  void Advance(uint64_t by) {
    const std::optional<uint64_t> event = hpet_.NextEventNs();
    clock_.now_ns = by % 2 == 0 && event ? std::max(*event, clock_.now_ns)
                                         : clock_.now_ns + std::min(by, UINT64_MAX - clock_.now_ns);
    hpet_.AdvanceTo(clock_.now_ns);
    const std::optional<uint64_t> next = hpet_.NextEventNs();
    Demand(!next || *next > clock_.now_ns, "an event is left due");
  }

  void Rare(unsigned what) {
    if (what % 4 == 0) {
      hpet_.Reset();
      return;
    }
    DemandLoadsAsSaved(hpet_);
  }

  FuzzInput input_;
  FakeClock clock_;
  FakeIrqLine irq0_;
  FakeIrqLine irq8_;
  Hpet hpet_{clock_,
             {.legacy = {&irq0_, &irq8_},
              .set_input = [](unsigned input,
                              bool) { Demand(input < kInputs, "input {} of the I/O APIC", input); },
              .on_deadline = [] {}}};
};

}  // namespace
}  // namespace verbatim

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  verbatim::SetLogLevel(verbatim::LogLevel::kError);
  verbatim::Timers(verbatim::FuzzInput(data, size)).Run();
  return 0;
}
