// SPDX-License-Identifier: Apache-2.0
// The fields of a decoded instruction: prefixes, sizes, operands, registers, immediates.
#include <gtest/gtest.h>

#include "tests/decoder/decode.h"

namespace verbatim {
namespace {

TEST(Prefixes, OperandAndAddressSizeFollowTheCodeSegment) {
  EXPECT_EQ(Decode32("89 C8").operand_bits, 32);
  EXPECT_EQ(Decode32("66 89 C8").operand_bits, 16);
  EXPECT_EQ(Decode16("89 C8").operand_bits, 16);
  EXPECT_EQ(Decode16("66 89 C8").operand_bits, 32);
  EXPECT_EQ(Decode32("8B 00").address_bits, 32);
  EXPECT_EQ(Decode32("67 8B 07").address_bits, 16);
  EXPECT_EQ(Decode16("8B 07").address_bits, 16);
  EXPECT_EQ(Decode16("67 8B 00").address_bits, 32);
}

// A 66 prefix would make them other instructions.
TEST(Prefixes, SimdEraInstructionsHaveNoWordForm) {
  for (const char* bytes : {"0F C3 07", "0F AE F0", "0F AE 3F", "0F 18 0F", "0F 6E C0"}) {
    EXPECT_EQ(Decode16(bytes).operand_bits, 32) << bytes;
    EXPECT_EQ(Decode32(bytes).operand_bits, 32) << bytes;
  }
  EXPECT_EQ(Decode16("0F C3 07").memory.bytes, 4);
}

TEST(MemoryOperand, OfACacheLineFlushIsOneByte) {
  EXPECT_EQ(Decode32("0F AE 38").memory.bytes, 1);
  EXPECT_TRUE(Decode32("0F AE 38").memory.read);
}

TEST(Prefixes, TheLastSegmentOverrideCounts) {
  const GuestInstruction in = Decode32("2E 64 8B 00");
  EXPECT_EQ(in.segment_override, kFs);
  EXPECT_EQ(in.memory.segment, kFs);
  EXPECT_EQ(Decode32("8B 00").segment_override, kNoSegment);
  for (const auto& [bytes, segment] :
       {std::pair{"26 8B 00", kEs}, std::pair{"2E 8B 00", kCs}, std::pair{"36 8B 00", kSs},
        std::pair{"3E 8B 45 00", kDs}, std::pair{"64 8B 00", kFs}, std::pair{"65 8B 00", kGs}}) {
    EXPECT_EQ(Decode32(bytes).memory.segment, segment) << bytes;
  }
}

TEST(Prefixes, RepeatCountsOnStringsOnly) {
  EXPECT_TRUE(Decode32("F3 A4").rep);
  EXPECT_FALSE(Decode32("F3 A4").repne);
  EXPECT_TRUE(Decode32("F2 A6").repne);
  EXPECT_TRUE(Decode32("F2 A4").repne) << "as a repeat prefix of MOVS it is as good as F3";
  EXPECT_TRUE(Decode32("F3 6C").rep);
  EXPECT_FALSE(Decode32("A4").HasRep());
  EXPECT_FALSE(Decode32("F3 C3").HasRep());
  EXPECT_FALSE(Decode32("F2 E8 00 00 00 00").HasRep());
}

TEST(Prefixes, MandatoryOnesSelectTheOpcode) {
  EXPECT_EQ(Decode32("0F 10 C1").mandatory_prefix, 0);
  EXPECT_EQ(Decode32("66 0F 10 C1").mandatory_prefix, 0x66);
  EXPECT_EQ(Decode32("F3 0F 10 C1").mandatory_prefix, 0xF3);
  EXPECT_EQ(Decode32("F2 0F 10 C1").mandatory_prefix, 0xF2);
  // F2 and F3 go before 66, which then has no say.
  EXPECT_EQ(Decode32("66 F2 0F 10 C1").mandatory_prefix, 0xF2);
  EXPECT_EQ(Decode32("66 89 C8").mandatory_prefix, 0);
  EXPECT_TRUE(Decode32("66 89 C8").prefix_66);
  EXPECT_TRUE(Decode32("66 0F 6F 00").prefix_66);
}

TEST(Opcode, MapAndByteAndModRm) {
  const GuestInstruction one = Decode32("8B 94 8B 78 56 34 12");
  EXPECT_EQ(one.map, 0);
  EXPECT_EQ(one.opcode, 0x8B);
  ASSERT_TRUE(one.has_modrm);
  EXPECT_EQ(one.mod, 2);
  EXPECT_EQ(one.reg, kEdx);
  EXPECT_EQ(one.rm, 4);
  EXPECT_EQ(Decode32("0F AF C1").map, 1);
  EXPECT_EQ(Decode32("0F 38 00 C1").map, 2);
  EXPECT_EQ(Decode32("0F 3A 0F C1 04").map, 3);
  EXPECT_EQ(Decode32("0F 3A 0F C1 04").opcode, 0x0F);
  EXPECT_FALSE(Decode32("90").has_modrm);
  EXPECT_FALSE(Decode32("A1 00 00 00 00").has_modrm);
}

struct Address {
  const char* bytes;
  bool code32;
  uint8_t base;
  uint8_t index;
  uint8_t scale;
  int32_t displacement;
  uint8_t segment;
};

class Addresses : public testing::TestWithParam<Address> {};

TEST_P(Addresses, AreTakenApart) {
  const Address& expected = GetParam();
  const GuestInstruction in = expected.code32 ? Decode32(expected.bytes) : Decode16(expected.bytes);
  ASSERT_TRUE(in.memory.present);
  EXPECT_EQ(in.memory.base, expected.base);
  EXPECT_EQ(in.memory.index, expected.index);
  EXPECT_EQ(in.memory.scale, expected.scale);
  EXPECT_EQ(in.memory.displacement, expected.displacement);
  EXPECT_EQ(in.memory.segment, expected.segment);
}

constexpr int32_t kBig = 0x12345678;

INSTANTIATE_TEST_SUITE_P(
    In32BitForm, Addresses,
    testing::Values(Address{"8B 03", true, kEbx, kNoGpr, 1, 0, kDs},
                    Address{"8B 43 80", true, kEbx, kNoGpr, 1, -128, kDs},
                    Address{"8B 83 78 56 34 12", true, kEbx, kNoGpr, 1, kBig, kDs},
                    Address{"8B 05 78 56 34 12", true, kNoGpr, kNoGpr, 1, kBig, kDs},
                    Address{"8B 45 08", true, kEbp, kNoGpr, 1, 8, kSs},
                    Address{"8B 04 24", true, kEsp, kNoGpr, 1, 0, kSs},
                    Address{"8B 44 24 04", true, kEsp, kNoGpr, 1, 4, kSs},
                    Address{"8B 04 8B", true, kEbx, kEcx, 4, 0, kDs},
                    Address{"8B 04 CD 78 56 34 12", true, kNoGpr, kEcx, 8, kBig, kDs},
                    Address{"8B 04 65 78 56 34 12", true, kNoGpr, kNoGpr, 1, kBig, kDs},
                    Address{"8B 44 4D 00", true, kEbp, kEcx, 2, 0, kSs},
                    Address{"8B 44 29 00", true, kEcx, kEbp, 1, 0, kDs},
                    Address{"A1 78 56 34 12", true, kNoGpr, kNoGpr, 1, kBig, kDs},
                    Address{"64 A3 78 56 34 12", true, kNoGpr, kNoGpr, 1, kBig, kFs},
                    Address{"D7", true, kEbx, kNoGpr, 1, 0, kDs},
                    Address{"65 D7", true, kEbx, kNoGpr, 1, 0, kGs},
                    Address{"0F F7 C1", true, kEdi, kNoGpr, 1, 0, kDs},
                    Address{"26 66 0F F7 C1", true, kEdi, kNoGpr, 1, 0, kEs}));

INSTANTIATE_TEST_SUITE_P(
    In16BitForm, Addresses,
    testing::Values(Address{"8B 00", false, kEbx, kEsi, 1, 0, kDs},
                    Address{"8B 01", false, kEbx, kEdi, 1, 0, kDs},
                    Address{"8B 02", false, kEbp, kEsi, 1, 0, kSs},
                    Address{"8B 03", false, kEbp, kEdi, 1, 0, kSs},
                    Address{"8B 04", false, kEsi, kNoGpr, 1, 0, kDs},
                    Address{"8B 05", false, kEdi, kNoGpr, 1, 0, kDs},
                    Address{"8B 06 34 12", false, kNoGpr, kNoGpr, 1, 0x1234, kDs},
                    Address{"8B 46 FE", false, kEbp, kNoGpr, 1, -2, kSs},
                    Address{"8B 87 34 12", false, kEbx, kNoGpr, 1, 0x1234, kDs},
                    Address{"67 8B 44 24 04", false, kEsp, kNoGpr, 1, 4, kSs},
                    Address{"67 8B 47 10", true, kEbx, kNoGpr, 1, 16, kDs}));

TEST(Memory, AccessKindAndSize) {
  struct Expected {
    const char* bytes;
    bool read, write;
    uint16_t size;
  };
  for (const Expected& e :
       {Expected{"8B 00", true, false, 4},       Expected{"89 00", false, true, 4},
        Expected{"01 00", true, true, 4},        Expected{"66 01 00", true, true, 2},
        Expected{"88 00", false, true, 1},       Expected{"39 00", true, false, 4},
        Expected{"0F B6 00", true, false, 1},    Expected{"8D 00", false, false, 0},
        Expected{"0F 18 00", false, false, 0},   Expected{"0F C7 08", true, true, 8},
        Expected{"DD 00", true, false, 8},       Expected{"DB 38", false, true, 10},
        Expected{"0F 28 00", true, false, 16},   Expected{"0F 11 00", false, true, 16},
        Expected{"F3 0F 10 00", true, false, 4}, Expected{"D9 38", false, true, 2},
        Expected{"0F 94 00", false, true, 1},    Expected{"0F AE 18", false, true, 4},
        Expected{"F7 20", true, false, 4},       Expected{"F7 18", true, true, 4}}) {
    const GuestInstruction in = Decode32(e.bytes);
    EXPECT_TRUE(in.memory.present) << e.bytes;
    EXPECT_EQ(in.memory.read, e.read) << e.bytes;
    EXPECT_EQ(in.memory.write, e.write) << e.bytes;
    EXPECT_EQ(in.memory.bytes, e.size) << e.bytes;
  }
  EXPECT_FALSE(Decode32("89 C8").memory.present);
  EXPECT_FALSE(Decode32("50").memory.present);
}

struct Fields {
  const char* bytes;
  bool reg, reg8, rm, rm8, opcode, opcode8;
};

class RegisterFields : public testing::TestWithParam<Fields> {};

TEST_P(RegisterFields, AreTold) {
  const Fields& f = GetParam();
  const GuestInstruction in = Decode32(f.bytes);
  ASSERT_EQ(in.error, DecodeError::kNone);
  EXPECT_EQ(in.reg_is_gpr, f.reg);
  EXPECT_EQ(in.reg_is_gpr8, f.reg8);
  EXPECT_EQ(in.rm_is_gpr, f.rm);
  EXPECT_EQ(in.rm_is_gpr8, f.rm8);
  EXPECT_EQ(in.opcode_is_gpr, f.opcode);
  EXPECT_EQ(in.opcode_is_gpr8, f.opcode8);
}

//                  reg    reg8   rm     rm8    opcode opcode8
INSTANTIATE_TEST_SUITE_P(
    Decoder, RegisterFields,
    testing::Values(Fields{"89 C8", true, false, true, false, false, false},
                    Fields{"66 89 C8", true, false, true, false, false, false},
                    Fields{"88 C8", false, true, false, true, false, false},
                    Fields{"89 08", true, false, false, false, false, false},
                    Fields{"88 08", false, true, false, false, false, false},
                    Fields{"0F B6 C1", true, false, false, true, false, false},
                    Fields{"0F B7 C1", true, false, true, false, false, false},
                    Fields{"F7 D8", false, false, true, false, false, false},
                    Fields{"F6 D8", false, false, false, true, false, false},
                    Fields{"0F 94 C0", false, false, false, true, false, false},
                    Fields{"D3 E0", false, false, true, false, false, false},
                    Fields{"40", false, false, false, false, true, false},
                    Fields{"50", false, false, false, false, true, false},
                    Fields{"91", false, false, false, false, true, false},
                    Fields{"0F C8", false, false, false, false, true, false},
                    Fields{"B8 00 00 00 00", false, false, false, false, true, false},
                    Fields{"B4 00", false, false, false, false, false, true},
                    Fields{"0F 28 C1", false, false, false, false, false, false},
                    Fields{"0F 6E C1", false, false, true, false, false, false},
                    Fields{"0F C5 C1 00", true, false, false, false, false, false},
                    Fields{"0F C4 C1 00", false, false, true, false, false, false},
                    Fields{"0F 50 C1", true, false, false, false, false, false},
                    Fields{"F2 0F 2D C1", true, false, false, false, false, false},
                    Fields{"F2 0F 2A C1", false, false, true, false, false, false},
                    Fields{"0F B1 C8", true, false, true, false, false, false},
                    Fields{"0F A4 C8 01", true, false, true, false, false, false},
                    Fields{"FF D0", false, false, true, false, false, false},
                    Fields{"8D 00", true, false, false, false, false, false},
                    Fields{"DF E0", false, false, false, false, false, false}));

TEST(Immediates, SizeValueAndPlace) {
  const GuestInstruction add = Decode32("81 84 88 78 56 34 12 EF BE AD DE");
  EXPECT_EQ(add.immediate, 0xDEADBEEFu);
  EXPECT_EQ(add.immediate_bytes, 4);
  EXPECT_EQ(add.immediate_offset, 7);
  EXPECT_EQ(add.immediate_total_bytes, 4);
  EXPECT_EQ(Decode32("83 C0 FF").immediate, 0xFFFFFFFFu) << "sign-extended";
  EXPECT_EQ(Decode32("6A 80").immediate, 0xFFFFFF80u) << "sign-extended";
  EXPECT_EQ(Decode32("C1 E0 FF").immediate, 0xFFu) << "a count is not";
  EXPECT_EQ(Decode32("CD 80").immediate, 0x80u);
  EXPECT_EQ(Decode32("C2 08 00").immediate, 8u);
  EXPECT_EQ(Decode32("01 C8").immediate_total_bytes, 0);
}

TEST(Immediates, PairsOfEnterAndFarPointers) {
  const GuestInstruction enter = Decode32("C8 34 12 05");
  EXPECT_EQ(enter.immediate, 0x1234u);
  EXPECT_EQ(enter.immediate2, 5);
  EXPECT_EQ(enter.immediate_total_bytes, 3);
  const GuestInstruction call = Decode32("9A 78 56 34 12 BC 9A");
  EXPECT_EQ(call.immediate, 0x12345678u);
  EXPECT_EQ(call.immediate_bytes, 4);
  EXPECT_EQ(call.immediate2, 0x9ABC);
  const GuestInstruction narrow = Decode16("EA 34 12 00 F0");
  EXPECT_EQ(narrow.immediate, 0x1234u);
  EXPECT_EQ(narrow.immediate_bytes, 2);
  EXPECT_EQ(narrow.immediate2, 0xF000);
  EXPECT_EQ(Decode32("66 EA 34 12 00 F0").length, 6);
}

TEST(Branches, DisplacementsAreSignExtended) {
  EXPECT_EQ(Decode32("74 FE").branch_target_offset, 0xFFFFFFFEu);
  EXPECT_EQ(Decode32("E9 00 00 00 80").branch_target_offset, 0x80000000u);
  EXPECT_EQ(Decode32("0F 84 10 00 00 00").branch_target_offset, 0x10u);
  EXPECT_EQ(Decode16("E8 FD FF").branch_target_offset, 0xFFFFFFFDu);
  EXPECT_EQ(Decode32("66 E9 FE FF").branch_target_offset, 0xFFFFFFFEu);
  EXPECT_EQ(Decode32("66 E9 FE FF").operand_bits, 16);
  EXPECT_EQ(Decode32("E2 FE").branch_target_offset, 0xFFFFFFFEu);
  EXPECT_EQ(Decode32("67 E3 00").address_bits, 16);
  EXPECT_EQ(Decode32("FF E0").branch_target_offset, 0u);
}

}  // namespace
}  // namespace verbatim
