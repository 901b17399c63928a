// SPDX-License-Identifier: Apache-2.0
// A run of accesses leaves what the accesses one by one leave: memory, latches, marks, values read.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "tests/devices/random.h"
#include "tests/devices/vga/vga_board.h"

namespace verbatim {
namespace {

constexpr uint32_t kMostBytes = 64;

// Two adapters in the same random state.
class VgaMemoryRunsTest : public testing::Test {
 protected:
  void SetUpRandomly() {
    static constexpr std::array<const VgaMode*, 4> kModes = {&kText80x25, &kVga640x480,
                                                             &kVga320x200, &kCga320x200};
    const VgaMode& mode = *kModes[Below(kModes.size())];
    const unsigned map_mask = Below(16);
    const unsigned graphics_mode = mode.graphics[kGfxMode] | Below(4);
    const std::array<unsigned, 5> graphics = {Below(16), Below(16), Below(16), Below(32), Below(4)};
    const unsigned bit_mask = Below(3) == 0 ? 0xFF : Below(256);
    const bool linear = Below(5) == 0;
    for (VgaBoard* board : {&runs_, &single_}) {
      board->SetVbeMode(320, 200, 8, kVbeNoClearMemory);
      if (!linear) {
        board->Vbe(kVbeEnable, 0);
        board->SetMode(mode);
        if (Even()) board->Sequencer(kSeqMapMask, map_mask);
        for (unsigned i = 0; i < graphics.size(); ++i) board->Graphics(i, graphics[i]);
        board->Graphics(kGfxMode, graphics_mode);
        board->Graphics(kGfxBitMask, bit_mask);
      }
    }
    for (size_t i = 0; i < 0x2000; ++i) runs_.memory[i] = static_cast<uint8_t>(Below(256));
    single_.memory = runs_.memory;
    const uint32_t latches = Below(1u << 31);
    runs_.vga.window().set_latches(latches);
    single_.vga.window().set_latches(latches);
    runs_.vga.dirty().Clear();
    single_.vga.dirty().Clear();
  }
  uint32_t Below(size_t limit) { return static_cast<uint32_t>(random_() % limit); }
  // The same for both boards of a round.
  [[nodiscard]] bool Even() const { return round_ % 2 == 0; }
  // Most of the time within the window of the mode, at times over its ends.
  uint32_t Offset() {
    static constexpr std::array<uint32_t, 5> kStarts = {0, 0x10000, 0x18000, 0xFFE0, 0x17FE0};
    return kStarts[Below(kStarts.size())] + Below(0x400);
  }
  void ExpectAlike() {
    ASSERT_EQ(runs_.memory, single_.memory) << round_;
    ASSERT_EQ(runs_.vga.window().latches(), single_.vga.window().latches()) << round_;
    for (size_t page = 0; page < 256; ++page) {
      ASSERT_EQ(runs_.vga.dirty().Any(page << kPageShift, 1),
                single_.vga.dirty().Any(page << kPageShift, 1))
          << round_;
    }
  }
  template <typename Check>
  void Rounds(Check check) {
    for (round_ = 0; round_ < 3000; ++round_) {
      SetUpRandomly();
      check();
      ExpectAlike();
      if (HasFatalFailure()) return;
    }
  }

  MmioRuns& window() { return *runs_.vga.window().runs(); }
  VgaMemory& by_one() { return single_.vga.window(); }

  VgaBoard runs_{256u << 10};
  VgaBoard single_{256u << 10};
  Random random_{7};
  unsigned round_ = 0;
};

TEST_F(VgaMemoryRunsTest, Reading) {
  Rounds([this] {
    const uint32_t at = Offset();
    std::vector<uint8_t> bytes(1 + Below(kMostBytes));
    window().ReadRun(at, bytes);
    for (uint32_t i = 0; i < bytes.size(); ++i) {
      ASSERT_EQ(bytes[i], by_one().ReadMmio(at + i, 1)) << round_;
    }
  });
}

TEST_F(VgaMemoryRunsTest, Writing) {
  Rounds([this] {
    const uint32_t at = Offset();
    std::vector<uint8_t> bytes(1 + Below(kMostBytes));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(Below(256));
    window().WriteRun(at, bytes);
    for (uint32_t i = 0; i < bytes.size(); ++i) by_one().WriteMmio(at + i, 1, bytes[i]);
  });
}

TEST_F(VgaMemoryRunsTest, Filling) {
  Rounds([this] {
    const uint32_t at = Offset();
    const unsigned bytes = 1u << Below(3);
    const uint32_t count = 1 + Below(kMostBytes / bytes);
    const uint32_t value = Below(1u << 31) | Below(2) << 31;
    window().FillRun(at, bytes, count, value);
    for (uint32_t i = 0; i < count; ++i) by_one().WriteMmio(at + i * bytes, bytes, value);
  });
}

TEST_F(VgaMemoryRunsTest, CopyingOverItself) {
  Rounds([this] {
    const uint32_t from = Offset();
    const uint32_t to = Below(2) == 0 ? Offset() : from + Below(8);
    const unsigned bytes = 1u << Below(3);
    const uint32_t count = 1 + Below(kMostBytes / bytes);
    window().CopyRun(from, to, bytes, count);
    for (uint32_t i = 0; i < count; ++i) {
      by_one().WriteMmio(to + i * bytes, bytes, by_one().ReadMmio(from + i * bytes, bytes));
    }
  });
}

}  // namespace
}  // namespace verbatim
