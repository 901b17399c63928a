// SPDX-License-Identifier: Apache-2.0
// What is no instruction: bytes that end too early, more than 15 of them, and LOCK where it must
// not stand.
#include <gtest/gtest.h>

#include <string>

#include "tests/decoder/decode.h"

namespace verbatim {
namespace {

TEST(Limits, BytesThatEndTooEarlyHaveNoLength) {
  const std::vector<uint8_t> bytes = Bytes("81 84 88 78 56 34 12 EF BE AD DE");
  const Decoder decoder{CpuFeatures{}};
  for (size_t given = 0; given < bytes.size(); ++given) {
    EXPECT_EQ(decoder.Decode(std::span(bytes).first(given), true).length, 0) << given;
  }
  EXPECT_EQ(decoder.Decode(bytes, true).length, bytes.size());
}

TEST(Limits, FifteenBytesAreAllowed) {
  std::string hex;
  for (int i = 0; i < 14; ++i) hex += "26 ";
  const GuestInstruction in = Decode32(hex + "90");
  EXPECT_EQ(in.length, 15);
  EXPECT_EQ(in.error, DecodeError::kNone);
}

TEST(Limits, SixteenBytesAreTooLong) {
  std::string prefixes;
  for (int i = 0; i < 15; ++i) prefixes += "26 ";
  const GuestInstruction in = Decode32(prefixes + "90");
  EXPECT_EQ(in.handling, Handling::kUndefined);
  EXPECT_EQ(in.error, DecodeError::kTooLong);
  EXPECT_GE(in.length, 1);
  // The operand can be what makes it too long.
  std::string ten;
  for (int i = 0; i < 10; ++i) ten += "66 ";
  EXPECT_EQ(Decode32(ten + "81 84 88 78 56 34 12 EF BE").error, DecodeError::kTooLong);
  EXPECT_EQ(Decode32(ten + "81 C0 EF BE").error, DecodeError::kNone);
}

// The sixteenth byte is not needed to know that there are too many.
TEST(Limits, FifteenPrefixesAreTooLong) {
  std::string prefixes;
  for (int i = 0; i < 15; ++i) prefixes += "F3 ";
  EXPECT_EQ(Decode32(prefixes).error, DecodeError::kTooLong);
}

TEST(Limits, FourteenPrefixesMayStillBecomeAnInstruction) {
  std::string prefixes;
  for (int i = 0; i < 14; ++i) prefixes += "66 ";
  EXPECT_EQ(Decode32(prefixes).length, 0);
}

class LockAllowed : public testing::TestWithParam<const char*> {};

TEST_P(LockAllowed, OnMemoryThatIsModified) {
  const GuestInstruction in = Decode32(std::string("F0 ") + GetParam());
  EXPECT_EQ(in.error, DecodeError::kNone);
  EXPECT_TRUE(in.lock);
  EXPECT_EQ(in.handling, Handling::kIdent);
}

INSTANTIATE_TEST_SUITE_P(Decoder, LockAllowed,
                         testing::Values("01 08", "83 00 01", "11 08", "21 08", "0F BB 08",
                                         "0F B3 08", "0F AB 08", "0F BA 28 01", "0F B1 08",
                                         "0F C7 08", "FE 08", "FF 00", "F7 18", "F7 10", "09 08",
                                         "19 08", "29 08", "31 08", "0F C1 08", "87 08", "00 08"));

class LockForbidden : public testing::TestWithParam<const char*> {};

TEST_P(LockForbidden, IsUndefined) {
  const GuestInstruction in = Decode32(std::string("F0 ") + GetParam());
  EXPECT_EQ(in.handling, Handling::kUndefined);
  EXPECT_EQ(in.error, DecodeError::kUndefined);
}

INSTANTIATE_TEST_SUITE_P(Decoder, LockForbidden,
                         testing::Values("01 C8",  // no memory
                                         "03 08",  // memory only read
                                         "39 08",  // cmp
                                         "85 08",  // test
                                         "89 08", "8B 08", "C7 00 00 00 00 00", "A1 00 00 00 00",
                                         "0F A3 08",
                                         "D1 20",  // shifts
                                         "0F A4 08 01", "0F AF 08", "0F BC 08", "A4", "F3 A4", "AB",
                                         "50", "FF 30", "C3", "E8 00 00 00 00", "FF 10", "74 00",
                                         "90", "0F 0B", "0F 20 C0", "0F A2", "9C", "F4", "FA", "EC",
                                         "CD 80", "D9 00", "0F 6F 00", "0F 94 00", "0F B6 00",
                                         "87 C8", "0F C7 C8", "8F 00", "8D 00"));

TEST(Limits, LockCountsInAnyOrderOfPrefixes) {
  for (const char* bytes : {"F0 66 01 08", "66 F0 01 08", "2E F0 66 01 08", "F0 67 01 08"}) {
    EXPECT_TRUE(Decode32(bytes).lock) << bytes;
    EXPECT_EQ(Decode32(bytes).error, DecodeError::kNone) << bytes;
  }
  EXPECT_EQ(Decode32("66 F0 89 08").error, DecodeError::kUndefined);
}

TEST(Limits, AnUndefinedInstructionKeepsItsBytes) {
  const GuestInstruction in = Decode32("0F FF C0");
  EXPECT_EQ(in.handling, Handling::kUndefined);
  EXPECT_GE(in.length, 1);
  EXPECT_EQ(in.bytes[0], 0x0F);
  EXPECT_EQ(in.bytes[1], 0xFF);
}

}  // namespace
}  // namespace verbatim
