// SPDX-License-Identifier: Apache-2.0
#include "machine/apics.h"

#include <utility>

namespace verbatim {
namespace {

constexpr unsigned kTimerIrq = 0;
constexpr unsigned kTimerInput = 2;

}  // namespace

Apics::Apics(const Clock& clock, PhysicalMemory& memory, std::function<void()> on_deadline)
    : local_(clock, {.on_eoi = [this](uint8_t vector) { io_.EndOfInterrupt(vector); },
                     .on_deadline = std::move(on_deadline)}),
      io_([this](const ApicMessage& message) { local_.Deliver(message); }) {
  memory.AddDevice(LocalApic::kAddress, LocalApic::kBytes, &local_);
  memory.AddDevice(IoApic::kAddress, IoApic::kBytes, &io_);
}

void Apics::SetLine(unsigned irq, bool high) {
  io_.SetInput(irq == kTimerIrq ? kTimerInput : irq, high);
}

}  // namespace verbatim
