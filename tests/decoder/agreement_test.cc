// SPDX-License-Identifier: Apache-2.0
// Our decoder against another, in every field of GuestInstruction: all opcodes of all maps with all
// ModRM bytes behind many combinations of prefixes, all SIB bytes, and bytes that end early.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <span>
#include <string>
#include <vector>

#include "tests/decoder/decode.h"
#include "tests/decoder/reference_decoder.h"

namespace verbatim {
namespace {

template <typename T>
unsigned long Number(T value) {
  return static_cast<unsigned long>(value);
}

// The fields in which the two differ; empty if in none.
std::string Differences(const GuestInstruction& ours, const GuestInstruction& theirs) {
  std::string text;
  const auto compare = [&text](const char* name, auto our, auto their) {
    if (our != their) text += fmt::format(" {} {} not {}", name, Number(our), Number(their));
  };
#define COMPARE(field) compare(#field, ours.field, theirs.field)
  if (ours.bytes != theirs.bytes) text += " bytes";
  if (ours.mnemonic != theirs.mnemonic) {
    text += fmt::format(" {} not {}", MnemonicName(ours.mnemonic), MnemonicName(theirs.mnemonic));
  }
  COMPARE(length);
  COMPARE(examined);
  COMPARE(handling);
  COMPARE(error);
  COMPARE(fpu);
  COMPARE(operand_bits);
  COMPARE(address_bits);
  COMPARE(lock);
  COMPARE(rep);
  COMPARE(repne);
  COMPARE(prefix_66);
  COMPARE(mandatory_prefix);
  COMPARE(segment_override);
  COMPARE(map);
  COMPARE(opcode);
  COMPARE(has_modrm);
  COMPARE(mod);
  COMPARE(reg);
  COMPARE(rm);
  COMPARE(memory.present);
  COMPARE(memory.read);
  COMPARE(memory.write);
  COMPARE(memory.base);
  COMPARE(memory.index);
  COMPARE(memory.scale);
  COMPARE(memory.segment);
  COMPARE(memory.displacement);
  COMPARE(memory.bytes);
  COMPARE(immediate_bytes);
  COMPARE(immediate);
  COMPARE(immediate2);
  COMPARE(immediate_offset);
  COMPARE(immediate_total_bytes);
  COMPARE(branch_target_offset);
  COMPARE(reg_is_gpr);
  COMPARE(reg_is_gpr8);
  COMPARE(rm_is_gpr);
  COMPARE(rm_is_gpr8);
  COMPARE(opcode_is_gpr);
  COMPARE(opcode_is_gpr8);
  COMPARE(flags_read);
  COMPARE(flags_written);
#undef COMPARE
  return text;
}

// Where the other decoder is not followed.
GuestInstruction Corrected(const GuestInstruction& ours, GuestInstruction theirs) {
  if (ours.handling == Handling::kNoOperation && theirs.handling == ours.handling &&
      theirs.mnemonic == ours.mnemonic && theirs.length == ours.length) {
    // Zydis gives hints operands, which are read, and gives some their later meaning's.
    theirs = ours;
  }
  switch (theirs.mnemonic) {
    case Mnemonic::kCvtpd2pi:
    case Mnemonic::kCvtps2pi:
    case Mnemonic::kCvttpd2pi:
    case Mnemonic::kCvttps2pi:
      // From memory no XMM register is named, but the rules are those of SSE (SDM vol. 3, table
      // 23-5).
      theirs.fpu = FpuUse::kSse;
      break;
    default:
      break;
  }
  return theirs;
}

// Of a repeated prefix only the last.
std::vector<uint8_t> WithOnePrefix(std::span<const uint8_t> bytes) {
  while (bytes.size() > 1 && bytes[0] == bytes[1]) bytes = bytes.subspan(1);
  std::vector<uint8_t> shorter(bytes.begin(), bytes.end());
  shorter.resize(kMaxInstructionBytes);
  return shorter;
}

class Comparison {
 public:
  explicit Comparison(bool code32) : code32_(code32) {}

  // `bytes` is a whole instruction, if it is one.
  void Compare(std::span<const uint8_t> bytes) {
    ++compared_;
    const GuestInstruction ours = ours_.Decode(bytes, code32_);
    const GuestInstruction theirs = Corrected(ours, theirs_.Decode(bytes, code32_));
    if (theirs.error == DecodeError::kTooLong && ours.error == DecodeError::kUndefined) {
      // Nor does one that does not exist have a length.
      EXPECT_EQ(theirs_.Decode(WithOnePrefix(bytes), code32_).error, DecodeError::kUndefined);
      return;
    }
    Report(Differences(ours, theirs), bytes);
  }

  // All beginnings of `bytes`.
  void CompareCut(std::span<const uint8_t> bytes) {
    const bool exists = ours_.Decode(bytes, code32_).mnemonic != Mnemonic::kInvalid;
    for (size_t size = 0; size < bytes.size(); ++size) {
      const std::span<const uint8_t> part = bytes.first(size);
      const GuestInstruction ours = ours_.Decode(part, code32_);
      const GuestInstruction theirs = Corrected(ours, theirs_.Decode(part, code32_));
      // An opcode that does not exist is #UD without its operands, of which Zydis knows.
      if (!exists && theirs.length == 0 && ours.error == DecodeError::kUndefined) continue;
      Report(Differences(ours, theirs), part);
    }
  }

  [[nodiscard]] unsigned compared() const { return compared_; }

 private:
  void Report(const std::string& differences, std::span<const uint8_t> bytes) {
    if (differences.empty() || ++reported_ > kMaxReports) return;
    std::string hex;
    for (const uint8_t byte : bytes) hex += fmt::format("{:02X} ", byte);
    ADD_FAILURE() << (code32_ ? "32" : "16") << "-bit code " << hex << ":" << differences;
  }

  static constexpr unsigned kMaxReports = 20;
  const Decoder ours_{CpuFeatures{}};
  const ReferenceDecoder theirs_{CpuFeatures{}};
  bool code32_;
  unsigned compared_ = 0;
  unsigned reported_ = 0;
};

constexpr const char* kMaps[] = {"", "0F ", "0F 38 ", "0F 3A "};

using Encoding = std::array<uint8_t, kMaxInstructionBytes>;

// As much of it as one instruction can have.
Encoding Encode(std::span<const uint8_t> before, unsigned opcode, unsigned modrm,
                std::span<const uint8_t> rest) {
  Encoding bytes{};
  size_t size = 0;
  const auto append = [&](uint8_t byte) {
    if (size < bytes.size()) bytes[size++] = byte;
  };
  for (const uint8_t byte : before) append(byte);
  append(static_cast<uint8_t>(opcode));
  append(static_cast<uint8_t>(modrm));
  for (const uint8_t byte : rest) append(byte);
  return bytes;
}

// SIB, displacements and immediates: with the signs that make extensions visible.
constexpr uint8_t kNegative[] = {0x25, 0x81, 0x92, 0xA3, 0xB4, 0xC5, 0xD6, 0xE7, 0xF8, 0x89};
constexpr uint8_t kPositive[] = {0x4C, 0x01, 0x12, 0x23, 0x34, 0x45, 0x56, 0x67, 0x78, 0x09};

class Agreement : public testing::TestWithParam<const char*> {};

TEST_P(Agreement, OnAllOpcodesAndModRmBytes) {
  const std::string prefixes = GetParam();
  for (const bool code32 : {true, false}) {
    Comparison comparison(code32);
    for (const char* map : kMaps) {
      const std::vector<uint8_t> before = Bytes(prefixes + map);
      for (unsigned opcode = 0; opcode < 256; ++opcode) {
        for (unsigned modrm = 0; modrm < 256; ++modrm) {
          comparison.Compare(Encode(before, opcode, modrm, kNegative));
          comparison.Compare(Encode(before, opcode, modrm, kPositive));
        }
      }
    }
    EXPECT_EQ(comparison.compared(), 4u * 256 * 256 * 2);
  }
}

INSTANTIATE_TEST_SUITE_P(Prefixes, Agreement,
                         testing::Values("", "66 ", "67 ", "F2 ", "F3 ", "F0 ", "66 67 ", "66 F2 ",
                                         "F3 66 ", "F2 F3 ", "F3 F2 ", "26 ", "2E ", "36 ", "3E ",
                                         "64 ", "65 2E 67 ", "F0 66 ", "F0 F3 ",
                                         // A few bytes too many for some, for all.
                                         "66 66 66 66 66 66 66 66 66 66 66 ",
                                         "2E 2E 2E 2E 2E 2E 2E 2E 2E 2E 2E 2E 2E 2E "));

TEST(Agreement, OnAllSibBytes) {
  for (const bool code32 : {true, false}) {
    Comparison comparison(code32);
    for (const char* prefixes : {"", "67 ", "65 ", "3E 67 "}) {
      // MOV, LEA, an immediate behind the displacement, a group, SSE.
      for (const char* opcode : {"8B ", "8D ", "C7 ", "0F 58 "}) {
        const std::vector<uint8_t> before = Bytes(std::string(prefixes) + opcode);
        for (unsigned modrm = 0; modrm < 256; ++modrm) {
          for (unsigned sib = 0; sib < 256; ++sib) {
            comparison.Compare(Encode(before, modrm, sib, kNegative));
          }
        }
      }
    }
  }
}

TEST(Agreement, OnBytesThatEndEarly) {
  for (const bool code32 : {true, false}) {
    Comparison comparison(code32);
    for (const char* prefixes : {"", "66 ", "67 "}) {
      for (const char* map : kMaps) {
        const std::vector<uint8_t> before = Bytes(std::string(prefixes) + map);
        for (unsigned opcode = 0; opcode < 256; ++opcode) {
          for (unsigned modrm = 0; modrm < 256; ++modrm) {
            if ((modrm & 7) < 4) continue;  // as 7
            comparison.CompareCut(Encode(before, opcode, modrm, kNegative));
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace verbatim
