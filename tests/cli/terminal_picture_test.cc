// SPDX-License-Identifier: Apache-2.0
// What a terminal shows after it was sent what TerminalPicture makes, by a model of a terminal.
#include "cli/terminal_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "devices/vga/cp437.h"

namespace verbatim {
namespace {

using testing::HasSubstr;

// The control sequences that are in use: cursor position, colours, erase, modes.
class ModelTerminal {
 public:
  struct Cell {
    std::string character = " ";
    std::string colours = "0";
    friend bool operator==(const Cell&, const Cell&) = default;
  };

  explicit ModelTerminal(TerminalSize size) { Resize(size); }
  // As terminals do it: what is left is kept.
  void Resize(TerminalSize size) {
    std::vector<Cell> cells(size_t{size.columns} * size.rows);
    for (unsigned row = 0; row < std::min(size.rows, size_.rows); ++row) {
      for (unsigned column = 0; column < std::min(size.columns, size_.columns); ++column) {
        cells[row * size.columns + column] = cells_[row * size_.columns + column];
      }
    }
    cells_ = cells;
    size_ = size;
  }
  void Write(std::string_view out) {
    while (!out.empty()) {
      if (out.front() == '\x1B') {
        const size_t end = out.find_first_of("HmJhl");
        Control(std::string(out.substr(2, end - 2)), out[end]);
        out.remove_prefix(end + 1);
        continue;
      }
      size_t bytes = 1;
      while (bytes < out.size() && (out[bytes] & '\xC0') == '\x80') ++bytes;
      ASSERT_LT(column_, size_.columns);
      ASSERT_LT(row_, size_.rows);
      cells_[row_ * size_.columns + column_++] = {std::string(out.substr(0, bytes)), colours_};
      out.remove_prefix(bytes);
    }
  }
  [[nodiscard]] std::string Row(unsigned row) const {
    std::string text;
    for (unsigned i = 0; i < size_.columns; ++i) text += cells_[row * size_.columns + i].character;
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  }
  [[nodiscard]] const Cell& At(unsigned column, unsigned row) const {
    return cells_[row * size_.columns + column];
  }
  [[nodiscard]] std::string Cursor() const {
    return visible_ ? fmt::format("{},{}", column_, row_) : "none";
  }
  friend bool operator==(const ModelTerminal& a, const ModelTerminal& b) {
    return a.cells_ == b.cells_ && a.Cursor() == b.Cursor();
  }

 private:
  void Control(const std::string& parameters, char final) {
    if (final == 'H') {
      row_ = static_cast<unsigned>(std::atoi(parameters.c_str())) - 1;
      column_ = static_cast<unsigned>(std::atoi(&parameters[parameters.find(';') + 1])) - 1;
    } else if (final == 'm') {
      colours_ = parameters;
    } else if (final == 'J') {
      std::ranges::fill(cells_, Cell{});
    } else if (parameters == "?25") {
      visible_ = final == 'h';
    }
  }

  TerminalSize size_{};
  std::vector<Cell> cells_;
  unsigned row_ = 0;
  unsigned column_ = 0;
  std::string colours_ = "0";
  bool visible_ = true;
};

constexpr TerminalSize kSize{.columns = 20, .rows = 4};

ScreenView Text(const std::vector<std::string>& rows, std::optional<TextScreen::Position> cursor) {
  ScreenView view;
  TextScreen& text = view.text.emplace();
  text.columns = 20;
  text.rows = static_cast<unsigned>(rows.size());
  text.cursor = cursor;
  text.colours = {0x000000, 0x0000AA, 0x00AA00, 0x00AAAA, 0xAA0000, 0xAA00AA, 0xAA5500, 0xAAAAAA,
                  0x555555, 0x5555FF, 0x55FF55, 0x55FFFF, 0xFF5555, 0xFF55FF, 0xFFFF55, 0x123456};
  for (const std::string& row : rows) {
    for (unsigned i = 0; i < text.columns; ++i) {
      text.cells.push_back({static_cast<uint8_t>(i < row.size() ? row[i] : ' '), 0x07});
    }
  }
  return view;
}

TEST(TerminalPictureTest, ShowsTextAndCursor) {
  TerminalPicture picture;
  ModelTerminal terminal(kSize);
  terminal.Write(picture.Update(Text({"A:\\>dir", "\x01\xC4\xDB"}, {{7, 0}}), kSize));
  EXPECT_EQ(terminal.Row(0), "A:\\>dir");
  EXPECT_EQ(terminal.Row(1), "☺─█");
  EXPECT_EQ(terminal.Cursor(), "7,0");
  terminal.Write(picture.Update(Text({"A:\\>dir", "\x01\xC4\xDB"}, std::nullopt), kSize));
  EXPECT_EQ(terminal.Cursor(), "none");
}

TEST(TerminalPictureTest, WhatStandsStillCostsNothingAndAChangedCellFewBytes) {
  TerminalPicture picture;
  ScreenView view = Text({"some text", "more"}, {{0, 1}});
  EXPECT_FALSE(picture.Update(view, kSize).empty());
  EXPECT_EQ(picture.Update(view, kSize), "");
  view.text->cells[3].character = 'X';
  EXPECT_LT(picture.Update(view, kSize).size(), 48u);
}

TEST(TerminalPictureTest, UsualColoursAreTheTerminalsOwnOthersAreExact) {
  TerminalPicture picture;
  ModelTerminal terminal(kSize);
  ScreenView view = Text({"abcd"}, std::nullopt);
  view.text->bit7_blinks = true;
  for (const auto& [at, attribute] : {std::pair{0, 0x1E}, {1, 0x0F}, {2, 0x84}, {3, 0xC7}}) {
    view.text->cells[static_cast<size_t>(at)].attribute = static_cast<uint8_t>(attribute);
  }
  terminal.Write(picture.Update(view, kSize));
  EXPECT_EQ(terminal.At(0, 0).colours, "0;93;44");
  EXPECT_EQ(terminal.At(1, 0).colours, "0;38;2;18;52;86;40");
  EXPECT_EQ(terminal.At(2, 0).colours, "0;31;40;5");
  EXPECT_EQ(terminal.At(3, 0).colours, "0;37;41;5");
  view.text->bit7_blinks = false;
  terminal.Write(picture.Update(view, kSize));
  EXPECT_EQ(terminal.At(3, 0).colours, "0;37;101");
}

TEST(TerminalPictureTest, ASmallTerminalShowsTheRowsAtTheCursor) {
  TerminalPicture picture;
  ModelTerminal terminal({.columns = 3, .rows = 2});
  terminal.Write(picture.Update(Text({"first", "second", "third"}, {{1, 2}}), {3, 2}));
  EXPECT_EQ(terminal.Row(0), "sec");
  EXPECT_EQ(terminal.Row(1), "thi");
  EXPECT_EQ(terminal.Cursor(), "1,1");
}

TEST(TerminalPictureTest, GraphicsAreOneLineThatSaysSo) {
  TerminalPicture picture;
  constexpr TerminalSize kWide{.columns = 90, .rows = 4};
  ModelTerminal terminal(kWide);
  terminal.Write(picture.Update(Text({"text", "text"}, std::nullopt), kWide));
  ScreenView graphics;
  graphics.graphics = {640, 480};
  terminal.Write(picture.Update(graphics, kWide));
  EXPECT_THAT(terminal.Row(0), HasSubstr("graphics, 640 by 480"));
  EXPECT_EQ(terminal.Row(1), "");
  terminal.Write(picture.Update(Text({"back"}, std::nullopt), kWide));
  EXPECT_EQ(terminal.Row(0), "back");
}

TEST(TerminalPictureTest, ANoticeCoversTheLastRowsUntilItIsGone) {
  TerminalPicture picture;
  ModelTerminal terminal(kSize);
  const ScreenView view = Text({"one", "two", "three", "four"}, std::nullopt);
  picture.SetNotice("help\nmore\n");
  terminal.Write(picture.Update(view, kSize));
  EXPECT_EQ(terminal.Row(1), "two");
  EXPECT_EQ(terminal.Row(2), "help");
  EXPECT_EQ(terminal.Row(3), "more");
  picture.SetNotice("");
  terminal.Write(picture.Update(view, kSize));
  EXPECT_EQ(terminal.Row(2), "three");
  EXPECT_EQ(terminal.Row(3), "four");
}

TEST(TerminalPictureTest, AnyChangesLeadToWhatDrawingItAtOnceGives) {
  std::minstd_rand random(1);
  const auto below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  TerminalPicture picture;
  TerminalSize size = kSize;
  ModelTerminal terminal(size);
  ScreenView view = Text({"", "", "", "", ""}, {{0, 0}});
  for (int round = 0; round < 2000; ++round) {
    for (unsigned i = below(6); i != 0; --i) {
      view.text->cells[below(100)] = {static_cast<uint8_t>(below(256)),
                                      static_cast<uint8_t>(below(256))};
    }
    if (below(4) == 0) view.text->cursor = {below(20), below(5)};
    if (below(10) == 0) view.text->colours[below(16)] = below(1u << 24);
    if (below(30) == 0) {
      size = {.columns = 1 + below(30), .rows = 1 + below(8)};
      terminal.Resize(size);
    }
    if (below(30) == 0) picture.SetNotice(below(2) == 0 ? "" : "a notice\nof two lines");
    terminal.Write(picture.Update(view, size));
    TerminalPicture at_once = picture;
    at_once.Forget();
    ModelTerminal fresh(size);
    fresh.Write(at_once.Update(view, size));
    ASSERT_TRUE(terminal == fresh) << round;
  }
}

}  // namespace
}  // namespace verbatim
