// SPDX-License-Identifier: Apache-2.0
#include "devices/piix_ide.h"

#include <algorithm>
#include <optional>

#include "base/check.h"

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

constexpr uint16_t kIntel = 0x8086;
constexpr uint16_t kPiix3Ide = 0x7010;
constexpr uint32_t kIdeBusMasterClass = 0x010180;

constexpr uint16_t kIoSpace = 0x0001;
constexpr uint16_t kBusMaster = 0x0004;
constexpr uint16_t kStatusAlways = 0x0280;      // fast back-to-back, medium DEVSEL#
constexpr uint16_t kStatusClearOnOne = 0x3800;  // master abort, target aborts
constexpr uint16_t kReceivedMasterAbort = 0x2000;

constexpr unsigned kBmiba = 0x20;
constexpr uint32_t kIoBar = 0x00000001;
constexpr uint32_t kBmibaMask = 0xFFFFFFF0;

constexpr unsigned kIdeTiming = 0x40;  // two of two bytes
constexpr unsigned kSlaveTiming = 0x44;
constexpr uint16_t kDecodeEnable = 0x8000;

struct ChannelPorts {
  uint16_t command;
  uint16_t control;
};
constexpr std::array<ChannelPorts, PiixIde::kChannels> kPorts = {{{0x1F0, 0x3F6}, {0x170, 0x376}}};
constexpr unsigned kCommandPorts = 8;

uint32_t AllOnes(unsigned bytes) { return bytes == 4 ? UINT32_MAX : (1u << (8 * bytes)) - 1; }

}  // namespace

PiixIde::PiixIde(IrqLine& irq14, IrqLine& irq15, DmaMemory& memory)
    : PciFunction({.vendor = kIntel, .device = kPiix3Ide, .class_code = kIdeBusMasterClass}),
      channels_{IdeChannel(irq14, memory, [this] { NoteMasterAbort(); }),
                IdeChannel(irq15, memory, [this] { NoteMasterAbort(); })} {
  Define(kPciCommand, 2, 0, kIoSpace | kBusMaster);
  Define(kPciStatus, 2, kStatusAlways, 0, kStatusClearOnOne);
  Define(kPciLatencyTimer, 1, 0, 0xF0);
  Define(kBmiba, 4, kIoBar, kBmibaMask);
  Define(kIdeTiming, 4, 0, 0xF3FFF3FF);
  Define(kSlaveTiming, 1, 0, 0xFF);
}

void PiixIde::Attach(PortBus& bus) {
  bus_ = &bus;
  for (const ChannelPorts& ports : kPorts) {
    bus.Claim(ports.command, kCommandPorts, 4, *this);
    bus.Claim(ports.control, 1, 1, *this);
  }
  bus_master_range_ = bus.ClaimMovable(kBusMasterPorts, 4, *this);
}

void PiixIde::ConfigureAsFirmware(uint16_t bus_master_port) {
  WriteConfig(kBmiba, 4, bus_master_port);
  WriteConfig(kIdeTiming, 4, uint32_t{kDecodeEnable} << 16 | kDecodeEnable);
  WriteConfig(kPciCommand, 2, kIoSpace | kBusMaster);
}

void PiixIde::ConfigChanged(unsigned /*offset*/, unsigned /*bytes*/) {
  const uint32_t command = ReadConfig(kPciCommand, 2);
  const uint32_t base = ReadConfig(kBmiba, 4) & kBmibaMask;
  // What lies above the 64 Ki ports of the PC nobody can reach.
  const bool placed = (command & kIoSpace) != 0 && base != 0 && base < kPortCount;
  if (bus_ != nullptr) {
    bus_->Place(bus_master_range_,
                placed ? std::optional(static_cast<uint16_t>(base)) : std::nullopt);
  }
  for (IdeChannel& channel : channels_) channel.SetBusMasterEnabled((command & kBusMaster) != 0);
}

void PiixIde::NoteMasterAbort() { RaiseBits(kPciStatus, 2, kReceivedMasterAbort); }

bool PiixIde::Decodes(unsigned channel) const {
  return (ReadConfig(kPciCommand, 2) & kIoSpace) != 0 &&
         (ReadConfig(kIdeTiming + 2 * channel, 2) & kDecodeEnable) != 0;
}

std::pair<unsigned, unsigned> PiixIde::BusMasterRegister(unsigned port) const {
  const unsigned offset = port - (ReadConfig(kBmiba, 4) & kBmibaMask);
  return {offset / IdeBusMaster::kRegisterBytes % kChannels, offset % IdeBusMaster::kRegisterBytes};
}

uint32_t PiixIde::ReadPort(uint16_t port, unsigned bytes) {
  for (unsigned i = 0; i < kChannels; ++i) {
    if (port == kPorts[i].control) {
      return Decodes(i) ? channels_[i].ReadAlternateStatus() : AllOnes(bytes);
    }
    const unsigned offset = port - unsigned{kPorts[i].command};
    if (offset < kCommandPorts) {
      return Decodes(i) ? channels_[i].ReadCommandBlock(offset, bytes) : AllOnes(bytes);
    }
  }
  uint32_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) {
    const auto [channel, offset] = BusMasterRegister(port + i);
    value |= uint32_t{channels_[channel].ReadBusMaster(offset)} << (8 * i);
  }
  return value;
}

void PiixIde::WritePort(uint16_t port, unsigned bytes, uint32_t value) {
  for (unsigned i = 0; i < kChannels; ++i) {
    if (port == kPorts[i].control) {
      if (Decodes(i)) channels_[i].WriteControl(static_cast<uint8_t>(value));
      return;
    }
    const unsigned offset = port - unsigned{kPorts[i].command};
    if (offset < kCommandPorts) {
      if (Decodes(i)) channels_[i].WriteCommandBlock(offset, bytes, value);
      return;
    }
  }
  for (unsigned i = 0; i < bytes; ++i) {
    const auto [channel, offset] = BusMasterRegister(port + i);
    channels_[channel].WriteBusMaster(offset, static_cast<uint8_t>(value >> (8 * i)));
  }
}

void PiixIde::Reset() {
  PciFunction::Reset();
  for (IdeChannel& channel : channels_) channel.PowerOn();
}

bool PiixIde::Settled() const {
  return std::ranges::all_of(channels_, [](const auto& channel) { return channel.Settled(); });
}

void PiixIde::Save(StateWriter& writer) const {
  CHECK(Settled());
  PciFunction::Save(writer);
  writer.Begin("piix ide channels", kStateVersion);
  for (const IdeChannel& channel : channels_) channel.Save(writer);
}

Status PiixIde::LoadParts(StateReader& reader) {
  if (Status status = PciFunction::Load(reader); !status) return status;
  reader.Begin("piix ide channels", kStateVersion);
  for (IdeChannel& channel : channels_) {
    if (Status status = channel.Load(reader); !status) return status;
  }
  return reader.status();
}

Status PiixIde::Load(StateReader& reader) {
  // Drives load one by one, so what was here is kept until all of them have.
  StateWriter before;
  Save(before);
  const Status loaded = LoadParts(reader);
  if (!loaded) {
    StateReader restore(before.bytes());
    CHECK(LoadParts(restore));
  }
  return loaded;
}

}  // namespace verbatim
