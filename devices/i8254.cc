// SPDX-License-Identifier: Apache-2.0
#include "devices/i8254.h"

#include <algorithm>

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 2;

constexpr uint16_t kCounter0 = 0x40;
constexpr uint16_t kControl = 0x43;

// Of slower rates the missed ticks are delivered later, a second's worth.
constexpr uint32_t kMostTicks = 2000;

constexpr unsigned kSelectReadBack = 3;
constexpr uint8_t kReadBackNoCount = 0x20;
constexpr uint8_t kReadBackNoStatus = 0x10;

constexpr std::array<const char*, I8254::kCounters> kSections = {
    "i8254 counter 0", "i8254 counter 1", "i8254 counter 2"};
constexpr std::array<const char*, I8254::kCounters> kTickFields = {"ticks0", "ticks1", "ticks2"};

}  // namespace

I8254::I8254(const Clock& clock, IrqLine& irq0) : clock_(clock), irq0_(irq0) {}

void I8254::Attach(PortBus& bus) { bus.Claim(kCounter0, 4, 1, *this); }

void I8254::Sync(unsigned counter, uint64_t ticks) {
  if (ticks <= ticks_[counter]) return;
  const uint64_t clocks = ticks - ticks_[counter];
  ticks_[counter] = ticks;
  const uint64_t rises = counter == 0 ? counters_[0].RisesWithin(clocks) : 0;
  counters_[counter].Advance(clocks);
  if (rises == 0) return;
  NoteMissed(rises - 1);
  RaiseIrq();
}

uint32_t I8254::MostMissed() const {
  constexpr uint32_t kShortestPeriod = kHz / kMostTicks;
  const std::optional<uint32_t> period = counters_[0].Period();
  return period && *period >= kShortestPeriod
             ? std::min(static_cast<uint32_t>(kHz / *period), kMostTicks - 1)
             : 0;
}

// A guest that has taken no tick for a second, with interrupts off or the line masked, would have
// lost them on any machine.
void I8254::NoteMissed(uint64_t rises) {
  const uint32_t most = MostMissed();
  untaken_ = std::min(untaken_ + 1, most + 1);
  missed_ = static_cast<uint32_t>(std::min<uint64_t>(missed_ + rises, most));
  if (untaken_ > most) ForgetMissed();
}

void I8254::TickTaken() {
  untaken_ = 0;
  if (missed_ == 0) return;
  --missed_;
  RaiseIrq();
}

void I8254::RaiseIrq() {
  irq0_.SetLevel(false);
  irq0_.SetLevel(true);
}

void I8254::SetGate2(bool high) {
  Sync(2, TicksNow());
  counters_[2].SetGate(high);
}

std::optional<uint64_t> I8254::NextEventNs() const {
  const std::optional<uint64_t> clocks = counters_[0].ClocksToRise();
  if (!clocks) return std::nullopt;
  return TickRate<kHz>::NsOf(ticks_[0] + *clocks);
}

void I8254::AdvanceTo(uint64_t now_ns) { Sync(0, TickRate<kHz>::TicksAt(now_ns)); }

void I8254::ShowProgrammedOutput(unsigned counter, bool out_before) {
  const bool out = counters_[counter].out();
  if (counter != 0 || out == out_before) return;
  if (out) {
    RaiseIrq();
  } else {
    irq0_.SetLevel(false);
  }
}

void I8254::WriteControl(uint8_t control) {
  const unsigned select = control >> 6;
  const uint64_t ticks = TicksNow();
  if (select == kSelectReadBack) {
    for (unsigned i = 0; i < kCounters; ++i) {
      if ((control >> (i + 1) & 1) == 0) continue;
      Sync(i, ticks);
      if ((control & kReadBackNoCount) == 0) counters_[i].LatchCount();
      if ((control & kReadBackNoStatus) == 0) counters_[i].LatchStatus();
    }
    return;
  }
  Sync(select, ticks);
  if ((control & 0x30) == 0) {
    counters_[select].LatchCount();
    return;
  }
  if (select == 0) ForgetMissed();
  const bool out_before = counters_[select].out();
  counters_[select].WriteControl(control & 0x3F);
  ShowProgrammedOutput(select, out_before);
}

uint32_t I8254::ReadPort(uint16_t port, unsigned /*bytes*/) {
  if (port == kControl) return 0xFF;  // the chip leaves its bus floating
  const unsigned counter = port - kCounter0;
  Sync(counter, TicksNow());
  return counters_[counter].ReadCount();
}

void I8254::WritePort(uint16_t port, unsigned /*bytes*/, uint32_t value) {
  const auto byte = static_cast<uint8_t>(value);
  if (port == kControl) {
    WriteControl(byte);
    return;
  }
  const unsigned counter = port - kCounter0;
  Sync(counter, TicksNow());
  if (counter == 0) ForgetMissed();
  const bool out_before = counters_[counter].out();
  counters_[counter].WriteCount(byte);
  ShowProgrammedOutput(counter, out_before);
}

void I8254::Reset() {
  for (I8254Counter& counter : counters_) {
    const bool gate = counter.gate();  // an input, which its driver resets
    counter = I8254Counter();
    counter.SetGate(gate);
  }
  ticks_.fill(TicksNow());
  missed_ = untaken_ = 0;
  irq0_.SetLevel(false);
}

void I8254::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  for (unsigned i = 0; i < kCounters; ++i) writer.Field(kTickFields[i], ticks_[i]);
  writer.Field("missed", missed_);
  writer.Field("untaken", untaken_);
  for (unsigned i = 0; i < kCounters; ++i) counters_[i].Save(writer, kSections[i]);
}

Status I8254::Load(StateReader& reader) {
  std::array<uint64_t, kCounters> ticks{};
  std::array<I8254Counter, kCounters> counters;
  reader.Begin(name(), kStateVersion);
  // A counter cannot be ahead of the clock.
  for (unsigned i = 0; i < kCounters; ++i) reader.Field(kTickFields[i], ticks[i], TicksNow());
  uint32_t missed = 0;
  uint32_t untaken = 0;
  reader.Field("missed", missed, kMostTicks);
  reader.Field("untaken", untaken, kMostTicks);
  for (unsigned i = 0; i < kCounters; ++i) {
    if (Status status = counters[i].Load(reader, kSections[i]); !status) return status;
  }
  counters_ = counters;
  ticks_ = ticks;
  missed_ = missed;
  untaken_ = untaken;
  return {};
}

}  // namespace verbatim
