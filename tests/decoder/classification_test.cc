// SPDX-License-Identifier: Apache-2.0
// What becomes of each opcode, against the opcode maps of the manual (SDM vol. 2, appendix A),
// written down here by hand as one letter per opcode.
#include "decoder/classification.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <utility>

#include "tests/decoder/decode.h"

namespace verbatim {
namespace {

// I: copied, S: string, K: stack, F: control flow, N: nothing to do, P: sensitive, U: undefined,
// '-': a prefix or an escape to another map.
char Letter(Handling handling) {
  switch (handling) {
    case Handling::kIdent:
      return 'I';
    case Handling::kString:
      return 'S';
    case Handling::kStack:
      return 'K';
    case Handling::kControlFlow:
      return 'F';
    case Handling::kNoOperation:
      return 'N';
    case Handling::kSensitive:
      return 'P';
    case Handling::kUndefined:
      return 'U';
  }
  return '?';
}

using Map = std::array<const char*, 16>;

// One-byte opcodes, ModRM /0 with a memory operand where there is one.
constexpr Map kOneByte = {
    //  0 1 2 3 4 5 6 7 8 9 A B C D E F
    "IIIIIIPPIIIIIIP-",  // 0: add, or; push and pop of segments
    "IIIIIIPPIIIIIIPP",  // 1: adc, sbb
    "IIIIII-PIIIIII-P",  // 2: and, sub; daa, das
    "IIIIII-PIIIIII-P",  // 3: xor, cmp; aaa, aas
    "IIIIIIIIIIIIIIII",  // 4: inc, dec
    "KKKKKKKKKKKKKKKK",  // 5: push, pop
    "PPPP----KIKIPPPP",  // 6: pusha popa bound arpl; push imul; ins outs
    "FFFFFFFFFFFFFFFF",  // 7: jcc
    "IIIIIIIIIIIIPIPK",  // 8: group 1, test, xchg, mov; mov sreg, lea, pop
    "NIIIIIIIIIPIPPII",  // 9: nop, xchg, cbw, cwd, call far, fwait, pushf popf, sahf lahf
    "IIIISSSSIISSSSSS",  // A: mov moffs, string instructions, test
    "IIIIIIIIIIIIIIII",  // B: mov immediate
    "IIFFPPIIPKPPPPPP",  // C: shifts, ret, les lds, mov, enter leave, ret far, int, iret
    "IIIIPPPIIIIIIIII",  // D: shifts, aam aad salc xlat, x87
    "FFFFPPPPFFPFPPPP",  // E: loops, in out, call jmp
    "-P--PIIIIIPPIIII",  // F: int1, hlt, cmc, group 3, flags, groups 4 and 5
};

// 0F opcodes, without a mandatory prefix, ModRM /0 with a memory operand.
constexpr Map kTwoByteMemory = {
    //  0 1 2 3 4 5 6 7 8 9 A B C D E F
    "PPPPUUPUPPUUUNUU",  // 0: groups 6 and 7, lar lsl, clts, invd wbinvd, ud2, prefetch
    "IIIIIIIIINNNNNNN",  // 1: SSE moves, prefetchnta, hints
    "PPPPUUUUIIIIIIII",  // 2: mov cr and dr, SSE
    "PPPPPPUU-U-UUUUU",  // 3: wrmsr rdtsc rdmsr rdpmc sysenter sysexit
    "IIIIIIIIIIIIIIII",  // 4: cmovcc
    "UIIIIIIIIIIIIIII",  // 5: SSE arithmetic
    "IIIIIIIIIIIIUUII",  // 6: MMX
    "IUUUIIIIUUUUUUII",  // 7: MMX
    "FFFFFFFFFFFFFFFF",  // 8: jcc
    "IIIIIIIIIIIIIIII",  // 9: setcc
    "PPPIIIUUPPUIIIPI",  // A: push pop fs gs, cpuid, bt, shld, rsm, bts, shrd, fxsave, imul
    "IIPIPPIIUUUIIIII",  // B: cmpxchg, lss, btr, lfs lgs, movzx, btc, bsf bsr, movsx
    "IIIIIUIUIIIIIIII",  // C: xadd, cmpps, movnti, pinsrw, shufps, bswap
    "UIIIIIUUIIIIIIII",  // D: MMX
    "IIIIIIUIIIIIIIII",  // E: MMX
    "UIIIIIIUIIIIIIIU",  // F: MMX
};

void ExpectMap(const Map& map, const std::string& escape, uint8_t modrm) {
  for (unsigned opcode = 0; opcode < 256; ++opcode) {
    const char expected = map[opcode >> 4][opcode & 15];
    if (expected == '-') continue;
    const std::string hex = escape + fmt::format("{:02X} {:02X}", opcode, modrm);
    EXPECT_EQ(Letter(Decode32Padded(hex).handling), expected) << hex;
  }
}

TEST(Classification, OfOneByteOpcodes) { ExpectMap(kOneByte, "", 0x00); }

TEST(Classification, OfTwoByteOpcodes) { ExpectMap(kTwoByteMemory, "0F ", 0x00); }

struct Form {
  const char* bytes;
  char letter;
};

class Forms : public testing::TestWithParam<Form> {};

TEST_P(Forms, AreClassified) {
  const GuestInstruction in = Decode32Padded(GetParam().bytes);
  EXPECT_EQ(Letter(in.handling), GetParam().letter) << GetParam().bytes;
  EXPECT_EQ(in.error,
            in.handling == Handling::kUndefined ? DecodeError::kUndefined : DecodeError::kNone);
}

INSTANTIATE_TEST_SUITE_P(
    Groups, Forms,
    testing::Values(  // 8F and FF
        Form{"8F C0", 'K'}, Form{"8F 08", 'U'}, Form{"FF 10", 'F'}, Form{"FF D0", 'F'},
        Form{"FF 18", 'P'}, Form{"FF D8", 'U'}, Form{"FF 20", 'F'}, Form{"FF E0", 'F'},
        Form{"FF 28", 'P'}, Form{"FF E8", 'U'}, Form{"FF 30", 'K'}, Form{"FF F0", 'K'},
        Form{"FF 38", 'U'}, Form{"FE 10", 'U'},
        // group 3 and shifts: all eight exist
        Form{"F6 08", 'I'}, Form{"F7 C8", 'I'}, Form{"F7 38", 'I'}, Form{"D0 30", 'I'},
        Form{"D3 F0", 'I'}, Form{"82 00", 'I'},
        // groups 6 and 7
        Form{"0F 00 08", 'P'}, Form{"0F 00 10", 'P'}, Form{"0F 00 18", 'P'}, Form{"0F 00 20", 'P'},
        Form{"0F 00 28", 'P'}, Form{"0F 00 30", 'U'}, Form{"0F 01 08", 'P'}, Form{"0F 01 10", 'P'},
        Form{"0F 01 18", 'P'}, Form{"0F 01 20", 'P'}, Form{"0F 01 E0", 'P'}, Form{"0F 01 28", 'U'},
        Form{"0F 01 30", 'P'}, Form{"0F 01 38", 'P'}, Form{"0F 01 F8", 'U'}, Form{"0F 01 C1", 'U'},
        Form{"0F 01 C8", 'U'}, Form{"0F 01 D0", 'U'}, Form{"0F 01 F9", 'U'},
        // groups 8 and 9
        Form{"0F BA 18", 'U'}, Form{"0F BA 20", 'I'}, Form{"0F BA E0", 'I'}, Form{"0F C7 08", 'I'},
        Form{"0F C7 C8", 'U'}, Form{"0F C7 30", 'U'}, Form{"0F C7 F0", 'U'},
        // groups 12 to 14
        Form{"0F 71 D0", 'I'}, Form{"0F 71 C0", 'U'}, Form{"0F 72 E0", 'I'}, Form{"0F 73 F0", 'I'},
        Form{"66 0F 73 F8", 'I'}, Form{"0F 73 F8", 'U'},
        // group 15
        Form{"0F AE 08", 'P'}, Form{"0F AE 10", 'I'}, Form{"0F AE 18", 'I'}, Form{"0F AE 20", 'U'},
        Form{"0F AE 28", 'U'}, Form{"0F AE 38", 'I'}, Form{"0F AE E8", 'I'}, Form{"0F AE F0", 'I'},
        Form{"0F AE F8", 'I'}));

INSTANTIATE_TEST_SUITE_P(
    RegisterForms, Forms,
    testing::Values(Form{"8D C0", 'U'}, Form{"62 C0", 'U'}, Form{"C4 C0", 'U'}, Form{"C5 C0", 'U'},
                    Form{"0F 50 C1", 'I'}, Form{"0F C3 C1", 'U'}, Form{"0F C5 C1", 'I'},
                    Form{"0F D7 C1", 'I'}, Form{"0F E7 C1", 'U'}, Form{"0F F7 C1", 'I'},
                    Form{"0F B2 C1", 'U'}, Form{"0F 2B C1", 'U'}, Form{"0F 13 C1", 'U'},
                    Form{"0F 12 C1", 'I'}, Form{"0F 18 C1", 'N'}, Form{"C6 C0", 'I'},
                    Form{"C6 F8", 'U'}, Form{"C7 F8", 'U'}));

INSTANTIATE_TEST_SUITE_P(SegmentControlAndDebugRegisters, Forms,
                         testing::Values(Form{"8C D8", 'P'}, Form{"8C 18", 'P'}, Form{"8E D8", 'P'},
                                         Form{"8E C8", 'U'},  // mov cs
                                         Form{"8C F0", 'U'},  // segment register 6
                                         Form{"0F 20 C0", 'P'}, Form{"0F 22 D8", 'P'},
                                         Form{"0F 22 E0", 'P'}, Form{"0F 20 C8", 'U'},  // cr1
                                         Form{"0F 21 F8", 'P'}, Form{"0F 23 F8", 'P'},
                                         Form{"0F 24 F8", 'U'}, Form{"0F 26 F8", 'U'}));

INSTANTIATE_TEST_SUITE_P(FarTransfers, Forms,
                         testing::Values(Form{"9A", 'P'}, Form{"EA", 'P'}, Form{"CA", 'P'},
                                         Form{"CB", 'P'}, Form{"CF", 'P'}, Form{"66 CF", 'P'},
                                         Form{"66 EA", 'P'}, Form{"FF 6C 24 04", 'P'},
                                         Form{"66 CB", 'P'}));

INSTANTIATE_TEST_SUITE_P(X87, Forms,
                         testing::Values(Form{"D9 20", 'P'}, Form{"D9 30", 'P'}, Form{"DD 20", 'P'},
                                         Form{"DD 30", 'P'}, Form{"D9 28", 'I'}, Form{"D9 38", 'I'},
                                         Form{"DD 38", 'I'}, Form{"DF E0", 'I'}, Form{"D9 08", 'U'},
                                         Form{"D9 D1", 'U'}, Form{"D9 E8", 'I'}, Form{"DB E2", 'I'},
                                         Form{"DB E3", 'I'}, Form{"DB E0", 'I'}, Form{"DB E4", 'I'},
                                         Form{"DA E9", 'I'}, Form{"DB F0", 'I'}, Form{"DA C1", 'I'},
                                         Form{"DD C0", 'I'}, Form{"DF C0", 'I'}, Form{"DD 08", 'I'},
                                         Form{"DB 28", 'I'}, Form{"DF 20", 'I'}));

INSTANTIATE_TEST_SUITE_P(MandatoryPrefixes, Forms,
                         testing::Values(Form{"F3 0F 10 C1", 'I'}, Form{"F2 0F 10 C1", 'I'},
                                         Form{"66 0F 6C C1", 'I'}, Form{"66 0F D6 C1", 'I'},
                                         Form{"F2 0F D6 C1", 'I'}, Form{"F3 0F D6 C1", 'I'},
                                         Form{"F2 0F F0 00", 'I'}, Form{"66 0F D0 C1", 'I'},
                                         Form{"F3 0F E6 C1", 'I'}, Form{"0F 38 00 C1", 'I'},
                                         Form{"66 0F 38 1E C1", 'I'}, Form{"66 0F 3A 0F C1", 'I'},
                                         Form{"F3 90", 'N'}, Form{"66 90", 'N'}));

// Later processors have these; the ones that we are do not.
INSTANTIATE_TEST_SUITE_P(LaterExtensions, Forms,
                         testing::Values(Form{"66 0F 38 17 C1", 'U'},     // ptest
                                         Form{"66 0F 3A 63 C1 00", 'U'},  // pcmpistri
                                         Form{"F2 0F 38 F1 C1", 'U'},     // crc32
                                         Form{"0F 38 F0 00", 'U'},        // movbe
                                         Form{"F3 0F B8 C1", 'U'},        // popcnt
                                         Form{"66 0F 38 DC C1", 'U'},     // aesenc
                                         Form{"C5 F8 77", 'U'},           // vzeroupper
                                         Form{"C4 E2 60 F2 C1", 'U'},     // andn
                                         Form{"62 F1 7C 48 58 C1", 'U'},  // vaddps zmm
                                         Form{"0F 01 F9", 'U'},           // rdtscp
                                         Form{"0F 05", 'U'},        // syscall outside long mode
                                         Form{"0F 0F C1 9E", 'U'},  // 3DNow!
                                         Form{"0F AE F1", 'I'}));   // mfence with another rm

TEST(Classification, HintsOfLaterProcessorsAreNoOperations) {
  EXPECT_EQ(Decode32("F3 0F 1E FB").handling, Handling::kNoOperation);  // endbr32
  EXPECT_EQ(Decode32("0F 1C 00").handling, Handling::kNoOperation);     // cldemote
  EXPECT_EQ(Decode32("0F 1A 00").handling, Handling::kNoOperation);     // bndldx
}

// PEXTRW of SSE has the opcode 0F C5 and a register as its destination.
TEST(Classification, FormsThatSse4AddedAreUndefined) {
  EXPECT_EQ(Decode32("66 0F C5 C1 03").handling, Handling::kIdent);
  EXPECT_EQ(Decode32("66 0F 3A 15 C1 03").handling, Handling::kUndefined);
  EXPECT_EQ(Decode32("66 0F 3A 15 00 03").handling, Handling::kUndefined);
}

// F3 before BSF and BSR means another instruction on later processors: it must not be kept.
TEST(Classification, PrefixedBitScansAreBitScans) {
  for (const char* bytes : {"F3 0F BD C1", "F3 0F BC C1", "66 F3 0F BD C1", "F2 0F BC C1"}) {
    const GuestInstruction in = Decode32(bytes);
    EXPECT_TRUE(in.mnemonic == Mnemonic::kBsr || in.mnemonic == Mnemonic::kBsf) << bytes;
    EXPECT_EQ(in.mandatory_prefix, 0) << bytes;
  }
  EXPECT_EQ(Decode32("F3 0F 09").mnemonic, Mnemonic::kWbinvd);
}

// The two mnemonics that are both string and SSE2 instructions.
TEST(Classification, TellsStringMovsdFromSse2Movsd) {
  EXPECT_EQ(Decode32("A5").mnemonic, Decode32("F2 0F 10 C1").mnemonic);
  EXPECT_EQ(Decode32("A5").handling, Handling::kString);
  EXPECT_EQ(Decode32("F2 0F 10 C1").handling, Handling::kIdent);
  EXPECT_EQ(Decode32("A7").handling, Handling::kString);
  EXPECT_EQ(Decode32("F2 0F C2 C1 00").handling, Handling::kIdent);
}

// Some encoding leads to each row of the table: no row is dead or misspelt.
TEST(Classification, EveryMnemonicOfTheTableCanBeReached) {
  std::set<Mnemonic> reached;
  const Decoder decoder{CpuFeatures{}};
  for (const char* prefix : {"", "66 ", "F2 ", "F3 ", "67 "}) {
    for (const char* map : {"", "0F ", "0F 38 ", "0F 3A "}) {
      for (unsigned opcode = 0; opcode < 256; ++opcode) {
        for (unsigned modrm = 0; modrm < 256; ++modrm) {
          std::vector<uint8_t> bytes = Bytes(std::string(prefix) + map);
          bytes.push_back(static_cast<uint8_t>(opcode));
          bytes.push_back(static_cast<uint8_t>(modrm));
          bytes.resize(kMaxInstructionBytes);
          reached.insert(decoder.Decode(bytes, true).mnemonic);
        }
      }
    }
  }
  for (uint16_t i = 0; i < static_cast<uint16_t>(Mnemonic::kCount); ++i) {
    const Mnemonic mnemonic{i};
    if (!Classify(mnemonic).known) continue;
    EXPECT_TRUE(reached.contains(mnemonic)) << MnemonicName(mnemonic);
  }
}

}  // namespace
}  // namespace verbatim
