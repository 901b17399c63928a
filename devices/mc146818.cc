// SPDX-License-Identifier: Apache-2.0
#include "devices/mc146818.h"

#include <algorithm>
#include <utility>

#include "devices/tick_rate.h"

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

constexpr uint16_t kIndexPort = 0x70;
constexpr uint8_t kNmiMask = 0x80;

enum Register : uint8_t {
  kSeconds = 0x00,
  kSecondsAlarm = 0x01,
  kMinutes = 0x02,
  kMinutesAlarm = 0x03,
  kHours = 0x04,
  kHoursAlarm = 0x05,
  kDayOfWeek = 0x06,
  kDayOfMonth = 0x07,
  kMonth = 0x08,
  kYear = 0x09,
  kRegisterA = 0x0A,
  kRegisterB = 0x0B,
  kRegisterC = 0x0C,
  kRegisterD = 0x0D,
  // PC/AT memory.
  kFloppyTypes = 0x10,
  kEquipment = 0x14,
  kBaseMemoryKib = 0x15,
  kExtendedMemoryKib = 0x17,
  kChecksum = 0x2E,
  kExtendedMemoryKibCopy = 0x30,
  kMemoryAbove16MibIn64Kib = 0x34,
  kBootThird = 0x38,  // high half
  kBootFirst = 0x3D,  // and second, in the high half
  kMemoryAbove4GibIn64Kib = 0x5B,
};

constexpr uint8_t kAUip = 0x80;
constexpr uint8_t kADividerMask = 0x70;
constexpr uint8_t kADivider32768 = 0x20;
constexpr uint8_t kARateMask = 0x0F;

constexpr uint8_t kBSet = 0x80;
constexpr uint8_t kBPie = 0x40;
constexpr uint8_t kBAie = 0x20;
constexpr uint8_t kBUie = 0x10;
constexpr uint8_t kBSqwe = 0x08;
constexpr uint8_t kBDm = 0x04;
constexpr uint8_t kB24 = 0x02;

constexpr uint8_t kCIrqf = 0x80;
constexpr uint8_t kCPf = 0x40;
constexpr uint8_t kCAf = 0x20;
constexpr uint8_t kCUf = 0x10;
constexpr uint8_t kCFlags = kCPf | kCAf | kCUf;

constexpr uint8_t kDVrt = 0x80;

constexpr uint8_t kAlarmDontCare = 0xC0;

constexpr uint64_t kUpdateLeadNs = 244'000;
constexpr uint64_t kUpdateNs = 1'984'000;
constexpr uint64_t kFirstUpdateNs = kNsPerSecond / 2;

using DividerTicks = TickRate<32768>;

}  // namespace

template <typename Archive, typename S>
void Mc146818::Visit(Archive& archive, S& state) {
  archive.Field("index", state.index, uint8_t{kBytes - 1});
  archive.Field("nmi_masked", state.nmi_masked);
  archive.Field("irq", state.irq);
  archive.Field("divider_offset_ns", state.divider_offset_ns);
  archive.Field("synced_age_ns", state.synced_age_ns);
  archive.Field("bytes", state.bytes);
}

Mc146818::Mc146818(const Clock& clock, IrqLine& irq8, const Config& config)
    : clock_(clock), irq8_(irq8) {
  state_.bytes[kRegisterA] = kADivider32768 | 6;  // 1024 Hz, as a BIOS leaves it
  state_.bytes[kRegisterB] = kB24;
  state_.bytes[kRegisterD] = kDVrt;
  StoreTime(RtcTime::FromUnixSeconds(config.unix_seconds));
  state_.synced_age_ns = Age(clock_.NowNs());
  EndSeconds(state_.synced_age_ns / kNsPerSecond);
  state_.bytes[kRegisterC] = 0;
  state_.bytes[kEquipment] = config.equipment;
  const auto& [first, second, third] = config.boot_order;
  state_.bytes[kBootFirst] = static_cast<uint8_t>(first | second << 4);
  state_.bytes[kBootThird] = static_cast<uint8_t>(third << 4);
  StoreMemorySizes(config);
  StoreChecksum();
}

void Mc146818::StoreMemorySizes(const Config& config) {
  constexpr uint64_t kKib = 1024;
  constexpr uint64_t kMib = 1024 * kKib;
  const auto above = [&](uint64_t start, uint64_t unit) {
    const uint64_t bytes =
        config.memory_below_4g_bytes > start ? config.memory_below_4g_bytes - start : 0;
    return std::min<uint64_t>(bytes / unit, 0xFFFF);
  };
  const auto store = [&](unsigned index, unsigned size, uint64_t value) {
    for (unsigned i = 0; i < size; ++i) {
      state_.bytes[index + i] = static_cast<uint8_t>(value >> (8 * i));
    }
  };
  store(kBaseMemoryKib, 2, std::min<uint64_t>(config.memory_below_4g_bytes / kKib, 640));
  store(kExtendedMemoryKib, 2, above(kMib, kKib));
  store(kExtendedMemoryKibCopy, 2, above(kMib, kKib));
  store(kMemoryAbove16MibIn64Kib, 2, above(16 * kMib, 64 * kKib));
  store(kMemoryAbove4GibIn64Kib, 3,
        std::min<uint64_t>(config.memory_above_4g_bytes / (64 * kKib), 0xFFFFFF));
}

void Mc146818::StoreFloppyTypes(uint8_t first, uint8_t second) {
  constexpr uint8_t kAnyDrive = 0x01;
  constexpr uint8_t kSecondDrive = 0x40;  // in bits 7-6 the number of drives less 1
  state_.bytes[kFloppyTypes] = static_cast<uint8_t>(first << 4 | second);
  uint8_t& equipment = state_.bytes[kEquipment];
  equipment &= static_cast<uint8_t>(~(kAnyDrive | 0xC0));
  if (first != 0 || second != 0) equipment |= kAnyDrive;
  if (second != 0) equipment |= kSecondDrive;
  StoreChecksum();
}

// The PC/AT's sum over 10h to 2Dh, stored high byte first.
void Mc146818::StoreChecksum() {
  unsigned sum = 0;
  for (unsigned i = kFloppyTypes; i < kChecksum; ++i) sum += state_.bytes[i];
  state_.bytes[kChecksum] = static_cast<uint8_t>(sum >> 8);
  state_.bytes[kChecksum + 1] = static_cast<uint8_t>(sum);
}

void Mc146818::Attach(PortBus& bus) { bus.Claim(kIndexPort, 2, 1, *this); }

bool Mc146818::DividerRuns() const {
  return (state_.bytes[kRegisterA] & kADividerMask) == kADivider32768;
}

bool Mc146818::Updating() const { return DividerRuns() && (state_.bytes[kRegisterB] & kBSet) == 0; }

uint64_t Mc146818::PeriodTicks() const {
  const unsigned rate = state_.bytes[kRegisterA] & kARateMask;
  if (rate == 0) return 0;
  // With the 32.768 kHz time base rates 1 and 2 equal 8 and 9.
  return uint64_t{1} << (rate <= 2 ? rate + 6 : rate - 1);
}

RtcFormat Mc146818::Format() const {
  return {.binary = (state_.bytes[kRegisterB] & kBDm) != 0,
          .hours_24 = (state_.bytes[kRegisterB] & kB24) != 0};
}

RtcTime Mc146818::Time() const {
  const RtcFormat format = Format();
  const auto& bytes = state_.bytes;
  return {.year = format.Decode(bytes[kCenturyRegister]) * 100 + format.Decode(bytes[kYear]),
          .month = format.Decode(bytes[kMonth]),
          .day = format.Decode(bytes[kDayOfMonth]),
          .weekday = format.Decode(bytes[kDayOfWeek]),
          .hour = format.DecodeHour(bytes[kHours]),
          .minute = format.Decode(bytes[kMinutes]),
          .second = format.Decode(bytes[kSeconds])};
}

void Mc146818::StoreTime(const RtcTime& time) {
  const RtcFormat format = Format();
  auto& bytes = state_.bytes;
  bytes[kCenturyRegister] = format.Encode(time.year / 100 % 100);
  bytes[kYear] = format.Encode(time.year % 100);
  bytes[kMonth] = format.Encode(time.month);
  bytes[kDayOfMonth] = format.Encode(time.day);
  bytes[kDayOfWeek] = format.Encode(time.weekday);
  bytes[kHours] = format.EncodeHour(time.hour);
  bytes[kMinutes] = format.Encode(time.minute);
  bytes[kSeconds] = format.Encode(time.second);
}

bool Mc146818::AlarmWithin(uint32_t second_of_day, uint64_t seconds) const {
  const RtcFormat format = Format();
  const auto matches = [](uint8_t alarm, uint8_t value) {
    return (alarm & kAlarmDontCare) == kAlarmDontCare || alarm == value;
  };
  // The alarm knows no date: after a day everything has been seen.
  const auto limit = static_cast<uint32_t>(std::min<uint64_t>(seconds, kSecondsPerDay));
  for (uint32_t i = 1; i <= limit; ++i) {
    const uint32_t second = (second_of_day + i) % kSecondsPerDay;
    if (matches(state_.bytes[kSecondsAlarm], format.Encode(second % 60)) &&
        matches(state_.bytes[kMinutesAlarm], format.Encode(second / 60 % 60)) &&
        matches(state_.bytes[kHoursAlarm], format.EncodeHour(second / 3600))) {
      return true;
    }
  }
  return false;
}

void Mc146818::EndSeconds(uint64_t seconds) {
  if (seconds == 0) return;
  const RtcTime time = Time();
  uint8_t& flags = state_.bytes[kRegisterC];
  if ((flags & kCAf) == 0 && AlarmWithin(time.SecondOfDay(), seconds)) flags |= kCAf;
  flags |= kCUf;
  StoreTime(time.After(seconds));
}

void Mc146818::Sync(uint64_t now_ns) {
  const uint64_t age = Age(now_ns);
  const uint64_t before = state_.synced_age_ns;
  if (age <= before) return;
  state_.synced_age_ns = age;
  if (!DividerRuns()) return;
  if (Updating()) EndSeconds(age / kNsPerSecond - before / kNsPerSecond);
  const uint64_t period = PeriodTicks();
  if (period != 0 &&
      DividerTicks::TicksAt(age) / period != DividerTicks::TicksAt(before) / period) {
    state_.bytes[kRegisterC] |= kCPf;
  }
  UpdateIrq();
}

void Mc146818::UpdateIrq() {
  // The enable bits of register B stand where the flags of register C do.
  const bool irq = (state_.bytes[kRegisterB] & state_.bytes[kRegisterC] & kCFlags) != 0;
  if (std::exchange(state_.irq, irq) != irq) irq8_.SetLevel(irq);
}

std::optional<uint64_t> Mc146818::NextEventNs() const {
  if (state_.irq || !DividerRuns()) return std::nullopt;
  const uint8_t enabled = state_.bytes[kRegisterB];
  std::optional<uint64_t> age;
  if (Updating() && (enabled & (kBUie | kBAie)) != 0) {
    age = (state_.synced_age_ns / kNsPerSecond + 1) * kNsPerSecond;
  }
  if (const uint64_t period = PeriodTicks(); period != 0 && (enabled & kBPie) != 0) {
    const uint64_t ticks = DividerTicks::TicksAt(state_.synced_age_ns);
    const uint64_t tick_age = DividerTicks::NsOf((ticks / period + 1) * period);
    age = std::min(age.value_or(tick_age), tick_age);
  }
  if (!age) return std::nullopt;
  return *age - state_.divider_offset_ns;
}

void Mc146818::AdvanceTo(uint64_t now_ns) { Sync(now_ns); }

void Mc146818::Reset() {
  Sync(clock_.NowNs());
  state_.bytes[kRegisterB] &= static_cast<uint8_t>(~(kBPie | kBAie | kBUie | kBSqwe));
  state_.bytes[kRegisterC] = 0;
  state_.nmi_masked = false;
  UpdateIrq();
}

uint32_t Mc146818::ReadPort(uint16_t port, unsigned /*bytes*/) {
  return port == kIndexPort ? 0xFF : ReadData();  // the index is write-only
}

void Mc146818::WritePort(uint16_t port, unsigned /*bytes*/, uint32_t value) {
  if (port == kIndexPort) {
    state_.index = value & (kBytes - 1);
    state_.nmi_masked = (value & kNmiMask) != 0;
  } else {
    WriteData(static_cast<uint8_t>(value));
  }
}

uint8_t Mc146818::ReadData() {
  Sync(clock_.NowNs());
  switch (state_.index) {
    case kRegisterA: {
      const bool uip = Updating() && state_.synced_age_ns % kNsPerSecond >=
                                         kNsPerSecond - kUpdateLeadNs - kUpdateNs;
      return static_cast<uint8_t>(state_.bytes[kRegisterA] | (uip ? kAUip : 0));
    }
    case kRegisterC: {
      const uint8_t flags = std::exchange(state_.bytes[kRegisterC], uint8_t{0});
      const uint8_t irqf = state_.irq ? kCIrqf : 0;
      UpdateIrq();
      return flags | irqf;
    }
    default:
      return state_.bytes[state_.index];
  }
}

void Mc146818::WriteRegisterA(uint8_t value) {
  const bool ran = DividerRuns();
  state_.bytes[kRegisterA] = value & ~kAUip & 0xFF;
  if (ran || !DividerRuns()) return;
  // Leaving divider reset: the next second ends in half a second.
  state_.divider_offset_ns = kNsPerSecond - kFirstUpdateNs - clock_.NowNs();
  state_.synced_age_ns = kNsPerSecond - kFirstUpdateNs;
}

void Mc146818::WriteData(uint8_t value) {
  Sync(clock_.NowNs());
  switch (state_.index) {
    case kRegisterA:
      WriteRegisterA(value);
      break;
    case kRegisterB:
      // SET ends the update in progress and its interrupt.
      state_.bytes[kRegisterB] =
          static_cast<uint8_t>((value & kBSet) != 0 ? value & ~kBUie : value);
      UpdateIrq();
      break;
    case kRegisterC:
    case kRegisterD:
      break;  // read only
    case kSeconds:
      state_.bytes[kSeconds] = value & 0x7F;  // bit 7 is read only
      break;
    default:
      state_.bytes[state_.index] = value;
      break;
  }
}

void Mc146818::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  Visit(writer, state_);
}

Status Mc146818::Load(StateReader& reader) {
  State loaded;
  reader.Begin(name(), kStateVersion);
  Visit(reader, loaded);
  reader.Require((loaded.bytes[kRegisterA] & kAUip) == 0 &&
                     (loaded.bytes[kRegisterC] & ~kCFlags) == 0 &&
                     loaded.bytes[kRegisterD] == kDVrt,
                 "bytes", "control registers without reserved bits");
  // The divider was started at most a second ahead of the clock, when it was released.
  const uint64_t now_ns = clock_.NowNs();
  const uint64_t age = now_ns + loaded.divider_offset_ns;
  reader.Require(age <= now_ns + kNsPerSecond, "divider_offset_ns", "a divider of possible age");
  reader.Require(loaded.synced_age_ns <= age, "synced_age_ns", "a time in the past");
  const Status status = reader.status();
  if (status) state_ = loaded;
  return status;
}

}  // namespace verbatim
