// SPDX-License-Identifier: Apache-2.0
#include "devices/acpi_pm.h"

#include <utility>

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 3;

constexpr uint16_t kSmiDataPort = kSmiCommandPort + 1;

constexpr unsigned kPm1EnableOffset = kPm1EventOffset + 2;
constexpr unsigned kPm1ControlBytes = 2;
constexpr unsigned kPmTimerBytes = 4;
constexpr unsigned kChipControlOffset = 0x10;
// The bits that the registers from 10h on keep: PCNTRL, GLBEN, GLBCTL, DEVCTL and GPOREG (7.2).
struct KeptBits {
  unsigned offset;
  uint32_t bits;
};
constexpr KeptBits kKept[] = {{0x10, 0x0001FFFF},
                              {0x20, 0x00008F0F},
                              {0x28, 0x07FFFF07},
                              {0x2C, 0x0FFFFFFF},
                              {0x34, 0x7FFFFFFF}};

uint8_t KeptBitsAt(unsigned offset) {
  for (const KeptBits& kept : kKept) {
    const unsigned byte = offset - kept.offset;
    if (byte < 4) return static_cast<uint8_t>(kept.bits >> (8 * byte));
  }
  return 0;
}

// PM1 status and enable registers.
constexpr uint16_t kTimer = 0x0001;        // TMR_STS, TMR_EN
constexpr uint16_t kGlobal = 0x0020;       // GBL_STS, GBL_EN
constexpr uint16_t kPowerButton = 0x0100;  // PWRBTN_STS, PWRBTN_EN
constexpr uint16_t kSleepButton = 0x0200;
constexpr uint16_t kRtc = 0x0400;
constexpr uint16_t kEnableMask = kTimer | kGlobal | kPowerButton | kSleepButton | kRtc;

// PM1 control register.
constexpr uint16_t kSciEnable = 0x0001;
constexpr uint16_t kBusMasterReload = 0x0002;
constexpr unsigned kSleepTypeShift = 10;
constexpr uint16_t kSleepType = 0x1C00;
constexpr uint16_t kSleepEnable = 0x2000;
constexpr uint16_t kControlStored = kSciEnable | kBusMasterReload | kSleepType;

uint16_t ReplaceByte(uint16_t word, bool high, uint8_t byte) {
  return static_cast<uint16_t>(high ? (word & 0x00FF) | byte << 8 : (word & 0xFF00) | byte);
}

}  // namespace

template <typename Archive, typename S>
void AcpiPm::Visit(Archive& archive, S& state) {
  archive.Field("status", state.status, kEnableMask);
  archive.Field("enable", state.enable, kEnableMask);
  archive.Field("control", state.control, kControlStored);
  archive.Field("smi_command", state.smi_command);
  archive.Field("smi_data", state.smi_data);
  archive.Field("half_periods", state.half_periods);
  archive.Field("sci", state.sci);
  archive.Field("rtc_line", state.rtc_line);
  archive.Field("chip_control", state.chip_control);
}

AcpiPm::AcpiPm(const Clock& clock, IrqLine& sci, PowerOffRequest& power, Config config)
    : clock_(clock), sci_(sci), power_(power), config_(config) {}

void AcpiPm::Attach(PortBus& bus) {
  bus_ = &bus;
  range_ = bus.ClaimMovable(kPorts, 4, *this);
  bus.Claim(kSmiCommandPort, 2, 1, *this);
}

void AcpiPm::Place(std::optional<uint16_t> first_port) {
  first_port_ = first_port;
  if (bus_ != nullptr) bus_->Place(range_, first_port);
}

void AcpiPm::Reset() {
  const bool sci = state_.sci;
  const bool rtc_line = state_.rtc_line;
  state_ = State{};
  state_.sci = sci;
  state_.rtc_line = rtc_line;
  state_.half_periods = TimerRate::TicksAt(clock_.NowNs()) >> HighestBit();
  UpdateSci();
}

uint32_t AcpiPm::TimerValue() const {
  const auto ticks = static_cast<uint32_t>(TimerRate::TicksAt(clock_.NowNs()));
  return config_.timer_32bit ? ticks : ticks & 0xFFFFFF;
}

void AcpiPm::Sync(uint64_t now_ns) {
  const uint64_t half_periods = TimerRate::TicksAt(now_ns) >> HighestBit();
  if (half_periods <= state_.half_periods) return;
  state_.half_periods = half_periods;
  state_.status |= kTimer;
  UpdateSci();
}

void AcpiPm::UpdateSci() {
  const bool sci =
      (state_.control & kSciEnable) != 0 && (state_.status & state_.enable & kEnableMask) != 0;
  if (std::exchange(state_.sci, sci) != sci) sci_.SetLevel(sci);
}

std::optional<uint64_t> AcpiPm::NextEventNs() const {
  if ((state_.control & kSciEnable) == 0 || (state_.enable & kTimer) == 0 ||
      (state_.status & kTimer) != 0) {
    return std::nullopt;
  }
  return TimerRate::NsOf((state_.half_periods + 1) << HighestBit());
}

void AcpiPm::AdvanceTo(uint64_t now_ns) { Sync(now_ns); }

void AcpiPm::SetRtcLine(bool high) {
  if (high && !state_.rtc_line) state_.status |= kRtc;
  state_.rtc_line = high;
  UpdateSci();
}

void AcpiPm::PressPowerButton() {
  state_.status |= kPowerButton;
  UpdateSci();
}

uint32_t AcpiPm::ReadPort(uint16_t port, unsigned bytes) {
  if (port == kSmiCommandPort) return state_.smi_command;
  if (port == kSmiDataPort) return state_.smi_data;
  const unsigned offset = port - first_port_.value_or(port);
  // All bytes of the timer at one time.
  if (offset >= kPmTimerOffset && offset + bytes <= kPmTimerOffset + kPmTimerBytes) {
    const uint32_t value = TimerValue() >> (8 * (offset - kPmTimerOffset));
    return bytes == 4 ? value : value & ((1u << (8 * bytes)) - 1);
  }
  uint32_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) value |= uint32_t{ReadByte(offset + i)} << (8 * i);
  return value;
}

uint8_t AcpiPm::ReadByte(unsigned offset) {
  if (offset >= kChipControlOffset) {
    const unsigned index = offset - kChipControlOffset;
    return index < kControlBytes ? state_.chip_control[index] : 0;
  }
  if (offset >= kPmTimerOffset + kPmTimerBytes) return 0;
  if (offset >= kPmTimerOffset) {
    return static_cast<uint8_t>(TimerValue() >> (8 * (offset - kPmTimerOffset)));
  }
  if (offset >= kPm1ControlOffset + kPm1ControlBytes) return 0;
  Sync(clock_.NowNs());
  uint16_t value = state_.control;
  if (offset < kPm1EnableOffset) {
    value = state_.status;
  } else if (offset < kPm1ControlOffset) {
    value = state_.enable;
  }
  return static_cast<uint8_t>((offset & 1) != 0 ? value >> 8 : value);
}

void AcpiPm::WritePort(uint16_t port, unsigned bytes, uint32_t value) {
  if (port == kSmiCommandPort) return WriteSmiCommand(static_cast<uint8_t>(value));
  if (port == kSmiDataPort) {
    state_.smi_data = static_cast<uint8_t>(value);
    return;
  }
  const unsigned offset = port - first_port_.value_or(port);
  if (offset == kPm1ControlOffset && bytes >= kPm1ControlBytes) {
    WriteControl(static_cast<uint16_t>(value));  // type and enable of a sleep at one time
    return;
  }
  for (unsigned i = 0; i < bytes; ++i)
    WriteByte(offset + i, static_cast<uint8_t>(value >> (8 * i)));
}

void AcpiPm::WriteByte(unsigned offset, uint8_t value) {
  const bool high = (offset & 1) != 0;
  if (offset >= kChipControlOffset) {
    const unsigned index = offset - kChipControlOffset;
    if (index < kControlBytes) state_.chip_control[index] = value & KeptBitsAt(offset);
  } else if (offset >= kPm1ControlOffset + kPm1ControlBytes) {
    return;  // the timer and what is reserved
  } else if (offset >= kPm1ControlOffset) {
    WriteControl(ReplaceByte(state_.control, high, value));
  } else {
    Sync(clock_.NowNs());
    if (offset >= kPm1EnableOffset) {
      state_.enable = ReplaceByte(state_.enable, high, value) & kEnableMask;
    } else {
      state_.status &= static_cast<uint16_t>(~ReplaceByte(0, high, value));  // 1 clears
    }
    UpdateSci();
  }
}

void AcpiPm::WriteControl(uint16_t value) {
  state_.control = value & kControlStored;
  UpdateSci();
  if ((value & kSleepEnable) == 0) return;
  const unsigned type = (value & kSleepType) >> kSleepTypeShift;
  if (type == kSleepTypeS5) {
    power_.RequestPowerOff();
  } else {
    refused_sleeps_.Log(LogLevel::kWarning,
                        "{}: sleep type {} is not offered, only {} (soft off): ignored", name(),
                        type, kSleepTypeS5);
  }
}

void AcpiPm::WriteSmiCommand(uint8_t command) {
  state_.smi_command = command;
  if (command == kAcpiEnableCommand) {
    state_.control |= kSciEnable;
  } else if (command == kAcpiDisableCommand) {
    state_.control &= static_cast<uint16_t>(~kSciEnable);
  }
  UpdateSci();
}

void AcpiPm::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  Visit(writer, state_);
}

Status AcpiPm::Load(StateReader& reader) {
  State loaded;
  reader.Begin(name(), kStateVersion);
  Visit(reader, loaded);
  reader.Require(loaded.half_periods <= TimerRate::TicksAt(clock_.NowNs()) >> HighestBit(),
                 "half_periods", "no more than have passed");
  const Status status = reader.status();
  if (status) state_ = loaded;
  return status;
}

}  // namespace verbatim
