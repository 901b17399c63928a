// SPDX-License-Identifier: Apache-2.0
#include "devices/i8042.h"

#include <algorithm>
#include <utility>

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 2;

constexpr uint16_t kDataPort = 0x60;
constexpr uint16_t kCommandPort = 0x64;

constexpr uint8_t kStatusObf = 0x01;
constexpr uint8_t kStatusSystem = 0x04;
constexpr uint8_t kStatusCommand = 0x08;       // the last write was to port 64h
constexpr uint8_t kStatusNotInhibited = 0x10;  // the keyboard lock is open
constexpr uint8_t kStatusAux = 0x20;
constexpr uint8_t kStatusOfOutput = kStatusObf | kStatusAux;

constexpr uint8_t kModeKeyboardInterrupt = 0x01;
constexpr uint8_t kModeAuxInterrupt = 0x02;
constexpr uint8_t kModeSystem = 0x04;
constexpr uint8_t kModeKeyboardDisabled = 0x10;
constexpr uint8_t kModeAuxDisabled = 0x20;
constexpr uint8_t kModeTranslate = 0x40;

constexpr uint8_t kOutputNotReset = 0x01;
constexpr uint8_t kOutputA20 = 0x02;
constexpr uint8_t kOutputIrq1 = 0x10;
constexpr uint8_t kOutputIrq12 = 0x20;
constexpr uint8_t kOutputIdleWires = 0xC0;

constexpr uint8_t kInputPort = 0xA0;  // keyboard not locked, no manufacturing jumper

constexpr uint8_t kKeyboardBreakPrefix = 0xF0;
constexpr uint8_t kSet1Break = 0x80;
// Eleven bits at 16.7 kHz, the fastest clock that a device may have.
constexpr uint64_t kByteNs = 660'000;

enum Command : uint8_t {
  kReadRam = 0x20,   // to 3Fh
  kWriteRam = 0x60,  // to 7Fh
  kTestPassword = 0xA4,
  kDisableAux = 0xA7,
  kEnableAux = 0xA8,
  kTestAux = 0xA9,
  kSelfTest = 0xAA,
  kTestKeyboard = 0xAB,
  kDisableKeyboard = 0xAD,
  kEnableKeyboard = 0xAE,
  kReadInputPort = 0xC0,
  kReadOutputPort = 0xD0,
  kWriteOutputPort = 0xD1,
  kWriteKeyboardBuffer = 0xD2,
  kWriteAuxBuffer = 0xD3,
  kWriteAux = 0xD4,
  kReadTestInputs = 0xE0,
  kPulse = 0xF0,  // to FFh
};

constexpr bool TakesArgument(uint8_t command) {
  return (command & 0xE0) == kWriteRam || (command >= kWriteOutputPort && command <= kWriteAux);
}

}  // namespace

template <typename Archive, typename S>
void I8042::Visit(Archive& archive, S& state) {
  archive.Field("status", state.status);
  archive.Field("output", state.output);
  archive.Field("argument_of", state.argument_of);
  archive.Field("break_next", state.break_next);
  archive.Field("a20", state.a20);
  archive.Field("wire_free_ns", state.wire_free_ns);
  archive.Field("ram", state.ram);
}

I8042::I8042(const Clock& clock, IrqLine& irq1, IrqLine& irq12, A20Gate& a20, ResetRequest& reset)
    : clock_(clock), irq1_(irq1), irq12_(irq12), a20_(a20), reset_(reset) {
  Reset();
}

void I8042::Attach(PortBus& bus) {
  bus.Claim(kDataPort, 1, 1, *this);
  bus.Claim(kCommandPort, 1, 1, *this);
}

void I8042::Reset() {
  state_ = State{};
  state_.status = kStatusNotInhibited | kStatusSystem;
  state_.ram[0] = kModeKeyboardInterrupt | kModeSystem | kModeAuxDisabled | kModeTranslate;
  keyboard_.Reset();
  mouse_.Reset();
  a20_.SetA20(state_.a20);
  UpdateIrqs();
}

bool I8042::PressKey(KeyEvent event) {
  const bool taken = keyboard_.Accept(event, clock_.NowNs());
  Poll();
  return taken;
}

bool I8042::MoveMouse(const MouseEvent& event) {
  const bool taken = mouse_.Accept(event);
  Poll();
  return taken;
}

bool I8042::Full() const { return (state_.status & kStatusObf) != 0; }

bool I8042::KeyboardEnabled() const { return (state_.ram[0] & kModeKeyboardDisabled) == 0; }

bool I8042::MouseEnabled() const { return (state_.ram[0] & kModeAuxDisabled) == 0; }

void I8042::UpdateIrqs() {
  const bool full = Full();
  const bool aux = (state_.status & kStatusAux) != 0;
  irq1_.SetLevel(full && !aux && (state_.ram[0] & kModeKeyboardInterrupt) != 0);
  irq12_.SetLevel(full && aux && (state_.ram[0] & kModeAuxInterrupt) != 0);
}

void I8042::Output(uint8_t byte, uint8_t flags) {
  state_.status &= static_cast<uint8_t>(~kStatusOfOutput);
  UpdateIrqs();
  state_.output = byte;
  state_.status |= kStatusObf | flags;
  UpdateIrqs();
}

void I8042::FetchFromKeyboard() {
  while (!Full()) {
    const std::optional<uint8_t> byte = keyboard_.Send();
    if (!byte) return;
    if ((state_.ram[0] & kModeTranslate) == 0) {
      Output(*byte, 0);
    } else if (*byte == kKeyboardBreakPrefix) {
      state_.break_next = true;
    } else {
      const uint8_t break_bit = std::exchange(state_.break_next, false) ? kSet1Break : 0;
      Output(ToScanCodeSet1(*byte) | break_bit, 0);
    }
  }
}

void I8042::AdvanceTo(uint64_t now_ns) {
  keyboard_.AdvanceTo(now_ns);
  mouse_.AdvanceTo(now_ns);
  if (Full() || now_ns < state_.wire_free_ns) return;
  if (KeyboardEnabled()) FetchFromKeyboard();
  if (Full() || !MouseEnabled()) return;
  if (const std::optional<uint8_t> byte = mouse_.Send()) Output(*byte, kStatusAux);
  // The mouse's buffer may have become empty: a packet may have waited for that.
  mouse_.AdvanceTo(now_ns);
}

std::optional<uint64_t> I8042::NextEventNs() const {
  std::optional<uint64_t> next;
  const auto add = [&next](uint64_t ns) { next = std::min(next.value_or(ns), ns); };
  if (const std::optional<uint64_t> repeat = keyboard_.NextEventNs()) add(*repeat);
  if (const std::optional<uint64_t> packet = mouse_.NextEventNs()) add(*packet);
  if (!Full() &&
      ((KeyboardEnabled() && keyboard_.HasByte()) || (MouseEnabled() && mouse_.HasByte()))) {
    add(state_.wire_free_ns);
  }
  return next;
}

uint32_t I8042::ReadPort(uint16_t port, unsigned /*bytes*/) {
  Poll();
  if (port == kCommandPort) return state_.status;
  const uint8_t value = state_.output;
  if (Full()) {
    state_.status &= static_cast<uint8_t>(~kStatusOfOutput);
    UpdateIrqs();
    state_.wire_free_ns = clock_.NowNs() + kByteNs;
  }
  return value;
}

void I8042::WritePort(uint16_t port, unsigned /*bytes*/, uint32_t value) {
  if (port == kCommandPort) {
    state_.status |= kStatusCommand;
    WriteCommand(static_cast<uint8_t>(value));
  } else {
    state_.status &= static_cast<uint8_t>(~kStatusCommand);
    WriteData(static_cast<uint8_t>(value));
  }
  Poll();
}

void I8042::WriteCommand(uint8_t command) {
  state_.argument_of = 0;
  if (TakesArgument(command)) {
    state_.argument_of = command;
    return;
  }
  if ((command & 0xE0) == kReadRam) {
    Output(state_.ram[command & 0x1F], 0);
    return;
  }
  if (command >= kPulse) {
    // The low bits that are 0 pulse the low bits of the output port; bit 0 is the reset wire.
    if ((command & kOutputNotReset) == 0) reset_.RequestInit();
    return;
  }
  switch (command) {
    case kTestPassword:
      Output(0xF1, 0);  // none is installed
      break;
    case kDisableAux:
      WriteRam(0, state_.ram[0] | kModeAuxDisabled);
      break;
    case kEnableAux:
      WriteRam(0, state_.ram[0] & ~kModeAuxDisabled & 0xFF);
      break;
    case kTestAux:
    case kTestKeyboard:
      Output(0x00, 0);  // no stuck line
      break;
    case kSelfTest:
      state_.status |= kStatusSystem;
      Output(0x55, 0);
      break;
    case kDisableKeyboard:
      WriteRam(0, state_.ram[0] | kModeKeyboardDisabled);
      break;
    case kEnableKeyboard:
      WriteRam(0, state_.ram[0] & ~kModeKeyboardDisabled & 0xFF);
      break;
    case kReadInputPort:
      Output(kInputPort, 0);
      break;
    case kReadOutputPort:
      Output(OutputPort(), 0);
      break;
    case kReadTestInputs:
      Output(0x00, 0);
      break;
    default:
      unknown_commands_.Log(LogLevel::kWarning, "{}: unknown command {:02X}h", name(), command);
      break;
  }
}

void I8042::WriteData(uint8_t value) {
  const uint8_t command = std::exchange(state_.argument_of, uint8_t{0});
  switch (command) {
    case 0:
      // Talking to the keyboard enables its interface.
      state_.ram[0] &= static_cast<uint8_t>(~kModeKeyboardDisabled);
      keyboard_.Receive(value);
      break;
    case kWriteOutputPort:
      WriteOutputPort(value);
      break;
    case kWriteKeyboardBuffer:
      Output(value, 0);
      break;
    case kWriteAuxBuffer:
      Output(value, kStatusAux);
      break;
    case kWriteAux:
      // As with the keyboard.
      state_.ram[0] &= static_cast<uint8_t>(~kModeAuxDisabled);
      mouse_.Receive(value);
      break;
    default:
      WriteRam(command & 0x1F, value);
      break;
  }
}

void I8042::WriteRam(unsigned index, uint8_t value) {
  state_.ram[index] = value;
  if (index != 0) return;
  // The system flag of the command byte is the one of the status.
  state_.status &= static_cast<uint8_t>(~kStatusSystem);
  if ((value & kModeSystem) != 0) state_.status |= kStatusSystem;
  UpdateIrqs();
}

uint8_t I8042::OutputPort() const {
  const bool full = Full();
  const bool aux = (state_.status & kStatusAux) != 0;
  return static_cast<uint8_t>(kOutputIdleWires | kOutputNotReset | (state_.a20 ? kOutputA20 : 0) |
                              (full && !aux ? kOutputIrq1 : 0) | (full && aux ? kOutputIrq12 : 0));
}

void I8042::WriteOutputPort(uint8_t value) {
  state_.a20 = (value & kOutputA20) != 0;
  a20_.SetA20(state_.a20);
  if ((value & kOutputNotReset) == 0) reset_.RequestInit();
}

void I8042::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  Visit(writer, state_);
  keyboard_.Save(writer);
  mouse_.Save(writer);
}

Status I8042::Load(StateReader& reader) {
  State loaded;
  Ps2Keyboard keyboard;
  Ps2Mouse mouse;
  const uint64_t now_ns = clock_.NowNs();
  reader.Begin(name(), kStateVersion);
  Visit(reader, loaded);
  reader.Require(loaded.argument_of == 0 || TakesArgument(loaded.argument_of), "argument_of",
                 "a command with an argument");
  reader.Require(loaded.wire_free_ns <= now_ns + kByteNs, "wire_free_ns",
                 "a time within that of a byte");
  if (Status status = keyboard.Load(reader, now_ns); !status) return status;
  if (Status status = mouse.Load(reader, now_ns); !status) return status;
  state_ = loaded;
  keyboard_ = keyboard;
  mouse_ = mouse;
  a20_.SetA20(state_.a20);
  return {};
}

}  // namespace verbatim
