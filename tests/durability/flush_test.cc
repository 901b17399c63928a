// SPDX-License-Identifier: Apache-2.0
// From the drive's registers down to the host's file, with a host that may crash at any moment: a
// flush that the guest has seen the end of had reached the host's fdatasync, with all that the
// guest wrote before it, and what was written since is promised by nobody.
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "storage/image_file.h"
#include "storage/io_worker.h"
#include "tests/devices/ide_fixture.h"
#include "tests/devices/random.h"
#include "tests/storage/images.h"

namespace verbatim {
namespace {

constexpr unsigned kSectors = 64;

// What the host has, and what of it would survive. The worker's thread writes it, the test reads
// it.
struct Host {
  std::mutex mutex;
  FakeHostFile file{std::vector<uint8_t>(kSectors * kSectorBytes)};
  std::mutex sync_gate;  // while it is held no fdatasync ends

  std::vector<uint8_t> Written() {
    const std::lock_guard lock(mutex);
    return file.contents;
  }
  std::vector<uint8_t> Safe() {
    const std::lock_guard lock(mutex);
    return file.synced;
  }
};

class CrashingFile final : public HostFile {
 public:
  explicit CrashingFile(Host& host) : HostFile(FileDescriptor()), host_(host) {}
  ssize_t Read(std::span<uint8_t> to, uint64_t offset) override {
    const std::lock_guard lock(host_.mutex);
    return host_.file.Read(to, offset);
  }
  ssize_t Write(std::span<const uint8_t> from, uint64_t offset) override {
    const std::lock_guard lock(host_.mutex);
    return host_.file.Write(from, offset);
  }
  int Sync() override {
    const std::lock_guard gate(host_.sync_gate);
    const std::lock_guard lock(host_.mutex);
    return host_.file.Sync();
  }
  int64_t Size() override {
    const std::lock_guard lock(host_.mutex);
    return host_.file.Size();
  }

 private:
  Host& host_;
};

class FlushTest : public IdeFixture {
 protected:
  static constexpr uint8_t kBusy = 0x80;
  static constexpr uint8_t kErrorBit = 0x01;
  static constexpr uint32_t kBuffer = 0x4000;

  FlushTest() {
    auto image = ImageFile::Create("image", std::make_unique<CrashingFile>(host_), false);
    worker_ = std::make_unique<IoWorker>(*std::move(image), [] {});
    ide_.channel(0).AttachDisk(0, *worker_, "VB00001");
    PowerOn();
  }
  void Answer() override { worker_->Drain(); }

  void WritePio(unsigned sector, uint8_t byte) {
    SetLba28(sector, 1);
    Run(ata::kWriteSectors);
    WriteData(std::vector<uint8_t>(kSectorBytes, byte));
  }
  void WriteDma(unsigned sector, uint8_t byte) {
    std::fill_n(memory_.ram.begin() + kBuffer, kSectorBytes, byte);
    SetTable({{kBuffer, kSectorBytes, true}});
    SetLba28(sector, 1);
    Run(ata::kWriteDma);
    StartDma(false);
    StopDma();
  }
  void SetFeature(unsigned feature) {
    Out(ata::kFeatures, feature);
    Run(ata::kSetFeatures);
  }

  Host host_;
  std::unique_ptr<IoWorker> worker_;
};

TEST_F(FlushTest, EveryFlushThatEndedHasMadeAllWritesBeforeItSafe) {
  Random random(20);
  std::vector<uint8_t> expected = host_.Written();
  unsigned flushes = 0;
  for (unsigned step = 0; step < 2000; ++step) {
    const unsigned sector = random() % kSectors;
    const auto byte = static_cast<uint8_t>(random());
    const std::vector<uint8_t> before = host_.Safe();
    if (random() % 4 == 0) {
      Run(random() % 2 == 0 ? ata::kFlushCache : ata::kFlushCacheExt);
      ASSERT_EQ(Status(), kReady);
      ASSERT_EQ(host_.Safe(), expected) << "step " << step;
      ++flushes;
      continue;
    }
    random() % 2 == 0 ? WritePio(sector, byte) : WriteDma(sector, byte);
    ASSERT_EQ(Status(), kReady);
    std::fill_n(expected.begin() + sector * kSectorBytes, kSectorBytes, byte);
    ASSERT_EQ(host_.Written(), expected) << "the end of this process would lose a write";
    ASSERT_EQ(host_.Safe(), before) << "a flush that nobody asked for would hide a missing one";
  }
  EXPECT_GT(flushes, 300u);
}

TEST_F(FlushTest, TheDriveIsBusyUntilTheHostHasDoneIt) {
  WritePio(3, 0x33);
  std::unique_lock gate(host_.sync_gate);
  Issue(ata::kFlushCache);
  // Whatever the worker has done by now, it cannot have ended.
  worker_->Deliver();
  EXPECT_EQ(AlternateStatus(), kBusy);
  EXPECT_FALSE(irq14_.high);
  gate.unlock();
  Answer();
  EXPECT_TRUE(irq14_.high);
  EXPECT_EQ(Status(), kReady);
  EXPECT_EQ(host_.Safe(), host_.Written());
}

TEST_F(FlushTest, WithoutACacheEachWriteIsSafeWhenItEnds) {
  SetFeature(0x82);
  for (unsigned sector = 0; sector < 8; ++sector) {
    sector % 2 == 0 ? WritePio(sector, 0x44) : WriteDma(sector, 0x44);
    EXPECT_EQ(Status(), kReady);
    EXPECT_EQ(host_.Safe(), host_.Written()) << "sector " << sector;
    EXPECT_EQ(host_.Safe()[sector * kSectorBytes], 0x44);
  }
}

TEST_F(FlushTest, SwitchingTheCacheOffMakesSafeWhatIsInIt) {
  WritePio(9, 0x55);
  SetFeature(0x82);
  EXPECT_EQ(Status(), kReady);
  EXPECT_EQ(host_.Safe(), host_.Written());
}

TEST_F(FlushTest, AFlushThatTheHostRefusesIsAnErrorToTheGuest) {
  WritePio(1, 0x66);
  {
    const std::lock_guard lock(host_.mutex);
    host_.file.failure = EIO;
  }
  Run(ata::kFlushCache);
  EXPECT_EQ(Status() & kErrorBit, kErrorBit);
}

}  // namespace
}  // namespace verbatim
