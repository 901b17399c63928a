// SPDX-License-Identifier: Apache-2.0
// The layout of physical memory changes under a running guest: an access to a port or a device has
// other memory answer, and the next instruction must see it, as data and as code.
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "base/bits.h"
#include "tests/engine/guest_snippet.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kPage = kPtePresent | kPteWritable | kPteUser;
constexpr uint32_t kFunction = kCode + 0x2000;
constexpr uint32_t kVideo = 0xE0000000;        // physical
constexpr uint32_t kVideoLinear = 0xFFFFE000;  // where the guest sees it
constexpr uint32_t kDeviceLinear = kData + 0x3000;

using Bytes = std::vector<uint8_t>;

Bytes Code(std::initializer_list<Bytes> pieces) {
  Bytes code;
  for (const Bytes& piece : pieces) code.insert(code.end(), piece.begin(), piece.end());
  return code;
}

Bytes WithDword(Bytes opcode, uint32_t value) {
  opcode.resize(opcode.size() + 4);
  StoreLittle(opcode.data() + opcode.size() - 4, value);
  return opcode;
}

const Bytes kEnd{0xE6, 0xF4};       // out F4h, al: stops the run
const Bytes kReadPort{0xE4, 0x10};  // in al, 10h: changes the layout
const Bytes kClearEdx{0x31, 0xD2};
const Bytes kAddEax{0x01, 0xC2};   // add edx, eax
const Bytes kResult{0x89, 0xD0};   // mov eax, edx
const Bytes kCall = {0xFF, 0xD7};  // call edi
// mov edi, function
const Bytes kLoadFunction = WithDword({0xBF}, kFunction);
// mov eax, value ; ret
Bytes Returns(uint32_t value) { return Code({WithDword({0xB8}, value), {0xC3}}); }
// mov eax, [address]
Bytes Load(uint32_t address) { return WithDword({0xA1}, address); }
// mov [address], eax
Bytes Store(uint32_t address) { return WithDword({0xA3}, address); }

class LayoutTest : public testing::Test {
 protected:
  void Create(bool force_software) {
    auto guest =
        GuestSnippet::Create({.code_cache_bytes = 1u << 20, .force_software = force_software});
    ASSERT_TRUE(guest.has_value());
    guest_ = std::move(*guest);
    guest_->Map(kDeviceLinear, kDevicePage, kPage);
  }
  [[nodiscard]] PhysicalMemory& memory() { return guest_->memory(); }
  // eax at the end.
  [[nodiscard]] uint32_t Run(const Bytes& code) {
    guest_->Write(kCode, code);
    return guest_->RunAtCpl0(CpuImage::Typical());
  }
  // A page of this ROM lies behind the RAM at `address` from now on.
  void PutRomBehind(uint32_t address, const Bytes& start) {
    Bytes contents(kPageBytes, 0xCC);
    std::ranges::copy(start, contents.begin());
    memory().Place(memory().MakeRom(contents), {address});
  }
  void Decode(uint32_t address, bool reads, bool writes) {
    memory().DecodeRam({address}, kPageBytes, reads, writes);
  }

  std::unique_ptr<GuestSnippet> guest_;
};

// With memory accesses as they stand, which fault at devices, and with all of them in software.
class MemoryLayout : public LayoutTest, public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override { Create(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Accesses, MemoryLayout, testing::Values(false, true),
                         [](const auto& param) { return param.param ? "InSoftware" : "Direct"; });

TEST_P(MemoryLayout, TheInstructionBehindAPortAccessReadsTheNewMemory) {
  PutRomBehind(kData, {0x05, 0, 0, 0});
  StoreLittle(guest_->Memory(kData, 4).data(), 300u);
  guest_->board().on_port_read = [this] { Decode(kData, false, true); };
  EXPECT_EQ(
      Run(Code({kClearEdx, Load(kData), kAddEax, kReadPort, Load(kData), kAddEax, kResult, kEnd})),
      305u);
}

TEST_P(MemoryLayout, TheInstructionBehindADeviceAccessReadsTheNewMemory) {
  PutRomBehind(kData, {0x05, 0, 0, 0});
  StoreLittle(guest_->Memory(kData, 4).data(), 300u);
  guest_->board().on_device_write = [this] { Decode(kData, false, true); };
  EXPECT_EQ(Run(Code({kClearEdx, Load(kData), kAddEax, Store(kDeviceLinear), Load(kData), kAddEax,
                      kResult, kEnd})),
            305u);
}

TEST_P(MemoryLayout, CodeIsThatOfTheMemoryWhichAnswers) {
  PutRomBehind(kFunction, Returns(7));
  guest_->Write(kFunction, Returns(100));
  int reads = 0;
  guest_->board().on_port_read = [&] { Decode(kFunction, ++reads % 2 == 0, true); };
  const Bytes call = Code({kCall, kAddEax});
  EXPECT_EQ(Run(Code({kLoadFunction, kClearEdx, call, kReadPort, call, kReadPort, call, kReadPort,
                      call, kResult, kEnd})),
            214u);
  EXPECT_EQ(reads, 3);
}

// The page that runs is itself replaced: what follows the access is the new memory's.
TEST_P(MemoryLayout, TheRunningPageIsReplaced) {
  const Bytes head = Code({kClearEdx, kReadPort});
  PutRomBehind(kCode, Code({Bytes(head.size(), 0x90), WithDword({0xB8}, 8), kEnd}));
  guest_->board().on_port_read = [this] { Decode(kCode, false, false); };
  EXPECT_EQ(Run(Code({head, WithDword({0xB8}, 1), kEnd})), 8u);
}

// A BIOS copies itself: reads come from the ROM, writes go to the RAM, then the RAM is shown and
// locked.
TEST_P(MemoryLayout, RomIsShadowedByReadingAndWritingTheSameAddress) {
  PutRomBehind(kFunction, Returns(6));
  Decode(kFunction, false, true);
  int reads = 0;
  guest_->board().on_port_read = [&] { Decode(kFunction, true, ++reads == 1); };
  const Bytes copy =
      Code({Load(kFunction), Store(kFunction), Load(kFunction + 4), Store(kFunction + 4)});
  // mov dword [function + 1], value
  const auto patch = [](uint32_t value) {
    return WithDword(WithDword({0xC7, 0x05}, kFunction + 1), value);
  };
  EXPECT_EQ(Run(Code({kLoadFunction, kClearEdx, copy, kCall, kAddEax, kReadPort, patch(30), kCall,
                      kAddEax, kReadPort, patch(900), kCall, kAddEax, kResult, kEnd})),
            66u);
  EXPECT_EQ(guest_->Memory(kFunction, 6)[1], 30);
}

class VideoMemory : public LayoutTest {
 protected:
  void SetUp() override {
    Create(false);
    video_ = memory().MakeVideoMemory(kPageBytes);
    memory().Place(video_, {kVideo});
    guest_->MapHigh(kVideoLinear, kVideo, kPage);
  }
  RegionId video_ = 0;
};

TEST_F(VideoMemory, StoresReachItWithoutSoftware) {
  // mov ecx, count ; again: mov [video], ecx ; loop again
  const Bytes code = Code({WithDword({0xB9}, 10000),
                           WithDword({0x89, 0x0D}, kVideoLinear),
                           {0xE2, 0xF8},
                           Load(kVideoLinear),
                           kEnd});
  EXPECT_EQ(Run(code), 1u);
  EXPECT_EQ(memory().ContentsOf(video_)[0], 1);
  EXPECT_LT(guest_->engine().statistics().software_accesses, 10u);
  EXPECT_LT(guest_->engine().statistics().exits_host_fault, 10u);
}

// What a device changes in its memory, nobody reports.
TEST_F(VideoMemory, CodeInItIsAlwaysThatOfTheMoment) {
  const auto put = [this](const Bytes& code) {
    std::ranges::copy(code, memory().ContentsOf(video_).begin());
  };
  put(Returns(1));
  guest_->board().on_port_read = [&] { put(Returns(40)); };
  const Bytes load = WithDword({0xBF}, kVideoLinear);
  EXPECT_EQ(Run(Code({load, kClearEdx, kCall, kAddEax, kCall, kAddEax, kReadPort, kCall, kAddEax,
                      kResult, kEnd})),
            42u);
}

TEST_F(VideoMemory, MovesWhileTheGuestUsesIt) {
  guest_->MapHigh(kVideoLinear + kPageBytes, kVideo + kPageBytes, kPage);
  guest_->board().on_port_read = [this] { memory().Place(video_, {kVideo + kPageBytes}); };
  // mov eax, 17 ; mov [video], eax ; in ; mov eax, [video + page] ; add eax, [video]
  EXPECT_EQ(
      Run(Code({WithDword({0xB8}, 17), Store(kVideoLinear), kReadPort,
                Load(kVideoLinear + kPageBytes), WithDword({0x03, 0x05}, kVideoLinear), kEnd})),
      16u);  // all ones where it was before
}

// A part of video memory is shown for a while where otherwise the device answers.
class VideoView : public MemoryLayout {
 protected:
  void SetUp() override {
    MemoryLayout::SetUp();
    video_ = memory().MakeVideoMemory(2 * kPageBytes);
    view_ = memory().MakeView();
    memory().Place(memory().MakeDevice(kPageBytes, &guest_->board()), {kVideo});
    guest_->MapHigh(kVideoLinear, kVideo, kPage);
  }
  void Toggle() {
    shown_ ? memory().HideView(view_)
           : memory().ShowView(view_, {kVideo}, video_, kPageBytes, kPageBytes);
    shown_ = !shown_;
  }
  [[nodiscard]] uint32_t Shown() {
    return LoadLittle<uint32_t>(&memory().ContentsOf(video_)[kPageBytes]);
  }

  RegionId video_ = 0;
  RegionId view_ = 0;
  bool shown_ = false;
};
INSTANTIATE_TEST_SUITE_P(Accesses, VideoView, testing::Values(false, true),
                         [](const auto& param) { return param.param ? "InSoftware" : "Direct"; });

// mov ecx, count ; again: mov [video], ecx ; in al, 10h ; loop again
TEST_P(VideoView, EachStoreGoesToWhatAnswersThen) {
  guest_->board().on_port_read = [this] { Toggle(); };
  const Bytes code = Code({WithDword({0xB9}, 2000),
                           WithDword({0x89, 0x0D}, kVideoLinear),
                           kReadPort,
                           {0xE2, 0xF6},
                           kEnd});
  (void)Run(code);
  EXPECT_EQ(guest_->board().device_writes, 1000u);
  EXPECT_EQ(LoadLittle<uint32_t>(guest_->board().device.data()), 2u);
  EXPECT_EQ(Shown(), 1u);
}

// Shown by a store in the middle of the first round, hidden by a port between the others.
TEST_P(VideoView, IsReachedWithoutSoftwareWhileItIsShown) {
  constexpr uint32_t kStores = 5000;
  uint32_t before = 0;
  uint32_t during = 0;
  const auto accesses = [this] {
    return static_cast<uint32_t>(guest_->engine().statistics().software_accesses);
  };
  int reads = 0;
  guest_->board().on_port_read = [&] {
    if (++reads == 2) during = accesses() - before;
    before = accesses();
    Toggle();
  };
  // mov ecx, count ; again: add [video], ecx ; mov [video + 4], ecx ; loop again
  const Bytes round = Code({WithDword({0xB9}, kStores),
                            WithDword({0x01, 0x0D}, kVideoLinear),
                            WithDword({0x89, 0x0D}, kVideoLinear + 4),
                            {0xE2, 0xF2}});
  (void)Run(Code({round, kReadPort, round, kReadPort, round, kEnd}));
  EXPECT_EQ(guest_->board().device_writes, 4 * kStores);
  EXPECT_EQ(Shown(), kStores * (kStores + 1) / 2);
  EXPECT_EQ(LoadLittle<uint32_t>(guest_->board().device.data()), kStores * (kStores + 1));
  if (!GetParam()) {
    EXPECT_LT(during, 50u);
  }
}

// Loads of segments are repeated without a look at where the table lies.
TEST_P(VideoView, HoldsADescriptorTableWhileItIsShown) {
  constexpr uint16_t kSelector = 0x58;
  constexpr uint32_t kTableRegister = kGdt + 0x600;
  // Writable data of 4 GiB, at kData and 8 behind it.
  const uint64_t shown = 0x00CF93000000FFFF | (uint64_t{kData} << 16);
  StoreLittle(&memory().ContentsOf(video_)[kPageBytes + kSelector], shown);
  StoreLittle(&guest_->board().device[kSelector], shown + (uint64_t{8} << 16));
  for (uint8_t i = 0; i < 16; ++i) guest_->Memory(kData, 16)[i] = i + 1;
  StoreLittle(&guest_->Memory(kTableRegister, 6)[0], kGdtLimit);
  StoreLittle(&guest_->Memory(kTableRegister, 6)[2], kVideoLinear);
  Toggle();
  int reads = 0;
  guest_->board().on_port_read = [&] {
    if (++reads % 2 == 0) Toggle();
  };
  // again: mov fs, 58h ; a digit of esi = byte [fs:0] ; in al, 10h ; dec edi ; jnz again
  EXPECT_EQ(Run(Code({WithDword({0x0F, 0x01, 0x15}, kTableRegister),
                      WithDword({0xBF}, 6),
                      {0x31, 0xF6},
                      WithDword({0xB9}, kSelector),
                      {0x8E, 0xE1},
                      WithDword({0x64, 0x0F, 0xB6, 0x05}, 0),
                      {0xC1, 0xE6, 0x04, 0x09, 0xC6},
                      kReadPort,
                      {0x4F, 0x75, 0xEC, 0x89, 0xF0},
                      kEnd})),
            0x119911u);
}

}  // namespace
}  // namespace verbatim::test
