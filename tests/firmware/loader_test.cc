// SPDX-License-Identifier: Apache-2.0
#include "firmware/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/firmware/guest_ram.h"
#include "tests/firmware/synthetic_bzimage.h"
#include "tests/firmware/synthetic_multiboot.h"

namespace verbatim {
namespace {

TEST(Loader, RecognisesEachKind) {
  EXPECT_EQ(RecogniseImage(SyntheticBzImage().Files().kernel), ImageKind::kBzImage);
  EXPECT_EQ(RecogniseImage(SyntheticMultiboot::Elf().Files().kernel), ImageKind::kMultiboot);
  EXPECT_EQ(RecogniseImage(SyntheticMultiboot::Flat().Files().kernel), ImageKind::kMultiboot);
}

TEST(Loader, SaysWhatItLookedFor) {
  const std::vector<uint8_t> zeros(512);
  for (const size_t count : {size_t{0}, size_t{1}, size_t{512}}) {
    const auto kind = RecogniseImage({.name = "disk.img", .bytes = std::span(zeros).first(count)});
    ASSERT_FALSE(kind);
    EXPECT_THAT(kind.error().message,
                testing::AllOf(testing::StartsWith("disk.img: not a kernel image"),
                               testing::HasSubstr("'HdrS' at offset 202h"),
                               testing::HasSubstr("1BADB002h")));
  }
}

TEST(Loader, LoadsEachKind) {
  GuestRam ram(4 << 20);
  const SyntheticBzImage linux;
  EXPECT_EQ(LoadGuest(ram.ram(), linux.Files(), ram.environment())->mode, BootMode::kReal);
  const auto multiboot = SyntheticMultiboot::Elf();
  EXPECT_EQ(LoadGuest(ram.ram(), multiboot.Files(), ram.environment())->eax, 0x2BADB002u);
}

// Values at which bounds checks break.
uint32_t Boundary(std::mt19937& random) {
  constexpr uint32_t kValues[] = {0,        1,          0x7F,       0xFFF,      0x1000,
                                  0x8FFFF,  0x90000,    0x9FBFF,    0xA0000,    0xF0000,
                                  0x100000, 0x1FFFFF,   0x200000,   0x3FFFFF,   0x400000,
                                  0x400001, 0x7FFFFFFF, 0x80000000, 0xFFFFF000, 0xFFFFFFFF};
  return kValues[random() % std::size(kValues)];
}

// Changes a few fields in the first `header_bytes`, sometimes the length as well.
void Mutate(std::vector<uint8_t>& bytes, uint32_t header_bytes, std::mt19937& random) {
  const size_t changes = 1 + random() % 4;
  for (size_t i = 0; i < changes; ++i) {
    const size_t at = random() % header_bytes;
    switch (random() % 3) {
      case 0:
        bytes[at] = static_cast<uint8_t>(random());
        break;
      case 1:
        StoreLittle<uint32_t>(&bytes[at & ~3u], Boundary(random));
        break;
      default:
        StoreLittle<uint32_t>(
            &bytes[at & ~3u],
            static_cast<uint32_t>(LoadLittle<uint32_t>(&bytes[at & ~3u]) + random() % 65 - 32));
        break;
    }
  }
  if (random() % 8 == 0) bytes.resize(random() % (bytes.size() + 1));
}

// Loads mutations of `original` and demands that each either fails with a message that names the
// file or succeeds, and that neither wrote outside usable memory. Both outcomes must occur.
void LoadMutations(const BootFiles& original, uint32_t header_begin, uint32_t header_bytes) {
  constexpr int kRounds = 3000;
  const std::vector<uint8_t> initrd(0x3000, 0x42);
  GuestRam ram(4 << 20);
  std::mt19937 random(20240229);
  int loaded = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<uint8_t> bytes(original.kernel.bytes.begin() + header_begin,
                               original.kernel.bytes.end());
    Mutate(bytes, header_bytes, random);
    bytes.insert(bytes.begin(), original.kernel.bytes.begin(),
                 original.kernel.bytes.begin() + header_begin);
    const BootFiles files{.kernel = {.name = "kernel", .bytes = bytes},
                          .initrd = InputFile{.name = "initrd", .bytes = initrd},
                          .command_line = "quiet"};
    const auto state = LoadGuest(ram.ram(), files, ram.environment());
    ASSERT_TRUE(ram.Intact()) << "round " << round;
    if (state) {
      ++loaded;
      ASSERT_LT(state->eip.value, 4u << 20);
    } else {
      ASSERT_THAT(state.error().message,
                  testing::AnyOf(testing::StartsWith("kernel: "), testing::StartsWith("initrd: ")))
          << "round " << round;
    }
  }
  EXPECT_GT(loaded, kRounds / 100);
  EXPECT_LT(loaded, kRounds * 99 / 100);
}

TEST(Loader, MutatedBzImagesNeverWriteOutOfBounds) {
  const SyntheticBzImage image;
  LoadMutations(image.Files(), 0x1F0, 0x80);
}

TEST(Loader, MutatedElfImagesNeverWriteOutOfBounds) {
  const auto image = SyntheticMultiboot::Elf();
  LoadMutations(image.Files(), 0, 0x78);
}

TEST(Loader, MutatedFlatImagesNeverWriteOutOfBounds) {
  const auto image = SyntheticMultiboot::Flat();
  LoadMutations(image.Files(), SyntheticMultiboot::kHeader + 12, 0x14);
}

}  // namespace
}  // namespace verbatim
