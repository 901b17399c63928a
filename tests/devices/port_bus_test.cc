// SPDX-License-Identifier: Apache-2.0
#include "devices/port_bus.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace verbatim {
namespace {

// Answers a read with the low byte of each port and notes every access.
class Recorder final : public PortDevice {
 public:
  uint32_t ReadPort(uint16_t port, unsigned bytes) override {
    log += fmt::format("r{}@{:X} ", bytes, port);
    uint32_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) value |= ((port + i) & 0xFFu) << (8 * i);
    return value;
  }
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override {
    log += fmt::format("w{}@{:X}={:X} ", bytes, port, value);
  }
  std::string log;
};

class PortBusTest : public testing::Test {
 protected:
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
  Recorder device_;
};

TEST_F(PortBusTest, PassesAcceptedWidthsOnWhole) {
  bus_->Claim(0x100, 8, 4, device_);
  EXPECT_EQ(bus_->ReadPort(0x104, 4), 0x07060504u);
  EXPECT_EQ(bus_->ReadPort(0x101, 2), 0x0201u);
  bus_->WritePort(0x100, 1, 0xAB);
  EXPECT_EQ(device_.log, "r4@104 r2@101 w1@100=AB ");
}

TEST_F(PortBusTest, SplitsWiderAccessesIntoBytesInAscendingOrder) {
  bus_->Claim(0x100, 8, 1, device_);
  EXPECT_EQ(bus_->ReadPort(0x100, 4), 0x03020100u);
  bus_->WritePort(0x102, 2, 0xBBAA);
  EXPECT_EQ(device_.log, "r1@100 r1@101 r1@102 r1@103 w1@102=AA w1@103=BB ");
}

TEST_F(PortBusTest, SplitsAnAccessThatLeavesTheRange) {
  bus_->Claim(0x100, 2, 4, device_);
  EXPECT_EQ(bus_->ReadPort(0x101, 4), 0xFFFFFF01u);
  EXPECT_EQ(device_.log, "r1@101 ");
  EXPECT_EQ(bus_->statistics().unclaimed_reads, 3u);
}

TEST_F(PortBusTest, SplitsAnAccessThatEntersTheRange) {
  bus_->Claim(0x100, 2, 4, device_);
  bus_->WritePort(0xFF, 2, 0x1234);
  EXPECT_EQ(device_.log, "w1@100=12 ");
  EXPECT_EQ(bus_->statistics().unclaimed_writes, 1u);
}

TEST_F(PortBusTest, UnclaimedPortsReadAllOnesOfTheWidth) {
  EXPECT_EQ(bus_->ReadPort(0x300, 1), 0xFFu);
  EXPECT_EQ(bus_->ReadPort(0x300, 2), 0xFFFFu);
  EXPECT_EQ(bus_->ReadPort(0x300, 4), 0xFFFFFFFFu);
  bus_->WritePort(0x300, 4, 0);
  EXPECT_EQ(bus_->statistics().reads, 3u);
  EXPECT_EQ(bus_->statistics().writes, 1u);
  EXPECT_EQ(bus_->statistics().unclaimed_reads, 7u);
  EXPECT_EQ(bus_->statistics().unclaimed_writes, 4u);
}

TEST_F(PortBusTest, WrapsAtTheEndOfThePortSpace) {
  bus_->Claim(0, 1, 4, device_);
  bus_->Claim(0xFFFF, 1, 4, device_);
  EXPECT_EQ(bus_->ReadPort(0xFFFF, 2), 0x00FFu);
  EXPECT_EQ(device_.log, "r1@FFFF r1@0 ");
}

TEST_F(PortBusTest, LogsEachUnclaimedPortOnce) {
  bus_->set_log_unclaimed(true);
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) bus_->ReadPort(0x300, 1);
  bus_->WritePort(0x301, 1, 0);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("read from port 0300h"), std::string::npos);
  EXPECT_EQ(log.find("0300h"), log.rfind("0300h"));
  EXPECT_NE(log.find("write to port 0301h"), std::string::npos);
}

TEST_F(PortBusTest, AMovableRangeStandsWhereItIsPlaced) {
  const unsigned range = bus_->ClaimMovable(4, 2, device_);
  EXPECT_EQ(bus_->ReadPort(0, 1), 0xFFu);
  bus_->Place(range, 0x500);
  bus_->ReadPort(0x502, 2);
  bus_->Place(range, 0x600);
  bus_->ReadPort(0x502, 1);
  bus_->ReadPort(0x603, 1);
  bus_->Place(range, std::nullopt);
  bus_->ReadPort(0x603, 1);
  bus_->Place(range, 0xFFFE);
  bus_->ReadPort(0xFFFF, 1);
  bus_->ReadPort(0x0000, 1);
  EXPECT_EQ(device_.log, "r2@502 r1@603 r1@FFFF ");
}

TEST_F(PortBusTest, MovableRangesGiveWayAndComeBack) {
  Recorder first;
  Recorder second;
  bus_->Claim(0x502, 1, 1, device_);
  const unsigned first_range = bus_->ClaimMovable(4, 1, first);
  const unsigned second_range = bus_->ClaimMovable(4, 1, second);
  bus_->Place(second_range, 0x502);
  bus_->Place(first_range, 0x501);
  for (const unsigned port : {0x501u, 0x502u, 0x504u, 0x505u}) {
    bus_->ReadPort(static_cast<uint16_t>(port), 1);
  }
  EXPECT_EQ(device_.log, "r1@502 ");
  EXPECT_EQ(first.log, "r1@501 r1@504 ");
  EXPECT_EQ(second.log, "r1@505 ");
  bus_->Place(first_range, std::nullopt);
  bus_->ReadPort(0x504, 1);
  EXPECT_EQ(second.log, "r1@505 r1@504 ");
}

using PortBusDeathTest = PortBusTest;

TEST_F(PortBusDeathTest, RefusesOverlappingClaims) {
  bus_->Claim(0x100, 8, 1, device_);
  EXPECT_DEATH(bus_->Claim(0x107, 1, 1, device_), "range_of_port_");
}

}  // namespace
}  // namespace verbatim
