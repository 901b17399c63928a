// SPDX-License-Identifier: Apache-2.0
// Int 18h and 19h: the order of drives, what the screen shows, the menu. The loop of the ROM is
// played here.
#include <gtest/gtest.h>

#include <deque>

#include "firmware/bios/boot/boot_service.h"
#include "tests/firmware/bios/disk/synthetic_disc.h"

namespace verbatim::test {
namespace {

constexpr uint16_t kEscapeKey = 0x011B;
constexpr uint16_t kF12Key = 0x8600;
constexpr uint32_t kBootSectorAddress = 0x7C00;

class BootTest : public DiskTest {
 protected:
  // With code and a mark behind it.
  MemoryDrive& AddBootable(BiosDriveKind kind, uint8_t mark) {
    MemoryDrive& drive = Add(kind, 2880);
    drive.data[0] = 0xEB;
    drive.data[2] = mark;
    StoreLittle<uint16_t>(&drive.data[510], 0xAA55);
    return drive;
  }
  void Start(BootOrder order = {.letters = "cad"}) {
    PowerOn();
    boot_ = std::make_unique<BootService>(*disks_, order);
    Run(BootService::kBegin);
  }
  // As rom.asm does. Until the guest is entered, or a key is awaited and there is none.
  void Run(uint8_t event) {
    screen_.clear();
    waiting_ = false;
    state_.eip = 0;
    state_.gpr[kEax] = event;
    for (int steps = 0; steps < 10000; ++steps) {
      BiosCall call(state_, *mmu_);
      boot_->Step(call);
      ASSERT_TRUE(call.Commit(3).has_value());
      if (state_.eip == kBootSectorAddress) return;
      const auto action = static_cast<uint8_t>(Register(kEax) >> 8);
      if (action == BootService::kPrint) {
        screen_ += static_cast<char>(Al());
        state_.gpr[kEax] = BootService::kDone;
        continue;
      }
      uint16_t key = keys_.empty() ? 0 : keys_.front();
      if (action == BootService::kWaitForKey) {
        waiting_ = keys_.empty();
        if (waiting_) return;
        keys_.pop_front();
      }
      state_.gpr[kEcx] = key;
      state_.gpr[kEax] = BootService::kKey;
    }
    FAIL() << "it does not end";
  }
  // The mark of the boot sector that was entered, and its drive.
  [[nodiscard]] std::pair<int, int> Entered() const {
    if (state_.eip != kBootSectorAddress) return {-1, -1};
    return {Peek<uint8_t>(kBootSectorAddress + 2), static_cast<uint8_t>(Register(kEdx))};
  }

  std::unique_ptr<BootService> boot_;
  std::string screen_;
  std::deque<uint16_t> keys_;
  bool waiting_ = false;
};

TEST_F(BootTest, TheDisketteComesBeforeTheDiskByDefault) {
  AddBootable(BiosDriveKind::kDisk, 2);
  AddBootable(BiosDriveKind::kFloppy, 1);
  Start(BootOrder{});
  EXPECT_EQ(Entered(), std::pair(1, 0x00));
  EXPECT_EQ(screen_, "Booting from diskette 1...\r\n");
}

TEST_F(BootTest, TheOrderIsTheUsers) {
  AddBootable(BiosDriveKind::kDisk, 2);
  AddBootable(BiosDriveKind::kFloppy, 1);
  Start({.letters = "ca"});
  EXPECT_EQ(Entered(), std::pair(2, 0x80));
}

TEST_F(BootTest, RegistersAreThoseThatBootSectorsExpect) {
  AddBootable(BiosDriveKind::kDisk, 2);
  Start();
  EXPECT_EQ(state_.segments[kCs].selector, 0);
  for (const Segment segment : {kDs, kEs, kSs}) {
    EXPECT_EQ(state_.segments[segment].selector, 0);
  }
  EXPECT_EQ(state_.gpr[kEsp], 0x7C00u);
}

TEST_F(BootTest, WhatHasNoSignatureIsPassedOver) {
  Add(BiosDriveKind::kDisk, 100).data[0] = 0xEB;
  AddBootable(BiosDriveKind::kFloppy, 1);
  Start();
  EXPECT_EQ(Entered(), std::pair(1, 0x00));
}

TEST_F(BootTest, ADiskThatBootsIsTheFirstOneToTheGuest) {
  Add(BiosDriveKind::kDisk, 100);
  AddBootable(BiosDriveKind::kDisk, 2);
  Start();
  EXPECT_EQ(Entered(), std::pair(2, 0x80));
  state_.gpr[kEsp] = kFrameOffset;
  SetRegisters(0x0201, 0x9000, 0x0001, 0x0080);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Peek<uint8_t>(0x9002), 2);
}

TEST_F(BootTest, AnOldDisketteNeedsNoSignature) {
  MemoryDrive& diskette = AddBootable(BiosDriveKind::kFloppy, 1);
  StoreLittle<uint16_t>(&diskette.data[510], 0);
  Start({.letters = "a"});
  EXPECT_EQ(Entered(), std::pair(1, 0x00));
}

TEST_F(BootTest, AFormattedDisketteDoesNotBoot) {
  std::ranges::fill(Add(BiosDriveKind::kFloppy, 2880).data, uint8_t{0xF6});
  Start();
  EXPECT_TRUE(waiting_);
}

TEST_F(BootTest, WhatWasTriedInVainIsTold) {
  Add(BiosDriveKind::kDisk, 100);
  Add(BiosDriveKind::kCdrom, 100);
  Add(BiosDriveKind::kFloppy, 2880).bad_sectors = {0};
  Start({.letters = "cadn"});
  EXPECT_TRUE(waiting_);
  EXPECT_EQ(screen_,
            "No bootable device. Tried:\r\n"
            "  network: none\r\n"
            "  disk 1: no boot sector\r\n"
            "  diskette 1: cannot be read\r\n"
            "  CD 1: has no boot record\r\n"
            "Press a key to try again.\r\n");
}

TEST_F(BootTest, AKeyTriesAgain) {
  MemoryDrive& disk = Add(BiosDriveKind::kDisk, 100);
  Start();
  EXPECT_TRUE(waiting_);
  disk.data[0] = 0xEB;
  StoreLittle<uint16_t>(&disk.data[510], 0xAA55);
  state_.gpr[kEcx] = 0x1C0D;
  Run(BootService::kKey);
  EXPECT_EQ(Entered(), std::pair(0, 0x80));
}

TEST_F(BootTest, Int18hGoesOnWithTheNextDriveAndInt19hWithTheFirst) {
  AddBootable(BiosDriveKind::kDisk, 2);
  AddBootable(BiosDriveKind::kFloppy, 1);
  Start();
  EXPECT_EQ(Entered(), std::pair(2, 0x80));
  Run(BootService::kNextDrive);
  EXPECT_EQ(Entered(), std::pair(1, 0x00));
  Run(BootService::kNextDrive);
  EXPECT_TRUE(waiting_);
  EXPECT_NE(screen_.find("  disk 1: did not start\r\n  diskette 1: did not start\r\n"),
            std::string::npos)
      << screen_;
  Run(BootService::kBegin);
  EXPECT_EQ(Entered(), std::pair(2, 0x80));
}

TEST_F(BootTest, ADiscBootsByItsCatalogue) {
  MakeBootable(Add(BiosDriveKind::kCdrom, kDiscSectors), DiscBootMedia::kNone);
  Start();
  EXPECT_EQ(state_.eip, kBootSectorAddress);
  EXPECT_EQ(Register(kEdx), 0xE0);
  EXPECT_EQ(Memory(0x7C00, 2048), PatternOf(kImageSector, 4));
}

TEST_F(BootTest, ADiscWhoseImageIsMissingIsToldAndPassedOver) {
  MemoryDrive& disc = Add(BiosDriveKind::kCdrom, kDiscSectors);
  MakeBootable(disc, DiscBootMedia::kDiskette1440K);
  PutEntry(disc, 1, {.media = DiscBootMedia::kDiskette1440K, .sectors = 1, .block = 50000});
  Start();
  EXPECT_TRUE(waiting_);
  EXPECT_NE(screen_.find("  CD 1: its boot image, block 50000, cannot be read\r\n"),
            std::string::npos)
      << screen_;
}

TEST_F(BootTest, TheMenuLetsTheUserChoose) {
  AddBootable(BiosDriveKind::kDisk, 2);
  AddBootable(BiosDriveKind::kFloppy, 1);
  Start({.letters = "cad", .menu = true});
  EXPECT_TRUE(waiting_);
  EXPECT_EQ(screen_, "Boot from:\r\n  1  disk 1\r\n  2  diskette 1\r\nEscape: in this order\r\n");
  keys_ = {0x0A39, 0x0332};  // 9 is no choice, 2 is one
  state_.gpr[kEcx] = 0;
  Run(BootService::kDone);
  EXPECT_EQ(Entered(), std::pair(1, 0x00));
}

TEST_F(BootTest, EscapeInTheMenuKeepsTheOrder) {
  AddBootable(BiosDriveKind::kDisk, 2);
  AddBootable(BiosDriveKind::kFloppy, 1);
  keys_ = {kEscapeKey};
  Start({.letters = "cad", .menu = true});
  EXPECT_EQ(Entered(), std::pair(2, 0x80));
}

TEST_F(BootTest, EscapeOrF12BeforeBootingBringsTheMenu) {
  AddBootable(BiosDriveKind::kDisk, 2);
  AddBootable(BiosDriveKind::kFloppy, 1);
  for (const uint16_t key : {kEscapeKey, kF12Key}) {
    keys_ = {key, 0x0332};
    Start();
    EXPECT_EQ(Entered(), std::pair(1, 0x00));
    EXPECT_TRUE(keys_.empty());
  }
}

TEST_F(BootTest, OtherKeysAreLeftToTheGuest) {
  AddBootable(BiosDriveKind::kDisk, 2);
  keys_ = {0x1C0D};
  Start();
  EXPECT_EQ(Entered(), std::pair(2, 0x80));
  EXPECT_EQ(keys_.size(), 1u);
}

}  // namespace
}  // namespace verbatim::test
