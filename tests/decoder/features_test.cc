// SPDX-License-Identifier: Apache-2.0
// Gating by the CPU model, and which floating-point state an instruction uses.
#include <gtest/gtest.h>

#include "tests/decoder/decode.h"

namespace verbatim {
namespace {

struct Gated {
  bool CpuFeatures::*feature;
  const char* bytes;
};

class Gate : public testing::TestWithParam<Gated> {};

TEST_P(Gate, IsUndefinedWithoutItsFeature) {
  CpuFeatures features;
  EXPECT_EQ(Decode32(GetParam().bytes, features).error, DecodeError::kNone);
  features.*GetParam().feature = false;
  const GuestInstruction in = Decode32(GetParam().bytes, features);
  EXPECT_EQ(in.handling, Handling::kUndefined);
  EXPECT_EQ(in.error, DecodeError::kUndefined);
}

TEST_P(Gate, NeedsNothingElse) {
  CpuFeatures features{.cmov = false,
                       .cx8 = false,
                       .mmx = false,
                       .fxsr = false,
                       .sse = false,
                       .sse2 = false,
                       .sse3 = false,
                       .ssse3 = false,
                       .sysenter = false,
                       .clflush = false,
                       .nx = false};
  EXPECT_EQ(Decode32(GetParam().bytes, features).error, DecodeError::kUndefined);
  features.*GetParam().feature = true;
  EXPECT_EQ(Decode32(GetParam().bytes, features).error, DecodeError::kNone);
}

INSTANTIATE_TEST_SUITE_P(
    Extensions, Gate,
    testing::Values(Gated{&CpuFeatures::cmov, "0F 44 C1"}, Gated{&CpuFeatures::cmov, "DA C1"},
                    Gated{&CpuFeatures::cmov, "DF E9"}, Gated{&CpuFeatures::cx8, "0F C7 08"},
                    Gated{&CpuFeatures::mmx, "0F EF C0"}, Gated{&CpuFeatures::mmx, "0F 6E C0"},
                    Gated{&CpuFeatures::mmx, "0F 77"}, Gated{&CpuFeatures::fxsr, "0F AE 00"},
                    Gated{&CpuFeatures::sse, "0F 58 C1"}, Gated{&CpuFeatures::sse, "F3 0F 10 C1"},
                    Gated{&CpuFeatures::sse, "0F E0 C1"}, Gated{&CpuFeatures::sse, "0F 18 08"},
                    Gated{&CpuFeatures::sse, "0F AE 10"}, Gated{&CpuFeatures::sse, "0F AE F8"},
                    Gated{&CpuFeatures::sse2, "66 0F 58 C1"}, Gated{&CpuFeatures::sse2, "0F AE F0"},
                    Gated{&CpuFeatures::sse2, "0F D4 C1"}, Gated{&CpuFeatures::sse3, "DF 08"},
                    Gated{&CpuFeatures::sse3, "F2 0F F0 00"},
                    Gated{&CpuFeatures::ssse3, "0F 38 00 C1"},
                    Gated{&CpuFeatures::ssse3, "66 0F 38 00 C1"},
                    Gated{&CpuFeatures::sysenter, "0F 34"}, Gated{&CpuFeatures::sysenter, "0F 35"},
                    Gated{&CpuFeatures::clflush, "0F AE 38"}));

// One mnemonic, two generations: PXOR and PAVGB exist on MMX and, since SSE2, on XMM registers.
INSTANTIATE_TEST_SUITE_P(IntegerSimdOnXmmRegistersIsSse2, Gate,
                         testing::Values(Gated{&CpuFeatures::sse2, "66 0F EF C1"},
                                         Gated{&CpuFeatures::sse2, "66 0F 6E C0"},
                                         Gated{&CpuFeatures::sse2, "F3 0F 7E C1"},
                                         Gated{&CpuFeatures::sse2, "66 0F E0 C1"},
                                         Gated{&CpuFeatures::sse2, "66 0F C5 C1 00"},
                                         Gated{&CpuFeatures::sse2, "66 0F 71 D0 01"}));

TEST(Gate, TheBaseSetNeedsNoFeature) {
  CpuFeatures none{};
  none.cmov = none.cx8 = none.mmx = none.fxsr = none.sse = none.sse2 = false;
  for (const char* bytes : {"01 C8", "0F A2", "0F 31", "0F C8", "0F B1 C8", "D9 E8", "90"}) {
    EXPECT_EQ(Decode32(bytes, none).error, DecodeError::kNone) << bytes;
  }
}

struct Use {
  const char* bytes;
  FpuUse use;
};

class FpuUses : public testing::TestWithParam<Use> {};

TEST_P(FpuUses, AreKnown) { EXPECT_EQ(Decode32(GetParam().bytes).fpu, GetParam().use); }

INSTANTIATE_TEST_SUITE_P(
    Decoder, FpuUses,
    testing::Values(Use{"01 C8", FpuUse::kNone}, Use{"D9 E8", FpuUse::kX87},
                    Use{"DF E0", FpuUse::kX87}, Use{"DB E3", FpuUse::kX87},
                    Use{"DD 20", FpuUse::kX87}, Use{"DF 08", FpuUse::kX87},  // fisttp
                    Use{"DA C1", FpuUse::kX87}, Use{"9B", FpuUse::kWait},
                    Use{"0F 77", FpuUse::kMmx}, Use{"0F EF C0", FpuUse::kMmx},
                    Use{"0F 6F 00", FpuUse::kMmx}, Use{"0F 7E C0", FpuUse::kMmx},
                    // MMX registers, though the instruction came with SSE, SSE2 or SSSE3.
                    Use{"0F E0 C1", FpuUse::kMmx}, Use{"0F D4 C1", FpuUse::kMmx},
                    Use{"0F F7 C1", FpuUse::kMmx}, Use{"0F E7 00", FpuUse::kMmx},
                    Use{"0F 38 00 C1", FpuUse::kMmx}, Use{"0F 3A 0F C1 04", FpuUse::kMmx},
                    // XMM registers, though the mnemonic came with MMX.
                    Use{"66 0F EF C0", FpuUse::kSse}, Use{"66 0F 6F 00", FpuUse::kSse},
                    Use{"66 0F 7E C0", FpuUse::kSse},
                    // Both.
                    Use{"0F 2A C1", FpuUse::kSse}, Use{"0F 2D C1", FpuUse::kSse},
                    // An XMM register, or memory in its place.
                    Use{"0F 2C 00", FpuUse::kSse}, Use{"66 0F 2D 00", FpuUse::kSse},
                    Use{"F3 0F D6 C1", FpuUse::kSse}, Use{"0F 58 C1", FpuUse::kSse},
                    Use{"66 0F 38 00 C1", FpuUse::kSse}, Use{"F2 0F F0 00", FpuUse::kSse},
                    Use{"0F AE 10", FpuUse::kSse}, Use{"0F AE 18", FpuUse::kSse},
                    // No SIMD state at all.
                    Use{"0F AE F8", FpuUse::kNone}, Use{"0F AE E8", FpuUse::kNone},
                    Use{"0F C3 08", FpuUse::kNone}, Use{"0F 18 00", FpuUse::kNone},
                    Use{"0F AE 38", FpuUse::kNone}));

}  // namespace
}  // namespace verbatim
