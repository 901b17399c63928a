// SPDX-License-Identifier: Apache-2.0
// Whatever a guest does to the adapter: the fast paths of the memory window do what the manual says
// of each bit, and no sequence of accesses leads anywhere but into pictures.
#include <gtest/gtest.h>

#include "base/log.h"
#include "devices/vga/screen.h"
#include "devices/vga/text_screen.h"
#include "devices/vga/vga_pci.h"
#include "tests/devices/random.h"
#include "tests/devices/vga/vga_board.h"

namespace verbatim {
namespace {

// The write logic of the PS/2 Technical Reference, bit by bit and plane by plane, for the modes in
// which the window is at A0000h.
class BitwiseVga {
 public:
  explicit BitwiseVga(const VgaRegisters& registers) : registers_(registers) {}

  void Write(uint32_t at, uint8_t value) {
    const unsigned rotate = registers_.graphics[kGfxDataRotate] & 7;
    const auto rotated = static_cast<uint8_t>(value >> rotate | value << (8 - rotate));
    for (unsigned plane = 0; plane < 4; ++plane) {
      if (!Bit(unsigned{registers_.sequencer[kSeqMapMask]}, plane)) continue;
      if (chain4() && (at & 3) != plane) continue;
      if (odd_even_write() && (at & 1) != (plane & 1)) continue;
      uint8_t& stored = planes[plane][Address(at, odd_even_write())];
      uint8_t result = 0;
      for (unsigned bit = 0; bit < 8; ++bit) {
        result |= static_cast<uint8_t>(NewBit(plane, bit, value, rotated) << bit);
      }
      stored = result;
    }
  }

  uint8_t Read(uint32_t at) {
    const uint8_t mode = registers_.graphics[kGfxMode];
    const bool odd_even = !chain4() && (mode & kGfxModeOddEvenRead) != 0;
    if (IsPlain()) return planes[at & 3][Address(at, false)];  // as if it were mapped
    for (unsigned plane = 0; plane < 4; ++plane) {
      latches[plane] = planes[plane][Address(at, odd_even)];
    }
    if ((mode & kGfxModeReadCompare) == 0) {
      unsigned plane = registers_.graphics[kGfxReadMapSelect];
      if (odd_even) plane = (plane & 2) | (at & 1);
      if (chain4()) plane = at & 3;
      return latches[plane];
    }
    uint8_t equal = 0xFF;
    for (unsigned plane = 0; plane < 4; ++plane) {
      if (!Bit(unsigned{registers_.graphics[kGfxColourDontCare]}, plane)) continue;
      const bool wanted = Bit(unsigned{registers_.graphics[kGfxColourCompare]}, plane);
      equal &= static_cast<uint8_t>(wanted ? latches[plane] : ~latches[plane]);
    }
    return equal;
  }

  std::array<std::array<uint8_t, 0x10000>, 4> planes{};
  std::array<uint8_t, 4> latches{};

 private:
  // Nothing stands between the processor and the bytes of chain 4.
  [[nodiscard]] bool IsPlain() const {
    const auto& graphics = registers_.graphics;
    return chain4() && registers_.sequencer[kSeqMapMask] == 0x0F &&
           graphics[kGfxEnableSetReset] == 0 && graphics[kGfxDataRotate] == 0 &&
           (graphics[kGfxMode] & (kGfxModeWriteMode | kGfxModeReadCompare)) == 0 &&
           graphics[kGfxBitMask] == 0xFF;
  }
  [[nodiscard]] bool chain4() const {
    return (registers_.sequencer[kSeqMemoryMode] & kMemoryChain4) != 0;
  }
  [[nodiscard]] bool odd_even_write() const {
    return !chain4() && (registers_.sequencer[kSeqMemoryMode] & kMemoryOddEvenDisable) == 0;
  }
  [[nodiscard]] uint32_t Address(uint32_t at, bool odd_even) const {
    if (chain4()) return at & 0xFFFC;
    const bool chained = (registers_.graphics[kGfxMiscellaneous] & kGfxMiscChainOddEven) != 0;
    return odd_even && chained ? at & 0xFFFE : at;
  }
  [[nodiscard]] bool NewBit(unsigned plane, unsigned bit, uint8_t value, uint8_t rotated) const {
    const bool latch = Bit(latches[plane], bit);
    const bool set_reset = Bit(registers_.graphics[kGfxSetReset], plane);
    bool masked_in = Bit(registers_.graphics[kGfxBitMask], bit);
    bool data = false;
    switch (registers_.graphics[kGfxMode] & 3) {
      case 0:
        data = Bit(registers_.graphics[kGfxEnableSetReset], plane) ? set_reset : Bit(rotated, bit);
        break;
      case 1:
        return latch;
      case 2:
        data = Bit(value, plane);
        break;
      case 3:
        data = set_reset;
        masked_in = masked_in && Bit(rotated, bit);
        break;
    }
    switch (registers_.graphics[kGfxDataRotate] >> 3) {
      case 1:
        data = data && latch;
        break;
      case 2:
        data = data || latch;
        break;
      case 3:
        data = data != latch;
        break;
    }
    return masked_in ? data : latch;
  }

  const VgaRegisters& registers_;
};

TEST(VgaRandomTest, MemoryDoesBitByBitWhatTheManualSays) {
  Random random(0xA0000);
  std::vector<uint8_t> memory(VgaMemory::kVgaBytes);
  DirtyPages dirty(memory.size());
  VgaMemory window(memory, dirty);
  VgaRegisters registers;
  auto model = std::make_unique<BitwiseVga>(registers);
  // Often the plain settings, which have paths of their own.
  const auto often = [&](uint8_t plain, unsigned mask) {
    return static_cast<uint8_t>(random() % 3 != 0 ? plain : random() & mask);
  };
  for (unsigned i = 0; i < 200'000; ++i) {
    if (i % 8 == 0) {
      registers.misc_output = kMiscRamEnable;
      registers.sequencer = {0, 0, often(random() % 2 != 0 ? 0x0F : 0x03, 0x0F), 0,
                             static_cast<uint8_t>(random() & 0x0E)};
      registers.graphics = {often(0, 0x0F),
                            often(0, 0x0F),
                            often(0, 0x0F),
                            often(0, 0x1F),
                            often(0, 0x03),
                            often(random() % 2 != 0 ? 0x00 : 0x10, 0x7B),
                            static_cast<uint8_t>(0x04 | (random() & 0x03)),
                            often(0x0F, 0x0F),
                            often(0xFF, 0xFF)};
      window.Configure(registers, {});
    }
    const unsigned bytes = 1u << random() % 4;
    const uint32_t at = random() % (0x10000 - bytes + 1) & (random() % 2 != 0 ? ~7u : ~0u);
    if (random() % 2 == 0) {
      const uint64_t value = uint64_t{random()} << 32 | random();
      window.WriteMmio(at, bytes, value);
      for (unsigned b = 0; b < bytes; ++b) {
        model->Write(at + b, static_cast<uint8_t>(value >> (8 * b)));
      }
    } else {
      uint64_t expected = 0;
      for (unsigned b = 0; b < bytes; ++b) expected |= uint64_t{model->Read(at + b)} << (8 * b);
      ASSERT_EQ(window.ReadMmio(at, bytes), expected) << i;
      ASSERT_EQ(window.latches(), LoadLittle<uint32_t>(model->latches.data())) << i;
    }
  }
  for (size_t at = 0; at < memory.size(); ++at) {
    ASSERT_EQ(memory[WordOfPlanes(at / 4) * 4 + at % 4], model->planes[at % 4][at / 4]) << at;
  }
}

TEST(VgaRandomTest, NothingAGuestDoesLeadsOutOfTheMemory) {
  SetLogLevel(LogLevel::kError);
  Random random(0x3C0);
  VgaBoard board(512u << 10);
  VgaRegisterPage page(board.vga);
  Screen screen(board.vga);
  unsigned pictures = 0;
  unsigned texts = 0;
  board.SetMode(kText80x25);
  for (unsigned i = 0; i < 60'000; ++i) {
    const unsigned bytes = 1u << random() % 4;
    switch (random() % 8) {
      case 0:
      case 1:
        board.bus.WritePort(static_cast<uint16_t>(0x3B0 + random() % 0x30), 1u << random() % 3,
                            random());
        break;
      case 2:
        board.bus.ReadPort(static_cast<uint16_t>(0x3B0 + random() % 0x30), 1u << random() % 3);
        break;
      case 3:
        board.Vbe(random() % 12, random() % 4 == 0 ? random() & 0xFFFF : random() % 400);
        break;
      case 4:
        board.Poke(0xA0000 + random() % (0x20000 - bytes + 1), random(), bytes);
        break;
      case 5:
        board.Peek(0xA0000 + random() % (0x20000 - bytes + 1), bytes);
        break;
      case 6:
        page.WriteMmio((0x3F0 + random() % 0x130) & ~7u, bytes, random());
        page.ReadMmio((0x3F0 + random() % 0x130) & ~7u, bytes);
        break;
      case 7:
        board.clock.now_ns += random() % 10'000'000;
        break;
    }
    if (random() % 2000 == 0) {
      board.Out(0x3C3, 1);
      board.Vbe(kVbeEnable, 0);
      board.SetMode(random() % 2 == 0 ? kText80x25 : kVga640x480);
    }
    if (random() % 500 == 0) {
      pictures += screen.Refresh() ? 1 : 0;
      texts += ReadTextScreen(board.vga.Display()).has_value() ? 1 : 0;
      ASSERT_EQ(screen.image().pixels, board.Picture().pixels);
      VgaBoard other(512u << 10);
      ExpectRoundTrip(board.vga, other.vga);
    }
  }
  EXPECT_GT(pictures, 20u);
  EXPECT_GT(texts, 5u);
  SetLogLevel(LogLevel::kWarning);
}

}  // namespace
}  // namespace verbatim
