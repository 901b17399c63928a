// SPDX-License-Identifier: Apache-2.0
// Instruction lengths against another disassembler, Capstone: over every opcode with every ModRM
// byte, and over the code of a real program.
#include <capstone/capstone.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/bits.h"
#include "base/file.h"
#include "tests/decoder/decode.h"

namespace verbatim {
namespace {

class Capstone {
 public:
  explicit Capstone(bool code32) {
    CHECK(cs_open(CS_ARCH_X86, code32 ? CS_MODE_32 : CS_MODE_16, &handle_) == CS_ERR_OK);
    instruction_ = cs_malloc(handle_);
  }
  ~Capstone() {
    cs_free(instruction_, 1);
    cs_close(&handle_);
  }
  Capstone(const Capstone&) = delete;
  Capstone& operator=(const Capstone&) = delete;

  // nullopt: no instruction.
  std::optional<uint32_t> Length(std::span<const uint8_t> bytes) {
    const uint8_t* code = bytes.data();
    size_t left = bytes.size();
    uint64_t address = 0;
    if (!cs_disasm_iter(handle_, &code, &left, &address, instruction_)) return std::nullopt;
    return instruction_->size;
  }
  [[nodiscard]] const char* mnemonic() const { return instruction_->mnemonic; }

 private:
  csh handle_ = 0;
  cs_insn* instruction_ = nullptr;
};

bool IsPrefix(unsigned byte) {
  return byte == 0x26 || byte == 0x2E || byte == 0x36 || byte == 0x3E ||
         (byte >= 0x64 && byte <= 0x67) || byte == 0xF0 || byte == 0xF2 || byte == 0xF3;
}

std::string Hex(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) text += fmt::format("{:02X} ", byte);
  return text;
}

class Lengths : public testing::TestWithParam<std::pair<bool, const char*>> {};

// What either does not know is compared elsewhere: Capstone knows later extensions, and misses
// hints.
TEST_P(Lengths, AgreeOnAllOpcodesAndModRmBytes) {
  const auto& [code32, prefixes] = GetParam();
  Capstone reference(code32);
  const Decoder decoder{CpuFeatures{}};
  unsigned compared = 0;
  for (const char* map : {"", "0F ", "0F 38 ", "0F 3A "}) {
    for (unsigned opcode = 0; opcode < 256; ++opcode) {
      if (*map == 0 && (IsPrefix(opcode) || opcode == 0x0F)) continue;
      if (std::string_view(map) == "0F " && (opcode == 0x38 || opcode == 0x3A)) continue;
      for (unsigned modrm = 0; modrm < 256; ++modrm) {
        std::vector<uint8_t> bytes = Bytes(std::string(prefixes) + map);
        bytes.push_back(static_cast<uint8_t>(opcode));
        bytes.push_back(static_cast<uint8_t>(modrm));
        // As SIB byte: base ebp, which with mod 0 means a displacement.
        bytes.resize(kMaxInstructionBytes, 0x25);
        const GuestInstruction in = decoder.Decode(bytes, code32);
        const auto expected = reference.Length(bytes);
        if (in.error != DecodeError::kNone || !expected) continue;
        ++compared;
        ASSERT_EQ(in.length, *expected) << Hex(bytes) << reference.mnemonic();
      }
    }
  }
  EXPECT_GT(compared, 40'000u);
}

INSTANTIATE_TEST_SUITE_P(Reference, Lengths,
                         testing::Values(std::pair{true, ""}, std::pair{true, "66 "},
                                         std::pair{true, "67 "}, std::pair{true, "F2 "},
                                         std::pair{true, "F3 "}, std::pair{true, "66 67 "},
                                         std::pair{true, "65 "}, std::pair{false, ""},
                                         std::pair{false, "66 "}, std::pair{false, "67 "},
                                         std::pair{false, "66 67 "}, std::pair{false, "F3 "}));

// Sections of an ELF32 file by name (System V ABI, "Object Files").
std::span<const uint8_t> Section(std::span<const uint8_t> file, std::string_view wanted) {
  const auto table = LoadLittle<uint32_t>(file.data() + 0x20);
  const auto entry = LoadLittle<uint16_t>(file.data() + 0x2E);
  const auto count = LoadLittle<uint16_t>(file.data() + 0x30);
  const auto names_index = LoadLittle<uint16_t>(file.data() + 0x32);
  const uint8_t* sections = file.data() + table;
  const auto names = LoadLittle<uint32_t>(sections + names_index * entry + 0x10);
  for (uint16_t i = 0; i < count; ++i) {
    const uint8_t* section = sections + i * entry;
    const auto* name =
        reinterpret_cast<const char*>(file.data() + names + LoadLittle<uint32_t>(section));
    if (wanted == name) {
      return file.subspan(LoadLittle<uint32_t>(section + 0x10),
                          LoadLittle<uint32_t>(section + 0x14));
    }
  }
  return {};
}

// Every disagreement has a reason. All are of one kind: busybox and its C library test CPUID before
// they use these, and our processors do not offer them.
const std::map<std::string, const char*> kExplained = {
    {"ptest", "SSE4.1"}, {"pcmpistri", "SSE4.2"}, {"xbegin", "TSX"},    {"xend", "TSX"},
    {"xabort", "TSX"},   {"xgetbv", "XSAVE"},     {"popcnt", "POPCNT"}, {"rdtscp", "RDTSCP"},
    {"tzcnt", "BMI1"},   {"vzeroupper", "AVX"},   {"rdpid", "RDPID"},
};

TEST(Reference, AgreesOnTheCodeOfBusybox) {
  const auto file = ReadFile(std::string(VERBATIM_GUESTS) + "/busybox", 64 << 20);
  ASSERT_TRUE(file) << file.error().message << "; run scripts/fetch-guests";
  const std::span<const uint8_t> text = Section(*file, ".text");
  ASSERT_GT(text.size(), 1u << 20);
  Capstone reference(true);
  const Decoder decoder{CpuFeatures{}};
  unsigned instructions = 0;
  unsigned unknown = 0;
  for (size_t at = 0; at < text.size(); ++instructions) {
    const std::span<const uint8_t> bytes = text.subspan(at, std::min<size_t>(15, text.size() - at));
    const GuestInstruction in = decoder.Decode(bytes, true);
    const std::optional<uint32_t> expected = reference.Length(bytes);
    ASSERT_TRUE(expected) << Hex(bytes);
    if (in.error == DecodeError::kUndefined && in.mnemonic == Mnemonic::kInvalid) {
      ASSERT_TRUE(kExplained.contains(reference.mnemonic())) << Hex(bytes) << reference.mnemonic();
      ++unknown;
    } else {
      ASSERT_EQ(in.length, *expected) << Hex(bytes) << reference.mnemonic();
    }
    at += *expected;
  }
  EXPECT_GT(instructions, 400'000u);
  EXPECT_LT(unknown, instructions / 1000);
}

}  // namespace
}  // namespace verbatim
