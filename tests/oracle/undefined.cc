// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/undefined.h"

#include <Zydis/Zydis.h>

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "tests/oracle/forms.h"

namespace verbatim::test {
namespace {

// A disassembler of everything, as delivered.
class Disassembler {
 public:
  explicit Disassembler(bool code32) {
    CHECK(ZYAN_SUCCESS(ZydisDecoderInit(
        &decoder_, code32 ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16,
        code32 ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16)));
  }
  [[nodiscard]] bool Knows(std::span<const uint8_t> bytes) const {
    ZydisDecodedInstruction in;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    return ZYAN_SUCCESS(
        ZydisDecoderDecodeFull(&decoder_, bytes.data(), bytes.size(), &in, operands));
  }

 private:
  ZydisDecoder decoder_;
};

// A later instruction, for all this prefix adds: some processors, and hypervisors, look past it.
bool IsLaterInstruction(const Decoder& ours, bool code32, std::span<const uint8_t> without_prefix) {
  std::array<uint8_t, kMaxInstructionBytes> bytes{};
  std::ranges::copy(without_prefix, bytes.begin());
  return ours.Decode(bytes, code32).error == DecodeError::kUndefined && IsKnownToday(bytes, code32);
}

// LDS, LES and BOUND of a register, POP of what is no memory operand: prefixes of later encodings
// (VEX, EVEX, XOP), of which the bytes that follow may make an instruction that the host has.
bool IsLaterPrefix(uint32_t map, uint32_t opcode, uint32_t modrm) {
  if (map != 0) return false;
  if (opcode == 0x8F) return (modrm & 0x38) != 0;
  return (opcode == 0xC4 || opcode == 0xC5 || opcode == 0x62) && modrm >= 0xC0;
}

// LOCK MOV CR0 names CR8 on AMD's processors (APM vol. 3, MOV CRn): privileged, not undefined.
bool IsAlternativeCr8(uint8_t prefix, uint32_t map, uint32_t opcode) {
  return prefix == 0xF0 && map == 1 && (opcode == 0x20 || opcode == 0x22);
}

std::vector<UndefinedEncoding> Build(bool code32) {
  const Decoder& ours = FormTable::Get().decoder();
  std::vector<UndefinedEncoding> found;
  for (const uint8_t prefix : std::to_array<uint8_t>({0, 0x66, 0xF2, 0xF3, 0xF0})) {
    for (uint32_t map = 0; map < 4; ++map) {
      for (uint32_t opcode = 0; opcode < 256; ++opcode) {
        // Any register, and memory with all digits.
        for (uint32_t modrm = 0x05; modrm < 256; modrm += modrm < 0xC0 ? 8 : 1) {
          if (modrm >= 0x40 && modrm < 0xC0) modrm = 0xC0;
          std::array<uint8_t, kMaxInstructionBytes> bytes{};
          uint8_t length = 0;
          if (prefix != 0) bytes[length++] = prefix;
          if (map != 0) bytes[length++] = 0x0F;
          if (map > 1) bytes[length++] = map == 2 ? 0x38 : 0x3A;
          bytes[length++] = static_cast<uint8_t>(opcode);
          bytes[length++] = static_cast<uint8_t>(modrm);
          const GuestInstruction in = ours.Decode(bytes, code32);
          if (in.error != DecodeError::kUndefined || in.mnemonic != Mnemonic::kInvalid) continue;
          if (IsKnownToday(bytes, code32) || IsAlternativeCr8(prefix, map, opcode)) continue;
          if (IsLaterPrefix(map, opcode, modrm)) continue;
          const auto encoded = std::span(bytes).first(length);
          if (prefix != 0 && IsLaterInstruction(ours, code32, encoded.subspan(1))) continue;
          UndefinedEncoding& encoding = found.emplace_back();
          std::copy_n(bytes.begin(), length, encoding.bytes.begin());
          encoding.length = length;
        }
      }
    }
  }
  return found;
}

}  // namespace

bool IsKnownToday(std::span<const uint8_t> bytes, bool code32) {
  static const std::array kDisassemblers = {Disassembler(false), Disassembler(true)};
  return kDisassemblers[code32 ? 1 : 0].Knows(bytes);
}

std::span<const UndefinedEncoding> UndefinedEncodings(bool code32) {
  static const std::array<std::vector<UndefinedEncoding>, 2> kEncodings = {Build(false),
                                                                           Build(true)};
  return kEncodings[code32 ? 1 : 0];
}

}  // namespace verbatim::test
