// SPDX-License-Identifier: Apache-2.0
#include "devices/i8254_counter.h"

#include <utility>

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

constexpr uint8_t kStatusOut = 0x80;
constexpr uint8_t kStatusNullCount = 0x40;

uint16_t ToBcd(uint32_t value) {
  return static_cast<uint16_t>(value / 1000 % 10 << 12 | value / 100 % 10 << 8 |
                               value / 10 % 10 << 4 | value % 10);
}

uint32_t FromBcd(uint16_t digits) {
  return (digits >> 12) * 1000u + (digits >> 8 & 0xF) * 100u + (digits >> 4 & 0xF) * 10u +
         (digits & 0xFu);
}

}  // namespace

template <typename Archive, typename S>
void I8254Counter::Visit(Archive& archive, S& state) {
  archive.Field("mode", state.mode, uint8_t{5});
  archive.Field("access", state.access, Access::kLowThenHigh);
  archive.Field("bcd", state.bcd);
  archive.Field("gate", state.gate);
  archive.Field("out", state.out);
  archive.Field("loaded", state.loaded);
  archive.Field("load_pending", state.load_pending);
  archive.Field("has_count", state.has_count);
  archive.Field("armed", state.armed);
  archive.Field("null_count", state.null_count);
  archive.Field("write_high_next", state.write_high_next);
  archive.Field("read_high_next", state.read_high_next);
  archive.Field("status_latched", state.status_latched);
  archive.Field("latched_status", state.latched_status);
  archive.Field("latched_bytes", state.latched_bytes, uint8_t{2});
  archive.Field("written_low", state.written_low);
  archive.Field("latched_count", state.latched_count);
  archive.Field("reload", state.reload);
  archive.Field("value", state.value);
  archive.Field("period", state.period);
  archive.Field("elapsed", state.elapsed);
}

bool I8254Counter::Counting() const {
  if (!state_.loaded) return false;
  if (TriggeredByGate()) return true;
  // In mode 0 the first byte of a two-byte count stops the count.
  return state_.gate && !(state_.mode == 0 && state_.write_high_next);
}

void I8254Counter::LoadCount() {
  state_.load_pending = false;
  state_.loaded = true;
  state_.null_count = false;
  state_.armed = true;
  state_.value = state_.reload;
  state_.period = state_.reload;
  state_.elapsed = 0;
  if (state_.mode == 1) state_.out = false;
}

bool I8254Counter::Advance(uint64_t clocks) {
  if (clocks == 0) return false;
  bool rose = false;
  if (Strobe() && !state_.out) {
    // The strobe lasts one CLK.
    state_.out = true;
    rose = true;
  }
  if (state_.load_pending) {
    LoadCount();
    --clocks;
  }
  if (clocks == 0 || !Counting()) return rose;
  if (state_.mode == 2) return AdvanceRateGenerator(clocks) || rose;
  if (state_.mode == 3) return AdvanceSquareWave(clocks) || rose;
  return AdvanceOnce(clocks) || rose;
}

// Modes 0, 1, 4 and 5: OUT changes at the first terminal count; the count itself goes round.
bool I8254Counter::AdvanceOnce(uint64_t clocks) {
  const uint32_t modulus = Modulus();
  const uint32_t to_terminal = state_.value % modulus == 0 ? modulus : state_.value;
  bool rose = false;
  if (state_.armed && clocks >= to_terminal) {
    state_.armed = false;
    if (Strobe()) {
      rose = clocks > to_terminal;
      state_.out = rose;
    } else {
      state_.out = rose = true;
    }
  }
  state_.value = static_cast<uint32_t>((state_.value + modulus - clocks % modulus) % modulus);
  return rose;
}

// Mode 2: OUT is low while the count is 1; the next CLK reloads.
bool I8254Counter::AdvanceRateGenerator(uint64_t clocks) {
  bool rose = false;
  if (clocks >= state_.value) {
    rose = state_.value > 1 || !state_.out;
    clocks -= state_.value;
    rose = rose || (clocks >= state_.reload && state_.reload > 1);
    clocks %= state_.reload;
    state_.value = state_.period = state_.reload;
    state_.null_count = false;
  }
  state_.value -= static_cast<uint32_t>(clocks);
  state_.out = state_.value != 1 || state_.period == 1;
  return rose;
}

// Mode 3: OUT is high for the first half of the period, rounded up, and low for the rest.
bool I8254Counter::AdvanceSquareWave(uint64_t clocks) {
  bool rose = false;
  const uint32_t rest = HalfCycle(state_.period, state_.out) - state_.elapsed;
  if (clocks < rest) {
    state_.elapsed += static_cast<uint32_t>(clocks);
    return false;
  }
  clocks -= rest;
  state_.period = state_.reload;
  state_.null_count = false;
  if (state_.reload == 1) {
    rose = !state_.out;
    state_.out = true;
    state_.elapsed = 0;
    return rose;
  }
  state_.out = !state_.out;
  rose = state_.out || clocks >= state_.reload;
  clocks %= state_.reload;
  const uint32_t half = HalfCycle(state_.reload, state_.out);
  if (clocks >= half) {
    clocks -= half;
    state_.out = !state_.out;
    rose = rose || state_.out;
  }
  state_.elapsed = static_cast<uint32_t>(clocks);
  return rose;
}

std::optional<uint64_t> I8254Counter::ClocksToRise() const {
  if (Strobe() && !state_.out) return 1;
  const uint64_t to_load = state_.load_pending ? 1 : 0;
  if (to_load != 0 && !TriggeredByGate() && !state_.gate) return std::nullopt;
  if (to_load == 0 && !Counting()) return std::nullopt;
  if (Periodic()) {
    if (to_load != 0) {
      return state_.reload > 1 ? std::optional<uint64_t>(to_load + state_.reload) : std::nullopt;
    }
    if (state_.mode == 2) {
      if (state_.value > 1 || !state_.out) return state_.value;
      return state_.reload > 1 ? std::optional<uint64_t>(state_.value + state_.reload)
                               : std::nullopt;
    }
    const uint64_t rest = HalfCycle(state_.period, state_.out) - state_.elapsed;
    if (!state_.out) return rest;
    if (state_.reload > 1) {
      // From the illegal count 1, whose cycle has no low half, the next one starts low as well.
      return rest + HalfCycle(state_.reload, false);
    }
    return std::nullopt;
  }
  const uint64_t after_terminal = Strobe() ? 1 : 0;
  if (to_load != 0) return to_load + state_.reload + after_terminal;
  if (!state_.armed) return std::nullopt;
  const uint32_t to_terminal = state_.value % Modulus() == 0 ? Modulus() : state_.value;
  return to_terminal + after_terminal;
}

std::optional<uint32_t> I8254Counter::Period() const {
  return Periodic() && state_.reload > 1 ? std::optional(state_.reload) : std::nullopt;
}

uint64_t I8254Counter::RisesWithin(uint64_t clocks) const {
  const std::optional<uint64_t> first = ClocksToRise();
  if (!first || clocks < *first) return 0;
  const std::optional<uint32_t> period = Period();
  return 1 + (period ? (clocks - *first) / *period : 0);
}

bool I8254Counter::SetGate(bool high) {
  if (high == state_.gate) return false;
  state_.gate = high;
  bool rose = false;
  if (high) {
    if ((TriggeredByGate() || Periodic()) && state_.has_count) state_.load_pending = true;
  } else if (Periodic()) {
    rose = !state_.out;
    state_.out = true;
    // The gate's next rise starts a new cycle.
    state_.elapsed = 0;
  }
  return rose;
}

void I8254Counter::WriteControl(uint8_t control) {
  const bool gate = state_.gate;
  const uint8_t mode = control >> 1 & 7;
  State fresh;
  fresh.mode = mode > 5 ? mode & 3 : mode;  // the highest mode bit is "don't care" in modes 2, 3
  fresh.access = static_cast<Access>(control >> 4 & 3);
  fresh.bcd = (control & 1) != 0;
  fresh.gate = gate;
  fresh.out = fresh.mode != 0;
  state_ = fresh;
}

void I8254Counter::WriteCount(uint8_t value) {
  switch (state_.access) {
    case Access::kLow:
      CommitCount(value);
      break;
    case Access::kHigh:
      CommitCount(static_cast<uint16_t>(value << 8));
      break;
    case Access::kLowThenHigh:
      if (std::exchange(state_.write_high_next, !state_.write_high_next)) {
        CommitCount(static_cast<uint16_t>(value << 8 | state_.written_low));
      } else {
        state_.written_low = value;
        if (state_.mode == 0) state_.out = false;
      }
      break;
  }
}

void I8254Counter::CommitCount(uint16_t digits) {
  const uint32_t count = (state_.bcd ? FromBcd(digits) : digits) % Modulus();
  state_.reload = count == 0 ? Modulus() : count;
  state_.null_count = true;
  const bool first = !std::exchange(state_.has_count, true);
  if (state_.mode == 0) state_.out = false;
  // Modes 0 and 4 load with the next CLK, 1 and 5 at a trigger; 2 and 3 load the first count with
  // the next CLK and later ones at the end of the (half) cycle in progress.
  if (state_.mode == 0 || state_.mode == 4 || (first && Periodic())) state_.load_pending = true;
}

uint16_t I8254Counter::CurrentCount() const {
  uint32_t count = state_.value;
  if (state_.mode == 3 && state_.loaded) {
    count = state_.period == 1 ? 1 : (state_.period & ~1u) - 2 * state_.elapsed;
  }
  count %= Modulus();
  return state_.bcd ? ToBcd(count) : static_cast<uint16_t>(count);
}

void I8254Counter::LatchCount() {
  if (state_.latched_bytes != 0) return;
  state_.latched_count = CurrentCount();
  state_.latched_bytes = state_.access == Access::kLowThenHigh ? 2 : 1;
}

void I8254Counter::LatchStatus() {
  if (state_.status_latched) return;
  state_.status_latched = true;
  state_.latched_status = static_cast<uint8_t>(
      (state_.out ? kStatusOut : 0) | (state_.null_count ? kStatusNullCount : 0) |
      static_cast<unsigned>(state_.access) << 4 | state_.mode << 1 | (state_.bcd ? 1 : 0));
}

uint8_t I8254Counter::ReadCount() {
  if (std::exchange(state_.status_latched, false)) return state_.latched_status;
  const uint16_t count = state_.latched_bytes != 0 ? state_.latched_count : CurrentCount();
  bool high = state_.access == Access::kHigh;
  if (state_.access == Access::kLowThenHigh) {
    high = std::exchange(state_.read_high_next, !state_.read_high_next);
  }
  if (state_.latched_bytes != 0) --state_.latched_bytes;
  return static_cast<uint8_t>(high ? count >> 8 : count);
}

void I8254Counter::Save(StateWriter& writer, std::string_view section) const {
  writer.Begin(section, kStateVersion);
  Visit(writer, state_);
}

Status I8254Counter::Load(StateReader& reader, std::string_view section) {
  I8254Counter loaded;
  State& state = loaded.state_;
  reader.Begin(section, kStateVersion);
  Visit(reader, state);
  const uint32_t modulus = loaded.Modulus();
  reader.Require(state.access != Access{}, "access", "1 to 3");
  reader.Require(state.reload <= modulus && (state.reload != 0 || !state.has_count), "reload",
                 "a count of the counter's mode");
  reader.Require(state.has_count || (!state.loaded && !state.load_pending), "has_count",
                 "true once a count is loaded");
  reader.Require(state.value <= modulus && (state.value != 0 || state.mode != 2 || !state.loaded),
                 "value", "a count of the counter's mode");
  reader.Require(state.period <= modulus && (state.period != 0 || !state.loaded), "period",
                 "a count of the counter's mode");
  reader.Require(state.mode != 3 || !state.loaded || state.elapsed == 0 ||
                     state.elapsed < loaded.HalfCycle(state.period, state.out),
                 "elapsed", "less than half the period");
  reader.Require(state.mode != 3 || !state.loaded || state.out || state.period > 1, "out",
                 "high for a count of 1");
  const Status status = reader.status();
  if (status) state_ = state;
  return status;
}

}  // namespace verbatim
