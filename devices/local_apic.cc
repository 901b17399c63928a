// SPDX-License-Identifier: Apache-2.0
#include "devices/local_apic.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

// Registers by their number: offset / 10h (table 11-1).
enum Register : unsigned {
  kId = 0x02,
  kVersion = 0x03,
  kTaskPriority = 0x08,
  kArbitrationPriority = 0x09,
  kProcessorPriorityRegister = 0x0A,
  kEoi = 0x0B,
  kLogicalDestination = 0x0D,
  kDestinationFormat = 0x0E,
  kSpurious = 0x0F,
  kInService = 0x10,  // eight, as are the next two
  kTriggerMode = 0x18,
  kInterruptRequest = 0x20,
  kErrorStatus = 0x28,
  kCommandLow = 0x30,
  kCommandHigh = 0x31,
  kInitialCount = 0x38,
  kCurrentCountRegister = 0x39,
  kDivide = 0x3E,
};

// Timer, thermal, performance, LINT0, LINT1, error.
constexpr unsigned kFirstLvt = 0x32;

constexpr uint32_t kVersionAndLvts = 5u << 16 | 0x14;
constexpr uint32_t kSoftwareEnable = 0x100;
constexpr uint32_t kSpuriousWritable = 0x3FF;

constexpr uint32_t kLvtVector = 0xFF;
constexpr uint32_t kLvtMasked = 1u << 16;
constexpr uint32_t kLvtPeriodic = 1u << 17;
constexpr unsigned kLvtModeShift = 8;
constexpr uint32_t kLvtWritable[] = {0x300FF, 0x107FF, 0x107FF, 0x1A7FF, 0x1A7FF, 0x100FF};

enum DeliveryMode : uint8_t { kFixed = 0, kLowestPriority = 1, kExtInt = 7 };

constexpr uint32_t kSendIllegalVector = 1u << 5;
constexpr uint32_t kReceiveIllegalVector = 1u << 6;
constexpr uint32_t kIllegalRegister = 1u << 7;
constexpr uint8_t kFirstLegalVector = 16;

constexpr uint32_t kCommandWritable = 0x000CCFFF;
constexpr uint8_t kBroadcast = 0xFF;

unsigned ModeOf(uint32_t entry) { return entry >> kLvtModeShift & 7; }

}  // namespace

template <typename Archive, typename S>
void LocalApic::Visit(Archive& archive, S& state) {
  archive.Field("id", state.id);
  archive.Field("task_priority", state.task_priority);
  archive.Field("logical_id", state.logical_id);
  archive.Field("format", state.format);
  archive.Field("spurious", state.spurious, kSpuriousWritable);
  archive.Field("error_status", state.error_status);
  archive.Field("pending_errors", state.pending_errors);
  archive.Field("command_low", state.command_low, kCommandWritable);
  archive.Field("command_high", state.command_high);
  for (unsigned i = 0; i < kLvts; ++i) archive.Field("lvt", state.lvt[i], uint32_t{0x3FFFF});
  archive.Field("initial_count", state.initial_count);
  archive.Field("divide", state.divide, uint32_t{0xB});
  archive.Field("timer_start_ns", state.timer_start_ns);
  archive.Field("timer_runs", state.timer_runs);
  for (unsigned i = 0; i < kVectors / 32; ++i) {
    archive.Field("in_service", state.in_service[i]);
    archive.Field("trigger_level", state.trigger_level[i]);
    archive.Field("requested", state.requested[i]);
  }
}

LocalApic::LocalApic(const Clock& clock, Connections connections)
    : clock_(clock), connections_(std::move(connections)) {
  state_.lvt.fill(kLvtMasked);
}

void LocalApic::Reset() {
  state_ = State{};
  state_.lvt.fill(kLvtMasked);
  Update();
}

void LocalApic::ConfigureAsFirmware() {
  WriteRegister(kSpurious, kSoftwareEnable | 0xFF);
  WriteRegister(kFirstLvt + kLint0, kExtInt << kLvtModeShift);
  WriteRegister(kFirstLvt + kLint1, 4u << kLvtModeShift);
}

int LocalApic::Highest(const VectorSet& set) {
  for (int word = kVectors / 32 - 1; word >= 0; --word) {
    const uint32_t bits = set[static_cast<size_t>(word)];
    if (bits != 0) return word * 32 + 31 - std::countl_zero(bits);
  }
  return -1;
}

bool LocalApic::Enabled() const { return (state_.spurious & kSoftwareEnable) != 0; }

bool LocalApic::AcceptsExtInt() const {
  const uint32_t lint0 = state_.lvt[kLint0];
  return (lint0 & kLvtMasked) == 0 && ModeOf(lint0) == kExtInt;
}

// 11.8.3.1.
uint8_t LocalApic::ProcessorPriority() const {
  const int in_service = std::max(Highest(state_.in_service), 0);
  const auto service_class = static_cast<uint8_t>(in_service & 0xF0);
  return (state_.task_priority & 0xF0) >= service_class ? state_.task_priority : service_class;
}

void LocalApic::Update() {
  const int highest = Highest(state_.requested);
  pending_ = Enabled() && highest >= 0 && (highest & 0xF0) > (ProcessorPriority() & 0xF0);
}

std::optional<uint8_t> LocalApic::Acknowledge() {
  if (!pending_) return std::nullopt;
  const auto vector = static_cast<unsigned>(Highest(state_.requested));
  state_.requested[vector / 32] &= ~(1u << vector % 32);
  state_.in_service[vector / 32] |= 1u << vector % 32;
  Update();
  return static_cast<uint8_t>(vector);
}

void LocalApic::Request(uint8_t vector, bool level) {
  if (vector < kFirstLegalVector) return NoteError(kReceiveIllegalVector);
  const uint32_t bit = 1u << vector % 32;
  state_.requested[vector / 32] |= bit;
  uint32_t& trigger = state_.trigger_level[vector / 32];
  trigger = level ? trigger | bit : trigger & ~bit;
  Update();
}

// 11.6.2: the physical ID, or the logical one in the flat or the cluster model.
bool LocalApic::IsAddressedBy(const ApicMessage& message) const {
  if (message.destination == kBroadcast) return true;
  if (!message.logical) return message.destination == state_.id;
  const auto logical = static_cast<uint8_t>(state_.logical_id >> 24);
  if (state_.format >> 28 == 0xF) return (message.destination & logical) != 0;
  return message.destination >> 4 == logical >> 4 && (message.destination & logical & 0xF) != 0;
}

void LocalApic::Deliver(const ApicMessage& message) {
  if (!Enabled() || !IsAddressedBy(message)) return;
  if (message.delivery_mode == kFixed || message.delivery_mode == kLowestPriority) {
    Request(message.vector, message.level);
  } else {
    not_modelled_.Log(LogLevel::kWarning, "{}: message of delivery mode {} is not modelled", name(),
                      message.delivery_mode);
  }
}

void LocalApic::RaiseLvt(Lvt entry) {
  const uint32_t value = state_.lvt[entry];
  if ((value & kLvtMasked) == 0 && Enabled()) {
    Request(static_cast<uint8_t>(value & kLvtVector), false);
  }
}

void LocalApic::NoteError(uint32_t bit) {
  const bool first = (state_.pending_errors & bit) == 0;
  state_.pending_errors |= bit;
  // An error entry with an illegal vector must not raise an error by that.
  if (first && (state_.lvt[kError] & kLvtVector) >= kFirstLegalVector) RaiseLvt(kError);
}

void LocalApic::EndOfInterrupt() {
  const int highest = Highest(state_.in_service);
  if (highest < 0) return;
  const auto vector = static_cast<unsigned>(highest);
  const uint32_t bit = 1u << vector % 32;
  state_.in_service[vector / 32] &= ~bit;
  Update();
  if ((state_.trigger_level[vector / 32] & bit) != 0) {
    connections_.on_eoi(static_cast<uint8_t>(vector));
  }
}

// 11.6.1. There is no other processor to hear it.
void LocalApic::SendCommand() {
  const uint32_t command = state_.command_low;
  const unsigned shorthand = command >> 18 & 3;  // none, self, all, all but self
  ApicMessage message{.vector = static_cast<uint8_t>(command),
                      .delivery_mode = static_cast<uint8_t>(command >> 8 & 7),
                      .level = false,
                      .logical = (command & 1u << 11) != 0,
                      .destination = static_cast<uint8_t>(state_.command_high >> 24)};
  if (shorthand == 3) return;
  if (shorthand != 0) message.destination = kBroadcast;
  if (message.delivery_mode <= kLowestPriority && message.vector < kFirstLegalVector) {
    NoteError(kSendIllegalVector);
    return;
  }
  Deliver(message);
}

uint64_t LocalApic::PeriodNs() const {
  static_assert(kTimerHz == 1'000'000'000);
  // Divide values 0 to 7 of bits 3, 1 and 0 mean 2, 4, ... 128 and 1 (11.5.4).
  const unsigned code = (state_.divide & 3) | (state_.divide >> 1 & 4);
  const unsigned shift = (code + 1) & 7;
  return uint64_t{state_.initial_count} << shift;
}

uint32_t LocalApic::CurrentCount() const {
  if (!state_.timer_runs) return 0;
  const uint64_t period = PeriodNs();
  const uint64_t elapsed = clock_.NowNs() - state_.timer_start_ns;
  const bool periodic = (state_.lvt[kTimer] & kLvtPeriodic) != 0;
  if (elapsed >= period && !periodic) return 0;
  const uint64_t left = period - elapsed % period;
  return static_cast<uint32_t>(left / (period / state_.initial_count));
}

void LocalApic::StartTimer() {
  state_.timer_start_ns = clock_.NowNs();
  state_.timer_runs = state_.initial_count != 0;
  connections_.on_deadline();
}

std::optional<uint64_t> LocalApic::NextEventNs() const {
  if (!state_.timer_runs || (state_.lvt[kTimer] & kLvtMasked) != 0) return std::nullopt;
  return state_.timer_start_ns + PeriodNs();
}

void LocalApic::AdvanceTo(uint64_t now_ns) {
  if (!state_.timer_runs) return;
  const uint64_t period = PeriodNs();
  const uint64_t elapsed = now_ns - state_.timer_start_ns;
  if (now_ns < state_.timer_start_ns || elapsed < period) return;
  // Periods that were missed make one interrupt.
  if ((state_.lvt[kTimer] & kLvtPeriodic) != 0) {
    state_.timer_start_ns += elapsed / period * period;
  } else {
    state_.timer_runs = false;
  }
  RaiseLvt(kTimer);
}

uint32_t LocalApic::ReadRegister(unsigned index) const {
  if (index >= kInService && index < kErrorStatus) {
    const VectorSet& set = index < kTriggerMode        ? state_.in_service
                           : index < kInterruptRequest ? state_.trigger_level
                                                       : state_.requested;
    return set[index % 8];
  }
  if (index >= kFirstLvt && index < kFirstLvt + kLvts) return state_.lvt[index - kFirstLvt];
  switch (index) {
    case kId:
      return uint32_t{state_.id} << 24;
    case kVersion:
      return kVersionAndLvts;
    case kTaskPriority:
      return state_.task_priority;
    case kArbitrationPriority:
    case kProcessorPriorityRegister:
      return ProcessorPriority();
    case kLogicalDestination:
      return state_.logical_id;
    case kDestinationFormat:
      return state_.format;
    case kSpurious:
      return state_.spurious;
    case kErrorStatus:
      return state_.error_status;
    case kCommandLow:
      return state_.command_low;
    case kCommandHigh:
      return state_.command_high;
    case kInitialCount:
      return state_.initial_count;
    case kCurrentCountRegister:
      return CurrentCount();
    case kDivide:
      return state_.divide;
    default:
      return 0;
  }
}

void LocalApic::WriteRegister(unsigned index, uint32_t value) {
  if (index >= kFirstLvt && index < kFirstLvt + kLvts) {
    const unsigned entry = index - kFirstLvt;
    // What the timer has reached belongs to the entry as it was.
    if (entry == kTimer) AdvanceTo(clock_.NowNs());
    // Software-disabled, every entry stays masked (11.4.7.2).
    state_.lvt[entry] = (value & kLvtWritable[entry]) | (Enabled() ? 0 : kLvtMasked);
    if (entry == kTimer) connections_.on_deadline();
    return;
  }
  switch (index) {
    case kId:
      state_.id = static_cast<uint8_t>(value >> 24);
      break;
    case kTaskPriority:
      state_.task_priority = static_cast<uint8_t>(value);
      break;
    case kEoi:
      EndOfInterrupt();
      break;
    case kLogicalDestination:
      state_.logical_id = value & 0xFF000000;
      break;
    case kDestinationFormat:
      state_.format = value | 0x0FFFFFFF;
      break;
    case kSpurious:
      state_.spurious = value & kSpuriousWritable;
      if (!Enabled()) {
        for (uint32_t& entry : state_.lvt) entry |= kLvtMasked;
        connections_.on_deadline();
      }
      break;
    case kErrorStatus:
      state_.error_status = std::exchange(state_.pending_errors, 0u);
      break;
    case kCommandLow:
      state_.command_low = value & kCommandWritable;
      SendCommand();
      break;
    case kCommandHigh:
      state_.command_high = value & 0xFF000000;
      break;
    case kInitialCount:
      state_.initial_count = value;
      StartTimer();
      break;
    case kDivide:
      state_.divide = value & 0xB;
      if (state_.timer_runs) StartTimer();
      break;
    default:
      break;
  }
  Update();
}

uint64_t LocalApic::ReadMmio(uint32_t offset, unsigned bytes) {
  if (bytes != 4 || offset % 16 != 0) return 0;
  return ReadRegister(offset / 16);
}

void LocalApic::WriteMmio(uint32_t offset, unsigned bytes, uint64_t value) {
  if (bytes != 4 || offset % 16 != 0) return;
  if (offset / 16 > kDivide || offset < kId * 16) return NoteError(kIllegalRegister);
  WriteRegister(offset / 16, static_cast<uint32_t>(value));
}

void LocalApic::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  Visit(writer, state_);
}

Status LocalApic::Load(StateReader& reader) {
  State loaded;
  reader.Begin(name(), kStateVersion);
  Visit(reader, loaded);
  reader.Require(loaded.timer_start_ns <= clock_.NowNs(), "timer_start_ns", "a time in the past");
  reader.Require(!loaded.timer_runs || loaded.initial_count != 0, "timer_runs",
                 "a timer with a count");
  const Status status = reader.status();
  if (status) {
    state_ = loaded;
    Update();
  }
  return status;
}

}  // namespace verbatim
