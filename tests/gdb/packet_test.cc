// SPDX-License-Identifier: Apache-2.0
// Packets from bytes and bytes from packets ("Debugging with GDB", E.1).
#include "gdb/packet.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace verbatim::gdb {
namespace {

using Kind = PacketReader::Kind;

struct Got {
  Kind kind;
  std::string payload;

  friend bool operator==(const Got&, const Got&) = default;
};

std::ostream& operator<<(std::ostream& to, const Got& got) {
  return to << static_cast<int>(got.kind) << " '" << got.payload << "'";
}

class Packets : public testing::Test {
 protected:
  // Every item that these bytes complete.
  std::vector<Got> Read(std::string_view text) {
    std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    std::vector<Got> all;
    while (const auto item = reader_.Take(bytes)) {
      all.push_back({item->kind, std::string(item->payload)});
    }
    return all;
  }

  PacketReader reader_;
};

TEST_F(Packets, AreReadWhole) {
  EXPECT_EQ(Read("$?#3f"), (std::vector<Got>{{Kind::kPacket, "?"}}));
  EXPECT_EQ(Read("$#00"), (std::vector<Got>{{Kind::kPacket, ""}}));
}

TEST_F(Packets, AreReadByteByByte) {
  const std::string text = "+$m0,4#fd-";
  std::vector<Got> all;
  for (const char c : text) {
    for (Got& got : Read({&c, 1})) all.push_back(std::move(got));
  }
  EXPECT_EQ(all, (std::vector<Got>{{Kind::kAck, ""}, {Kind::kPacket, "m0,4"}, {Kind::kNak, ""}}));
}

TEST_F(Packets, KnowTheInterruptOnlyBetweenThem) {
  EXPECT_EQ(
      Read("\x03$a\x03#64\x03"),
      (std::vector<Got>{{Kind::kInterrupt, ""}, {Kind::kPacket, "a\x03"}, {Kind::kInterrupt, ""}}));
}

TEST_F(Packets, WithAWrongChecksumAreToldAndTheNextIsRead) {
  EXPECT_EQ(Read("$?#3e$?#zz$?#3$$?#3f"), (std::vector<Got>{{Kind::kBadChecksum, ""},
                                                            {Kind::kBadChecksum, ""},
                                                            {Kind::kBadChecksum, ""},
                                                            {Kind::kPacket, "?"}}));
}

TEST_F(Packets, BeginAnewAtADollar) {
  EXPECT_EQ(Read("$m0,4$?#3f"), (std::vector<Got>{{Kind::kPacket, "?"}}));
}

TEST_F(Packets, SkipWhatMeansNothing) {
  EXPECT_EQ(Read("hello#00\n$?#3f\r\n"), (std::vector<Got>{{Kind::kPacket, "?"}}));
}

TEST_F(Packets, HaveALimit) {
  const std::string longest(kMaxPayload, 'a');
  EXPECT_EQ(Read(Frame(longest)), (std::vector<Got>{{Kind::kPacket, longest}}));
  const std::vector<Got> all = Read(Frame(longest + "a"));
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all[0].kind, Kind::kTooLong);
}

TEST_F(Packets, ComeBackFromTheirFrame) {
  std::string every;
  for (int c = 0; c < 256; ++c) every += static_cast<char>(c);
  EXPECT_EQ(Read(Frame(every)), (std::vector<Got>{{Kind::kPacket, every}}));
  EXPECT_EQ(Frame("a*}"), "$a}\x0a}]#c2");
}

TEST(Hexadecimal, TakesWholeBytesOnly) {
  EXPECT_EQ(ToHex(std::string_view("\x01\xfe")), "01fe");
  EXPECT_EQ(FromHex("01Fe"), (std::vector<uint8_t>{0x01, 0xFE}));
  EXPECT_EQ(FromHex(""), std::vector<uint8_t>{});
  EXPECT_FALSE(FromHex("0"));
  EXPECT_FALSE(FromHex("0g"));
}

TEST(Hexadecimal, NumbersHaveUpToSixteenDigits) {
  std::string_view text = "ffffffffffffffff,1";
  EXPECT_EQ(TakeNumber(text), ~uint64_t{0});
  EXPECT_EQ(text, ",1");
  EXPECT_FALSE(TakeNumber(text));
  text = "10000000000000000";
  EXPECT_FALSE(TakeNumber(text));
}

}  // namespace
}  // namespace verbatim::gdb
