// SPDX-License-Identifier: Apache-2.0
#include "firmware/bzimage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/firmware/guest_ram.h"
#include "tests/firmware/synthetic_bzimage.h"

namespace verbatim {
namespace {

using testing::AllOf;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::StartsWith;

constexpr uint64_t kRamBytes = 4 << 20;
constexpr uint64_t kSetup = 0x10000;

class BzImageTest : public testing::Test {
 protected:
  Result<BootState> Load(const BootFiles& files) {
    auto state = LoadBzImage(ram_.ram(), files, ram_.environment());
    EXPECT_TRUE(ram_.Intact());
    return state;
  }
  std::string FailureOf(const BootFiles& files) {
    const auto state = Load(files);
    return state ? "" : state.error().message;
  }
  std::string FailureOf(const SyntheticBzImage& image) { return FailureOf(image.Files()); }

  GuestRam ram_{kRamBytes};
};

TEST_F(BzImageTest, EntersTheSetupCodeInRealMode) {
  const SyntheticBzImage image;
  const auto state = Load(image.Files());
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->mode, BootMode::kReal);
  EXPECT_EQ(state->code_selector, kSetup / 16 + 0x20);
  EXPECT_EQ(state->data_selector, kSetup / 16);
  EXPECT_EQ(state->eip.value, 0u);
  EXPECT_EQ(state->esp, 0xE000u);
  EXPECT_EQ(state->eflags, 2u);
  EXPECT_EQ(state->cr0, 0x10u);
}

TEST_F(BzImageTest, CopiesTheRealModePart) {
  SyntheticBzImage image;
  image.Set<uint32_t>(0, 0x12345678).Set<uint32_t>(1020, 0x9ABCDEF0);
  ASSERT_EQ(FailureOf(image), "");
  EXPECT_EQ(ram_.Load<uint32_t>(kSetup), 0x12345678u);
  EXPECT_EQ(ram_.Load<uint32_t>(kSetup + 1020), 0x9ABCDEF0u);
  EXPECT_EQ(ram_.Load<uint32_t>(kSetup + 1024), 0u);
}

TEST_F(BzImageTest, FillsTheHeaderAsABootLoaderDoes) {
  const SyntheticBzImage image;
  BootFiles files = image.Files();
  files.command_line = "console=ttyS0";
  ASSERT_EQ(FailureOf(files), "");
  EXPECT_EQ(ram_.Load<uint16_t>(kSetup + 0x1FA), 0xFFFF);
  EXPECT_EQ(ram_.Load<uint8_t>(kSetup + 0x210), 0xFF);
  EXPECT_EQ(ram_.Load<uint8_t>(kSetup + 0x211), 0x81);
  EXPECT_EQ(ram_.Load<uint32_t>(kSetup + 0x214), 0x110000u);
  EXPECT_EQ(ram_.Load<uint64_t>(kSetup + 0x218), 0u);
  EXPECT_EQ(ram_.Load<uint16_t>(kSetup + 0x224), 0xE000 - 0x200);
  EXPECT_EQ(ram_.Text(ram_.Load<uint32_t>(kSetup + 0x228)), "console=ttyS0");
}

TEST_F(BzImageTest, VideoModeIsTakenFromTheCommandLine) {
  const SyntheticBzImage image;
  const auto mode = [&](const char* text) {
    BootFiles files = image.Files();
    files.command_line = text;
    EXPECT_EQ(FailureOf(files), "");
    return ram_.Load<uint16_t>(kSetup + 0x1FA);
  };
  EXPECT_EQ(mode("vga=ask"), 0xFFFD);
  EXPECT_EQ(mode("quiet vga=ext"), 0xFFFE);
  EXPECT_EQ(mode("vga=0x317 quiet"), 0x317);
  EXPECT_EQ(mode("vga=791 vga=normal vga=788"), 788);
  BootFiles files = image.Files();
  files.command_line = "vga=12x";
  EXPECT_THAT(FailureOf(files), HasSubstr("vga=12x"));
  files.command_line = "vga=65536";
  EXPECT_THAT(FailureOf(files), HasSubstr("vga=65536"));
}

TEST_F(BzImageTest, CopiesTheProtectedModePart) {
  const SyntheticBzImage image;
  ASSERT_EQ(FailureOf(image), "");
  EXPECT_THAT(ram_.Bytes(0x110000, SyntheticBzImage::kKernelBytes),
              ElementsAreArray(image.Files().kernel.bytes.subspan(1024)));
}

TEST_F(BzImageTest, EveryCutIsNoticed) {
  using namespace setup_header;
  SyntheticBzImage image;
  const std::vector<uint8_t> whole = image.bytes();
  std::vector<size_t> cuts = {0,
                              1,
                              kBegin,
                              kSysSize,
                              kBootFlag,
                              kSignature,
                              kVersion,
                              kLoadFlags,
                              kCode32Start,
                              kCmdLinePtr,
                              kInitrdAddrMax,
                              kKernelAlignment,
                              kXLoadFlags,
                              kCmdlineSize,
                              kPayloadOffset,
                              kSetupData,
                              kPrefAddress,
                              kInitSize,
                              0x26C,
                              511,
                              512,
                              513,
                              1023,
                              1024,
                              1025,
                              whole.size() - 16};
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) cuts.push_back(random() % (whole.size() - 16));
  for (const size_t cut : cuts) {
    image.bytes().assign(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(cut));
    EXPECT_THAT(FailureOf(image), StartsWith("vmlinuz: setup header: ")) << "cut at " << cut;
  }
}

TEST_F(BzImageTest, NamesTheFieldThatIsWrong) {
  using namespace setup_header;
  const auto failure = [&](uint32_t offset, auto value) {
    return FailureOf(SyntheticBzImage().Set(offset, value));
  };
  EXPECT_EQ(failure(kSignature, uint32_t{0}),
            "vmlinuz: setup header: signature at offset 202h is 00000000h, expected 'HdrS'");
  EXPECT_EQ(failure(kBootFlag, uint16_t{0x55}),
            "vmlinuz: setup header: boot_flag at offset 1FEh is 0055h, expected AA55h");
  EXPECT_THAT(failure(kVersion, uint16_t{0x201}), HasSubstr("version at offset 206h is 2.01"));
  EXPECT_THAT(failure(kVersion, uint16_t{0x300}), HasSubstr("version at offset 206h is 3.00"));
  EXPECT_THAT(failure(kJumpOffset, uint8_t{0x10}), HasSubstr("offset 200h is 212h"));
  EXPECT_THAT(failure(kJumpOffset, uint8_t{0xFF}), HasSubstr("offset 200h is 301h"));
  EXPECT_THAT(failure(kLoadFlags, uint8_t{0}), HasSubstr("loadflags at offset 211h is 00h"));
  EXPECT_THAT(failure(kXLoadFlags, uint16_t{1}), HasSubstr("64-bit kernel"));
  EXPECT_THAT(failure(kSetupSects, uint8_t{255}), HasSubstr("setup_sects at offset 1F1h is 255"));
  EXPECT_THAT(failure(kSysSize, uint32_t{0}), HasSubstr("syssize at offset 1F4h"));
  EXPECT_THAT(failure(kSysSize, uint32_t{8192 / 16 + 1}), HasSubstr("syssize at offset 1F4h"));
  EXPECT_THAT(failure(kSysSize, UINT32_MAX), HasSubstr("asks for FFFFFFFF0h bytes"));
  EXPECT_THAT(failure(kPayloadOffset, UINT32_MAX), HasSubstr("payload_offset"));
  EXPECT_THAT(failure(kPayloadLength, uint32_t{8192 - 0x100 + 1}), HasSubstr("payload_length"));
  EXPECT_THAT(failure(kKernelAlignment, uint32_t{0}), HasSubstr("kernel_alignment"));
  EXPECT_THAT(failure(kKernelAlignment, uint32_t{0x3000}), HasSubstr("kernel_alignment"));
  EXPECT_THAT(failure(kPrefAddress, UINT64_MAX), HasSubstr("pref_address at offset 258h"));
  EXPECT_THAT(failure(kPrefAddress, uint64_t{UINT32_MAX}), HasSubstr("do not fit guest RAM"));
  EXPECT_THAT(failure(setup_header::kInitSize, UINT32_MAX), HasSubstr("do not fit guest RAM"));
  EXPECT_THAT(failure(kKernelAlignment, uint32_t{1} << 31), HasSubstr("do not fit guest RAM"));
  EXPECT_THAT(failure(kPrefAddress, uint64_t{0x90000}), HasSubstr("reserved area"));
  EXPECT_THAT(failure(kPrefAddress, uint64_t{0x18000}), HasSubstr("overlap the setup code"));
  EXPECT_THAT(failure(kSetupSects, uint8_t{64}), HasSubstr("setup_sects at offset 1F1h is 64"));
}

TEST_F(BzImageTest, ZeroSetupSectsMeansFour) {
  SyntheticBzImage image;
  image.Set<uint8_t>(setup_header::kSetupSects, 0);
  image.bytes().insert(image.bytes().begin() + 1024, 3 * 512, uint8_t{0xEE});
  ASSERT_EQ(FailureOf(image), "");
  EXPECT_THAT(ram_.Bytes(0x110000, SyntheticBzImage::kKernelBytes),
              ElementsAreArray(image.Files().kernel.bytes.subspan(5 * 512)));
}

TEST_F(BzImageTest, BytesAfterTheKernelAreNotLoaded) {
  SyntheticBzImage image;
  image.bytes().insert(image.bytes().end(), 64, uint8_t{0xEE});
  ASSERT_EQ(FailureOf(image), "");
  EXPECT_EQ(ram_.Load<uint8_t>(0x110000 + SyntheticBzImage::kKernelBytes), 0xA5);
}

TEST_F(BzImageTest, FixedKernelNeedsMemoryWhereItUnpacks) {
  SyntheticBzImage image;
  image.Set<uint8_t>(setup_header::kRelocatableKernel, 0)
      .Set<uint64_t>(setup_header::kPrefAddress, 0x1000000);
  EXPECT_THAT(FailureOf(image), AllOf(StartsWith("vmlinuz: kernel's init_size area"),
                                      HasSubstr("10000h bytes at 1000000h")));
}

TEST_F(BzImageTest, CommandLineMayBeAsLongAsTheKernelAllows) {
  const SyntheticBzImage image;
  BootFiles files = image.Files();
  files.command_line.assign(2047, 'x');
  EXPECT_EQ(FailureOf(files), "");
  EXPECT_EQ(ram_.Text(ram_.Load<uint32_t>(kSetup + 0x228)), files.command_line);
  files.command_line += 'x';
  EXPECT_EQ(FailureOf(files), "vmlinuz: command line: is 2048 bytes long, expected at most 2047");
}

TEST_F(BzImageTest, CommandLineWithNulIsRefused) {
  const SyntheticBzImage image;
  BootFiles files = image.Files();
  files.command_line = std::string("a\0b", 3);
  EXPECT_THAT(FailureOf(files), HasSubstr("NUL"));
}

TEST_F(BzImageTest, RelocatableKernelIsAligned) {
  SyntheticBzImage image;
  image.Set<uint32_t>(setup_header::kKernelAlignment, 0x100000);
  ASSERT_EQ(FailureOf(image), "");
  EXPECT_EQ(ram_.Load<uint32_t>(kSetup + 0x214), 0x200000u);
  EXPECT_THAT(ram_.Bytes(0x200000, SyntheticBzImage::kKernelBytes),
              ElementsAreArray(image.Files().kernel.bytes.subspan(1024)));
}

TEST_F(BzImageTest, FixedKernelGoesTo1MiBAndSaysItselfWhereItIsEntered) {
  SyntheticBzImage image;
  image.Set<uint8_t>(setup_header::kRelocatableKernel, 0)
      .Set<uint32_t>(setup_header::kCode32Start, 0)
      .Set<uint64_t>(setup_header::kPrefAddress, 0x100000);
  ASSERT_EQ(FailureOf(image), "");
  EXPECT_EQ(ram_.Load<uint32_t>(kSetup + 0x214), 0u);
  EXPECT_THAT(ram_.Bytes(0x100000, SyntheticBzImage::kKernelBytes),
              ElementsAreArray(image.Files().kernel.bytes.subspan(1024)));
}

TEST_F(BzImageTest, Protocol202IgnoresFieldsItDoesNotHave) {
  SyntheticBzImage image;
  image.Set<uint16_t>(setup_header::kVersion, 0x202)
      .Set<uint8_t>(setup_header::kJumpOffset, 0x2A)
      .Set<uint32_t>(setup_header::kSysSize, UINT32_MAX);
  for (uint32_t i = 0x22C; i < 0x270; i += 4) image.Set<uint32_t>(i, UINT32_MAX);
  ASSERT_EQ(FailureOf(image), "");
  EXPECT_EQ(ram_.Load<uint32_t>(kSetup + 0x22C), UINT32_MAX) << "code, not a header";
  EXPECT_THAT(ram_.Bytes(0x100000, SyntheticBzImage::kKernelBytes),
              ElementsAreArray(image.Files().kernel.bytes.subspan(1024)));
}

TEST_F(BzImageTest, CommandLineMustFitItsAreaWhateverTheKernelAllows) {
  SyntheticBzImage image;
  image.Set<uint32_t>(setup_header::kCmdlineSize, UINT32_MAX);
  BootFiles files = image.Files();
  files.command_line.assign(0x10000 - 1, 'x');
  EXPECT_EQ(FailureOf(files), "");
  files.command_line += 'x';
  EXPECT_EQ(FailureOf(files), "vmlinuz: command line: is 65536 bytes long, expected at most 65535");
}

class BzImageInitrdTest : public BzImageTest {
 protected:
  BootFiles WithInitrd(const SyntheticBzImage& image, size_t bytes) {
    contents_.resize(bytes);
    for (size_t i = 0; i < bytes; ++i) contents_[i] = static_cast<uint8_t>(i * 13 + 1);
    BootFiles files = image.Files();
    files.initrd = InputFile{.name = "initrd.img", .bytes = contents_};
    return files;
  }
  uint32_t Address() { return ram_.Load<uint32_t>(kSetup + 0x218); }

  std::vector<uint8_t> contents_;
};

TEST_F(BzImageInitrdTest, GoesToTheTopOfRam) {
  ASSERT_EQ(FailureOf(WithInitrd(SyntheticBzImage(), 5000)), "");
  EXPECT_EQ(Address(), kRamBytes - 8192);
  EXPECT_EQ(ram_.Load<uint32_t>(kSetup + 0x21C), 5000u);
  EXPECT_THAT(ram_.Bytes(Address(), 5000), ElementsAreArray(contents_));
}

TEST_F(BzImageInitrdTest, StaysBelowInitrdAddrMax) {
  SyntheticBzImage image;
  image.Set<uint32_t>(setup_header::kInitrdAddrMax, 0x200FFF);
  ASSERT_EQ(FailureOf(WithInitrd(image, 4097)), "");
  EXPECT_EQ(Address(), 0x1FF000u);
}

TEST_F(BzImageInitrdTest, GoesBelowAKernelThatStandsAtTheTop) {
  SyntheticBzImage image;
  image.Set<uint64_t>(setup_header::kPrefAddress, kRamBytes - SyntheticBzImage::kInitSize);
  ASSERT_EQ(FailureOf(WithInitrd(image, 4096)), "");
  EXPECT_EQ(Address(), kRamBytes - SyntheticBzImage::kInitSize - 4096);
}

TEST_F(BzImageInitrdTest, StaysOutOfTheKernelsUnpackingArea) {
  SyntheticBzImage image;
  image.Set<uint64_t>(setup_header::kPrefAddress, 0x100000)
      .Set<uint32_t>(setup_header::kInitSize, kRamBytes - 0x100000 - 8192);
  EXPECT_EQ(FailureOf(WithInitrd(image, 8192)), "");
  EXPECT_THAT(FailureOf(WithInitrd(image, 8193)), StartsWith("initrd.img: initrd: 2001h bytes"));
}

TEST_F(BzImageInitrdTest, RefusesAnImpossibleLimitAndAnEmptyFile) {
  SyntheticBzImage image;
  image.Set<uint32_t>(setup_header::kInitrdAddrMax, 0);
  EXPECT_THAT(FailureOf(WithInitrd(image, 1)), StartsWith("initrd.img: initrd: 1h bytes"));
  EXPECT_EQ(FailureOf(WithInitrd(SyntheticBzImage(), 0)), "initrd.img: initrd: the file is empty");
}

}  // namespace
}  // namespace verbatim
