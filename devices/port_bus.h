// SPDX-License-Identifier: Apache-2.0
// The I/O port space: 65536 byte-wide ports, each claimed by at most one device. Finding the device
// is one table look-up; moving one is not. A port that nobody claims reads as all ones and ignores
// writes.
#ifndef VERBATIM_DEVICES_PORT_BUS_H_
#define VERBATIM_DEVICES_PORT_BUS_H_

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <vector>

#include "vcpu/port_io.h"

namespace verbatim {

inline constexpr unsigned kPortCount = 0x10000;

// The registers of a device. `port` is the absolute port number; `port` to `port + bytes - 1` lie
// in one claimed range, and `bytes` (1, 2 or 4) does not exceed the width stated for it. The
// access need not be aligned.
class PortDevice {
 public:
  virtual ~PortDevice() = default;
  virtual uint32_t ReadPort(uint16_t port, unsigned bytes) = 0;
  virtual void WritePort(uint16_t port, unsigned bytes, uint32_t value) = 0;
};

struct PortStatistics {
  uint64_t reads = 0;
  uint64_t writes = 0;
  uint64_t unclaimed_reads = 0;   // of single ports
  uint64_t unclaimed_writes = 0;  // of single ports
};

class PortBus final : public PortIo {
 public:
  // Gives ports `first` to `first + count - 1` to `device`, which accepts accesses of up to
  // `max_width` (1, 2 or 4) bytes. Wider ones, and those that leave the range, reach it as single
  // bytes in ascending order. `device` must outlive the bus.
  void Claim(uint16_t first, unsigned count, unsigned max_width, PortDevice& device);

  // A range that the guest places, by a PCI base address for example. It stands nowhere at first.
  // Where ranges meet, a port belongs to the one claimed with Claim, else to the movable one that
  // was made first. Returns a handle for Place.
  [[nodiscard]] unsigned ClaimMovable(unsigned count, unsigned max_width, PortDevice& device);
  // Moves the range to `first` (what would lie above port FFFFh is cut off), or away.
  void Place(unsigned handle, std::optional<uint16_t> first);

  // Whether the first access to each unclaimed port is logged.
  void set_log_unclaimed(bool log) { log_unclaimed_ = log; }

  // An access that runs over port FFFFh continues at port 0.
  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

  [[nodiscard]] const PortStatistics& statistics() const { return statistics_; }

 private:
  struct Range {
    PortDevice* device = nullptr;
    uint32_t end = 0;  // one past the last port
    unsigned max_width = 0;
    uint32_t count = 0;  // of a movable range
    std::optional<uint16_t> placed_at = std::nullopt;
  };

  [[nodiscard]] static bool Accepts(const Range& range, uint16_t port, unsigned bytes) {
    return bytes <= range.max_width && port + bytes <= range.end;
  }
  uint32_t ReadBytes(uint16_t port, unsigned bytes);
  void WriteBytes(uint16_t port, unsigned bytes, uint32_t value);
  void LogUnclaimed(uint16_t port, const char* access);

  std::array<uint8_t, kPortCount> range_of_port_{};  // 0: unclaimed
  std::vector<Range> ranges_{Range{}};
  PortStatistics statistics_;
  bool log_unclaimed_ = false;
  std::bitset<kPortCount> logged_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_PORT_BUS_H_
