// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/system/system.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <utility>
#include <vector>

#include "tests/firmware/bios/bios_fixture.h"

namespace verbatim {
namespace {

constexpr uint64_t kMib = 1 << 20;
constexpr uint16_t kPowerPort = 0x604;

class FakeClock final : public Clock {
 public:
  [[nodiscard]] uint64_t NowNs() const override { return now_ns; }
  uint64_t now_ns = 0;
};

// Ports that hold what is written, and a keyboard controller with a mouse behind it, whose answers
// a test lays ready.
class FakePorts final : public PortIo {
 public:
  uint32_t ReadPort(uint16_t port, unsigned /*bytes*/) override {
    if (port == 0x64) return status();
    if (port == 0x60) {
      const uint8_t value = output.empty() ? 0 : output.front().second;
      if (!output.empty()) output.pop_front();
      return value;
    }
    return values[port];
  }
  void WritePort(uint16_t port, unsigned /*bytes*/, uint32_t value) override {
    values[port] = value;
    written.emplace_back(port, value);
    if (port == 0x64 && value == 0x20) output.emplace_back(0x01, mode);
    if (port != 0x60) return;
    if (values[0x64] == 0x60) mode = static_cast<uint8_t>(value);
    if (values[0x64] == 0xD4) {
      to_mouse.push_back(static_cast<uint8_t>(value));
      for (const uint8_t byte : mouse_answers) output.emplace_back(0x21, byte);
      mouse_answers.clear();
    }
    if (values[0x64] == 0xD2) output.emplace_back(0x01, static_cast<uint8_t>(value));
  }
  [[nodiscard]] uint8_t status() const { return output.empty() ? 0 : output.front().first; }

  std::array<uint32_t, 0x10000> values{};
  std::vector<std::pair<uint16_t, uint32_t>> written;
  uint8_t mode = 0x65;
  std::vector<uint8_t> mouse_answers;
  std::vector<uint8_t> to_mouse;
  std::deque<std::pair<uint8_t, uint8_t>> output;  // status and byte
};

class SystemTest : public ::testing::Test {
 protected:
  // What the ROM does at system_services; the steps of a dialog that never ends are cut off.
  void Int15(uint16_t ax) {
    caller_.regs().set_ax(ax);
    caller_.Call([&](BiosCall& call) { service_.Function(call); });
    if (!caller_.live_carry() || caller_.regs().ah() == 0x86 || caller_.regs().ah() == 0x53) return;
    const BiosRegisters saved = caller_.regs();
    for (unsigned step = 0; step < 200; ++step) {
      caller_.Call([&](BiosCall& call) { service_.NextStep(call); });
      BiosRegisters& regs = caller_.regs();
      const auto kind = regs.ah();
      if (kind == PortStep::kEnd) break;
      if (kind == PortStep::kWrite) ports_.WritePort(regs.dx(), 1, regs.al());
      if (kind == PortStep::kRead) regs.set_al(static_cast<uint8_t>(ports_.ReadPort(regs.dx(), 1)));
      if (kind == PortStep::kAnswer) {
        regs.set_ah(ports_.status());
        regs.set_al(static_cast<uint8_t>(ports_.ReadPort(0x60, 1)));
      }
    }
    caller_.regs() = saved;
    caller_.Call([&](BiosCall& call) { service_.EndDialog(call); });
  }
  bool StillWaiting() {
    caller_.Call([&](BiosCall& call) { service_.Waited(call); });
    return caller_.live_carry();
  }
  bool ClockInterrupt(uint8_t flags) {
    ports_.values[0x71] = flags;  // registers B and C in one
    caller_.Call([&](BiosCall& call) { service_.ClockInterrupt(call); });
    return caller_.live_carry();
  }
  void MouseByte(uint8_t byte) {
    caller_.regs().set_al(byte);
    caller_.Call([&](BiosCall& call) { service_.MouseByte(call); });
  }
  void MoveTable(uint32_t source, uint32_t source_limit, uint32_t target, uint32_t target_limit) {
    caller_.SetSegment(kEs, 0x100);
    caller_.regs().set_si(0);
    const auto put = [&](uint32_t at, uint32_t base, uint32_t limit) {
      caller_.Write({0x1000 + at}, static_cast<uint16_t>(limit));
      caller_.Write({0x1002 + at}, base & 0xFFFFFF);
      caller_.Write({0x1005 + at}, uint8_t{0x93});
      caller_.Write({0x1006 + at}, static_cast<uint8_t>(limit >> 16));
      caller_.Write({0x1007 + at}, static_cast<uint8_t>(base >> 24));
    };
    put(0x10, source, source_limit);
    put(0x18, target, target_limit);
  }

  FakePorts ports_;
  FakeClock clock_;
  BiosCaller caller_;
  SystemService service_{ports_, clock_, *BuildMemoryMap(64 * kMib), kPowerPort};
};

TEST_F(SystemTest, UnknownFunctionsAreRefused) {
  for (const int function : {0x00, 0x8F, 0xC3, 0xD8, 0xE8, 0xFF}) {
    Int15(static_cast<uint16_t>(function << 8 | 0x55));
    EXPECT_TRUE(caller_.carry()) << function;
    EXPECT_EQ(caller_.regs().ah(), 0x86);
  }
}

TEST_F(SystemTest, AKeyIsPassedOnUnchanged) {
  Int15(0x4F1E);
  EXPECT_TRUE(caller_.carry());
  EXPECT_EQ(caller_.regs().ax(), 0x4F1E);
}

TEST_F(SystemTest, MemorySizes) {
  Int15(0x8800);
  EXPECT_EQ(caller_.regs().ax(), 63 * 1024);
  Int15(0xE801);
  EXPECT_EQ(caller_.regs().ax(), 15 * 1024);
  EXPECT_EQ(caller_.regs().bx(), 48 * 16);
  EXPECT_EQ(caller_.regs().cx(), 15 * 1024);
  EXPECT_EQ(caller_.regs().dx(), 48 * 16);
  caller_.regs().Set(kEbx, 0xFFFFFFFF);
  Int15(0xE881);
  EXPECT_EQ(caller_.regs().Get(kEbx), 48u * 16);
  Int15(0x8A00);
  EXPECT_EQ(caller_.regs().ax(), 63 * 1024);
  EXPECT_EQ(caller_.regs().dx(), 0);
}

TEST_F(SystemTest, TheMapIsToldEntryByEntry) {
  const auto map = *BuildMemoryMap(64 * kMib);
  caller_.SetSegment(kEs, 0x200);
  caller_.regs().set_di(0x10);
  caller_.regs().Set(kEbx, 0);
  for (size_t i = 0; i < map.size(); ++i) {
    caller_.regs().Set(kEdx, 0x534D4150);
    caller_.regs().Set(kEcx, i == 0 ? 64 : 20);
    caller_.Write({0x2010 + 20}, uint32_t{0xCCCCCCCC});
    Int15(0xE820);
    EXPECT_FALSE(caller_.carry());
    EXPECT_EQ(caller_.regs().Get(kEax), 0x534D4150u);
    EXPECT_EQ(caller_.Read<uint64_t>({0x2010}), map[i].range.begin.value);
    EXPECT_EQ(caller_.Read<uint64_t>({0x2018}), map[i].range.bytes);
    EXPECT_EQ(caller_.Read<uint32_t>({0x2020}), static_cast<uint32_t>(map[i].kind));
    EXPECT_EQ(caller_.regs().Get(kEcx), i == 0 ? 24u : 20u);
    EXPECT_EQ(caller_.Read<uint32_t>({0x2024}), i == 0 ? 1u : 0xCCCCCCCCu);
  }
  EXPECT_EQ(caller_.regs().Get(kEbx), 0u);
}

TEST_F(SystemTest, TheMapRefusesBadRequests) {
  caller_.regs().Set(kEdx, 0x534D4150);
  caller_.regs().Set(kEcx, 19);
  caller_.regs().Set(kEbx, 0);
  Int15(0xE820);
  EXPECT_TRUE(caller_.carry());
  caller_.regs().Set(kEcx, 20);
  caller_.regs().Set(kEbx, 0xFFFFFFFF);
  Int15(0xE820);
  EXPECT_TRUE(caller_.carry());
  caller_.regs().Set(kEdx, 0);
  caller_.regs().Set(kEbx, 0);
  Int15(0xE820);
  EXPECT_TRUE(caller_.carry());
}

TEST_F(SystemTest, BlocksMoveAbove1Mib) {
  caller_.Write({0x5000}, uint64_t{0x1122334455667788});
  MoveTable(0x5000, 0xFFFF, 0x200000, 0xFFFF);
  caller_.regs().set_cx(4);
  Int15(0x8700);
  EXPECT_FALSE(caller_.carry());
  EXPECT_EQ(caller_.regs().ah(), 0);
  EXPECT_EQ(caller_.Read<uint64_t>({0x200000}), 0x1122334455667788u);
}

TEST_F(SystemTest, OverlappingBlocksMoveWordByWord) {
  caller_.Write({0x5000}, uint16_t{0xABCD});
  MoveTable(0x5000, 0xFFFF, 0x5002, 0xFFFF);
  caller_.regs().set_cx(3);
  Int15(0x8700);
  EXPECT_EQ(caller_.Read<uint64_t>({0x5000}), 0xABCDABCDABCDABCDu);
}

TEST_F(SystemTest, BlocksBehindTheLimitAreNotMoved) {
  caller_.Write({0x5000}, uint32_t{0x12345678});
  MoveTable(0x5000, 0xFFFF, 0x200000, 2);
  caller_.regs().set_cx(2);
  Int15(0x8700);
  EXPECT_TRUE(caller_.carry());
  EXPECT_EQ(caller_.regs().ah(), 2);
  EXPECT_EQ(caller_.Read<uint32_t>({0x200000}), 0u);
  MoveTable(0x5000, 3, 0x200000, 3);
  Int15(0x8700);
  EXPECT_FALSE(caller_.carry());
}

TEST_F(SystemTest, BothA20InputsAreSetAlike) {
  ports_.values[0x92] = 0x80;
  Int15(0x2401);
  EXPECT_FALSE(caller_.carry());
  EXPECT_EQ(ports_.values[0x60], 0xDFu);
  EXPECT_EQ(ports_.values[0x92], 0x82u);
  Int15(0x2400);
  EXPECT_EQ(ports_.values[0x60], 0xDDu);
  EXPECT_EQ(ports_.values[0x92], 0x80u);
  ASSERT_TRUE(caller_.memory().SetA20(false));
  Int15(0x2402);
  EXPECT_EQ(caller_.regs().ax(), 0);
}

TEST_F(SystemTest, WaitsEndByTheMachinesClock) {
  caller_.regs().set_cx(0);
  caller_.regs().set_dx(1000);
  Int15(0x8600);
  EXPECT_TRUE(caller_.live_carry());
  EXPECT_EQ(ports_.values[0x71] & 0x40, 0x40u);
  EXPECT_TRUE(StillWaiting());
  clock_.now_ns = 999'999;
  EXPECT_TRUE(StillWaiting());
  clock_.now_ns = 1'000'000;
  EXPECT_FALSE(StillWaiting());
  EXPECT_FALSE(caller_.carry());
  EXPECT_EQ(ports_.values[0x71] & 0x40, 0u);
}

TEST_F(SystemTest, OnlyOneWaitAtATime) {
  caller_.regs().set_dx(1000);
  Int15(0x8600);
  Int15(0x8600);
  EXPECT_FALSE(caller_.live_carry());
  EXPECT_TRUE(caller_.carry());
  EXPECT_EQ(caller_.regs().ah(), 0x83);
}

TEST_F(SystemTest, AnEventSetsItsFlagWhenTimeIsOver) {
  caller_.SetSegment(kEs, 0x300);
  caller_.regs().set_bx(7);
  caller_.regs().set_cx(0);
  caller_.regs().set_dx(2000);
  Int15(0x8300);
  EXPECT_FALSE(caller_.carry());
  clock_.now_ns = 1'000'000;
  EXPECT_FALSE(ClockInterrupt(0x40));
  EXPECT_EQ(caller_.Read<uint8_t>({0x3007}), 0);
  EXPECT_EQ(caller_.Read<uint32_t>(bda::kWaitMicroseconds), 1000u);
  clock_.now_ns = 2'000'000;
  EXPECT_FALSE(ClockInterrupt(0x40));
  EXPECT_EQ(caller_.Read<uint8_t>({0x3007}), 0x80);
  EXPECT_EQ(caller_.Read<uint8_t>(bda::kWaitActive), 0);
}

TEST_F(SystemTest, ACancelledEventDoesNotCome) {
  caller_.SetSegment(kEs, 0x300);
  caller_.regs().set_bx(7);
  caller_.regs().set_cx(0);
  Int15(0x8300);
  Int15(0x8301);
  clock_.now_ns = 1'000'000'000;
  static_cast<void>(ClockInterrupt(0x40));
  EXPECT_EQ(caller_.Read<uint8_t>({0x3007}), 0);
}

TEST_F(SystemTest, TheAlarmIsTold) {
  EXPECT_TRUE(ClockInterrupt(0x20));
  EXPECT_FALSE(ClockInterrupt(0x10));
}

TEST_F(SystemTest, ThePointingDeviceIsAskedForItsType) {
  ports_.mouse_answers = {0xFA, 0x03};
  Int15(0xC204);
  EXPECT_FALSE(caller_.carry());
  EXPECT_EQ(caller_.regs().bh(), 3);
  EXPECT_EQ(ports_.to_mouse, std::vector<uint8_t>{0xF2});
  EXPECT_EQ(ports_.mode, 0x65);  // as before
}

TEST_F(SystemTest, EachByteToTheDeviceIsAcknowledged) {
  ports_.mouse_answers = {0xFA};
  caller_.regs().set_bx(0x0600);
  Int15(0xC202);
  EXPECT_TRUE(caller_.carry());  // nothing has answered to the second byte
  EXPECT_EQ(caller_.regs().ah(), 3);
  EXPECT_EQ(ports_.to_mouse, (std::vector<uint8_t>{0xF3, 200}));
  EXPECT_EQ(ports_.mode, 0x65);
}

TEST_F(SystemTest, ADeviceThatDoesNotUnderstandIsReported) {
  ports_.mouse_answers = {0xFE};
  caller_.regs().set_bx(0);
  Int15(0xC200);
  EXPECT_TRUE(caller_.carry());
  EXPECT_EQ(caller_.regs().ah(), 4);
}

TEST_F(SystemTest, APacketOnItsWayIsNoAnswer) {
  ports_.mouse_answers = {0x08, 0x00, 0x00, 0xFA, 0x20, 0x02, 0x64};
  caller_.regs().set_bx(0);
  Int15(0xC206);
  EXPECT_FALSE(caller_.carry());
  EXPECT_EQ(caller_.regs().bl(), 0x20);
  EXPECT_EQ(caller_.regs().cl(), 0x02);
  EXPECT_EQ(caller_.regs().dl(), 0x64);
}

TEST_F(SystemTest, ADeviceThatOnlyChattersIsGivenUp) {
  ports_.mouse_answers.assign(100, 0x08);
  Int15(0xC204);
  EXPECT_TRUE(caller_.carry());
  EXPECT_EQ(caller_.regs().ah(), 3);
}

TEST_F(SystemTest, AKeyThatHasArrivedIsPutBack) {
  ports_.output.emplace_back(0x01, 0x1E);
  ports_.mouse_answers = {0xFA};
  caller_.regs().set_bx(0);
  Int15(0xC200);
  EXPECT_FALSE(caller_.carry());
  ASSERT_EQ(ports_.output.size(), 1u);
  EXPECT_EQ(ports_.output.front().second, 0x1E);
}

TEST_F(SystemTest, PacketsGoToTheDriver) {
  ports_.mouse_answers = {0xFA, 0xAA, 0x00};
  caller_.regs().set_bx(0x0400);
  Int15(0xC205);
  EXPECT_EQ(caller_.regs().bx(), 0x00AA);
  EXPECT_EQ(ports_.mode & 0x22, 0x02);  // it may interrupt now
  for (const int byte : {8, 1, 2}) {
    MouseByte(static_cast<uint8_t>(byte));
    EXPECT_FALSE(caller_.live_carry());  // no driver
  }
  caller_.SetSegment(kEs, 0x1234);
  caller_.regs().set_bx(0x5678);
  Int15(0xC207);
  for (const int byte : {0x18, 0xF0, 0x05}) {
    MouseByte(static_cast<uint8_t>(byte));
    EXPECT_FALSE(caller_.live_carry());
  }
  MouseByte(0x01);
  EXPECT_TRUE(caller_.live_carry());
  EXPECT_EQ(caller_.regs().ax(), 0x18);
  EXPECT_EQ(caller_.regs().cx(), 0xF0);
  EXPECT_EQ(caller_.regs().dx(), 0x05);
  EXPECT_EQ(caller_.regs().si(), 0x01);
  const LinearAddress driver{caller_.state().segments[kDs].base + caller_.regs().bx()};
  EXPECT_EQ(caller_.Read<uint32_t>(driver), 0x12345678u);
}

TEST_F(SystemTest, LongPacketsFillTheHighHalves) {
  ports_.mouse_answers = {0xFA, 0xAA, 0x00};
  caller_.regs().set_bx(0x0800);
  Int15(0xC205);
  caller_.SetSegment(kEs, 0x1234);
  Int15(0xC207);
  for (unsigned i = 0; i < 8; ++i) MouseByte(static_cast<uint8_t>(0x10 + i));
  EXPECT_TRUE(caller_.live_carry());
  EXPECT_EQ(caller_.regs().ax(), 0x1410);
  EXPECT_EQ(caller_.regs().si(), 0x1713);
}

TEST_F(SystemTest, ApmConnectsOnceAndSwitchesOff) {
  caller_.regs().set_bx(0);
  Int15(0x5300);
  EXPECT_EQ(caller_.regs().ax(), 0x0102);
  EXPECT_EQ(caller_.regs().bx(), 0x504D);
  caller_.regs().set_bx(1);
  caller_.regs().set_cx(3);
  Int15(0x5307);
  EXPECT_EQ(caller_.regs().ah(), 3);  // not connected
  EXPECT_TRUE(caller_.carry());
  caller_.regs().set_bx(0);
  Int15(0x5303);
  EXPECT_FALSE(caller_.carry());
  EXPECT_EQ(caller_.regs().ax(), 0xF000);
  EXPECT_EQ(caller_.regs().cx(), 0xF000);
  EXPECT_EQ(caller_.regs().dx(), 0x0040);
  caller_.regs().set_bx(0);
  Int15(0x5301);
  EXPECT_EQ(caller_.regs().ah(), 7);
  caller_.regs().set_bx(0);
  caller_.regs().set_cx(0x0102);
  Int15(0x530E);
  EXPECT_EQ(caller_.regs().ax(), 0x0102);
  Int15(0x5305);
  EXPECT_TRUE(caller_.live_carry());  // the ROM idles
  caller_.regs().set_bx(1);
  caller_.regs().set_cx(2);
  Int15(0x5307);
  EXPECT_EQ(caller_.regs().ah(), 0x60);
  EXPECT_EQ(ports_.values[kPowerPort], 0u);
  caller_.regs().set_cx(3);
  Int15(0x5307);
  EXPECT_FALSE(caller_.carry());
  EXPECT_EQ(ports_.values[kPowerPort], 0x2000u);
}

TEST_F(SystemTest, ApmOfProtectedModeTouchesNoFlagsOnTheStack) {
  caller_.Write({BiosCaller::kStack + 4}, uint16_t{0xFFFF});
  caller_.regs().set_ax(0x530B);
  caller_.Call([&](BiosCall& call) { service_.ApmProtectedMode(call); });
  EXPECT_TRUE(caller_.live_carry());
  EXPECT_EQ(caller_.Read<uint16_t>({BiosCaller::kStack + 4}), 0xFFFF);
}

TEST_F(SystemTest, TheConfigurationTableIsInTheRom) {
  Int15(0xC000);
  EXPECT_EQ(caller_.state().segments[kEs].selector, 0xF000);
  EXPECT_EQ(caller_.regs().bx(), 0xE6F5);
  Int15(0xC100);
  EXPECT_EQ(caller_.state().segments[kEs].selector, bda::kExtendedAreaSegment);
}

}  // namespace
}  // namespace verbatim
