// SPDX-License-Identifier: Apache-2.0
#include "devices/port_bus.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/log.h"

namespace verbatim {

void PortBus::Claim(uint16_t first, unsigned count, unsigned max_width, PortDevice& device) {
  CHECK(count > 0 && first + count <= kPortCount);
  CHECK(max_width == 1 || max_width == 2 || max_width == 4);
  CHECK(ranges_.size() <= std::numeric_limits<uint8_t>::max());
  for (unsigned port = first; port < first + count; ++port) {
    CHECK(range_of_port_[port] == 0);
    range_of_port_[port] = static_cast<uint8_t>(ranges_.size());
  }
  ranges_.push_back({.device = &device, .end = first + count, .max_width = max_width});
}

unsigned PortBus::ClaimMovable(unsigned count, unsigned max_width, PortDevice& device) {
  CHECK(count > 0 && count <= kPortCount);
  CHECK(max_width == 1 || max_width == 2 || max_width == 4);
  CHECK(ranges_.size() <= std::numeric_limits<uint8_t>::max());
  ranges_.push_back({.device = &device, .max_width = max_width, .count = count});
  return static_cast<unsigned>(ranges_.size() - 1);
}

void PortBus::Place(unsigned handle, std::optional<uint16_t> first) {
  CHECK(handle < ranges_.size() && ranges_[handle].count != 0);
  if (ranges_[handle].placed_at == first) return;
  // All of them anew: one that leaves may uncover another.
  for (size_t i = 1; i < ranges_.size(); ++i) {
    if (!ranges_[i].placed_at) continue;
    for (uint32_t port = *ranges_[i].placed_at; port < ranges_[i].end; ++port) {
      if (range_of_port_[port] == i) range_of_port_[port] = 0;
    }
  }
  ranges_[handle].placed_at = first;
  for (size_t i = 1; i < ranges_.size(); ++i) {
    Range& range = ranges_[i];
    if (!range.placed_at) continue;
    range.end = std::min<uint32_t>(*range.placed_at + range.count, kPortCount);
    for (uint32_t port = *range.placed_at; port < range.end; ++port) {
      if (range_of_port_[port] == 0) range_of_port_[port] = static_cast<uint8_t>(i);
    }
  }
}

uint32_t PortBus::ReadPort(uint16_t port, unsigned bytes) {
  ++statistics_.reads;
  const Range& range = ranges_[range_of_port_[port]];
  if (Accepts(range, port, bytes)) [[likely]]
    return range.device->ReadPort(port, bytes);
  return ReadBytes(port, bytes);
}

void PortBus::WritePort(uint16_t port, unsigned bytes, uint32_t value) {
  ++statistics_.writes;
  const Range& range = ranges_[range_of_port_[port]];
  if (Accepts(range, port, bytes)) [[likely]] {
    range.device->WritePort(port, bytes, value);
  } else {
    WriteBytes(port, bytes, value);
  }
}

uint32_t PortBus::ReadBytes(uint16_t port, unsigned bytes) {
  uint32_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) {
    const auto byte_port = static_cast<uint16_t>(port + i);
    const Range& range = ranges_[range_of_port_[byte_port]];
    uint32_t byte = 0xFF;
    if (range.device != nullptr) {
      byte = range.device->ReadPort(byte_port, 1) & 0xFF;
    } else {
      ++statistics_.unclaimed_reads;
      LogUnclaimed(byte_port, "read from");
    }
    value |= byte << (8 * i);
  }
  return value;
}

void PortBus::WriteBytes(uint16_t port, unsigned bytes, uint32_t value) {
  for (unsigned i = 0; i < bytes; ++i) {
    const auto byte_port = static_cast<uint16_t>(port + i);
    const Range& range = ranges_[range_of_port_[byte_port]];
    if (range.device != nullptr) {
      range.device->WritePort(byte_port, 1, value >> (8 * i) & 0xFF);
    } else {
      ++statistics_.unclaimed_writes;
      LogUnclaimed(byte_port, "write to");
    }
  }
}

void PortBus::LogUnclaimed(uint16_t port, const char* access) {
  if (!log_unclaimed_ || logged_[port]) return;
  logged_[port] = true;
  Log(LogLevel::kWarning, "{} port {:04X}h, which no device claims", access, port);
}

}  // namespace verbatim
