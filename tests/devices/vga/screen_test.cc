// SPDX-License-Identifier: Apache-2.0
// The picture kept up to date, and written to a file.
#include "devices/vga/screen.h"

#include <gtest/gtest.h>
#include <png.h>

#include <filesystem>

#include "devices/vga/png.h"
#include "tests/devices/vga/vga_board.h"

namespace verbatim {
namespace {

constexpr uint64_t kFrameNs = 14'300'000;  // a little more than a frame of 70 Hz

class ScreenTest : public testing::Test {
 protected:
  // What changed reaches the picture, which is then as if drawn from scratch.
  bool Refresh() {
    const bool drawn = screen_.Refresh();
    EXPECT_EQ(screen_.image().pixels, board_.Picture().pixels);
    return drawn;
  }

  VgaBoard board_;
  Screen screen_{board_.vga};
};

TEST_F(ScreenTest, DrawsNothingWhenNothingChanged) {
  board_.SetMode(kVga320x200);
  EXPECT_TRUE(Refresh());
  const uint64_t rows = screen_.rows_drawn();
  board_.clock.now_ns += 100 * kFrameNs;
  board_.Peek(0xA0000, 4);
  board_.In(0x3DA);
  board_.Graphics(kGfxBitMask, 0x80);
  board_.Crtc(kCrtcOffset, 0x28);  // as it was
  EXPECT_FALSE(Refresh());
  EXPECT_EQ(screen_.rows_drawn(), rows);
}

TEST_F(ScreenTest, FollowsMemoryRegistersAndColours) {
  board_.SetMode(kVga320x200);
  Refresh();
  board_.Poke(0xA0000, 0x55);
  EXPECT_TRUE(Refresh());
  EXPECT_FALSE(Refresh());
  board_.Crtc(kCrtcStartAddressLow, 1);
  EXPECT_TRUE(Refresh());
  board_.Dac(0, 1, 2, 3);
  EXPECT_TRUE(Refresh());
  board_.Sequencer(kSeqClockingMode, 0x21);
  EXPECT_TRUE(Refresh());
  board_.Poke(0xA0000, 0x66);  // behind a blank screen
  EXPECT_FALSE(Refresh());
  board_.Sequencer(kSeqClockingMode, 0x01);
  EXPECT_TRUE(Refresh());
  board_.In(0x3DA);
  board_.Out(0x3C0, 0x00);  // the palette is taken from the screen
  EXPECT_TRUE(Refresh());
  board_.vga.Reset();
  EXPECT_TRUE(Refresh());
}

TEST_F(ScreenTest, TextBlinks) {
  board_.SetMode(kText80x25);
  board_.PutText(0, 0, "  ", 0x07);
  unsigned drawn = 0;
  for (unsigned frame = 0; frame < 32; ++frame) {
    board_.clock.now_ns += kFrameNs;
    drawn += Refresh() ? 1 : 0;
  }
  EXPECT_EQ(drawn, 1u + 4u);  // once at first, then whenever the cursor comes or goes
}

TEST_F(ScreenTest, LinearModesDrawTheRowsOfDirtyPagesOnly) {
  board_.SetMode(kText80x25);
  board_.SetVbeMode(512, 400, 32);  // two rows to a page
  Refresh();
  const uint64_t rows = screen_.rows_drawn();
  board_.Poke(0xA1800, 0x11223344, 4);  // row 3
  EXPECT_TRUE(Refresh());
  EXPECT_EQ(screen_.rows_drawn(), rows + 2);
  board_.memory[399 * 2048] = 0x55;  // as a guest does through the mapped frame buffer
  board_.vga.dirty().Mark(399 * 2048, 1);
  EXPECT_TRUE(Refresh());
  EXPECT_EQ(screen_.rows_drawn(), rows + 4);
  board_.vga.dirty().Mark(400 * 2048, 4096);  // below the screen
  EXPECT_FALSE(Refresh());
}

TEST_F(ScreenTest, PngHoldsThePicture) {
  board_.SetMode(kVga320x200);
  board_.Poke(0xA0000, 0x91);
  Refresh();
  const std::string path = testing::TempDir() + "verbatim-screen.png";
  const Status written = WritePng(screen_.image(), path);
  ASSERT_TRUE(written) << written.error().message;
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  ASSERT_NE(png_image_begin_read_from_file(&header, path.c_str()), 0);
  header.format = PNG_FORMAT_RGB;
  EXPECT_EQ((ImageSize{header.width, header.height}), (ImageSize{640, 400}));
  std::vector<uint8_t> rgb(PNG_IMAGE_SIZE(header));
  ASSERT_NE(png_image_finish_read(&header, nullptr, rgb.data(), 0, nullptr), 0);
  const uint32_t colour = VgaBoard::ColourOf(0x91);
  EXPECT_EQ(rgb[0] << 16 | rgb[1] << 8 | rgb[2], static_cast<int>(colour));
  EXPECT_EQ(rgb[3 * 2], 0);
  std::filesystem::remove(path);
}

TEST_F(ScreenTest, PngFailuresAreTold) {
  EXPECT_EQ(WritePng(Image{}, "x.png").error().message, "x.png: there is no picture to write");
  board_.SetMode(kVga320x200);
  Refresh();
  EXPECT_EQ(WritePng(screen_.image(), "/nonexistent/x.png").error().message,
            "/nonexistent/x.png: cannot be opened for writing: No such file or directory");
  EXPECT_EQ(WritePng(screen_.image(), "/dev/full").error().message,
            "/dev/full: cannot be written: No space left on device");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
}

}  // namespace
}  // namespace verbatim
