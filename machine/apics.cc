// SPDX-License-Identifier: Apache-2.0
#include "machine/apics.h"

#include <utility>

namespace verbatim {
namespace {

constexpr unsigned kTimerIrq = 0;
constexpr unsigned kTimerInput = 2;
constexpr uint64_t kBaseField = ~uint64_t{kPageBytes - 1};

}  // namespace

Apics::Apics(const Clock& clock, PhysicalMemory& memory, std::function<void()> on_deadline)
    : memory_(memory),
      local_(clock, {.on_eoi = [this](uint8_t vector) { io_.EndOfInterrupt(vector); },
                     .on_deadline = std::move(on_deadline)}),
      io_([this](const ApicMessage& message) { local_.Deliver(message); }),
      registers_(memory.MakeProcessorRegisters(LocalApic::kBytes, &local_)) {
  memory.AddDevice(IoApic::kAddress, IoApic::kBytes, &io_);
}

void Apics::SetLine(unsigned irq, bool high) {
  io_.SetInput(irq == kTimerIrq ? kTimerInput : irq, high);
}

void Apics::OnApicBase(uint64_t value) {
  memory_.Remove(registers_);
  if ((value & kApicBaseEnable) == 0) {
    // Nothing reaches it until it is switched on again, which it is as after a reset. The 3-wire
    // bus of a P6 would need a reset of the machine for that (11.4.3); nothing here goes out of
    // step.
    local_.Reset();
    return;
  }
  const uint64_t base = value & kBaseField;
  if (base < AddressMap::kDecodedBytes) {
    memory_.Place(registers_, {base});
  } else {
    unreachable_.Log(LogLevel::kWarning, "{}: placed at {:#x}, where nothing answers",
                     local_.name(), base);
  }
}

}  // namespace verbatim
