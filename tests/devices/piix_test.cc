// SPDX-License-Identifier: Apache-2.0
// The south bridge: the router of PCI interrupts, and where the ACPI registers stand.
#include <gtest/gtest.h>

#include <memory>

#include "devices/piix_isa.h"
#include "devices/piix_pm.h"
#include "tests/devices/fakes.h"
#include "tests/devices/random.h"

namespace verbatim {
namespace {

class NoObserver final : public InterruptObserver {
 public:
  void InterruptRaised() override {}
};

class PiixIsaTest : public testing::Test {
 protected:
  PiixIsaTest() {
    pic_.Attach(*bus_);
    // Both controllers set up, every line open and, where it can be, level-triggered.
    for (const auto& [port, vector, cascade] : {Chip{0x20, 0x08, 0x04}, Chip{0xA0, 0x70, 0x02}}) {
      bus_->WritePort(port, 1, 0x11);
      bus_->WritePort(port + 1, 1, vector);
      bus_->WritePort(port + 1, 1, cascade);
      bus_->WritePort(port + 1, 1, 0x01);
      bus_->WritePort(port + 1, 1, 0x00);
    }
    bus_->WritePort(0x4D0, 1, 0xF8);
    bus_->WritePort(0x4D1, 1, 0xDE);
  }
  // The line whose interrupt the processor gets, or nothing. Ends the interrupt.
  std::optional<unsigned> Interrupt() {
    if (!pic_.InterruptRequested()) return std::nullopt;
    const unsigned vector = pic_.Acknowledge();
    bus_->WritePort(0xA0, 1, 0x20);
    bus_->WritePort(0x20, 1, 0x20);
    return vector < 0x70 ? vector - 0x08 : vector - 0x70 + 8;
  }

  struct Chip {
    uint16_t port;
    uint8_t vector;
    uint8_t cascade;
  };
  FakeClock clock_;
  NoObserver observer_;
  I8259Pair pic_{observer_};
  PiixIsa isa_{pic_};
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
};

TEST_F(PiixIsaTest, RoutesLeadNowhereAfterReset) {
  EXPECT_EQ(isa_.ReadConfig(0x60, 4), 0x80808080u);
  isa_.Pin(3, 0).SetLevel(true);
  EXPECT_EQ(Interrupt(), std::nullopt);
  isa_.WriteConfig(0x62, 1, 0x05);  // slot 3 INTA# is PIRQC#: what waits gets through at once
  EXPECT_EQ(Interrupt(), 5u);
  isa_.Reset();
  EXPECT_EQ(Interrupt(), std::nullopt);
}

TEST_F(PiixIsaTest, PinsRotateOverTheWiresBySlot) {
  isa_.WriteConfig(0x60, 4, 0x0605'0403);
  for (unsigned slot = 0; slot < PiixIsa::kSlots; ++slot) {
    for (unsigned pin = 0; pin < PiixIsa::kPins; ++pin) {
      isa_.Pin(slot, pin).SetLevel(true);
      EXPECT_EQ(Interrupt(), 3 + (slot + pin + 3) % 4) << slot << " " << pin;
      isa_.Pin(slot, pin).SetLevel(false);
      EXPECT_EQ(Interrupt(), std::nullopt);
    }
  }
}

TEST_F(PiixIsaTest, ALineStaysHighWhileAnyOfItsSourcesIs) {
  isa_.RouteAsFirmware();
  isa_.Pin(1, 0).SetLevel(true);  // PIRQA#
  isa_.Pin(5, 0).SetLevel(true);  // PIRQA# too
  isa_.Pin(1, 1).SetLevel(true);  // PIRQB#, on the same line
  pic_.Line(10).SetLevel(true);   // and a card of the ISA bus
  isa_.Pin(1, 0).SetLevel(false);
  EXPECT_EQ(Interrupt(), 10u);
  isa_.Pin(5, 0).SetLevel(false);
  EXPECT_EQ(Interrupt(), 10u);
  isa_.Pin(1, 1).SetLevel(false);
  EXPECT_EQ(Interrupt(), 10u);
  pic_.Line(10).SetLevel(false);
  EXPECT_EQ(Interrupt(), std::nullopt);
}

TEST_F(PiixIsaTest, ReservedLinesAreNotDriven) {
  isa_.Pin(1, 0).SetLevel(true);
  for (const unsigned irq : {0u, 1u, 2u, 8u, 13u}) {
    isa_.WriteConfig(0x60, 1, irq);
    EXPECT_EQ(Interrupt(), std::nullopt) << irq;
  }
  isa_.WriteConfig(0x60, 1, 15);
  EXPECT_EQ(Interrupt(), 15u);
  isa_.WriteConfig(0x60, 1, 0x8F);
  EXPECT_EQ(Interrupt(), std::nullopt);
}

TEST_F(PiixIsaTest, SavesAndLoads) {
  isa_.RouteAsFirmware();
  isa_.Pin(7, 2).SetLevel(true);
  PiixIsa other(pic_);
  ExpectRoundTrip(isa_, other);
  ExpectRoundTrip(pic_, pic_);
  ExpectCorruptionHandled(clock_, isa_);
  ExpectCorruptionHandled(clock_, pic_);
}

TEST_F(PiixIsaTest, LoadingRaisesNoEdge) {
  bus_->WritePort(0x4D1, 1, 0x00);  // edges only
  isa_.RouteAsFirmware();
  isa_.Pin(1, 0).SetLevel(true);
  EXPECT_EQ(Interrupt(), 10u);
  const std::vector<uint8_t> pic = Saved(pic_);
  const std::vector<uint8_t> isa = Saved(isa_);
  isa_.Pin(1, 0).SetLevel(false);
  isa_.Reset();
  StateReader pic_reader(pic);
  StateReader isa_reader(isa);
  ASSERT_TRUE(pic_.Load(pic_reader));
  ASSERT_TRUE(isa_.Load(isa_reader));
  EXPECT_EQ(Interrupt(), std::nullopt);
  isa_.Pin(1, 0).SetLevel(false);
  isa_.Pin(1, 0).SetLevel(true);
  EXPECT_EQ(Interrupt(), 10u);
}

TEST_F(PiixIsaTest, NoSequenceOfLevelsAndRoutesBreaksIt) {
  Random random(0x7000);
  for (int i = 0; i < 200000; ++i) {
    switch (random() % 4) {
      case 0:
        isa_.WriteConfig(random() % 253, 1u << random() % 3, random());
        break;
      case 1:
        pic_.Line(9).SetLevel(random() % 2 != 0);
        break;
      case 2:
        Interrupt();
        break;
      default:
        isa_.Pin(random() % 32, random() % 4).SetLevel(random() % 2 != 0);
        break;
    }
  }
}

class PiixPmTest : public testing::Test {
 protected:
  PiixPmTest() { registers_.Attach(*bus_); }
  uint32_t In(uint16_t port, unsigned bytes) { return bus_->ReadPort(port, bytes); }

  FakeClock clock_;
  FakeIrqLine sci_;
  FakePower power_;
  AcpiPm registers_{clock_, sci_, power_, {}};
  PiixPm pm_{registers_};
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
};

TEST_F(PiixPmTest, TheRegistersStandWhereTheBaseSaysOnceEnabled) {
  clock_.now_ns = kNsPerSecond;
  const uint32_t ticks = 3'579'545;
  EXPECT_EQ(pm_.ReadConfig(0x40, 4), 1u);
  pm_.WriteConfig(0x40, 4, 0xFFFFFFFF);
  EXPECT_EQ(pm_.ReadConfig(0x40, 4), 0xFFC1u);
  pm_.WriteConfig(0x40, 4, 0xB001);
  EXPECT_EQ(In(0xB008, 4), UINT32_MAX);
  pm_.WriteConfig(0x80, 1, 1);
  EXPECT_EQ(In(0xB008, 4), ticks);
  pm_.WriteConfig(0x40, 4, 0x0601);
  EXPECT_EQ(In(0xB008, 4), UINT32_MAX);
  EXPECT_EQ(In(0x608, 4), ticks);
  pm_.Reset();
  EXPECT_EQ(In(0x608, 4), UINT32_MAX);
}

TEST_F(PiixPmTest, FirmwareFindsSystemManagementSetUp) {
  EXPECT_EQ(pm_.ReadConfig(0x00, 4), 0x71138086u);
  EXPECT_NE(pm_.ReadConfig(0x58, 4) & 1u << 25, 0u);
}

TEST_F(PiixPmTest, ControlRegistersKeepTheirBitsAndStatusReadsZero) {
  pm_.PlaceAsFirmware(0x600);
  for (uint16_t port = 0x60C; port < 0x640; ++port) bus_->WritePort(port, 1, 0xFF);
  EXPECT_EQ(In(0x60C, 4), 0u);
  EXPECT_EQ(In(0x610, 4), 0x0001FFFFu);
  EXPECT_EQ(In(0x618, 4), 0u);
  EXPECT_EQ(In(0x61C, 4), 0u);
  EXPECT_EQ(In(0x620, 2), 0x8F0Fu);
  EXPECT_EQ(In(0x628, 4), 0x07FFFF07u);
  EXPECT_EQ(In(0x638, 4), 0u);
  registers_.Reset();
  EXPECT_EQ(In(0x610, 4), 0u);
}

TEST_F(PiixPmTest, SavesAndLoads) {
  pm_.PlaceAsFirmware(0x4000);
  bus_->WritePort(0x4010, 4, 0x1234);
  AcpiPm other_registers(clock_, sci_, power_, {});
  PiixPm other(other_registers);
  ExpectRoundTrip(pm_, other);
  EXPECT_EQ(other.BasePort(), 0x4000);
  ExpectRoundTrip(registers_, other_registers);
  ExpectCorruptionHandled(clock_, pm_);
}

}  // namespace
}  // namespace verbatim
