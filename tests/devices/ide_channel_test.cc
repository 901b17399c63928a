// SPDX-License-Identifier: Apache-2.0
// Two drives on a cable, none, or one; resets, interrupts, the controller's PCI side, and whatever
// a guest may do to all that.
#include "devices/ide_channel.h"

#include <gtest/gtest.h>

#include "tests/devices/ide_fixture.h"
#include "tests/devices/random.h"

namespace verbatim {
namespace {

class IdeChannelTest : public IdeFixture {
 protected:
  void AttachBoth() {
    ide_.channel(0).AttachDisk(0, first_, "FIRST");
    ide_.channel(0).AttachDisk(1, second_, "SECOND");
    PowerOn();
  }
  void AttachFirst() {
    ide_.channel(0).AttachDisk(0, first_, "FIRST");
    PowerOn();
  }
  void Answer() override {
    first_.AnswerAll();
    second_.AnswerAll();
  }
  void Select(unsigned drive) { Out(ata::kDevice, 0xE0 | drive << 4); }

  FakeDisk first_{100};
  FakeDisk second_{200};
};

TEST_F(IdeChannelTest, AnEmptyCableIsPulledDown) {
  PowerOn();
  for (unsigned offset = 1; offset < 8; ++offset) EXPECT_EQ(In(offset), 0x7F) << offset;
  EXPECT_EQ(AlternateStatus(), 0x7F);
  EXPECT_EQ(In(7, 0x170), 0x7F);
  Out(ata::kLbaLow, 0x55);
  EXPECT_NE(In(ata::kLbaLow), 0x55);
  Issue(ata::kIdentify);
  Issue(ata::kDiagnostic);
  EXPECT_EQ(irq14_.rises, 0u);
}

TEST_F(IdeChannelTest, DriveZeroAnswersForAMissingDriveOne) {
  AttachFirst();
  Select(1);
  EXPECT_EQ(Status(), 0);
  EXPECT_EQ(AlternateStatus(), 0);
  Out(ata::kLbaLow, 0x5A);
  EXPECT_EQ(In(ata::kLbaLow), 0x5A);
  EXPECT_EQ(In(ata::kDevice), 0xF0);
  Run(ata::kIdentify);
  EXPECT_EQ(Status(), 0);
  EXPECT_FALSE(irq14_.high);
  EXPECT_EQ(bus_->ReadPort(kBase, 2), 0xFFFFu);
  Select(0);
  EXPECT_EQ(Status(), kReady);
}

TEST_F(IdeChannelTest, ALoneDriveOneLeavesDriveZeroEmpty) {
  ide_.channel(0).AttachDisk(1, second_, "SECOND");
  PowerOn();
  Select(0);
  EXPECT_EQ(Status(), 0x7F);
  Select(1);
  EXPECT_EQ(Status(), kReady);
}

TEST_F(IdeChannelTest, CommandsGoToTheSelectedDrive) {
  AttachBoth();
  SetLba28(150, 1, 1);
  Run(ata::kReadSectors);
  EXPECT_EQ(ReadData(512), second_.Sectors(150, 1));
  SetLba28(150, 1, 0);
  Run(ata::kReadSectors);
  EXPECT_EQ(Error(), ata::kIdNotFound);
}

TEST_F(IdeChannelTest, OnlyTheSelectedDriveInterrupts) {
  AttachBoth();
  Select(0);
  Run(ata::kRecalibrate);
  EXPECT_TRUE(irq14_.high);
  Select(1);
  EXPECT_FALSE(irq14_.high);
  Select(0);
  EXPECT_TRUE(irq14_.high);
  EXPECT_EQ(Status(), kReady);
  EXPECT_FALSE(irq14_.high);
}

TEST_F(IdeChannelTest, InterruptsCanBeDisabledAndComeLate) {
  AttachFirst();
  Control(ata::kInterruptDisable);
  Run(ata::kRecalibrate);
  EXPECT_FALSE(irq14_.high);
  EXPECT_EQ(DmaStatus() & 4u, 0u);
  Control(0);
  EXPECT_TRUE(irq14_.high);
  EXPECT_EQ(DmaStatus() & 4u, 4u);
}

TEST_F(IdeChannelTest, TheAlternateStatusAcknowledgesNothing) {
  AttachFirst();
  Run(ata::kRecalibrate);
  EXPECT_EQ(AlternateStatus(), kReady);
  EXPECT_TRUE(irq14_.high);
}

TEST_F(IdeChannelTest, DiagnosticRunsInBothDrives) {
  AttachBoth();
  Select(1);
  Out(ata::kLbaMid, 0x77);
  Run(ata::kDiagnostic);
  EXPECT_TRUE(irq14_.high);
  EXPECT_EQ(In(ata::kDevice) & 0x10, 0) << "drive 0 is selected";
  for (const unsigned drive : {0u, 1u}) {
    Select(drive);
    EXPECT_EQ(Error(), 0x01);
    EXPECT_EQ(In(ata::kLbaMid), 0);
    EXPECT_EQ(In(ata::kSectorCount), 1);
    EXPECT_EQ(Status(), kReady);
  }
}

TEST_F(IdeChannelTest, SoftResetReachesBothDrives) {
  AttachBoth();
  Select(1);
  Control(ata::kSoftReset | ata::kInterruptDisable);
  EXPECT_EQ(AlternateStatus(), ata::kBusy);
  Issue(ata::kIdentify);
  EXPECT_EQ(AlternateStatus(), ata::kBusy);
  Control(0);
  EXPECT_EQ(In(ata::kDevice) & 0x10, 0);
  EXPECT_EQ(Status(), kReady);
  EXPECT_EQ(Error(), 0x01);
  EXPECT_FALSE(irq14_.high);
}

TEST_F(IdeChannelTest, TheSecondChannelHasItsOwnPortsAndInterrupt) {
  ide_.channel(1).AttachDisk(0, second_, "SECOND");
  PowerOn();
  Out(ata::kCommand, ata::kRecalibrate, 0x170);
  EXPECT_TRUE(irq15_.high);
  EXPECT_FALSE(irq14_.high);
  EXPECT_EQ(In(0, 0x376), kReady);
  EXPECT_EQ(In(ata::kCommand, 0x170), kReady);
  EXPECT_FALSE(irq15_.high);
}

TEST_F(IdeChannelTest, WideAccessesToSingleRegistersAreTakenApart) {
  AttachFirst();
  bus_->WritePort(kBase + ata::kSectorCount, 4, 0x44332211);
  EXPECT_EQ(In(ata::kSectorCount), 0x11);
  EXPECT_EQ(In(ata::kLbaHigh), 0x44);
  EXPECT_EQ(bus_->ReadPort(kBase + ata::kLbaLow, 2), 0x3322u);
}

TEST_F(IdeChannelTest, NothingAnswersUntilTheChannelIsEnabled) {
  ide_.channel(0).AttachDisk(0, first_, "FIRST");
  ide_.Attach(*bus_);
  ide_.Reset();
  EXPECT_EQ(Status(), 0xFF);
  ide_.WriteConfig(kPciCommand, 2, 5);
  EXPECT_EQ(Status(), 0xFF);
  ide_.WriteConfig(0x40, 2, 0x8000);
  EXPECT_EQ(Status(), kReady);
  EXPECT_EQ(In(7, 0x170), 0xFF) << "each channel has its own bit";
  ide_.WriteConfig(kPciCommand, 2, 0);
  EXPECT_EQ(Status(), 0xFF);
}

TEST_F(IdeChannelTest, ConfigurationSpaceIsThePiix3s) {
  PowerOn();
  EXPECT_EQ(ide_.ReadConfig(0, 4), 0x70108086u);
  EXPECT_EQ(ide_.ReadConfig(kPciClassCode, 2), 0x0180u);
  EXPECT_EQ(ide_.ReadConfig(kPciClassCode + 2, 1), 0x01u);
  ide_.WriteConfig(0x20, 4, 0xFFFFFFFF);
  EXPECT_EQ(ide_.ReadConfig(0x20, 4), 0xFFFFFFF1u);  // 16 ports, to who looks at 32 bits
  ide_.WriteConfig(0x40, 4, 0xA3078077);
  EXPECT_EQ(ide_.ReadConfig(0x40, 4), 0xA3078077u);
}

TEST_F(IdeChannelTest, TheBusMasterMovesWithItsBaseAddress) {
  AttachFirst();
  bus_->WritePort(kBusMaster + 4, 4, 0x12345678);
  EXPECT_EQ(bus_->ReadPort(kBusMaster + 4, 4), 0x12345678u);
  ide_.WriteConfig(0x20, 4, 0xD000);
  EXPECT_EQ(bus_->ReadPort(kBusMaster + 4, 4), 0xFFFFFFFFu);
  EXPECT_EQ(bus_->ReadPort(0xD004, 4), 0x12345678u);
  EXPECT_EQ(bus_->ReadPort(0xD00C, 4), 0u);
  ide_.WriteConfig(0x20, 4, 0x1D000);  // above the last port
  EXPECT_EQ(bus_->ReadPort(0xD004, 4), 0xFFFFFFFFu);
  ide_.WriteConfig(0x20, 4, 0xD000);
  ide_.WriteConfig(kPciCommand, 2, 0);
  EXPECT_EQ(bus_->ReadPort(0xD004, 4), 0xFFFFFFFFu);
}

// Registers of both channels and of the bus master, in every width, with plausible values more
// often than chance has them; the disks answer now and then. It must stay within the disks, end,
// and be savable whenever it is settled.
TEST_F(IdeChannelTest, NoSequenceOfAccessesBreaksIt) {
  FakeDisk disc(64);
  ide_.channel(0).AttachDisk(0, first_, "FIRST");
  ide_.channel(0).AttachDisk(1, second_, "SECOND");
  AtapiCdrom& cdrom = ide_.channel(1).AttachCdrom(0, &disc, "DISC");
  PowerOn();
  static constexpr uint8_t kCommands[] = {
      ata::kReadSectors,  ata::kReadSectorsExt, ata::kReadDma,       ata::kReadDmaExt,
      ata::kReadMultiple, ata::kWriteSectors,   ata::kWriteDma,      ata::kWriteMultipleExt,
      ata::kSetMultiple,  ata::kVerify,         ata::kIdentify,      ata::kPacket,
      ata::kPacket,       ata::kDeviceReset,    ata::kSetFeatures,   ata::kInitializeParameters,
      ata::kDiagnostic,   ata::kFlushCache,     ata::kIdentifyPacket};
  static constexpr uint8_t kOperations[] = {0x00, 0x03, 0x12, 0x1A, 0x1B, 0x1E, 0x25, 0x28, 0x2B,
                                            0x43, 0x46, 0x4A, 0x51, 0x5A, 0xA8, 0xBD, 0xBE};
  Random random(0x1F0);
  const auto chance = [&random](unsigned one_in) { return random() % one_in == 0; };
  for (unsigned i = 0; i < 400'000; ++i) {
    const uint16_t base = chance(2) ? kBase : 0x170;
    const unsigned bytes = 1u << random() % 3;
    switch (random() % 12) {
      case 0:
        bus_->WritePort(static_cast<uint16_t>(base + 1 + random() % 6), 1, random() % 4);
        break;
      case 1:
        bus_->WritePort(static_cast<uint16_t>(base + random() % 8), bytes, random());
        break;
      case 2:
        bus_->ReadPort(static_cast<uint16_t>(base + random() % 8), bytes);
        break;
      case 3:
        Out(ata::kDevice, 0xE0 | (chance(3) ? 0x10 : 0), base);
        Out(ata::kCommand, kCommands[random() % std::size(kCommands)], base);
        break;
      case 4:
      case 5:
        for (unsigned n = random() % 600; n != 0; --n) bus_->ReadPort(base, bytes);
        break;
      case 6:
        for (unsigned n = random() % 300; n != 0; --n) bus_->WritePort(base, bytes, random() % 8);
        break;
      case 7: {
        Out(ata::kDevice, 0xA0, 0x170);
        Out(ata::kFeatures, random() % 2, 0x170);
        Out(ata::kCommand, ata::kPacket, 0x170);
        bus_->WritePort(0x170, 2, kOperations[random() % std::size(kOperations)] | random() << 8);
        for (unsigned n = 0; n < 5; ++n) bus_->WritePort(0x170, 2, random() & 0x0F1F);
        break;
      }
      case 8:
        if (chance(8)) Out(0, random(), static_cast<uint16_t>(base + 0x206));
        break;
      case 9: {
        const uint16_t engine = chance(2) ? kBusMaster : kBusMaster + 8;
        for (unsigned n = 0; n < 8; ++n) {
          StoreLittle(&memory_.ram[kTable + 8 * n], random() % (1 << 21));
          StoreLittle(&memory_.ram[kTable + 8 * n + 4],
                      random() % (chance(2) ? 0x10000 : 64) | (chance(4) ? 0x80000000u : 0));
        }
        bus_->WritePort(static_cast<uint16_t>(engine + 4), 4, chance(9) ? random() : kTable);
        Out(0, random() & 8, engine);
        Out(0, random() & 9, engine);
        break;
      }
      case 10:
        for (FakeDisk* disk : {&first_, &second_, &disc}) {
          if (!disk->waiting.empty()) disk->AnswerOne();
        }
        break;
      default:
        if (chance(50)) cdrom.ChangeDisc(chance(3) ? nullptr : &disc);
        if (chance(50)) first_.bad_sectors = {random() % 100};
        if (chance(50) && ide_.Settled()) {
          const std::vector<uint8_t> saved = Saved(ide_);
          StateReader reader(saved);
          ASSERT_TRUE(ide_.Load(reader));
          ASSERT_EQ(Saved(ide_), saved);
        }
        break;
    }
  }
  EXPECT_EQ(first_.outside + second_.outside + disc.outside, 0u);
}

}  // namespace
}  // namespace verbatim
