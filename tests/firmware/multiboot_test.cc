// SPDX-License-Identifier: Apache-2.0
#include "firmware/multiboot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/firmware/guest_ram.h"
#include "tests/firmware/synthetic_multiboot.h"

namespace verbatim {
namespace {

using testing::Each;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::StartsWith;

constexpr uint64_t kRamBytes = 4 << 20;
constexpr uint64_t kInfo = 0x91000;

class MultibootTest : public testing::Test {
 protected:
  Result<BootState> Load(const BootFiles& files) {
    auto state = LoadMultiboot(ram_.ram(), files, ram_.environment());
    EXPECT_TRUE(ram_.Intact());
    return state;
  }
  std::string FailureOf(const BootFiles& files) {
    const auto state = Load(files);
    return state ? "" : state.error().message;
  }
  std::string FailureOf(const SyntheticMultiboot& image) { return FailureOf(image.Files()); }
  std::string FailureWithSegment(const SyntheticMultiboot::Segment& segment) {
    return FailureOf(SyntheticMultiboot::Elf().SetSegment(1, segment));
  }

  GuestRam ram_{kRamBytes};
};

TEST_F(MultibootTest, EntryStateIsAsSpecified) {
  const auto state = Load(SyntheticMultiboot::Elf().Files());
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->eip.value, 0x100200u);
  EXPECT_EQ(state->eax, 0x2BADB002u);
  EXPECT_EQ(state->ebx, kInfo);
  EXPECT_EQ(state->eflags, 2u);
  EXPECT_EQ(state->cr0, 0x11u);
}

TEST_F(MultibootTest, LoadsElfSegmentsAndClearsTheirRest) {
  const auto image = SyntheticMultiboot::Elf();
  ASSERT_EQ(FailureOf(image), "");
  const auto file = image.Files().kernel.bytes;
  EXPECT_THAT(ram_.Bytes(0x100000, 0x800), ElementsAreArray(file.first(0x800)));
  EXPECT_EQ(ram_.Load<uint8_t>(0x100800), 0xA5);
  EXPECT_THAT(ram_.Bytes(0x200000, 0x100), ElementsAreArray(file.subspan(0x800, 0x100)));
  EXPECT_THAT(ram_.Bytes(0x200100, 0xF00), Each(0));
  EXPECT_EQ(ram_.Load<uint8_t>(0x201000), 0xA5);
}

TEST_F(MultibootTest, LoadsByAddressFields) {
  const auto image = SyntheticMultiboot::Flat();
  const auto state = Load(image.Files());
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->eip.value, 0x100200u);
  EXPECT_THAT(ram_.Bytes(0x100000, 4096), ElementsAreArray(image.Files().kernel.bytes));
  EXPECT_THAT(ram_.Bytes(0x101000, 0x2000), Each(0));
  EXPECT_EQ(ram_.Load<uint8_t>(0x103000), 0xA5);
}

TEST_F(MultibootTest, ZeroLoadEndMeansWholeFileAndZeroBssEndMeansNone) {
  auto image = SyntheticMultiboot::Flat();
  image.Set<uint32_t>(SyntheticMultiboot::kFlatLoadEnd, 0)
      .Set<uint32_t>(SyntheticMultiboot::kFlatBssEnd, 0);
  ASSERT_EQ(FailureOf(image), "");
  EXPECT_THAT(ram_.Bytes(0x100000, 4096), ElementsAreArray(image.Files().kernel.bytes));
  EXPECT_EQ(ram_.Load<uint8_t>(0x101000), 0xA5);
}

TEST_F(MultibootTest, BootInformationDescribesTheMachine) {
  const auto image = SyntheticMultiboot::Elf();
  BootFiles files = image.Files();
  files.command_line = "kernel debug";
  ASSERT_EQ(FailureOf(files), "");
  EXPECT_EQ(ram_.Load<uint32_t>(kInfo), 0x245u);
  EXPECT_EQ(ram_.Load<uint32_t>(kInfo + 4), 639u);
  EXPECT_EQ(ram_.Load<uint32_t>(kInfo + 8), 3072u);
  EXPECT_EQ(ram_.Text(ram_.Load<uint32_t>(kInfo + 16)), "kernel debug");
  EXPECT_EQ(ram_.Text(ram_.Load<uint32_t>(kInfo + 64)), "Verbatim");
  uint64_t at = ram_.Load<uint32_t>(kInfo + 48);
  ASSERT_EQ(ram_.Load<uint32_t>(kInfo + 44), ram_.map().size() * 24);
  for (const MemoryMapEntry& entry : ram_.map()) {
    EXPECT_EQ(ram_.Load<uint32_t>(at), 20u);
    EXPECT_EQ(ram_.Load<uint64_t>(at + 4), entry.range.begin.value);
    EXPECT_EQ(ram_.Load<uint64_t>(at + 12), entry.range.bytes);
    EXPECT_EQ(ram_.Load<uint32_t>(at + 20), static_cast<uint32_t>(entry.kind));
    at += 24;
  }
}

TEST_F(MultibootTest, InitrdBecomesModuleOne) {
  const auto image = SyntheticMultiboot::Elf();
  const std::vector<uint8_t> contents(5000, 0x77);
  BootFiles files = image.Files();
  files.initrd = InputFile{.name = "initrd.img", .bytes = contents};
  ASSERT_EQ(FailureOf(files), "");
  EXPECT_EQ(ram_.Load<uint32_t>(kInfo) & 8, 8u);
  ASSERT_EQ(ram_.Load<uint32_t>(kInfo + 20), 1u);
  const uint32_t module = ram_.Load<uint32_t>(kInfo + 24);
  const uint32_t begin = ram_.Load<uint32_t>(module);
  EXPECT_EQ(begin % 4096, 0u);
  EXPECT_EQ(ram_.Load<uint32_t>(module + 4), begin + 5000);
  EXPECT_EQ(ram_.Text(ram_.Load<uint32_t>(module + 8)), "initrd.img");
  EXPECT_THAT(ram_.Bytes(begin, 5000), ElementsAreArray(contents));
}

TEST_F(MultibootTest, ModuleThatDoesNotFitIsRefused) {
  const auto image = SyntheticMultiboot::Elf();
  const std::vector<uint8_t> contents(3 << 20, 0x77);
  BootFiles files = image.Files();
  files.initrd = InputFile{.name = "initrd.img", .bytes = contents};
  EXPECT_THAT(FailureOf(files), StartsWith("initrd.img: module: 300000h bytes do not fit"));
}

TEST_F(MultibootTest, HighLinkedKernelIsEnteredThroughItsSegment) {
  auto image = SyntheticMultiboot::Elf();
  image.SetSegment(0, {1, 0, 0xC0100000, 0x100000, 0x800, 0x800})
      .Set<uint32_t>(SyntheticMultiboot::kElfEntry, 0xC0100200);
  const auto state = Load(image.Files());
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->eip.value, 0x100200u);
}

TEST_F(MultibootTest, HeaderMustBeAlignedEarlyAndChecksummed) {
  auto bad_checksum = SyntheticMultiboot::Elf();
  bad_checksum.Set<uint32_t>(SyntheticMultiboot::kHeader + 8, 0);
  EXPECT_THAT(FailureOf(bad_checksum), StartsWith("kernel: multiboot header: not found"));

  auto unaligned = SyntheticMultiboot::Elf();
  unaligned.bytes().insert(unaligned.bytes().begin(), 2, 0);
  EXPECT_THAT(FailureOf(unaligned), StartsWith("kernel: multiboot header: not found"));

  auto late = SyntheticMultiboot::Elf();
  late.bytes().insert(late.bytes().begin(), 8192 - SyntheticMultiboot::kHeader - 8, 0);
  EXPECT_THAT(FailureOf(late), StartsWith("kernel: multiboot header: not found"));
}

TEST_F(MultibootTest, UnknownRequirementsAreRefusedAndOptionsIgnored) {
  EXPECT_THAT(FailureOf(SyntheticMultiboot::Elf().SetFlags(4)), HasSubstr("not a video mode"));
  EXPECT_THAT(FailureOf(SyntheticMultiboot::Elf().SetFlags(0x8003)),
              HasSubstr("flags at offset 104h are 00008003h"));
  EXPECT_EQ(FailureOf(SyntheticMultiboot::Elf().SetFlags(0xFFFE0003)), "");
}

TEST_F(MultibootTest, HostileSegmentsAreRefused) {
  EXPECT_THAT(FailureWithSegment({1, 0x800, 0, 0xFFFFF000, 0x100, 0x2000}),
              HasSubstr("do not fit guest RAM"));
  EXPECT_THAT(FailureWithSegment({1, 0x800, 0, 0x3FFFF0, 0x10, 0x11}),
              HasSubstr("do not fit guest RAM, which ends at 400000h"));
  EXPECT_THAT(FailureWithSegment({1, 0x800, 0, 0x200000, 0x100, 0xFFFFFFFF}),
              HasSubstr("do not fit guest RAM"));
  EXPECT_THAT(FailureWithSegment({1, 0x800, 0, 0x91000, 0x100, 0x100}),
              HasSubstr("overlap the boot block"));
  EXPECT_THAT(FailureWithSegment({1, 0x800, 0, 0x80000, 0x100, 0x1F000}),
              HasSubstr("overlap the boot block"));
  EXPECT_THAT(FailureWithSegment({1, 0x800, 0, 0xF0000, 0x100, 0x100}),
              HasSubstr("touch a reserved area"));
  EXPECT_THAT(FailureWithSegment({1, 0x800, 0, 0x100400, 0x100, 0x100}),
              HasSubstr("overlap the kernel segment"));
  EXPECT_THAT(FailureWithSegment({1, 0x800, 0, 0x200000, 0x101, 0x100}),
              HasSubstr("p_filesz is 101h, expected at most p_memsz 100h"));
  EXPECT_THAT(FailureWithSegment({1, 0xFFFFFFF0, 0, 0x200000, 0x100, 0x100}),
              HasSubstr("100h bytes at offset FFFFFFF0h"));
  EXPECT_THAT(FailureWithSegment({1, 0xF01, 0, 0x200000, 0x100, 0x100}),
              HasSubstr("inside the file of 1000h bytes"));
}

TEST_F(MultibootTest, SegmentsThatLoadNothingAreSkipped) {
  EXPECT_EQ(FailureWithSegment({4, 0xFFFFFFFF, 0, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}), "");
  EXPECT_EQ(FailureWithSegment({1, 0x800, 0, 0xFFFFFFFF, 0, 0}), "");
}

TEST_F(MultibootTest, HostileElfHeaderIsRefused) {
  const auto failure = [&](uint32_t offset, auto value) {
    return FailureOf(SyntheticMultiboot::Elf().Set(offset, value));
  };
  EXPECT_THAT(failure(0, uint32_t{0}), HasSubstr("the file is not ELF"));
  EXPECT_THAT(failure(4, uint8_t{2}), HasSubstr("class 2, data 1, machine 3"));
  EXPECT_THAT(failure(SyntheticMultiboot::kElfMachine, uint16_t{62}), HasSubstr("machine 62"));
  EXPECT_THAT(failure(SyntheticMultiboot::kElfType, uint16_t{3}), HasSubstr("e_type is 3"));
  EXPECT_THAT(failure(SyntheticMultiboot::kElfProgramHeaderBytes, uint16_t{0}),
              HasSubstr("e_phentsize is 0"));
  EXPECT_THAT(failure(SyntheticMultiboot::kElfProgramHeaderCount, uint16_t{0}),
              HasSubstr("e_phnum is 0"));
  EXPECT_THAT(failure(SyntheticMultiboot::kElfProgramHeaderCount, uint16_t{0xFFFF}),
              HasSubstr("e_phnum is 65535"));
  EXPECT_THAT(failure(SyntheticMultiboot::kElfProgramHeaders, UINT32_MAX),
              HasSubstr("program header 0: at offset FFFFFFFFh"));
  EXPECT_THAT(failure(SyntheticMultiboot::kElfEntry, uint32_t{0x100800}),
              HasSubstr("e_entry is 100800h"));
}

TEST_F(MultibootTest, HostileAddressFieldsAreRefused) {
  const auto failure = [&](uint32_t offset, uint32_t value) {
    return FailureOf(SyntheticMultiboot::Flat().Set(offset, value));
  };
  EXPECT_THAT(failure(SyntheticMultiboot::kFlatHeader, 0xFFFFF), HasSubstr("before the file"));
  EXPECT_THAT(failure(SyntheticMultiboot::kFlatHeader, UINT32_MAX), HasSubstr("before the file"));
  EXPECT_THAT(failure(SyntheticMultiboot::kFlatLoad, 0), HasSubstr("before the file"));
  EXPECT_THAT(failure(SyntheticMultiboot::kFlatLoadEnd, 0x100000), HasSubstr("load_end_addr"));
  EXPECT_THAT(failure(SyntheticMultiboot::kFlatLoadEnd, UINT32_MAX), HasSubstr("load_end_addr"));
  EXPECT_THAT(failure(SyntheticMultiboot::kFlatBssEnd, 0x100FFF), HasSubstr("bss_end_addr"));
  EXPECT_THAT(failure(SyntheticMultiboot::kFlatBssEnd, 0xFFFFFFFF), HasSubstr("fit guest RAM"));
  EXPECT_THAT(failure(SyntheticMultiboot::kFlatEntry, 0x103000), HasSubstr("entry address"));
}

}  // namespace
}  // namespace verbatim
