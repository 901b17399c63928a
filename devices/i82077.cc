// SPDX-License-Identifier: Apache-2.0
// Registers, phases and state; the commands are in i82077_commands.cc and i82077_data.cc.
#include "devices/i82077.h"

#include <algorithm>

#include "devices/i82077_commands.h"

namespace verbatim {
namespace {

using namespace fdc;

constexpr uint16_t kStateVersion = 1;

constexpr uint16_t kFirstPort = 0x3F0;
constexpr unsigned kFirstPorts = 6;
constexpr uint16_t kDorPort = 0x3F2;
constexpr uint16_t kTapePort = 0x3F3;
constexpr uint16_t kStatusPort = 0x3F4;
constexpr uint16_t kFifoPort = 0x3F5;
constexpr uint16_t kConfigurationPort = 0x3F7;

constexpr uint8_t kStatusReady = 0x80;
constexpr uint8_t kStatusToHost = 0x40;
constexpr uint8_t kStatusNonDma = 0x20;
constexpr uint8_t kStatusBusy = 0x10;

constexpr uint8_t kDsrReset = 0x80;
constexpr uint8_t kTapeBits = 0x03;
constexpr uint8_t kDirChanged = 0x80;
// Wires that nobody drives.
constexpr uint8_t kFloating = 0xFF;

constexpr uint64_t kLongestNs = 1'000'000'000;

}  // namespace

template <typename Archive, typename S>
void I82077::Visit(Archive& archive, S& state) {
  archive.Field("dor", state.dor);
  archive.Field("tape", state.tape, kTapeBits);
  archive.Field("rate", state.rate, kRateMask);
  archive.Field("interrupt", state.interrupt);
  archive.Field("result_interrupt", state.result_interrupt);
  archive.Field("phase", state.phase, Phase::kResult);
  archive.Field("step", state.step, Step::kForever);
  archive.Field("command", state.command);
  archive.Field("command_bytes", state.command_bytes, uint8_t{kMaxCommandBytes});
  archive.Field("result", state.result);
  archive.Field("result_bytes", state.result_bytes, uint8_t{kMaxResultBytes});
  archive.Field("result_at", state.result_at, uint8_t{kMaxResultBytes});
  archive.Field("event_ns", state.event_ns);
  archive.Field("cylinder", state.cylinder);
  archive.Field("head", state.head);
  archive.Field("sector", state.sector);
  archive.Field("size", state.size);
  archive.Field("left", state.left);
  archive.Field("st1", state.st1);
  archive.Field("st2", state.st2);
  archive.Field("implied_seek", state.implied_seek);
  archive.Field("terminal_count", state.terminal_count);
  archive.Field("buffer", state.buffer);
  archive.Field("at", state.at, uint32_t{kSectorBytes});
  archive.Field("end", state.end, uint32_t{kSectorBytes});
  archive.Field("size_bytes", state.size_bytes, uint32_t{kSectorBytes});
  archive.Field("present_cylinder", state.present_cylinder);
  for (unsigned unit = 0; unit < kDrives; ++unit) archive.Field("seek_ns", state.seek_ns[unit]);
  archive.Field("seek_status", state.seek_status);
  archive.Field("seek_ended", state.seek_ended, uint8_t{0x0F});
  archive.Field("busy", state.busy, uint8_t{0x0F});
  archive.Field("reset_polls", state.reset_polls, uint8_t{kDrives});
  archive.Field("step_unload", state.step_unload);
  archive.Field("load_non_dma", state.load_non_dma);
  archive.Field("last_eot", state.last_eot);
  archive.Field("perpendicular", state.perpendicular,
                static_cast<uint8_t>(kPerpendicularDrives | kPerpendicularModes));
  archive.Field("configuration", state.configuration);
  archive.Field("precompensation_track", state.precompensation_track);
  archive.Field("locked", state.locked);
}

I82077::I82077(const Clock& clock, IrqLine& irq6, DmaChannel& dma2)
    : clock_(clock), irq6_(irq6), dma2_(dma2) {
  Reset();
}

void I82077::Attach(PortBus& bus) {
  // 3F6h between them belongs to the disk controller.
  bus.Claim(kFirstPort, kFirstPorts, 1, *this);
  bus.Claim(kConfigurationPort, 1, 1, *this);
}

// The reset pin. DOR comes up with the reset bit active: the chip waits for the software.
void I82077::Reset() {
  ++epoch_;
  state_ = State{};
  irq6_.SetLevel(false);
}

void I82077::ConfigureAsFirmware() {
  state_.dor = kDorNotReset | kDorGate;
  SoftwareReset();
  for (FloppyDrive& drive : drives_) {
    drive.set_position(0, drive.changed_latch());
    drive.ClearChange();
  }
  if (drives_[0].HasDisk()) state_.rate = static_cast<uint8_t>(drives_[0].geometry().rate);
}

// By DOR or DSR. What is under way ends without a trace.
void I82077::SoftwareReset() {
  ++epoch_;
  State fresh;
  fresh.dor = state_.dor;
  fresh.tape = state_.tape;
  fresh.rate = state_.rate;
  fresh.step_unload = state_.step_unload;
  fresh.load_non_dma = state_.load_non_dma;
  fresh.perpendicular = state_.perpendicular & kPerpendicularDrives;
  fresh.locked = state_.locked;
  if (state_.locked) {
    fresh.configuration = state_.configuration & (kConfigNoFifo | kConfigThreshold);
    fresh.precompensation_track = state_.precompensation_track;
  } else {
    fresh.configuration = kConfigNoFifo;
  }
  state_ = fresh;
  SetInterrupt(false);
}

void I82077::WriteDor(uint8_t value) {
  const uint8_t before = state_.dor;
  state_.dor = value;
  if ((before & ~value & kDorNotReset) != 0) SoftwareReset();
  if ((value & ~before & kDorNotReset) != 0) {
    SoftwareReset();
    // Polling finds that the ready line of each drive has changed.
    state_.reset_polls = kDrives;
    SetInterrupt(true);
  }
  // The gate may have opened or closed.
  SetInterrupt(state_.interrupt);
}

void I82077::SetInterrupt(bool high) {
  state_.interrupt = high;
  irq6_.SetLevel(high && (state_.dor & kDorGate) != 0);
}

uint8_t I82077::MainStatus() const {
  if ((state_.dor & kDorNotReset) == 0) return 0;
  uint8_t status = state_.busy;
  switch (state_.phase) {
    case Phase::kCommand:
      status |= kStatusReady;
      if (state_.command_bytes != 0) status |= kStatusBusy;
      break;
    case Phase::kExecution:
      status |= kStatusBusy;
      if (!NonDma()) break;
      status |= kStatusNonDma;
      if (state_.at < state_.end) status |= kStatusReady;
      if (state_.step == Step::kToHost) status |= kStatusToHost;
      break;
    case Phase::kResult:
      status |= kStatusReady | kStatusToHost | kStatusBusy;
      break;
  }
  return status;
}

uint32_t I82077::ReadPort(uint16_t port, unsigned /*bytes*/) {
  AdvanceTo(clock_.NowNs());
  switch (port) {
    case kDorPort:
      return state_.dor;
    case kTapePort:
      return (kFloating & ~kTapeBits) | state_.tape;
    case kStatusPort:
      return MainStatus();
    case kFifoPort:
      return ReadFifo();
    case kConfigurationPort: {
      const bool changed = drives_[state_.dor & kDorSelect].Changed();
      return (kFloating & ~kDirChanged) | (changed ? kDirChanged : 0u);
    }
    default:
      return kFloating;  // status registers A and B exist in PS/2 modes only
  }
}

void I82077::WritePort(uint16_t port, unsigned /*bytes*/, uint32_t value) {
  AdvanceTo(clock_.NowNs());
  const auto byte = static_cast<uint8_t>(value);
  switch (port) {
    case kDorPort:
      WriteDor(byte);
      break;
    case kTapePort:
      state_.tape = byte & kTapeBits;
      break;
    case kStatusPort:  // the data rate select register
      state_.rate = byte & kRateMask;
      if ((byte & kDsrReset) != 0 && (state_.dor & kDorNotReset) != 0) {
        SoftwareReset();
        state_.reset_polls = kDrives;
        SetInterrupt(true);
      }
      break;
    case kFifoPort:
      WriteFifo(byte);
      break;
    case kConfigurationPort:
      state_.rate = byte & kRateMask;
      break;
    default:
      break;
  }
}

uint8_t I82077::ReadFifo() {
  if (state_.phase == Phase::kExecution && state_.step == Step::kToHost && state_.at < state_.end) {
    const uint8_t byte = state_.buffer[state_.at++];
    if (state_.at == state_.end) ChunkUsed();
    return byte;
  }
  if (state_.phase != Phase::kResult) return kFloating;
  if (state_.result_at == 0 && state_.result_interrupt) {
    state_.result_interrupt = false;
    SetInterrupt(false);
    // A seek that ended meanwhile makes its own edge.
    if (state_.seek_ended != 0) SetInterrupt(true);
  }
  const uint8_t byte = state_.result[state_.result_at++];
  if (state_.result_at == state_.result_bytes) EndCommand();
  return byte;
}

void I82077::WriteFifo(uint8_t value) {
  if ((state_.dor & kDorNotReset) == 0) return;
  if (state_.phase == Phase::kExecution && state_.step == Step::kFromHost &&
      state_.at < state_.end) {
    state_.buffer[state_.at++] = value;
    if (state_.at == state_.end) ChunkUsed();
    return;
  }
  if (state_.phase != Phase::kCommand) return;
  state_.command[state_.command_bytes++] = value;
  if (state_.command_bytes == CommandOf(state_.command[0]).bytes) Execute();
}

void I82077::BeginResult(std::initializer_list<uint8_t> bytes) {
  std::ranges::copy(bytes, state_.result.begin());
  state_.result_bytes = static_cast<uint8_t>(bytes.size());
  state_.result_at = 0;
  state_.result_interrupt = false;
  state_.phase = Phase::kResult;
}

void I82077::EndCommand() {
  state_.phase = Phase::kCommand;
  state_.step = Step::kNone;
  state_.command_bytes = 0;
  state_.event_ns = kNever;
  state_.at = state_.end = state_.size_bytes = 0;
}

std::optional<uint64_t> I82077::NextEventNs() const {
  uint64_t next = state_.event_ns;
  for (const uint64_t seek : state_.seek_ns) next = std::min(next, seek);
  return next == kNever ? std::nullopt : std::optional(next);
}

void I82077::AdvanceTo(uint64_t now_ns) {
  for (unsigned unit = 0; unit < kDrives; ++unit) {
    if (state_.seek_ns[unit] <= now_ns) EndSeek(unit);
  }
  if (state_.event_ns > now_ns) return;
  state_.event_ns = kNever;
  if (state_.step == Step::kSector) {
    SectorDue();
  } else {
    ChunkReady();
  }
}

void I82077::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  Visit(writer, state_);
  for (const FloppyDrive& drive : drives_) {
    writer.Field("head_at", drive.cylinder());
    writer.Field("disk_changed", drive.changed_latch());
  }
}

void I82077::CheckLoaded(const State& loaded, StateReader& reader) const {
  const uint64_t latest = clock_.NowNs() + kLongestNs;
  const auto is_time = [latest](uint64_t ns) { return ns == kNever || ns <= latest; };
  const bool executes = loaded.phase == Phase::kExecution;
  const bool by_port = loaded.step == Step::kToHost || loaded.step == Step::kFromHost;
  const Command& command = CommandOf(loaded.command[0]);
  reader.Require(loaded.step != Step::kDisk, "step", "no request under way");
  reader.Require(executes == (loaded.step != Step::kNone), "step", "a step in execution only");
  reader.Require(!executes || MovesData(command.operation), "command", "one that moves data");
  reader.Require(loaded.phase != Phase::kCommand || loaded.command_bytes == 0 ||
                     loaded.command_bytes < command.bytes,
                 "command_bytes", "an incomplete command");
  reader.Require(loaded.phase != Phase::kResult || loaded.result_at < loaded.result_bytes,
                 "result_at", "a place within the result");
  reader.Require(loaded.at <= loaded.end && loaded.end <= loaded.size_bytes &&
                     (!by_port || loaded.at < loaded.size_bytes),
                 "at", "a place within the buffer");
  reader.Require(by_port || loaded.at == loaded.end, "end", "nothing for the host");
  reader.Require(is_time(loaded.event_ns) && std::ranges::all_of(loaded.seek_ns, is_time),
                 "event_ns", "a time within a second, or none");
  const bool waits = loaded.step == Step::kSector || (by_port && loaded.at == loaded.end);
  reader.Require((loaded.event_ns != kNever) == waits, "event_ns", "an event where one is due");
}

Status I82077::Load(StateReader& reader) {
  State loaded;
  reader.Begin(name(), kStateVersion);
  Visit(reader, loaded);
  std::array<uint8_t, kDrives> cylinders{};
  std::array<bool, kDrives> changed{};
  for (unsigned unit = 0; unit < kDrives; ++unit) {
    reader.Field("head_at", cylinders[unit], uint8_t{FloppyDrive::kLastCylinder80});
    reader.Field("disk_changed", changed[unit]);
  }
  CheckLoaded(loaded, reader);
  if (Status status = reader.status(); !status) return status;
  ++epoch_;
  state_ = loaded;
  for (unsigned unit = 0; unit < kDrives; ++unit) {
    drives_[unit].set_position(cylinders[unit], changed[unit]);
  }
  return {};
}

}  // namespace verbatim
