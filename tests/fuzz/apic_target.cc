// SPDX-License-Identifier: Apache-2.0
// Whatever a guest writes to the local APIC, the I/O APIC and IA32_APIC_BASE, and however lines and
// time move: registers are doublewords, a vector is taken only when one is asked for and never one
// that is reserved, no event is left due, what was saved can be loaded, and the local APIC's
// registers are where the base says and nowhere else; switched off there, nothing comes of it.
#include <memory>
#include <optional>

#include "base/log.h"
#include "machine/apics.h"
#include "tests/devices/fakes.h"
#include "tests/fuzz/device_checks.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace verbatim {
namespace {

constexpr unsigned kMostSteps = 4000;
constexpr uint8_t kFirstLegalVector = 16;
constexpr uint32_t kSpurious = 0xF0;
constexpr uint64_t kBase = 0xFFFFFF000;  // the field of a processor with 36 bits of addresses

// Made once: the address map of a memory is large.
struct Board {
  FakeClock clock;
  std::unique_ptr<PhysicalMemory> memory =
      PhysicalMemory::Create(PhysicalMemory::kMinBytes).value();
  Apics apics{clock, *memory, [] {}};
};

Board& ResetBoard() {
  static Board board;
  board.clock.now_ns = 0;
  for (Device* device : board.apics.devices()) device->Reset();
  board.apics.OnApicBase(kApicBaseDefault | kApicBaseEnable);
  return board;
}

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
        WriteRegister(input_.Byte() * 16u, input_.Take<uint32_t>());
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
    Demand(on_, "an interrupt from an APIC that is switched off");
    const std::optional<uint8_t> vector = local_.Acknowledge();
    Demand(vector.has_value() || ext_int, "no vector, and the 8259s have none");
    Demand(!vector || *vector >= kFirstLegalVector, "the reserved vector {}", vector.value_or(0));
    Demand(local_.ReadMmio(kSpurious, 4) <= 0x3FF, "bits that do not exist");
  }

  // Accesses of any width to anywhere.
  void Odd(unsigned what) {
    if ((what & 1) == 0 && !IsLocal(base_)) return;
    MmioHandler& device = (what & 1) != 0 ? static_cast<MmioHandler&>(io_) : local_;
    AccessAnywhere(device, input_, what / 2 % 4, (what & 8) != 0, kPageBytes - 8);
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
    if (what % 4 == 2) {
      Rebase(uint64_t{input_.Take<uint32_t>()} << ((what & 0x10) != 0 ? 4 : 0));
      return;
    }
    for (Device* device : {static_cast<Device*>(&local_), static_cast<Device*>(&io_)}) {
      DemandLoadsAsSaved(*device);
    }
  }

  // The registers, if they are in the page.
  [[nodiscard]] bool IsLocal(uint64_t address) const {
    return board_.memory->DeviceAt({address}, false).handler == &local_ &&
           board_.memory->DeviceAt({address}, true).handler == &local_;
  }
  void Rebase(uint64_t value) {
    const uint64_t before = base_;
    base_ = value & kBase;
    on_ = (value & kApicBaseEnable) != 0;
    board_.apics.OnApicBase(base_ | (value & kApicBaseEnable));
    Demand(IsLocal(base_) == (on_ && base_ < AddressMap::kDecodedBytes), "not at {:#x}", base_);
    Demand(before == base_ || !IsLocal(before), "still at {:#x}", before);
    if (on_) return;
    Demand(local_.ReadMmio(kSpurious, 4) == 0xFF && !local_.NextEventNs(), "not as after a reset");
  }
  // A doubleword register, as the processor reaches it.
  void WriteRegister(uint32_t offset, uint32_t value) {
    board_.memory->Write({base_ + offset}, &value, sizeof value);
  }

  FuzzInput input_;
  Board& board_ = ResetBoard();
  FakeClock& clock_ = board_.clock;
  LocalApic& local_ = board_.apics.local();
  IoApic& io_ = board_.apics.io();
  uint64_t base_ = kApicBaseDefault;
  bool on_ = true;
};

}  // namespace
}  // namespace verbatim

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  verbatim::SetLogLevel(verbatim::LogLevel::kError);
  verbatim::ApicMachine(verbatim::FuzzInput(data, size)).Run();
  return 0;
}
