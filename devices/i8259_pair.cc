// SPDX-License-Identifier: Apache-2.0
#include "devices/i8259_pair.h"

#include "base/check.h"

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

constexpr uint16_t kMasterCommand = 0x20;
constexpr uint16_t kMasterData = 0x21;
constexpr uint16_t kSlaveCommand = 0xA0;
constexpr uint16_t kSlaveData = 0xA1;
constexpr uint16_t kMasterElcr = 0x4D0;
constexpr uint16_t kSlaveElcr = 0x4D1;

// Timer, keyboard and cascade are always edge triggered, and so are the RTC and the coprocessor.
constexpr uint8_t kMasterLevelCapable = 0xF8;
constexpr uint8_t kSlaveLevelCapable = 0xDE;

}  // namespace

void InterruptObserver::LineChanged(unsigned /*irq*/, bool /*high*/) {}

I8259Pair::I8259Pair(InterruptObserver& observer)
    : observer_(observer), master_(kMasterLevelCapable), slave_(kSlaveLevelCapable) {
  for (const Bus bus : {kIsa, kPci}) {
    for (unsigned irq = 0; irq < kLines; ++irq) inputs_[bus][irq].Connect(*this, bus, irq);
  }
}

void I8259Pair::Attach(PortBus& bus) {
  bus.Claim(kMasterCommand, 2, 1, *this);
  bus.Claim(kSlaveCommand, 2, 1, *this);
  bus.Claim(kMasterElcr, 2, 1, *this);
}

IrqLine& I8259Pair::Wire(Bus bus, unsigned irq) {
  CHECK(irq < kLines && irq != kCascadeLine);
  return inputs_[bus][irq];
}

void I8259Pair::SetWire(Bus bus, unsigned irq, bool high) {
  const auto bit = static_cast<uint16_t>(1u << irq);
  if (high == ((wires_[bus] & bit) != 0)) return;
  const bool other = (wires_[bus == kIsa ? kPci : kIsa] & bit) != 0;
  wires_[bus] ^= bit;
  if (other) return;
  observer_.LineChanged(irq, high);
  if (irq < 8) {
    master_.SetLine(irq, high);
  } else {
    slave_.SetLine(irq - 8, high);
  }
  Update();
}

void I8259Pair::Update() {
  master_.SetLine(kCascadeLine, slave_.PendingLine().has_value());
  const bool requested = master_.PendingLine().has_value();
  if (requested == interrupt_requested_) return;
  interrupt_requested_ = requested;
  if (requested) observer_.InterruptRaised();
}

uint8_t I8259Pair::Acknowledge() {
  const bool spurious = !master_.PendingLine().has_value();
  const unsigned line = master_.Acknowledge();
  uint8_t vector = master_.Vector(line);
  if (!spurious && line == kCascadeLine && master_.HasSlaveOn(line)) {
    // A slave whose identity differs stays silent: the bus floats.
    vector = slave_.SlaveId() == kCascadeLine ? slave_.Vector(slave_.Acknowledge()) : 0xFF;
  }
  // Both INT outputs drop during the INTA cycles, so what is still pending makes a new edge.
  master_.SetLine(kCascadeLine, false);
  interrupt_requested_ = false;
  Update();
  return vector;
}

void I8259Pair::Reset() {
  master_.Reset();
  slave_.Reset();
  Update();
}

uint32_t I8259Pair::ReadPort(uint16_t port, unsigned /*bytes*/) {
  uint8_t value = 0;
  switch (port) {
    case kMasterElcr:
      return master_.elcr();
    case kSlaveElcr:
      return slave_.elcr();
    case kMasterCommand:
      value = master_.ReadCommand();
      break;
    case kMasterData:
      value = master_.ReadData();
      break;
    case kSlaveCommand:
      value = slave_.ReadCommand();
      break;
    case kSlaveData:
      value = slave_.ReadData();
      break;
  }
  Update();  // a read in poll mode acknowledges
  return value;
}

void I8259Pair::WritePort(uint16_t port, unsigned /*bytes*/, uint32_t value) {
  const auto byte = static_cast<uint8_t>(value);
  switch (port) {
    case kMasterElcr:
      master_.WriteElcr(byte);
      break;
    case kSlaveElcr:
      slave_.WriteElcr(byte);
      break;
    case kMasterCommand:
      master_.WriteCommand(byte);
      break;
    case kMasterData:
      master_.WriteData(byte);
      break;
    case kSlaveCommand:
      slave_.WriteCommand(byte);
      break;
    case kSlaveData:
      slave_.WriteData(byte);
      break;
  }
  Update();
}

void I8259Pair::Save(StateWriter& writer) const {
  master_.Save(writer, "i8259 master");
  slave_.Save(writer, "i8259 slave");
  writer.Begin("i8259 wires", kStateVersion);
  writer.Field("isa", wires_[kIsa]);
  writer.Field("pci", wires_[kPci]);
}

Status I8259Pair::Load(StateReader& reader) {
  I8259 master = master_;
  I8259 slave = slave_;
  if (Status status = master.Load(reader, "i8259 master"); !status) return status;
  if (Status status = slave.Load(reader, "i8259 slave"); !status) return status;
  std::array<uint16_t, kBuses> wires{};
  reader.Begin("i8259 wires", kStateVersion);
  reader.Field("isa", wires[kIsa]);
  reader.Field("pci", wires[kPci]);
  constexpr unsigned kWired = 0xFFFF & ~(1u << kCascadeLine);
  const unsigned levels = (master.lines() | slave.lines() << 8) & kWired;
  reader.Require((wires[kIsa] | wires[kPci]) == levels, "pci", "the levels that the chips see");
  if (Status status = reader.status(); !status) return status;
  master_ = master;
  slave_ = slave;
  wires_ = wires;
  Update();
  return {};
}

}  // namespace verbatim
