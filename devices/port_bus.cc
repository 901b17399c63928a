// SPDX-License-Identifier: Apache-2.0
#include "devices/port_bus.h"

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
  ranges_.push_back({&device, first + count, max_width});
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
