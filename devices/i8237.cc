// SPDX-License-Identifier: Apache-2.0
#include "devices/i8237.h"

#include <algorithm>
#include <utility>

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

enum Register : unsigned {
  kCommandOrStatus = 8,
  kRequest = 9,
  kSingleMask = 10,
  kMode = 11,
  kClearFlipFlop = 12,
  kMasterClear = 13,
  kClearMask = 14,
  kAllMasks = 15,
};

constexpr uint8_t kCommandDisable = 0x04;

constexpr uint8_t kModeDirection = 0x0C;
constexpr uint8_t kModeVerify = 0x00;
constexpr uint8_t kModeWrite = 0x04;  // to memory
constexpr uint8_t kModeRead = 0x08;
constexpr uint8_t kModeAutoInitialise = 0x10;
constexpr uint8_t kModeDecrement = 0x20;
constexpr uint8_t kModeKind = 0xC0;
constexpr uint8_t kModeBlock = 0x80;
constexpr uint8_t kModeCascade = 0xC0;
constexpr uint8_t kModeBits = 0xFC;

constexpr uint8_t kChannelBits = 0x03;
constexpr uint8_t kSetBit = 0x04;
constexpr uint8_t kAllChannels = 0x0F;

constexpr uint8_t kNothing = 0xFF;
constexpr size_t kPageUnits = 0x10000;
// Memory changes its kind, from RAM to none for example, only from one of its pages to the next.
constexpr size_t kMemoryPageBytes = 4096;

}  // namespace

template <typename Archive, typename S>
void I8237::Visit(Archive& archive, S& state) {
  for (auto& channel : state.channels) {
    archive.Field("base_address", channel.base_address);
    archive.Field("base_count", channel.base_count);
    archive.Field("address", channel.address);
    archive.Field("count", channel.count);
    archive.Field("mode", channel.mode);
    archive.Field("page", channel.page);
  }
  archive.Field("command", state.command);
  archive.Field("mask", state.mask, kAllChannels);
  archive.Field("requests", state.requests, kAllChannels);
  archive.Field("terminal_counts", state.terminal_counts, kAllChannels);
  archive.Field("high_byte", state.high_byte);
}

void I8237::Reset() {
  state_ = State{};
  MasterClear();
}

void I8237::MasterClear() {
  state_.command = 0;
  state_.requests = 0;
  state_.terminal_counts = 0;
  state_.high_byte = false;
  state_.mask = kAllChannels;
}

uint8_t I8237::Read(unsigned reg) {
  switch (reg) {
    case kCommandOrStatus: {
      const uint8_t ended = std::exchange(state_.terminal_counts, uint8_t{0});
      return static_cast<uint8_t>(ended | state_.requests << 4);
    }
    case kMasterClear:
      return 0;  // the temporary register of memory-to-memory transfers
    case kAllMasks:
      return state_.mask;
    default:
      break;
  }
  if (reg >= kCommandOrStatus) return kNothing;
  const Channel& channel = state_.channels[reg >> 1];
  const uint16_t value = (reg & 1) != 0 ? channel.count : channel.address;
  const bool high = std::exchange(state_.high_byte, !state_.high_byte);
  return static_cast<uint8_t>(high ? value >> 8 : value);
}

void I8237::Write(unsigned reg, uint8_t value) {
  const auto bit = static_cast<uint8_t>(1u << (value & kChannelBits));
  switch (reg) {
    case kCommandOrStatus:
      state_.command = value;
      RunSoftwareRequests();
      break;
    case kRequest:
      WriteRequest(value);
      break;
    case kSingleMask:
      state_.mask =
          static_cast<uint8_t>((value & kSetBit) != 0 ? state_.mask | bit : state_.mask & ~bit);
      break;
    case kMode:
      WriteMode(value);
      break;
    case kClearFlipFlop:
      state_.high_byte = false;
      break;
    case kMasterClear:
      MasterClear();
      break;
    case kClearMask:
      state_.mask = 0;
      break;
    case kAllMasks:
      state_.mask = value & kAllChannels;
      break;
    default:
      WriteAddressOrCount(reg, value);
      break;
  }
}

// The current register takes each byte as the base register does.
void I8237::WriteAddressOrCount(unsigned reg, uint8_t value) {
  Channel& channel = state_.channels[reg >> 1];
  const bool count = (reg & 1) != 0;
  uint16_t& base = count ? channel.base_count : channel.base_address;
  uint16_t& current = count ? channel.count : channel.address;
  const bool high = std::exchange(state_.high_byte, !state_.high_byte);
  for (uint16_t* part : {&base, &current}) {
    *part = static_cast<uint16_t>(high ? (*part & 0x00FF) | value << 8 : (*part & 0xFF00) | value);
  }
}

void I8237::WriteMode(uint8_t value) {
  state_.channels[value & kChannelBits].mode = value & kModeBits;
}

void I8237::WriteRequest(uint8_t value) {
  const auto bit = static_cast<uint8_t>(1u << (value & kChannelBits));
  if ((value & kSetBit) == 0) {
    state_.requests &= static_cast<uint8_t>(~bit);
    return;
  }
  state_.requests |= bit;
  RunSoftwareRequests();
}

bool I8237::Enabled() const { return (state_.command & kCommandDisable) == 0; }

bool I8237::Cascades(unsigned channel) const {
  return Enabled() && (state_.mask >> channel & 1) == 0 &&
         (state_.channels[channel].mode & kModeKind) == kModeCascade;
}

bool I8237::Ready(unsigned channel, uint8_t direction) const {
  if (!Enabled() || (state_.mask >> channel & 1) != 0) return false;
  const uint8_t mode = state_.channels[channel].mode;
  if ((mode & kModeKind) == kModeCascade) return false;
  return (mode & kModeDirection) == direction || (mode & kModeDirection) == kModeVerify;
}

PhysicalAddress I8237::Address(const Channel& channel) const {
  // The lowest bit of the page has no line where the address counts words.
  const uint32_t page = unit_bytes_ == 1 ? channel.page : channel.page & 0xFEu;
  return {(page << 16) + channel.address * unit_bytes_};
}

size_t I8237::Stretch(const Channel& channel, size_t units) const {
  units = std::min<size_t>(units, size_t{channel.count} + 1);
  if ((channel.mode & kModeDecrement) != 0) return std::min<size_t>(units, 1);
  units = std::min<size_t>(units, kPageUnits - channel.address);
  const size_t in_page = kMemoryPageBytes - Address(channel).value % kMemoryPageBytes;
  return std::min(units, in_page / unit_bytes_);
}

bool I8237::Advance(unsigned number, size_t units) {
  Channel& channel = state_.channels[number];
  const auto step = static_cast<uint16_t>(units);
  const bool ends = units == size_t{channel.count} + 1;
  channel.address = static_cast<uint16_t>(
      (channel.mode & kModeDecrement) != 0 ? channel.address - step : channel.address + step);
  channel.count = static_cast<uint16_t>(channel.count - step);
  if (!ends) return false;
  const auto bit = static_cast<uint8_t>(1u << number);
  state_.terminal_counts |= bit;
  state_.requests &= static_cast<uint8_t>(~bit);
  if ((channel.mode & kModeAutoInitialise) != 0) {
    channel.address = channel.base_address;
    channel.count = channel.base_count;
  } else {
    state_.mask |= bit;
  }
  return true;
}

template <typename Move>
DmaProgress I8237::Run(unsigned number, size_t bytes, Move move) {
  DmaProgress progress;
  const size_t units = bytes / unit_bytes_;
  for (size_t done = 0; done < units && !progress.terminal_count;) {
    const Channel& channel = state_.channels[number];
    const size_t stretch = Stretch(channel, units - done);
    move(Address(channel), done * unit_bytes_, stretch * unit_bytes_);
    done += stretch;
    progress.bytes = done * unit_bytes_;
    progress.terminal_count = Advance(number, stretch);
  }
  return progress;
}

DmaProgress I8237::ToMemory(unsigned channel, std::span<const uint8_t> data) {
  if (!Ready(channel, kModeWrite)) return {};
  const bool verify = (state_.channels[channel].mode & kModeDirection) == kModeVerify;
  return Run(channel, data.size(), [&](PhysicalAddress address, size_t offset, size_t bytes) {
    if (verify) return;
    // Where there is no memory the bytes are lost, as on the bus.
    (void)memory_.DmaWrite(address, data.subspan(offset, bytes));
  });
}

DmaProgress I8237::FromMemory(unsigned channel, std::span<uint8_t> data) {
  if (!Ready(channel, kModeRead)) return {};
  const bool verify = (state_.channels[channel].mode & kModeDirection) == kModeVerify;
  return Run(channel, data.size(), [&](PhysicalAddress address, size_t offset, size_t bytes) {
    const std::span<uint8_t> to = data.subspan(offset, bytes);
    if (verify || !memory_.DmaRead(address, to)) std::ranges::fill(to, kNothing);
  });
}

// They are not masked. No device takes part: a write transfer stores what the bus floats to.
void I8237::RunSoftwareRequests() {
  if (!Enabled()) return;
  for (unsigned number = 0; number < kChannels; ++number) {
    const uint8_t mode = state_.channels[number].mode;
    if ((state_.requests >> number & 1) == 0 || (mode & kModeKind) != kModeBlock) continue;
    std::array<uint8_t, kMemoryPageBytes> floating;
    floating.fill(kNothing);
    const size_t units = size_t{state_.channels[number].count} + 1;
    Run(number, units * unit_bytes_, [&](PhysicalAddress address, size_t, size_t bytes) {
      if ((mode & kModeDirection) != kModeWrite) return;
      (void)memory_.DmaWrite(address, std::span(floating).first(bytes));
    });
  }
}

void I8237::Save(StateWriter& writer) const {
  writer.Begin(name_, kStateVersion);
  Visit(writer, state_);
}

Status I8237::Load(StateReader& reader) {
  State loaded;
  reader.Begin(name_, kStateVersion);
  Visit(reader, loaded);
  for (const Channel& channel : loaded.channels) {
    reader.Require((channel.mode & ~kModeBits) == 0, "mode", "a mode without channel");
  }
  const Status status = reader.status();
  if (status) state_ = loaded;
  return status;
}

}  // namespace verbatim
