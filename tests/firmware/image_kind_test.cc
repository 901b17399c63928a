// SPDX-License-Identifier: Apache-2.0
#include "firmware/image_kind.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string_view>
#include <vector>

#include "base/bits.h"

namespace verbatim {
namespace {

using Bytes = std::vector<uint8_t>;

void Put(Bytes& bytes, size_t offset, std::string_view text) {
  std::memcpy(&bytes.at(offset), text.data(), text.size());
}
void PutSignature(Bytes& bytes) { Put(bytes, 510, "\x55\xAA"); }
void PutMultiboot(Bytes& bytes, size_t offset) {
  StoreLittle(&bytes.at(offset), 0x1BADB002u);
  StoreLittle(&bytes.at(offset + 4), 3u);
  StoreLittle(&bytes.at(offset + 8), 0u - 0x1BADB002u - 3u);
}

Result<ImageKind> Recognise(const Bytes& bytes) {
  return RecogniseImage(std::span(bytes).first(std::min(bytes.size(), kImageHeadBytes)),
                        bytes.size());
}

TEST(ImageKind, LinuxAndMultibootKernelsAreKernels) {
  Bytes linux_kernel(100000);
  PutSignature(linux_kernel);
  Put(linux_kernel, 0x202, "HdrS");
  EXPECT_EQ(Recognise(linux_kernel), ImageKind::kKernel);

  Bytes elf(10001);
  Put(elf, 0,
      "\x7F"
      "ELF");
  PutMultiboot(elf, 4096);
  EXPECT_EQ(Recognise(elf), ImageKind::kKernel);

  Bytes flat(10001);
  PutMultiboot(flat, 0);
  EXPECT_EQ(Recognise(flat), ImageKind::kKernel);
}

TEST(ImageKind, AnElfFileWithoutAMultibootHeaderIsNothing) {
  Bytes elf(8192);
  Put(elf, 0,
      "\x7F"
      "ELF");
  const auto kind = Recognise(elf);
  ASSERT_FALSE(kind.has_value());
  EXPECT_NE(kind.error().message.find("ELF"), std::string::npos);
}

TEST(ImageKind, WhatHasAVolumeDescriptorIsADiscEvenIfItIsADiskToo) {
  Bytes disc(100 * 2048);
  Put(disc, 0x8001, "CD001");
  EXPECT_EQ(Recognise(disc), ImageKind::kDisc);
  PutSignature(disc);
  EXPECT_EQ(Recognise(disc), ImageKind::kDisc);
}

TEST(ImageKind, FloppiesHaveExactSizes) {
  for (const size_t kib : {160, 180, 320, 360, 720, 1200, 1440, 1680, 1722, 2880}) {
    EXPECT_EQ(Recognise(Bytes(kib * 1024)), ImageKind::kFloppy) << kib;
    EXPECT_EQ(Recognise(Bytes(kib * 1024 + 512)), ImageKind::kDisk) << kib;
  }
}

TEST(ImageKind, OtherWholeSectorsAreADisk) {
  EXPECT_EQ(Recognise(Bytes(512)), ImageKind::kDisk);
  EXPECT_EQ(RecogniseImage(Bytes(kImageHeadBytes), uint64_t{1} << 50), ImageKind::kDisk);
}

TEST(ImageKind, AGrubDiskIsADiskAlthoughItsLoaderHasAMultibootHeader) {
  Bytes disk(1 << 20);
  PutSignature(disk);
  PutMultiboot(disk, 1024);
  EXPECT_EQ(Recognise(disk), ImageKind::kDisk);
}

TEST(ImageKind, EmptyFilesAndOddEndsAreNothing) {
  EXPECT_FALSE(Recognise({}).has_value());
  EXPECT_FALSE(Recognise(Bytes(1)).has_value());
  EXPECT_FALSE(Recognise(Bytes(513)).has_value());
}

TEST(ImageKind, ImagesCutOffAnywhereAreNeverReadBeyondTheirEnd) {
  Bytes image(kImageHeadBytes);
  PutSignature(image);
  Put(image, 0x202, "HdrS");
  Put(image, 0x8001, "CD001");
  PutMultiboot(image, 8192 - 12);
  for (size_t size = 0; size <= image.size(); size += 511) {
    const Bytes cut_off(image.begin(), image.begin() + static_cast<ptrdiff_t>(size));
    const auto kind = Recognise(cut_off);  // sanitizers look on
    EXPECT_TRUE(kind.has_value() || !kind.error().message.empty());
  }
}

}  // namespace
}  // namespace verbatim
