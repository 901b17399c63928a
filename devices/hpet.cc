// SPDX-License-Identifier: Apache-2.0
#include "devices/hpet.h"

#include <utility>

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

// Registers of 64 bits, by offset (table 2).
enum Register : uint32_t {
  kCapabilities = 0x000,
  kConfiguration = 0x010,
  kInterruptStatus = 0x020,
  kMainCounter = 0x0F0,
  kFirstTimer = 0x100,
};
constexpr uint32_t kTimerBytes = 0x20;
constexpr uint32_t kTimerConfiguration = 0x00;
constexpr uint32_t kTimerComparator = 0x08;

constexpr uint64_t kFemtosecondsPerSecond = 1'000'000'000'000'000;
constexpr uint64_t kPeriodFs = (kFemtosecondsPerSecond + Hpet::kHz / 2) / Hpet::kHz;
static_assert(kPeriodFs <= 0x05F5E100);  // the longest that 2.3.4 allows

constexpr uint8_t kEnable = 1 << 0;
constexpr uint8_t kLegacyReplacement = 1 << 1;

// Timer configuration (2.3.8).
constexpr uint64_t kLevelTriggered = 1 << 1;
constexpr uint64_t kInterruptEnable = 1 << 2;
constexpr uint64_t kPeriodic = 1 << 3;
constexpr uint64_t kPeriodicCapable = 1 << 4;
constexpr uint64_t k64BitCapable = 1 << 5;
constexpr uint64_t kValueSet = 1 << 6;
constexpr uint64_t k32BitMode = 1 << 8;
constexpr unsigned kRouteShift = 9;
constexpr uint64_t kRouteMask = uint64_t{0x1F} << kRouteShift;
constexpr uint64_t kReadBack =
    kLevelTriggered | kInterruptEnable | kPeriodic | k32BitMode | kRouteMask;
constexpr uint64_t kTimerCapabilities =
    uint64_t{Hpet::kRoutes} << 32 | kPeriodicCapable | k64BitCapable;

// Of the oscillator, while the guest clock can count its nanoseconds: after 584 years.
constexpr uint64_t kLastTick = TickRate<Hpet::kHz>::TicksAt(UINT64_MAX);

unsigned RouteOf(uint64_t config) {
  return static_cast<unsigned>((config & kRouteMask) >> kRouteShift);
}
bool HasRoute(uint64_t config) { return (Hpet::kRoutes >> RouteOf(config) & 1) != 0; }

}  // namespace

template <typename Archive, typename S>
void Hpet::Visit(Archive& archive, S& state) {
  archive.Field("ticks", state.ticks);
  archive.Field("counter", state.counter);
  archive.Field("config", state.config, uint8_t{kEnable | kLegacyReplacement});
  archive.Field("status", state.status, uint8_t{(1 << kTimers) - 1});
  archive.Field("edges", state.edges, uint8_t{(1 << kLegacyLines) - 1});
  archive.Field("replaced", state.replaced, uint8_t{(1 << kLegacyLines) - 1});
  archive.Field("inputs", state.inputs, uint32_t{kRoutes});
  for (unsigned i = 0; i < kTimers; ++i) {
    archive.Field("timer_config", state.timers[i].config);
    archive.Field("comparator", state.timers[i].comparator);
    archive.Field("period", state.timers[i].period);
  }
}

Hpet::Hpet(const Clock& clock, Connections connections)
    : clock_(clock), connections_(std::move(connections)) {
  for (unsigned line = 0; line < kLegacyLines; ++line) replaced_[line].Connect(*this, line);
}

uint64_t Hpet::Timer::Mask() const { return (config & k32BitMode) != 0 ? UINT32_MAX : UINT64_MAX; }

std::optional<uint64_t> Hpet::Timer::ClocksToMatch(uint64_t counter) const {
  const uint64_t clocks = (comparator - counter) & Mask();
  if (clocks != 0) return clocks;
  return Mask() == UINT64_MAX ? std::nullopt : std::optional(Mask() + 1);
}

bool Hpet::Timer::Advance(uint64_t counter, uint64_t clocks) {
  const std::optional<uint64_t> first = ClocksToMatch(counter);
  if (!first || *first > clocks) return false;
  if ((config & kPeriodic) != 0 && period != 0) {
    const uint64_t matches = 1 + (clocks - *first) / period;
    comparator = (comparator + matches * period) & Mask();
  }
  return true;
}

void Hpet::Timer::WriteConfig(uint64_t value) {
  const uint64_t route = HasRoute(value) ? value & kRouteMask : config & kRouteMask;
  const bool set_value = (value & (kPeriodic | kValueSet)) == (kPeriodic | kValueSet);
  config = (value & kReadBack & ~kRouteMask) | route | (set_value ? kValueSet : 0);
  comparator &= Mask();
  period &= Mask();
}

// 2.3.9.2.2: in periodic mode the period is written, and with VAL_SET the next match as well.
void Hpet::Timer::WriteComparator(uint64_t value, uint64_t written) {
  const bool periodic = (config & kPeriodic) != 0;
  const auto merge = [&](uint64_t& to) { to = ((to & ~written) | (value & written)) & Mask(); };
  if (periodic) merge(period);
  if (!periodic || (config & kValueSet) != 0) merge(comparator);
  config &= ~kValueSet;
}

bool Hpet::Enabled() const { return (state_.config & kEnable) != 0; }

bool Hpet::IsLegacy(unsigned timer) const {
  return timer < kLegacyLines && (state_.config & kLegacyReplacement) != 0;
}

bool Hpet::CanInterrupt(unsigned timer) const {
  const uint64_t config = state_.timers[timer].config;
  return Enabled() && (config & kInterruptEnable) != 0 && (IsLegacy(timer) || HasRoute(config));
}

bool Hpet::IsAsking(unsigned timer) const {
  return CanInterrupt(timer) && (state_.status >> timer & 1) != 0;
}

void Hpet::SetReplaced(unsigned line, bool high) {
  const auto bit = static_cast<uint8_t>(1u << line);
  state_.replaced = static_cast<uint8_t>(high ? state_.replaced | bit : state_.replaced & ~bit);
  if (!IsLegacy(line)) connections_.legacy[line]->SetLevel(high);
}

void Hpet::UpdateLines() {
  uint32_t inputs = 0;
  for (unsigned timer = 0; timer < kTimers; ++timer) {
    if (!IsLegacy(timer) && IsAsking(timer)) inputs |= 1u << RouteOf(state_.timers[timer].config);
  }
  const uint32_t changed = std::exchange(state_.inputs, inputs) ^ inputs;
  for (unsigned input = 0; input < 32; ++input) {
    if ((changed >> input & 1) != 0) connections_.set_input(input, (inputs >> input & 1) != 0);
  }
  for (unsigned line = 0; line < kLegacyLines; ++line) {
    const auto bit = static_cast<uint8_t>(1u << line);
    const bool level = (state_.timers[line].config & kLevelTriggered) != 0;
    if (!IsLegacy(line) || !CanInterrupt(line) || level) {
      state_.edges = static_cast<uint8_t>(state_.edges & ~bit);
    }
    const bool own = IsAsking(line) || (state_.edges & bit) != 0;
    connections_.legacy[line]->SetLevel(IsLegacy(line) ? own : (state_.replaced & bit) != 0);
  }
}

void Hpet::Match(unsigned timer) {
  const uint64_t config = state_.timers[timer].config;
  const auto bit = static_cast<uint8_t>(1u << timer);
  if ((config & kLevelTriggered) != 0) {
    state_.status |= bit;
    UpdateLines();
  } else if (CanInterrupt(timer) && IsLegacy(timer)) {
    connections_.legacy[timer]->SetLevel(false);
    connections_.legacy[timer]->SetLevel(true);
    state_.edges |= bit;
  } else if (CanInterrupt(timer) && (state_.inputs >> RouteOf(config) & 1) == 0) {
    connections_.set_input(RouteOf(config), true);
    connections_.set_input(RouteOf(config), false);
  }
}

void Hpet::Sync(uint64_t ticks) {
  if (ticks <= state_.ticks) return;
  const uint64_t clocks = ticks - std::exchange(state_.ticks, ticks);
  if (!Enabled()) return;
  const uint64_t counter = state_.counter;
  state_.counter += clocks;
  for (unsigned timer = 0; timer < kTimers; ++timer) {
    if (state_.timers[timer].Advance(counter, clocks)) Match(timer);
  }
}

std::optional<uint64_t> Hpet::NextEventNs() const {
  std::optional<uint64_t> next;
  for (unsigned timer = 0; timer < kTimers; ++timer) {
    // What asks already makes no difference until the guest has answered it.
    if (!CanInterrupt(timer) || IsAsking(timer)) continue;
    const std::optional<uint64_t> clocks = state_.timers[timer].ClocksToMatch(state_.counter);
    if (clocks && *clocks <= next.value_or(kLastTick - state_.ticks)) next = clocks;
  }
  return next ? std::optional(TickRate<kHz>::NsOf(state_.ticks + *next)) : std::nullopt;
}

void Hpet::AdvanceTo(uint64_t now_ns) { Sync(TickRate<kHz>::TicksAt(now_ns)); }

uint64_t Hpet::ReadTimer(const Timer& timer, uint32_t offset) const {
  if (offset == kTimerConfiguration) return kTimerCapabilities | (timer.config & kReadBack);
  return offset == kTimerComparator ? timer.comparator : 0;
}

uint64_t Hpet::ReadRegister(uint32_t offset) {
  Sync(TicksNow());
  if (offset >= kFirstTimer) {
    const uint32_t timer = (offset - kFirstTimer) / kTimerBytes;
    return timer < kTimers ? ReadTimer(state_.timers[timer], offset % kTimerBytes) : 0;
  }
  switch (offset) {
    case kCapabilities:
      return kPeriodFs << 32 | kId;
    case kConfiguration:
      return state_.config;
    case kInterruptStatus:
      return state_.status;
    case kMainCounter:
      return state_.counter;
    default:
      return 0;
  }
}

void Hpet::WriteRegister(uint32_t offset, uint64_t value, uint64_t written) {
  if (offset >= kFirstTimer) {
    const uint32_t index = (offset - kFirstTimer) / kTimerBytes;
    if (index >= kTimers) return;
    Timer& timer = state_.timers[index];
    if (offset % kTimerBytes == kTimerComparator) timer.WriteComparator(value, written);
    // All writable bits are in the low half.
    if (offset % kTimerBytes == kTimerConfiguration && (written & 1) != 0) timer.WriteConfig(value);
    if ((timer.config & kLevelTriggered) == 0) {
      state_.status = static_cast<uint8_t>(state_.status & ~(1u << index));
    }
  } else if (offset == kConfiguration && (written & 1) != 0) {
    state_.config = static_cast<uint8_t>(value & (kEnable | kLegacyReplacement));
  } else if (offset == kInterruptStatus) {
    state_.status = static_cast<uint8_t>(state_.status & ~(value & written));
  } else if (offset == kMainCounter) {
    state_.counter = (state_.counter & ~written) | (value & written);
  }
}

uint64_t Hpet::ReadMmio(uint32_t offset, unsigned bytes) {
  if (bytes < 4 || offset % bytes != 0) return 0;
  const uint64_t value = ReadRegister(offset & ~7u) >> (offset % 8 * 8);
  return bytes == 4 ? static_cast<uint32_t>(value) : value;
}

void Hpet::WriteMmio(uint32_t offset, unsigned bytes, uint64_t value) {
  if (bytes < 4 || offset % bytes != 0) return;
  Sync(TicksNow());
  const unsigned shift = offset % 8 * 8;
  const uint64_t written = bytes == 4 ? uint64_t{UINT32_MAX} << shift : UINT64_MAX;
  WriteRegister(offset & ~7u, value << shift, written);
  UpdateLines();
  connections_.on_deadline();
}

void Hpet::Reset() {
  const uint8_t replaced = state_.replaced;  // inputs, which their drivers reset
  const uint32_t inputs = state_.inputs;
  state_ = State{};
  state_.ticks = TicksNow();
  state_.replaced = replaced;
  state_.inputs = inputs;
  UpdateLines();
}

void Hpet::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  Visit(writer, state_);
}

Status Hpet::Load(StateReader& reader) {
  State loaded;
  reader.Begin(name(), kStateVersion);
  Visit(reader, loaded);
  reader.Require(loaded.ticks <= TicksNow(), "ticks", "a time in the past");
  for (unsigned i = 0; i < kTimers; ++i) {
    const Timer& timer = loaded.timers[i];
    reader.Require((loaded.status >> i & 1) == 0 || (timer.config & kLevelTriggered) != 0, "status",
                   "level-triggered timers");
    const bool periodic = (timer.config & kPeriodic) != 0;
    reader.Require((timer.config & ~(kReadBack | kValueSet)) == 0 &&
                       (periodic || (timer.config & kValueSet) == 0) &&
                       (HasRoute(timer.config) || RouteOf(timer.config) == 0),
                   "timer_config", "what a guest can have written");
    reader.Require(((timer.comparator | timer.period) & ~timer.Mask()) == 0, "comparator",
                   "the bits that the timer has");
  }
  const Status status = reader.status();
  if (status) state_ = loaded;
  return status;
}

}  // namespace verbatim
