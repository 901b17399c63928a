// SPDX-License-Identifier: Apache-2.0
// Configuration mechanism 1, configuration space and the host bridge.
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "devices/i440fx.h"
#include "devices/pci_config_ports.h"
#include "devices/reset_control.h"
#include "tests/devices/fakes.h"
#include "tests/devices/random.h"

namespace verbatim {
namespace {

class FakeShadow final : public ShadowRamControl {
 public:
  struct Segment {
    uint32_t bytes;
    bool read_ram;
    bool write_ram;
  };
  void SetShadow(PhysicalAddress first, uint32_t bytes, bool read_ram, bool write_ram) override {
    segments[first.value] = {bytes, read_ram, write_ram};
    ++calls;
  }
  std::map<uint64_t, Segment> segments;
  unsigned calls = 0;
};

// A function with a 64-byte I/O region and some status bits.
class SampleFunction final : public PciFunction {
 public:
  SampleFunction() : PciFunction({.vendor = 0x1234, .device = 0x5678, .class_code = 0x020000}) {
    Define(kPciCommand, 2, 0, 0x0007);
    Define(kPciStatus, 2, 0x8280, 0, 0xF900);
    Define(kPciBar0, 4, 0x00000001, 0xFFFFFFC0);
  }
  [[nodiscard]] std::string_view name() const override { return "sample"; }
};

class PciTest : public testing::Test {
 protected:
  PciTest() {
    pci_.Attach(*bus_);
    pci_.Add(0, 0, bridge_);
    pci_.Add(3, 1, sample_);
  }
  void Select(unsigned device, unsigned function, unsigned offset, unsigned bus = 0) {
    bus_->WritePort(0xCF8, 4, 0x80000000u | bus << 16 | device << 11 | function << 8 | offset);
  }
  uint32_t In(uint16_t port, unsigned bytes) { return bus_->ReadPort(port, bytes); }
  void Out(uint16_t port, unsigned bytes, uint32_t value) { bus_->WritePort(port, bytes, value); }

  FakeClock clock_;
  FakeReset reset_;
  FakeShadow shadow_;
  ResetControl reset_control_{reset_};
  I440Fx bridge_{shadow_};
  SampleFunction sample_;
  PciConfigPorts pci_{reset_control_};
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
};

TEST_F(PciTest, HostBridgeIsAtDevice0) {
  Select(0, 0, 0x00);
  EXPECT_EQ(In(0xCFC, 4), 0x12378086u);
  Select(0, 0, 0x08);
  EXPECT_EQ(In(0xCFC, 4), 0x06000002u);
  Select(0, 0, 0x2C);
  EXPECT_EQ(In(0xCFC, 4), 0x11001AF4u);
}

TEST_F(PciTest, DataPortTakesEveryWidthAndOffset) {
  Select(0, 0, 0x00);
  EXPECT_EQ(In(0xCFC, 2), 0x8086u);
  EXPECT_EQ(In(0xCFE, 2), 0x1237u);
  EXPECT_EQ(In(0xCFD, 1), 0x80u);
  EXPECT_EQ(In(0xCFD, 2), 0x3780u);
}

TEST_F(PciTest, MissingFunctionsReadAllOnes) {
  Select(1, 0, 0);
  EXPECT_EQ(In(0xCFC, 4), 0xFFFFFFFFu);
  EXPECT_EQ(In(0xCFC, 2), 0xFFFFu);
  EXPECT_EQ(In(0xCFF, 1), 0xFFu);
  Select(0, 1, 0);
  EXPECT_EQ(In(0xCFC, 4), 0xFFFFFFFFu);
  Select(0, 0, 0, 1);  // another bus
  EXPECT_EQ(In(0xCFC, 4), 0xFFFFFFFFu);
  Out(0xCFC, 4, 0);
}

TEST_F(PciTest, TheEnableBitIsRequired) {
  Out(0xCF8, 4, 0x00000000);
  EXPECT_EQ(In(0xCFC, 4), 0xFFFFFFFFu);
}

TEST_F(PciTest, AddressRegisterTakesDoublewordsOnly) {
  Out(0xCF8, 4, 0xFFFFFFFF);
  EXPECT_EQ(In(0xCF8, 4), 0x80FFFFFCu);
  Out(0xCF8, 1, 0x00);
  Out(0xCF8, 2, 0x0000);
  Out(0xCFB, 1, 0x00);
  EXPECT_EQ(In(0xCF8, 4), 0x80FFFFFCu);
  EXPECT_EQ(In(0xCF8, 1), 0xFFu);
  EXPECT_EQ(In(0xCF8, 2), 0xFFFFu);
}

TEST_F(PciTest, ResetControlIsTheByteAtCf9Only) {
  Select(0, 0, 0x600);
  Out(0xCF9, 2, 0x0606);
  EXPECT_EQ(reset_.requests, 0u);
  Out(0xCF9, 1, 0x02);
  EXPECT_EQ(In(0xCF9, 1), 0x02u);
  EXPECT_EQ(In(0xCF9, 2), 0xFFFFu);
  EXPECT_EQ(reset_.requests, 0u);
  Out(0xCF9, 1, kResetControlValue);
  EXPECT_EQ(reset_.requests, 1u);
  Out(0xCF9, 1, kResetControlValue);  // no rising edge
  EXPECT_EQ(reset_.requests, 1u);
  Out(0xCF8, 4, 0x80000600);  // the doubleword passes the register by
  EXPECT_EQ(In(0xCF9, 1), 0x06u);
  EXPECT_EQ(reset_.requests, 1u);
  EXPECT_EQ(reset_.inits, 0u);
}

TEST_F(PciTest, ResetControlWithoutSystemResetRestartsTheProcessorAlone) {
  Out(0xCF9, 1, 0x00);
  Out(0xCF9, 1, 0x04);
  EXPECT_EQ(reset_.requests, 0u);
  EXPECT_EQ(reset_.inits, 1u);
}

TEST_F(PciTest, UnalignedAccessReachesOverIntoTheDataPort) {
  Select(0, 0, 0x00);
  EXPECT_EQ(In(0xCFA, 4), 0x8086FFFFu);
  EXPECT_EQ(In(0xCFE, 4), 0xFFFF1237u);  // and out of the range behind it
}

TEST_F(PciTest, ReadOnlyBitsStay) {
  Select(3, 1, 0x00);
  Out(0xCFC, 4, 0);
  EXPECT_EQ(In(0xCFC, 4), 0x56781234u);
  Select(3, 1, 0x04);
  Out(0xCFC, 2, 0xFFFF);
  EXPECT_EQ(In(0xCFC, 2), 0x0007u);
}

TEST_F(PciTest, ABaseAddressTellsItsSize) {
  Select(3, 1, 0x10);
  Out(0xCFC, 4, 0xFFFFFFFF);
  EXPECT_EQ(In(0xCFC, 4), 0xFFFFFFC1u);
  Out(0xCFC, 4, 0x0000C000);
  EXPECT_EQ(In(0xCFC, 4), 0x0000C001u);
  Out(0xCFD, 1, 0xD0);
  EXPECT_EQ(In(0xCFC, 4), 0x0000D001u);
}

TEST_F(PciTest, StatusBitsAreClearedByWritingOnes) {
  Select(3, 1, 0x04);
  EXPECT_EQ(In(0xCFE, 2), 0x8280u);
  Out(0xCFE, 2, 0x0000);
  EXPECT_EQ(In(0xCFE, 2), 0x8280u);
  Out(0xCFE, 2, 0xFFFF);
  EXPECT_EQ(In(0xCFE, 2), 0x0280u);
}

TEST_F(PciTest, PamRegistersDirectThirteenSegments) {
  ASSERT_EQ(shadow_.segments.size(), 14u);
  EXPECT_EQ(shadow_.calls, 14u);
  EXPECT_EQ(shadow_.segments.at(0xF0000).bytes, 0x10000u);
  EXPECT_FALSE(shadow_.segments.at(0xF0000).read_ram);
  Select(0, 0, 0x58);
  Out(0xCFD, 1, 0x30);  // PAM0
  EXPECT_TRUE(shadow_.segments.at(0xF0000).read_ram);
  EXPECT_TRUE(shadow_.segments.at(0xF0000).write_ram);
  Out(0xCFE, 1, 0x12);  // PAM1
  EXPECT_EQ(shadow_.segments.at(0xC0000).bytes, 0x4000u);
  EXPECT_FALSE(shadow_.segments.at(0xC0000).read_ram);
  EXPECT_TRUE(shadow_.segments.at(0xC0000).write_ram);
  EXPECT_TRUE(shadow_.segments.at(0xC4000).read_ram);
  EXPECT_FALSE(shadow_.segments.at(0xC4000).write_ram);
  Select(0, 0, 0x5C);
  Out(0xCFF, 1, 0xFF);  // PAM6
  EXPECT_EQ(In(0xCFF, 1), 0x33u);
  EXPECT_TRUE(shadow_.segments.at(0xE8000).read_ram);
  EXPECT_TRUE(shadow_.segments.at(0xEC000).write_ram);
  EXPECT_EQ(shadow_.calls, 14u + 5u);  // changes only
}

TEST_F(PciTest, SmramOpensTheRamBehindTheDisplayUntilItIsLocked) {
  Select(0, 0, 0x70);
  EXPECT_EQ(In(0xCFE, 1), 0x02u);
  EXPECT_EQ(shadow_.segments.at(0xA0000).bytes, 0x20000u);
  EXPECT_FALSE(shadow_.segments.at(0xA0000).read_ram);
  Out(0xCFE, 1, 0x4A);
  EXPECT_EQ(In(0xCFE, 1), 0x4Au);
  EXPECT_TRUE(shadow_.segments.at(0xA0000).read_ram);
  EXPECT_TRUE(shadow_.segments.at(0xA0000).write_ram);
  Out(0xCFE, 1, 0x5A);  // D_LCK takes D_OPEN with it
  EXPECT_EQ(In(0xCFE, 1), 0x1Au);
  EXPECT_FALSE(shadow_.segments.at(0xA0000).read_ram);
  Out(0xCFE, 1, 0x60);
  EXPECT_EQ(In(0xCFE, 1), 0x3Au);  // only D_CLS can still be changed
  bridge_.Reset();
  EXPECT_EQ(In(0xCFE, 1), 0x02u);
  Out(0xCFE, 1, 0x40);
  EXPECT_TRUE(shadow_.segments.at(0xA0000).write_ram);
}

TEST_F(PciTest, FirmwareLeavesRamInTheBiosArea) {
  bridge_.ShadowAsFirmware();
  for (const auto& [first, segment] : shadow_.segments) {
    EXPECT_EQ(segment.read_ram, first >= 0xC0000) << std::hex << first;
    EXPECT_EQ(segment.write_ram, first >= 0xC0000) << std::hex << first;
  }
}

TEST_F(PciTest, FirmwareProtectsTheBiosAreaWhenItIsComplete) {
  bridge_.ShadowAsFirmware();
  bridge_.ProtectAsFirmware();
  for (const auto& [first, segment] : shadow_.segments) {
    EXPECT_EQ(segment.read_ram, first >= 0xC0000) << std::hex << first;
    EXPECT_EQ(segment.write_ram, first >= 0xC0000 && first < 0xF0000) << std::hex << first;
  }
}

TEST_F(PciTest, ResetRestoresEveryRegister) {
  Select(0, 0, 0x58);
  Out(0xCFD, 1, 0x30);
  bridge_.Reset();
  EXPECT_FALSE(shadow_.segments.at(0xF0000).read_ram);
  EXPECT_EQ(In(0xCFD, 1), 0u);
  Out(0xCF9, 1, 0x02);
  reset_control_.Reset();
  EXPECT_EQ(In(0xCF9, 1), 0u);
  pci_.Reset();
  EXPECT_EQ(In(0xCF8, 4), 0u);
}

TEST_F(PciTest, SavesAndLoads) {
  Select(0, 0, 0x58);
  Out(0xCFD, 1, 0x30);
  Out(0xCF9, 1, 0x02);
  FakeShadow other_shadow;
  I440Fx other_bridge(other_shadow);
  ExpectRoundTrip(bridge_, other_bridge);
  EXPECT_TRUE(other_shadow.segments.at(0xF0000).read_ram);
  ResetControl other_reset(reset_);
  ExpectRoundTrip(reset_control_, other_reset);
  PciConfigPorts other_pci(other_reset);
  ExpectRoundTrip(pci_, other_pci);
  ExpectCorruptionHandled(clock_, bridge_);
  ExpectCorruptionHandled(clock_, reset_control_);
  ExpectCorruptionHandled(clock_, pci_);
}

TEST_F(PciTest, NoSequenceOfAccessesBreaksIt) {
  Random random(0xCF8);
  for (int i = 0; i < 200000; ++i) {
    const auto port = static_cast<uint16_t>(0xCF5 + random() % 14);
    const unsigned bytes = 1u << random() % 3;
    switch (random() % 3) {
      case 0:
        bus_->ReadPort(port, bytes);
        break;
      case 1:
        bus_->WritePort(port, bytes, random());
        break;
      case 2:
        Select(random() % 4, random() % 2, random() & 0xFF, random() % 2);
        break;
    }
  }
}

}  // namespace
}  // namespace verbatim
