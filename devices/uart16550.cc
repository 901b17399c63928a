// SPDX-License-Identifier: Apache-2.0
#include "devices/uart16550.h"

#include <utility>

#include "devices/tick_rate.h"

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

// Offsets from the base port. With DLAB set, the first two are the divisor latches.
enum Register : unsigned {
  kData = 0,
  kInterruptEnable = 1,
  kInterruptIdOrFifoControl = 2,
  kLineControl = 3,
  kModemControl = 4,
  kLineStatus = 5,
  kModemStatus = 6,
  kScratch = 7,
};

constexpr uint8_t kIerErbfi = 0x01;  // received data available
constexpr uint8_t kIerEtbei = 0x02;  // THR empty
constexpr uint8_t kIerElsi = 0x04;   // line status
constexpr uint8_t kIerEdssi = 0x08;  // modem status

constexpr uint8_t kIirNone = 0x01;
constexpr uint8_t kIirModemStatus = 0x00;
constexpr uint8_t kIirThrEmpty = 0x02;
constexpr uint8_t kIirDataAvailable = 0x04;
constexpr uint8_t kIirLineStatus = 0x06;
constexpr uint8_t kIirTimeout = 0x0C;
constexpr uint8_t kIirFifosEnabled = 0xC0;

constexpr uint8_t kFcrEnable = 0x01;
constexpr uint8_t kFcrResetReceiver = 0x02;
constexpr uint8_t kFcrStored = 0xC9;  // enable, DMA mode, trigger level

constexpr uint8_t kLcrWordLength = 0x03;
constexpr uint8_t kLcrTwoStopBits = 0x04;
constexpr uint8_t kLcrParityEnable = 0x08;
constexpr uint8_t kLcrSetBreak = 0x40;
constexpr uint8_t kLcrDlab = 0x80;

constexpr uint8_t kMcrWritable = 0x1F;
constexpr uint8_t kMcrDtr = 0x01;
constexpr uint8_t kMcrRts = 0x02;
constexpr uint8_t kMcrOut1 = 0x04;
constexpr uint8_t kMcrOut2 = 0x08;

constexpr uint8_t kLsrDataReady = 0x01;
constexpr uint8_t kLsrOverrun = 0x02;
constexpr uint8_t kLsrBreak = 0x10;
constexpr uint8_t kLsrErrors = 0x1E;      // OE, PE, FE, BI
constexpr uint8_t kLsrByteErrors = 0x1C;  // those that belong to one byte
constexpr uint8_t kLsrThre = 0x20;
constexpr uint8_t kLsrTemt = 0x40;
constexpr uint8_t kLsrErrorInFifo = 0x80;

constexpr uint8_t kMsrDeltas = 0x0F;
constexpr uint8_t kMsrTeri = 0x04;
constexpr uint8_t kMsrInputs = 0xF0;

constexpr uint64_t kCrystalHz = 1'843'200;
constexpr unsigned kTimeoutCharacters = 4;

}  // namespace

template <typename Archive, typename S>
void Uart16550::Visit(Archive& archive, S& state) {
  archive.Field("ier", state.ier, uint8_t{0x0F});
  archive.Field("fcr", state.fcr);
  archive.Field("lcr", state.lcr);
  archive.Field("mcr", state.mcr, kMcrWritable);
  archive.Field("lsr_errors", state.lsr_errors);
  archive.Field("msr_deltas", state.msr_deltas, kMsrDeltas);
  archive.Field("modem_inputs", state.modem_inputs);
  archive.Field("scratch", state.scratch);
  archive.Field("divisor", state.divisor);
  archive.Field("thre_pending", state.thre_pending);
  archive.Field("timeout_pending", state.timeout_pending);
  archive.Field("count", state.count, uint8_t{kFifoBytes});
  archive.Field("head", state.head, uint8_t{kFifoBytes - 1});
  archive.Field("data", state.data);
  archive.Field("errors", state.errors);
  archive.Field("last_activity_ns", state.last_activity_ns);
  archive.Field("irq", state.irq);
}

Uart16550::Uart16550(const Clock& clock, IrqLine& irq, ByteSink& output, Config config)
    : clock_(clock), irq_(irq), output_(output), config_(std::move(config)) {
  state_.modem_inputs = config_.modem_inputs & kMsrInputs;
}

void Uart16550::Attach(PortBus& bus) { bus.Claim(config_.base_port, kPorts, 1, *this); }

void Uart16550::Reset() {
  const State old = state_;
  state_ = State{};
  state_.modem_inputs = old.modem_inputs;
  state_.scratch = old.scratch;  // not affected by the reset pin, like the divisor
  state_.divisor = old.divisor;
  state_.irq = old.irq;
  UpdateIrq();
  TellIfEmpty();
}

unsigned Uart16550::TriggerLevel() const {
  static constexpr std::array<uint8_t, 4> kLevels = {1, 4, 8, 14};
  return FifoEnabled() ? kLevels[state_.fcr >> 6] : 1;
}

uint8_t Uart16550::ModemStatus() const {
  if (!Loopback()) return state_.modem_inputs;
  return static_cast<uint8_t>(
      ((state_.mcr & kMcrRts) != 0 ? kCts : 0) | ((state_.mcr & kMcrDtr) != 0 ? kDsr : 0) |
      ((state_.mcr & kMcrOut1) != 0 ? kRi : 0) | ((state_.mcr & kMcrOut2) != 0 ? kDcd : 0));
}

// Data sheet table III: the pending source of highest priority.
uint8_t Uart16550::InterruptId() const {
  if ((state_.ier & kIerElsi) != 0 && (state_.lsr_errors & kLsrErrors) != 0) return kIirLineStatus;
  if ((state_.ier & kIerErbfi) != 0) {
    if (state_.count >= TriggerLevel()) return kIirDataAvailable;
    if (state_.timeout_pending) return kIirTimeout;
  }
  if ((state_.ier & kIerEtbei) != 0 && state_.thre_pending) return kIirThrEmpty;
  if ((state_.ier & kIerEdssi) != 0 && state_.msr_deltas != 0) return kIirModemStatus;
  return kIirNone;
}

void Uart16550::UpdateIrq() {
  const bool connected = (state_.mcr & kMcrOut2) != 0 && !Loopback();
  const bool irq = connected && InterruptId() != kIirNone;
  if (std::exchange(state_.irq, irq) != irq) irq_.SetLevel(irq);
}

// The time of one frame; the line rate is crystal / 16 / divisor.
uint64_t Uart16550::CharacterNs() const {
  const unsigned stop_bits = (state_.lcr & kLcrTwoStopBits) != 0 ? 2 : 1;
  const unsigned parity_bits = (state_.lcr & kLcrParityEnable) != 0 ? 1 : 0;
  const unsigned bits = 1 + 5 + (state_.lcr & kLcrWordLength) + parity_bits + stop_bits;
  const uint64_t divisor = state_.divisor != 0 ? state_.divisor : 0x10000;
  return bits * divisor * 16 * kNsPerSecond / kCrystalHz;
}

std::optional<uint64_t> Uart16550::NextEventNs() const {
  if (!FifoEnabled() || (state_.ier & kIerErbfi) == 0 || state_.timeout_pending ||
      state_.count == 0 || state_.count >= TriggerLevel()) {
    return std::nullopt;
  }
  return state_.last_activity_ns + kTimeoutCharacters * CharacterNs();
}

void Uart16550::AdvanceTo(uint64_t now_ns) {
  const std::optional<uint64_t> timeout = NextEventNs();
  if (!timeout || now_ns < *timeout) return;
  state_.timeout_pending = true;
  UpdateIrq();
}

unsigned Uart16550::ReceiveRoom() const {
  if (Loopback() || state_.count >= Capacity()) return 0;
  return Capacity() - state_.count;
}

void Uart16550::Receive(std::span<const uint8_t> bytes) {
  if (Loopback()) return;
  for (const uint8_t byte : bytes) Push(byte, 0);
  UpdateIrq();
}

void Uart16550::ReceiveBreak() {
  if (Loopback()) return;
  Push(0, kLsrBreak);
  UpdateIrq();
}

void Uart16550::Push(uint8_t byte, uint8_t errors) {
  if (state_.count >= Capacity()) {
    state_.lsr_errors |= kLsrOverrun;
    // Without FIFOs the new byte replaces the old one; a full FIFO keeps what it has.
    if (FifoEnabled()) return;
    state_.count = 0;
  }
  const unsigned tail = (state_.head + state_.count) % kFifoBytes;
  state_.data[tail] = byte;
  state_.errors[tail] = errors;
  if (state_.count++ == 0) state_.lsr_errors |= errors;
  state_.last_activity_ns = clock_.NowNs();
  state_.timeout_pending = false;
}

void Uart16550::ClearReceiver() {
  state_.count = 0;
  state_.timeout_pending = false;
  state_.lsr_errors &= static_cast<uint8_t>(~kLsrByteErrors);
}

void Uart16550::TellIfEmpty() const {
  if (state_.count == 0 && !Loopback() && config_.on_receiver_empty) config_.on_receiver_empty();
}

uint8_t Uart16550::ReadData() {
  const uint8_t byte = state_.data[state_.head];
  if (state_.count == 0) return byte;  // the buffer keeps the last byte
  if (--state_.count != 0) {
    state_.head = (state_.head + 1) % kFifoBytes;
    state_.lsr_errors |= state_.errors[state_.head];
  }
  state_.timeout_pending = false;
  state_.last_activity_ns = clock_.NowNs();
  UpdateIrq();
  TellIfEmpty();
  return byte;
}

uint8_t Uart16550::ReadInterruptId() {
  const uint8_t id = InterruptId();
  if (id == kIirThrEmpty) {
    state_.thre_pending = false;
    UpdateIrq();
  }
  return static_cast<uint8_t>(id | (FifoEnabled() ? kIirFifosEnabled : 0));
}

uint8_t Uart16550::ReadLineStatus() {
  uint8_t status = kLsrThre | kLsrTemt | state_.lsr_errors;
  if (state_.count != 0) {
    status |= kLsrDataReady;
    if (FifoEnabled()) {
      uint8_t errors = 0;
      for (unsigned i = 0; i < state_.count; ++i) {
        errors |= state_.errors[(state_.head + i) % kFifoBytes];
      }
      if (errors != 0) status |= kLsrErrorInFifo;
      // Reading clears the errors of the byte at the head, its share of bit 7 included.
      state_.errors[state_.head] = 0;
    }
  }
  if (state_.lsr_errors != 0) {
    state_.lsr_errors = 0;
    UpdateIrq();
  }
  return status;
}

uint8_t Uart16550::ReadModemStatus() {
  const uint8_t status = ModemStatus() | state_.msr_deltas;
  if (state_.msr_deltas != 0) {
    state_.msr_deltas = 0;
    UpdateIrq();
  }
  return status;
}

uint32_t Uart16550::ReadPort(uint16_t port, unsigned /*bytes*/) {
  const bool dlab = (state_.lcr & kLcrDlab) != 0;
  switch (static_cast<Register>(port - config_.base_port)) {
    case kLineStatus:
      return ReadLineStatus();
    case kData:
      return dlab ? state_.divisor & 0xFFu : ReadData();
    case kInterruptEnable:
      return dlab ? state_.divisor >> 8u : state_.ier;
    case kInterruptIdOrFifoControl:
      return ReadInterruptId();
    case kLineControl:
      return state_.lcr;
    case kModemControl:
      return state_.mcr;
    case kModemStatus:
      return ReadModemStatus();
    case kScratch:
      return state_.scratch;
  }
  return 0xFF;
}

void Uart16550::WritePort(uint16_t port, unsigned /*bytes*/, uint32_t value) {
  const auto byte = static_cast<uint8_t>(value);
  const bool dlab = (state_.lcr & kLcrDlab) != 0;
  switch (static_cast<Register>(port - config_.base_port)) {
    case kData:
      if (dlab) {
        state_.divisor = static_cast<uint16_t>((state_.divisor & 0xFF00) | byte);
      } else {
        WriteData(byte);
      }
      break;
    case kInterruptEnable:
      if (dlab) {
        state_.divisor = static_cast<uint16_t>((state_.divisor & 0x00FF) | byte << 8);
      } else {
        WriteInterruptEnable(byte);
      }
      break;
    case kInterruptIdOrFifoControl:
      WriteFifoControl(byte);
      break;
    case kLineControl:
      WriteLineControl(byte);
      break;
    case kModemControl:
      WriteModemControl(byte);
      break;
    case kLineStatus:   // factory test only
    case kModemStatus:  // read only
      break;
    case kScratch:
      state_.scratch = byte;
      break;
  }
}

void Uart16550::WriteData(uint8_t value) {
  if (state_.thre_pending) {
    state_.thre_pending = false;
    UpdateIrq();
  }
  if (Loopback()) {
    Push(value, 0);
  } else {
    output_.Write({&value, 1});
  }
  state_.thre_pending = true;
  UpdateIrq();
}

void Uart16550::WriteInterruptEnable(uint8_t value) {
  // Enabling the THRE interrupt while THR is empty raises it at once.
  if ((value & ~state_.ier & kIerEtbei) != 0) state_.thre_pending = true;
  state_.ier = value & 0x0F;
  UpdateIrq();
}

void Uart16550::WriteFifoControl(uint8_t value) {
  const bool enable = (value & kFcrEnable) != 0;
  const bool clear = enable != FifoEnabled() || (enable && (value & kFcrResetReceiver) != 0);
  // The other bits are programmed only together with the enable bit.
  state_.fcr = enable ? value & kFcrStored : 0;
  if (clear) ClearReceiver();
  UpdateIrq();
  if (clear) TellIfEmpty();
}

void Uart16550::WriteLineControl(uint8_t value) {
  const bool starts_break = (value & ~state_.lcr & kLcrSetBreak) != 0;
  state_.lcr = value;
  if (starts_break && Loopback()) {
    Push(0, kLsrBreak);
    UpdateIrq();
  }
}

void Uart16550::NoteModemChange(uint8_t before) {
  const uint8_t after = ModemStatus();
  auto deltas = static_cast<uint8_t>((before ^ after) >> 4);
  // TERI reports only the end of a ring.
  if ((before & kRi) == 0) deltas &= static_cast<uint8_t>(~kMsrTeri);
  state_.msr_deltas |= deltas;
}

void Uart16550::WriteModemControl(uint8_t value) {
  const uint8_t before = ModemStatus();
  const bool was_loopback = Loopback();
  state_.mcr = value & kMcrWritable;
  NoteModemChange(before);
  UpdateIrq();
  if (was_loopback) TellIfEmpty();
}

void Uart16550::SetModemInputs(uint8_t inputs) {
  const uint8_t before = ModemStatus();
  state_.modem_inputs = inputs & kMsrInputs;
  NoteModemChange(before);
  UpdateIrq();
}

void Uart16550::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  Visit(writer, state_);
}

Status Uart16550::Load(StateReader& reader) {
  State loaded;
  reader.Begin(name(), kStateVersion);
  Visit(reader, loaded);
  reader.Require((loaded.fcr & 1) != 0 || loaded.count <= 1, "count", "at most 1 without FIFOs");
  reader.Require(loaded.last_activity_ns <= clock_.NowNs(), "last_activity_ns",
                 "a time in the past");
  const Status status = reader.status();
  if (status) state_ = loaded;
  return status;
}

}  // namespace verbatim
