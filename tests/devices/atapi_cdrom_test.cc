// SPDX-License-Identifier: Apache-2.0
// The CD-ROM drive: the PACKET protocol by PIO and DMA, each packet command, and changing discs.
#include "devices/atapi_cdrom.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "tests/devices/ide_fixture.h"

namespace verbatim {
namespace {

using mmc::Packet;

class AtapiCdromTest : public IdeFixture {
 protected:
  static constexpr unsigned kBlocks = 100;

  AtapiCdromTest() : cdrom_(ide_.channel(0).AttachCdrom(0, &disc_, "CD 1")) {
    PowerOn();
    // The news of the reset.
    Packet ready{};
    Send(ready);
    sense_after_reset_ = SenseAfterFailure();
  }
  void Answer() override {
    disc_.AnswerAll();
    other_disc_.AnswerAll();
  }

  void Send(const Packet& packet, unsigned limit = 0xFFFE, unsigned features = 0) {
    Out(ata::kDevice, 0xA0);
    Out(ata::kFeatures, features);
    Out(ata::kLbaMid, limit & 0xFF);
    Out(ata::kLbaHigh, limit >> 8);
    Issue(ata::kPacket);
    EXPECT_EQ(AlternateStatus() & ata::kDrq, ata::kDrq);
    EXPECT_EQ(In(ata::kSectorCount) & 3, 1) << "a command is wanted";
    WriteData(packet);
    Answer();
  }
  // All data of a command that sends some by PIO, block by block.
  std::vector<uint8_t> Receive() {
    std::vector<uint8_t> all;
    while (true) {
      EXPECT_TRUE(irq14_.high);
      last_status_ = Status();
      if ((last_status_ & ata::kDrq) == 0) break;
      EXPECT_EQ(In(ata::kSectorCount) & 3, 2) << "data for the host";
      const unsigned bytes = In(ata::kLbaHigh) * 256u + In(ata::kLbaMid);
      blocks_.push_back(bytes);
      const std::vector<uint8_t> block = ReadData((bytes + 1) / 2 * 2);
      all.insert(all.end(), block.begin(), block.begin() + bytes);
    }
    EXPECT_EQ(In(ata::kSectorCount) & 3, 3) << "the command is complete";
    return all;
  }
  std::vector<uint8_t> Run(const Packet& packet, unsigned limit = 0xFFFE) {
    blocks_.clear();
    Send(packet, limit);
    return Receive();
  }
  bool Succeeds(const Packet& packet) {
    Run(packet);
    return last_status_ == kReady;
  }
  // Sense key, code and qualifier, after the failure was seen in status and error.
  std::array<unsigned, 3> SenseAfterFailure() {
    EXPECT_EQ(Status(), kFailed);
    const unsigned key = Error() >> 4;
    const std::vector<uint8_t> data = Run({mmc::kRequestSense, 0, 0, 0, 18});
    EXPECT_EQ(data.size(), 18u);
    EXPECT_EQ(data[0], 0x70);
    EXPECT_EQ(data[2], key);
    return {data[2], data[12], data[13]};
  }
  std::array<unsigned, 3> FailureOf(const Packet& packet) {
    Send(packet);
    return SenseAfterFailure();
  }
  std::vector<uint8_t> Blocks(unsigned first, unsigned count) const {
    return disc_.Sectors(first * 4, count * 4);
  }
  static Packet Read10(uint32_t block, unsigned count) {
    return {mmc::kRead10,
            0,
            static_cast<uint8_t>(block >> 24),
            static_cast<uint8_t>(block >> 16),
            static_cast<uint8_t>(block >> 8),
            static_cast<uint8_t>(block),
            0,
            static_cast<uint8_t>(count >> 8),
            static_cast<uint8_t>(count)};
  }

  using Sense = std::array<unsigned, 3>;
  static constexpr Sense kNoMedium{2, 0x3A, 0};
  static constexpr Sense kOutOfRange{5, 0x21, 0};
  static constexpr Sense kBadField{5, 0x24, 0};
  static constexpr Sense kChanged{6, 0x28, 0};

  FakeDisk disc_{kBlocks * 4};
  FakeDisk other_disc_{40};
  AtapiCdrom& cdrom_;
  Sense sense_after_reset_{};
  uint8_t last_status_ = 0;
  std::vector<unsigned> blocks_;
};

TEST_F(AtapiCdromTest, TellsOnceThatItWasReset) {
  EXPECT_EQ(sense_after_reset_, (Sense{6, 0x29, 0}));
  EXPECT_TRUE(Succeeds({mmc::kTestUnitReady}));
}

TEST_F(AtapiCdromTest, HasThePacketSignatureAndAbortsWhatIsForDisks) {
  for (const unsigned command : {ata::kIdentify, ata::kReadSectors}) {
    IdeFixture::Run(command);
    EXPECT_EQ(Status(), kFailed);
    EXPECT_EQ(Error(), ata::kAborted);
    EXPECT_EQ(In(ata::kLbaMid), 0x14);
    EXPECT_EQ(In(ata::kLbaHigh), 0xEB);
  }
  for (const unsigned command : {unsigned{ata::kReadDma}, unsigned{ata::kWriteSectors}, 0xFFu}) {
    IdeFixture::Run(command);
    EXPECT_EQ(Error(), ata::kAborted) << command;
  }
}

TEST_F(AtapiCdromTest, DeviceResetWorksWhileBusy) {
  Out(ata::kLbaMid, 0xFE);
  Issue(ata::kPacket);
  const Packet read = Read10(0, 1);
  for (size_t i = 0; i < read.size(); i += 2) {
    bus_->WritePort(kBase, 2, read[i] | unsigned{read[i + 1]} << 8);
  }
  EXPECT_EQ(AlternateStatus(), ata::kBusy);
  Issue(ata::kDeviceReset);
  EXPECT_EQ(AlternateStatus(), 0);
  EXPECT_EQ(In(ata::kLbaHigh), 0xEB);
  Answer();
  EXPECT_EQ(AlternateStatus(), 0);
}

TEST_F(AtapiCdromTest, IdentifiesItself) {
  IdeFixture::Run(ata::kIdentifyPacket);
  EXPECT_TRUE(irq14_.high);
  const std::vector<uint8_t> identity = ReadData(512);
  EXPECT_EQ(LoadLittle<uint16_t>(identity.data()), 0x85C0);
  EXPECT_EQ(Status(), kReady);
}

TEST_F(AtapiCdromTest, ReadsBlocksByPio) {
  EXPECT_EQ(Run(Read10(7, 3)), Blocks(7, 3));
  EXPECT_EQ(last_status_, kReady);
  const Packet read12 = {mmc::kRead12, 0, 0, 0, 0, 90, 0, 0, 0, 10};
  EXPECT_EQ(Run(read12), Blocks(90, 10));
  EXPECT_EQ(Run(Read10(0, 100)), Blocks(0, 100));
  EXPECT_TRUE(Succeeds(Read10(5, 0)));
}

TEST_F(AtapiCdromTest, KeepsToTheByteCountLimit) {
  for (const unsigned limit : {2u, 511u, 2048u, 2050u, 6000u, 0xFFFFu, 0u, 1u}) {
    EXPECT_EQ(Run(Read10(7, 2), limit), Blocks(7, 2)) << limit;
    const unsigned most = limit == 0 ? 0xFFFE : std::max(limit & 0xFFFE, 2u);
    for (const unsigned block : blocks_) EXPECT_LE(block, most);
  }
}

TEST_F(AtapiCdromTest, ReadsBlocksByDma) {
  SetTable({{0x10000, 0, false}, {0x20000, 0, false}, {0x30000, 0, false}, {0x40000, 0, true}});
  Send(Read10(0, 100), 0, 1);
  StartDma(true);
  EXPECT_EQ(DmaStatus(), 5u);
  EXPECT_EQ(Status(), kReady);
  EXPECT_EQ(In(ata::kSectorCount) & 3, 3);
  EXPECT_EQ(Memory(0x10000, 100 * 2048), Blocks(0, 100));
}

TEST_F(AtapiCdromTest, RefusesBlocksThatAreNotThere) {
  EXPECT_EQ(FailureOf(Read10(100, 1)), kOutOfRange);
  EXPECT_EQ(FailureOf(Read10(99, 2)), kOutOfRange);
  EXPECT_EQ(FailureOf(Read10(0xFFFFFFFF, 0xFFFF)), kOutOfRange);
  EXPECT_EQ(FailureOf({mmc::kSeek10, 0, 0, 0, 0, 100}), kOutOfRange);
  EXPECT_TRUE(Succeeds({mmc::kSeek10, 0, 0, 0, 0, 99}));
}

TEST_F(AtapiCdromTest, TellsOfUnreadableBlocks) {
  disc_.bad_sectors = {40};
  EXPECT_EQ(FailureOf(Read10(10, 1)), (Sense{3, 0x11, 0}));
  EXPECT_EQ(Run(Read10(11, 1)), Blocks(11, 1));
}

TEST_F(AtapiCdromTest, ReadCdGivesUserData) {
  const Packet user = {mmc::kReadCd, 0, 0, 0, 0, 4, 0, 0, 2, 0x10};
  EXPECT_EQ(Run(user), Blocks(4, 2));
  EXPECT_TRUE(Succeeds({mmc::kReadCd, 0, 0, 0, 0, 4, 0, 0, 2, 0}));
  EXPECT_EQ(FailureOf({mmc::kReadCd, 0, 0, 0, 0, 4, 0, 0, 2, 0xF8}), kBadField);
  EXPECT_EQ(FailureOf({mmc::kReadCd, 0, 0, 0, 0, 4, 0, 0, 2, 0x10, 1}), kBadField);
  EXPECT_EQ(FailureOf({mmc::kReadCd, 1 << 2, 0, 0, 0, 4, 0, 0, 2, 0x10}), (Sense{5, 0x64, 0}));
}

TEST_F(AtapiCdromTest, InquiryIsCutToTheAllocatedLength) {
  const std::vector<uint8_t> all = Run({mmc::kInquiry, 0, 0, 0, 96});
  ASSERT_EQ(all.size(), 36u);
  EXPECT_EQ(all[0], 5);
  EXPECT_EQ(all[1], 0x80);
  EXPECT_EQ(std::string(all.begin() + 8, all.begin() + 16), "VERBATIM");
  EXPECT_EQ(Run({mmc::kInquiry, 0, 0, 0, 5}), std::vector<uint8_t>(all.begin(), all.begin() + 5));
  EXPECT_TRUE(Run({mmc::kInquiry, 0, 0, 0, 0}).empty());
  EXPECT_EQ(FailureOf({mmc::kInquiry, 1, 0x80, 0, 96}), kBadField);
}

TEST_F(AtapiCdromTest, CapacityIsTheLastBlock) {
  EXPECT_EQ(Run({mmc::kReadCapacity}), (std::vector<uint8_t>{0, 0, 0, 99, 0, 0, 8, 0}));
}

TEST_F(AtapiCdromTest, TableOfContentsInItsThreeFormats) {
  EXPECT_EQ(Run({mmc::kReadToc, 0, 0, 0, 0, 0, 0, 0, 100}),
            (std::vector<uint8_t>{0, 18, 1, 1,    0,    0x14, 1, 0, 0, 0,
                                  0, 0,  0, 0x14, 0xAA, 0,    0, 0, 0, 100}));
  EXPECT_EQ(Run({mmc::kReadToc, 2, 0, 0, 0, 0, 0xAA, 0, 100}),
            (std::vector<uint8_t>{0, 10, 1, 1, 0, 0x14, 0xAA, 0, 0, 0, 3, 25}))
      << "the lead-out at 250 frames";
  const std::vector<uint8_t> session = {0, 10, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0};
  EXPECT_EQ(Run({mmc::kReadToc, 0, 1, 0, 0, 0, 0, 0, 100}), session);
  EXPECT_EQ(Run({mmc::kReadToc, 0, 0, 0, 0, 0, 0, 0, 100, 0x40}), session) << "SFF-8020i's place";
  const std::vector<uint8_t> raw = Run({mmc::kReadToc, 0, 2, 0, 0, 0, 0, 0, 100});
  ASSERT_EQ(raw.size(), 4u + 4 * 11);
  EXPECT_EQ(raw[1], 46);
  EXPECT_EQ(raw[4 + 2 * 11 + 3], 0xA2);
  EXPECT_EQ(raw[4 + 2 * 11 + 9], 3);
  EXPECT_EQ(raw[4 + 2 * 11 + 10], 25);
  EXPECT_EQ(FailureOf({mmc::kReadToc, 0, 0, 0, 0, 0, 2, 0, 100}), kBadField);
  EXPECT_EQ(FailureOf({mmc::kReadToc, 0, 3, 0, 0, 0, 0, 0, 100}), kBadField);
}

TEST_F(AtapiCdromTest, ModePagesComeWithTheirHeader) {
  const std::vector<uint8_t> all = Run({mmc::kModeSense10, 0, 0x3F, 0, 0, 0, 0, 1, 0});
  ASSERT_EQ(all.size(), 8u + 8 + 16 + 20);
  EXPECT_EQ(all[0] * 256 + all[1], static_cast<int>(all.size()) - 2);
  EXPECT_EQ(all[8], 0x01);
  EXPECT_EQ(all[16], 0x0E);
  EXPECT_EQ(all[32], 0x2A);
  const std::vector<uint8_t> six = Run({mmc::kModeSense6, 0, 0x2A, 0, 255});
  ASSERT_EQ(six.size(), 4u + 20);
  EXPECT_EQ(six[0], 23);
  EXPECT_EQ(six[4], 0x2A);
  EXPECT_EQ(FailureOf({mmc::kModeSense10, 0, 0x05, 0, 0, 0, 0, 1, 0}), kBadField);
  EXPECT_EQ(FailureOf({mmc::kModeSense10, 0, 0xEA, 0, 0, 0, 0, 1, 0}), (Sense{5, 0x39, 0}));
}

TEST_F(AtapiCdromTest, ConfigurationListsFeatures) {
  const std::vector<uint8_t> all = Run({mmc::kGetConfiguration, 0, 0, 0, 0, 0, 0, 1, 0});
  ASSERT_GE(all.size(), 16u);
  EXPECT_EQ(all[3], all.size() - 4);
  EXPECT_EQ(all[7], 8);
  const std::vector<uint8_t> one = Run({mmc::kGetConfiguration, 2, 0, 0x1E, 0, 0, 0, 1, 0});
  EXPECT_EQ(std::vector<uint8_t>(one.begin() + 8, one.end()),
            (std::vector<uint8_t>{0, 0x1E, 1, 4, 0, 0, 0, 0}));
  cdrom_.ChangeDisc(nullptr);
  const std::vector<uint8_t> none = Run({mmc::kGetConfiguration, 0, 0, 0, 0, 0, 0, 1, 0});
  EXPECT_EQ(none[7], 0);
  const std::vector<uint8_t> current = Run({mmc::kGetConfiguration, 1, 0, 0, 0, 0, 0, 1, 0});
  EXPECT_EQ(current.size(), none.size() - 12 - 8);
}

TEST_F(AtapiCdromTest, SmallAnswersHaveTheirLengths) {
  EXPECT_EQ(Run({mmc::kMechanismStatus, 0, 0, 0, 0, 0, 0, 0, 0, 8}), std::vector<uint8_t>(8, 0));
  const std::vector<uint8_t> info = Run({mmc::kReadDiscInformation, 0, 0, 0, 0, 0, 0, 0, 100});
  ASSERT_EQ(info.size(), 34u);
  EXPECT_EQ(info[1], 32);
  EXPECT_EQ(info[2], 0x0E);
  EXPECT_TRUE(Succeeds({mmc::kSetSpeed, 0, 0xFF, 0xFF}));
}

TEST_F(AtapiCdromTest, UnknownOperationsAreRefused) {
  for (const unsigned operation : {0x2Au, 0x55u, 0xFFu}) {
    EXPECT_EQ(FailureOf({static_cast<uint8_t>(operation)}), (Sense{5, 0x20, 0})) << operation;
  }
  EXPECT_EQ(Run({mmc::kRequestSense, 0, 0, 0, 18})[2], 0) << "sense is of the last command";
}

TEST_F(AtapiCdromTest, AChangedDiscIsToldOnceAndRead) {
  cdrom_.ChangeDisc(&other_disc_);
  EXPECT_EQ(Run({mmc::kInquiry, 0, 0, 0, 36}).size(), 36u) << "works meanwhile";
  const Packet media = {mmc::kGetEventStatus, 1, 0, 0, 0x10, 0, 0, 0, 8};
  EXPECT_EQ(Run(media), (std::vector<uint8_t>{0, 6, 4, 0x10, 2, 2, 0, 0}));
  EXPECT_EQ(Run(media)[4], 0) << "an event is told once";
  EXPECT_EQ(FailureOf({mmc::kTestUnitReady}), kChanged);
  EXPECT_EQ(Run({mmc::kReadCapacity})[3], 9);
}

TEST_F(AtapiCdromTest, WithoutADiscNothingIsReady) {
  cdrom_.ChangeDisc(nullptr);
  EXPECT_EQ(FailureOf({mmc::kTestUnitReady}), kChanged);
  for (const uint8_t operation : {mmc::kTestUnitReady, mmc::kReadCapacity, mmc::kRead10,
                                  mmc::kReadToc, mmc::kReadCd, mmc::kReadDiscInformation}) {
    EXPECT_EQ(FailureOf({operation}), kNoMedium) << unsigned{operation};
  }
  EXPECT_EQ(Run({mmc::kGetEventStatus, 1, 0, 0, 0x10, 0, 0, 0, 8})[5], 0);
  EXPECT_EQ(FailureOf({mmc::kGetEventStatus, 0, 0, 0, 0x10, 0, 0, 0, 8}), kBadField);
  EXPECT_EQ(Run({mmc::kGetEventStatus, 1, 0, 0, 0x02, 0, 0, 0, 8}),
            (std::vector<uint8_t>{0, 2, 0x80, 0x10}));
}

TEST_F(AtapiCdromTest, ADiscThatLeavesEndsItsRead) {
  Out(ata::kLbaHigh, 0x08);
  Issue(ata::kPacket);
  const Packet read = Read10(0, 60);
  for (size_t i = 0; i < read.size(); i += 2) {
    bus_->WritePort(kBase, 2, read[i] | unsigned{read[i + 1]} << 8);
  }
  cdrom_.ChangeDisc(nullptr);
  EXPECT_EQ(SenseAfterFailure(), kNoMedium);
  Answer();
  EXPECT_EQ(Status(), kReady) << "the late answer is not heard";
}

TEST_F(AtapiCdromTest, TheGuestOpensAndLocksTheTray) {
  EXPECT_TRUE(Succeeds({mmc::kPreventAllow, 0, 0, 0, 1}));
  EXPECT_TRUE(cdrom_.locked());
  EXPECT_EQ(FailureOf({mmc::kStartStopUnit, 0, 0, 0, 2}), (Sense{5, 0x53, 2}));
  EXPECT_TRUE(Succeeds({mmc::kPreventAllow}));
  EXPECT_TRUE(Succeeds({mmc::kStartStopUnit, 0, 0, 0, 2}));
  EXPECT_TRUE(cdrom_.tray_open());
  EXPECT_EQ(FailureOf({mmc::kTestUnitReady}), kNoMedium);
  EXPECT_EQ(Run({mmc::kMechanismStatus, 0, 0, 0, 0, 0, 0, 0, 0, 8})[1], 0x10);
  EXPECT_TRUE(Succeeds({mmc::kStartStopUnit, 0, 0, 0, 3}));
  EXPECT_EQ(FailureOf({mmc::kTestUnitReady}), kChanged);
  EXPECT_EQ(Run(Read10(1, 1)), Blocks(1, 1));
}

TEST_F(AtapiCdromTest, IsSavedAmidARead) {
  Send(Read10(3, 40), 2048);
  Status();
  ReadData(1000);
  PiixIde other(irq14_, irq15_, memory_);
  other.channel(0).AttachCdrom(0, &disc_, "CD 1");
  ExpectRoundTrip(ide_, other);
}

TEST_F(AtapiCdromTest, HostileSavedStatesAreRefusedOrHarmless) {
  Send({mmc::kInquiry, 0, 0, 0, 36}, 8);
  FakeClock clock;
  ExpectCorruptionHandled(clock, ide_);
}

}  // namespace
}  // namespace verbatim
