// SPDX-License-Identifier: Apache-2.0
// Stand-ins for the machine around a device: a clock that is set by hand, an IRQ line that records
// its edges, and channels that keep what they are told.
#ifndef VERBATIM_TESTS_DEVICES_FAKES_H_
#define VERBATIM_TESTS_DEVICES_FAKES_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "devices/device.h"
#include "devices/port_bus.h"
#include "devices/system_control.h"

namespace verbatim {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] uint64_t NowNs() const override { return now_ns; }
  uint64_t now_ns = 0;
};

class FakeIrqLine final : public IrqLine {
 public:
  void SetLevel(bool level) override {
    if (level && !high) ++rises;
    high = level;
  }
  bool high = false;
  unsigned rises = 0;
};

class FakeByteSink final : public ByteSink {
 public:
  void Write(std::span<const uint8_t> bytes) override { text.append(bytes.begin(), bytes.end()); }
  std::string text;
};

class FakeReset final : public ResetRequest {
 public:
  void RequestReset() override { ++requests; }
  void RequestInit() override { ++inits; }
  unsigned requests = 0;
  unsigned inits = 0;
};

class FakePower final : public PowerOffRequest {
 public:
  void RequestPowerOff() override { ++requests; }
  unsigned requests = 0;
};

class FakeA20 final : public A20Gate {
 public:
  void SetA20(bool value) override {
    enabled = value;
    ++changes;
  }
  bool enabled = false;
  unsigned changes = 0;
};

// Lets time pass for `device` as the run loop does: event by event up to `to_ns`.
inline void RunTo(FakeClock& clock, Device& device, uint64_t to_ns) {
  for (;;) {
    const std::optional<uint64_t> next = device.NextEventNs();
    if (!next || *next > to_ns) break;
    if (*next > clock.now_ns) clock.now_ns = *next;
    device.AdvanceTo(clock.now_ns);
  }
  clock.now_ns = to_ns;
  device.AdvanceTo(to_ns);
}

inline std::vector<uint8_t> Saved(const Device& device) {
  StateWriter writer;
  device.Save(writer);
  return writer.bytes();
}

// `other` becomes a copy of `device` and says the same about itself.
inline void ExpectRoundTrip(const Device& device, Device& other) {
  const std::vector<uint8_t> bytes = Saved(device);
  StateReader reader(bytes);
  const Status status = other.Load(reader);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_TRUE(reader.AtEnd());
  EXPECT_EQ(Saved(other), bytes);
}

// Every truncation of a saved state is refused by name and leaves `device` as it was; whatever
// single byte is changed, loading neither crashes nor half-succeeds, and time can go on.
inline void ExpectCorruptionHandled(FakeClock& clock, Device& device) {
  const std::vector<uint8_t> good = Saved(device);
  for (size_t size = 0; size < good.size(); ++size) {
    StateReader reader(std::span<const uint8_t>(good).first(size));
    const Status status = device.Load(reader);
    ASSERT_FALSE(status) << "truncated to " << size;
    ASSERT_NE(status.error().message.find("field '"), std::string::npos);
    ASSERT_EQ(Saved(device), good);
  }
  for (size_t i = 0; i < good.size(); ++i) {
    for (const unsigned mask : {0x01u, 0x80u, 0xFFu}) {
      std::vector<uint8_t> bad = good;
      bad[i] = static_cast<uint8_t>(bad[i] ^ mask);
      StateReader reader(bad);
      if (!device.Load(reader)) {
        ASSERT_EQ(Saved(device), good) << "byte " << i;
        continue;
      }
      RunTo(clock, device, clock.now_ns + 2'000'000);
      StateReader restore(good);
      ASSERT_TRUE(device.Load(restore));
    }
  }
}

}  // namespace verbatim

#endif  // VERBATIM_TESTS_DEVICES_FAKES_H_
