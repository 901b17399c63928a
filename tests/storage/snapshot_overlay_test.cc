// SPDX-License-Identifier: Apache-2.0
// The overlay against a plain copy in memory.
#include "storage/snapshot_overlay.h"

#include <gtest/gtest.h>

#include <random>

#include "storage/image_file.h"
#include "tests/storage/images.h"

namespace verbatim {
namespace {

struct Overlay {
  explicit Overlay(size_t bytes) {
    auto base_file = std::make_unique<FakeHostFile>(Pattern(bytes));
    auto overlay_file = std::make_unique<FakeHostFile>(std::vector<uint8_t>{});
    base = base_file.get();
    file = overlay_file.get();
    auto image = ImageFile::Create("base", std::move(base_file), true);
    disk = std::make_unique<SnapshotOverlay>(*std::move(image), std::move(overlay_file));
  }
  FakeHostFile* base = nullptr;
  FakeHostFile* file = nullptr;
  std::unique_ptr<SnapshotOverlay> disk;
};

TEST(SnapshotOverlayTest, RandomWritesReadBackAndTheBaseStays) {
  constexpr size_t kSectors = 100;  // ends within a cluster
  Overlay overlay(kSectors * 512);
  std::vector<uint8_t> expected = Pattern(kSectors * 512);
  std::mt19937 random(7);
  for (unsigned i = 0; i < 500; ++i) {
    const size_t first = random() % kSectors;
    const size_t count = 1 + random() % std::min<size_t>(30, kSectors - first);
    const auto at = expected.begin() + static_cast<ptrdiff_t>(first * 512);
    switch (random() % 3) {
      case 0: {
        const std::vector<uint8_t> data = Pattern(count * 512, i);
        ASSERT_EQ(overlay.disk->Write(first * 512, data), BlockStatus::kDone);
        std::copy(data.begin(), data.end(), at);
        break;
      }
      case 1:
        ASSERT_EQ(overlay.disk->Discard(first * 512, count * 512), BlockStatus::kDone);
        std::fill_n(at, count * 512, uint8_t{0});
        break;
      default: {
        std::vector<uint8_t> data(count * 512);
        ASSERT_EQ(overlay.disk->Read(first * 512, data), BlockStatus::kDone);
        ASSERT_TRUE(std::equal(data.begin(), data.end(), at)) << "round " << i;
        break;
      }
    }
  }
  EXPECT_EQ(ReadAll(*overlay.disk), expected);
  EXPECT_EQ(overlay.base->contents, Pattern(kSectors * 512));
}

TEST(SnapshotOverlayTest, AFullHostIsToldAndChangesNothing) {
  Overlay overlay(64 << 10);
  overlay.file->failure = ENOSPC;
  EXPECT_EQ(overlay.disk->Write(512, Pattern(8192, 4)), BlockStatus::kOutOfSpace);
  overlay.file->failure = 0;
  EXPECT_EQ(ReadAll(*overlay.disk), Pattern(64 << 10));
  EXPECT_EQ(overlay.disk->Write(512, Pattern(8192, 4)), BlockStatus::kDone);
}

TEST(SnapshotOverlayTest, AnErrorOfTheBaseIsTold) {
  Overlay overlay(64 << 10);
  overlay.base->contents.resize(1024);
  std::vector<uint8_t> sector(512);
  EXPECT_EQ(overlay.disk->Read(8192, sector), BlockStatus::kError);
  EXPECT_EQ(overlay.disk->Write(8192 + 512, sector), BlockStatus::kError) << "copies the cluster";
  EXPECT_EQ(overlay.disk->Write(8192, Pattern(4096)), BlockStatus::kDone) << "needs no copy";
}

TEST(SnapshotOverlayTest, NothingOutsideTheDiskIsReached) {
  Overlay overlay(4096);
  std::vector<uint8_t> sector(512);
  for (const uint64_t offset : {uint64_t{4096}, ~uint64_t{0}, ~uint64_t{0} - 511}) {
    EXPECT_EQ(overlay.disk->Read(offset, sector), BlockStatus::kError);
    EXPECT_EQ(overlay.disk->Write(offset, sector), BlockStatus::kError);
    EXPECT_EQ(overlay.disk->Discard(offset, 512), BlockStatus::kError);
  }
  EXPECT_TRUE(overlay.file->contents.empty());
}

}  // namespace
}  // namespace verbatim
