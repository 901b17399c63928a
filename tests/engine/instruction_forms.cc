// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/instruction_forms.h"

#include <utility>

#include "base/bits.h"

namespace verbatim::test {
namespace {

using enum Operands;
using enum Immediate;

constexpr uint8_t kNoBase = 5;  // ModRM mod=00 rm=101, SIB base=101
constexpr uint8_t kNoIndex = 4;

// clang-format off
const InstructionForm kForms[] = {
    // prefix, map, first, last, operands, digit, immediate, word, lock
    // The eight ALU operations, in six shapes each.
#define ALU(base)                                         \
    {0, 0, (base) + 0, (base) + 0, kAny, -1, kAbsent, false, (base) != 0x38}, \
    {0, 0, (base) + 1, (base) + 1, kAny, -1, kAbsent, true, (base) != 0x38},  \
    {0, 0, (base) + 2, (base) + 2, kAny},                     \
    {0, 0, (base) + 3, (base) + 3, kAny, -1, kAbsent, true},  \
    {0, 0, (base) + 4, (base) + 4, Operands::kNone, -1, kByte},        \
    {0, 0, (base) + 5, (base) + 5, Operands::kNone, -1, kFull, true}
    ALU(0x00), ALU(0x08), ALU(0x10), ALU(0x18), ALU(0x20), ALU(0x28), ALU(0x30), ALU(0x38),
#undef ALU
#define GROUP1(digit)                                     \
    {0, 0, 0x80, 0x80, kAny, (digit), kByte, false, (digit) != 7}, \
    {0, 0, 0x81, 0x81, kAny, (digit), kFull, true, (digit) != 7},  \
    {0, 0, 0x82, 0x82, kAny, (digit), kByte},               \
    {0, 0, 0x83, 0x83, kAny, (digit), kByte, true, (digit) != 7}
    GROUP1(0), GROUP1(1), GROUP1(2), GROUP1(3), GROUP1(4), GROUP1(5), GROUP1(6), GROUP1(7),
#undef GROUP1
#define SHIFT(digit)                                      \
    {0, 0, 0xC0, 0xC0, kAny, (digit), kByte},               \
    {0, 0, 0xC1, 0xC1, kAny, (digit), kByte, true},         \
    {0, 0, 0xD0, 0xD0, kAny, (digit)}, {0, 0, 0xD2, 0xD2, kAny, (digit)}, \
    {0, 0, 0xD1, 0xD1, kAny, (digit), kAbsent, true},       \
    {0, 0, 0xD3, 0xD3, kAny, (digit), kAbsent, true}
    SHIFT(0), SHIFT(1), SHIFT(2), SHIFT(3), SHIFT(4), SHIFT(5), SHIFT(6), SHIFT(7),
#undef SHIFT
    {0, 0, 0x40, 0x4F, Operands::kNone, -1, kAbsent, true},  // inc, dec
    {0, 0, 0x50, 0x5F, kOnStack, -1, kAbsent, true},           // push, pop
    {0, 0, 0x68, 0x68, kOnStack, -1, kFull, true}, {0, 0, 0x6A, 0x6A, kOnStack, -1, kByte, true},
    {0, 0, 0x8F, 0x8F, kMemory, 0, kAbsent, true},           // pop m
    {0, 0, 0xFF, 0xFF, kAny, 6, kAbsent, true},              // push r/m
    {0, 0, 0xC9, 0xC9, kFrame},                                       // leave
    {0, 0, 0x60, 0x61, kOnStack, -1, kAbsent, true},           // pusha, popa
    {0, 0, 0x69, 0x69, kAny, -1, kFull, true}, {0, 0, 0x6B, 0x6B, kAny, -1, kByte, true},
    {0, 0, 0x84, 0x84, kAny}, {0, 0, 0x85, 0x85, kAny, -1, kAbsent, true},
    {0, 0, 0x86, 0x86, kAny, -1, kAbsent, false, true},
    {0, 0, 0x87, 0x87, kAny, -1, kAbsent, true, true},
    {0, 0, 0x88, 0x88, kAny}, {0, 0, 0x89, 0x89, kAny, -1, kAbsent, true},
    {0, 0, 0x8A, 0x8A, kAny}, {0, 0, 0x8B, 0x8B, kAny, -1, kAbsent, true},
    {0, 0, 0x8D, 0x8D, kMemory, -1, kAbsent, true},          // lea
    {0, 0, 0x90, 0x99, Operands::kNone, -1, kAbsent, true},  // xchg, cbw, cwd
    {0, 0, 0x9E, 0x9F, Operands::kNone}, {0, 0, 0xF5, 0xF5, Operands::kNone},
    {0, 0, 0xF8, 0xF9, Operands::kNone}, {0, 0, 0xFC, 0xFD, Operands::kNone},
    {0, 0, 0xA0, 0xA3, kOffset, -1, kAbsent, true},
    {0, 0, 0xA8, 0xA8, Operands::kNone, -1, kByte},
    {0, 0, 0xA9, 0xA9, Operands::kNone, -1, kFull, true},
    {0, 0, 0xB0, 0xB7, Operands::kNone, -1, kByte},
    {0, 0, 0xB8, 0xBF, Operands::kNone, -1, kFull, true},
    {0, 0, 0xC6, 0xC6, kAny, 0, kByte}, {0, 0, 0xC7, 0xC7, kAny, 0, kFull, true},
    {0, 0, 0xD7, 0xD7, kTable}, {0, 0, 0xD6, 0xD6, Operands::kNone},
    {0, 0, 0xF6, 0xF6, kAny, 0, kByte}, {0, 0, 0xF7, 0xF7, kAny, 0, kFull, true},
    {0, 0, 0xF6, 0xF6, kAny, 2, kAbsent, false, true},
    {0, 0, 0xF7, 0xF7, kAny, 2, kAbsent, true, true},
    {0, 0, 0xF6, 0xF6, kAny, 3, kAbsent, false, true},
    {0, 0, 0xF7, 0xF7, kAny, 3, kAbsent, true, true},
    {0, 0, 0xF6, 0xF6, kAny, 4}, {0, 0, 0xF7, 0xF7, kAny, 4, kAbsent, true},
    {0, 0, 0xF6, 0xF6, kAny, 5}, {0, 0, 0xF7, 0xF7, kAny, 5, kAbsent, true},
    {0, 0, 0xF6, 0xF6, kAny, 6}, {0, 0, 0xF7, 0xF7, kAny, 7, kAbsent, true},
    {0, 0, 0xFE, 0xFE, kAny, 0, kAbsent, false, true},
    {0, 0, 0xFE, 0xFE, kAny, 1, kAbsent, false, true},
    {0, 0, 0xFF, 0xFF, kAny, 0, kAbsent, true, true},
    {0, 0, 0xFF, 0xFF, kAny, 1, kAbsent, true, true},
    {0, 0, 0xA4, 0xA7, kString, -1, kAbsent, true},
    {0, 0, 0xAA, 0xAF, kString, -1, kAbsent, true},
    {0, 1, 0x40, 0x4F, kAny, -1, kAbsent, true},             // cmov
    {0, 1, 0x90, 0x9F, kAny, 0},                                      // set
    {0, 1, 0xA3, 0xA3, kRegister, -1, kAbsent, true},        // bt; memory in snippets.asm
    {0, 1, 0xAB, 0xAB, kRegister, -1, kAbsent, true},
    {0, 1, 0xB3, 0xB3, kRegister, -1, kAbsent, true},
    {0, 1, 0xBB, 0xBB, kRegister, -1, kAbsent, true},
    {0, 1, 0xBA, 0xBA, kAny, 4, kByte, true}, {0, 1, 0xBA, 0xBA, kAny, 5, kByte, true, true},
    {0, 1, 0xBA, 0xBA, kAny, 6, kByte, true, true}, {0, 1, 0xBA, 0xBA, kAny, 7, kByte, true, true},
    {0, 1, 0xA4, 0xA4, kAny, -1, kByte}, {0, 1, 0xA5, 0xA5, kAny},    // shld, shrd
    {0, 1, 0xAC, 0xAC, kAny, -1, kByte}, {0, 1, 0xAD, 0xAD, kAny},
    {0, 1, 0xAF, 0xAF, kAny, -1, kAbsent, true},
    {0, 1, 0xB0, 0xB0, kAny, -1, kAbsent, false, true},
    {0, 1, 0xB1, 0xB1, kAny, -1, kAbsent, true, true},
    {0, 1, 0xC0, 0xC0, kAny, -1, kAbsent, false, true},
    {0, 1, 0xC1, 0xC1, kAny, -1, kAbsent, true, true},
    {0, 1, 0xB6, 0xB7, kAny, -1, kAbsent, true},
    {0, 1, 0xBE, 0xBF, kAny, -1, kAbsent, true},
    {0, 1, 0xBC, 0xBD, kAny, -1, kAbsent, true},
    {0, 1, 0xC8, 0xCF, Operands::kNone}, {0, 1, 0xC7, 0xC7, kMemory, 1, kAbsent, false, true},
    {0, 1, 0xC3, 0xC3, kMemory}, {0, 1, 0x1F, 0x1F, kAny, 0}, {0, 1, 0x18, 0x18, kMemory, 1},
    // MMX, and the same on XMM registers.
#define INTEGER_SIMD(prefix)                              \
    {prefix, 1, 0x60, 0x6B, kAny}, {prefix, 1, 0x6E, 0x6F, kAny}, {prefix, 1, 0x70, 0x70, kAny, -1, kByte}, \
    {prefix, 1, 0x74, 0x76, kAny}, {prefix, 1, 0x7E, 0x7F, kAny},         \
    {prefix, 1, 0x71, 0x73, kRegister, 2, kByte}, {prefix, 1, 0x71, 0x72, kRegister, 4, kByte}, \
    {prefix, 1, 0x71, 0x73, kRegister, 6, kByte}, {prefix, 1, 0xC4, 0xC4, kAny, -1, kByte}, \
    {prefix, 1, 0xC5, 0xC5, kRegister, -1, kByte}, {prefix, 1, 0xD7, 0xD7, kRegister}, \
    {prefix, 1, 0xD1, 0xD5, kAny}, {prefix, 1, 0xD8, 0xE5, kAny}, {prefix, 1, 0xE8, 0xEF, kAny}, \
    {prefix, 1, 0xF1, 0xF6, kAny}, {prefix, 1, 0xF8, 0xFE, kAny}, {prefix, 2, 0x00, 0x0B, kAny}, \
    {prefix, 2, 0x1C, 0x1E, kAny}, {prefix, 3, 0x0F, 0x0F, kAny, -1, kByte}
    INTEGER_SIMD(0), INTEGER_SIMD(0x66),
#undef INTEGER_SIMD
    {0x66, 1, 0x6C, 0x6D, kAny}, {0x66, 1, 0xD6, 0xD6, kAny}, {0xF3, 1, 0x6F, 0x6F, kAny}, {0xF3, 1, 0x70, 0x70, kAny, -1, kByte},
    {0xF3, 1, 0x7E, 0x7F, kAny}, {0xF2, 1, 0x70, 0x70, kAny, -1, kByte}, {0, 1, 0x77, 0x77, Operands::kNone},
    {0xF2, 1, 0xF0, 0xF0, kMemory}, {0, 1, 0xE7, 0xE7, kMemory}, {0x66, 1, 0xE7, 0xE7, kMemory},
    {0xF3, 1, 0xD6, 0xD6, kRegister}, {0xF2, 1, 0xD6, 0xD6, kRegister},
    {0xF3, 1, 0xE6, 0xE6, kAny}, {0xF2, 1, 0xE6, 0xE6, kAny}, {0x66, 1, 0xE6, 0xE6, kAny},
    {0, 1, 0xF7, 0xF7, kRegister}, {0x66, 1, 0xF7, 0xF7, kRegister},  // masked moves
    // Floating point, packed and scalar.
#define FLOATING_SIMD(prefix)                             \
    {prefix, 1, 0x10, 0x11, kAny}, {prefix, 1, 0x2A, 0x2A, kAny}, {prefix, 1, 0x2C, 0x2D, kAny}, \
    {prefix, 1, 0x51, 0x51, kAny}, {prefix, 1, 0x58, 0x5A, kAny}, {prefix, 1, 0x5C, 0x5F, kAny}, \
    {prefix, 1, 0xC2, 0xC2, kAny, -1, kByte}
    FLOATING_SIMD(0), FLOATING_SIMD(0x66), FLOATING_SIMD(0xF3), FLOATING_SIMD(0xF2),
#undef FLOATING_SIMD
    {0, 1, 0x12, 0x17, kAny}, {0x66, 1, 0x12, 0x17, kAny}, {0xF3, 1, 0x12, 0x12, kAny},
    {0xF2, 1, 0x12, 0x12, kAny}, {0xF3, 1, 0x16, 0x16, kAny}, {0, 1, 0x28, 0x29, kAny},
    {0x66, 1, 0x28, 0x29, kAny}, {0, 1, 0x2B, 0x2B, kMemory}, {0x66, 1, 0x2B, 0x2B, kMemory},
    {0, 1, 0x2E, 0x2F, kAny}, {0x66, 1, 0x2E, 0x2F, kAny}, {0, 1, 0x50, 0x50, kRegister},
    {0x66, 1, 0x50, 0x50, kRegister}, {0, 1, 0x52, 0x57, kAny}, {0x66, 1, 0x54, 0x57, kAny},
    {0xF3, 1, 0x52, 0x53, kAny}, {0, 1, 0x5B, 0x5B, kAny}, {0x66, 1, 0x5B, 0x5B, kAny},
    {0xF3, 1, 0x5B, 0x5B, kAny}, {0, 1, 0xC6, 0xC6, kAny, -1, kByte},
    {0x66, 1, 0xC6, 0xC6, kAny, -1, kByte}, {0x66, 1, 0x7C, 0x7D, kAny}, {0xF2, 1, 0x7C, 0x7D, kAny},
    {0x66, 1, 0xD0, 0xD0, kAny}, {0xF2, 1, 0xD0, 0xD0, kAny},
    // x87 but what saves and loads its environment.
    {0, 0, 0xD8, 0xD8, kAny}, {0, 0, 0xDA, 0xDC, kAny}, {0, 0, 0xDE, 0xDF, kAny},
    {0, 0, 0xD9, 0xD9, kAny, 0}, {0, 0, 0xD9, 0xD9, kMemory, 2}, {0, 0, 0xD9, 0xD9, kMemory, 3},
    {0, 0, 0xD9, 0xD9, kMemory, 7}, {0, 0, 0xD9, 0xD9, kRegister}, {0, 0, 0xDD, 0xDD, kAny, 0},
    {0, 0, 0xDD, 0xDD, kAny, 1}, {0, 0, 0xDD, 0xDD, kAny, 2}, {0, 0, 0xDD, 0xDD, kAny, 3},
    {0, 0, 0xDD, 0xDD, kMemory, 7},
};
// clang-format on

}  // namespace

std::span<const InstructionForm> InstructionForms() { return kForms; }

void ProgramGenerator::Number(uint32_t value, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; ++i) Byte(value >> (8 * i));
}

uint32_t ProgramGenerator::DataAddress() {
  if (OneIn(20)) return kData + kDataBytes - Below(24);  // at the edge, or behind it
  if (OneIn(8)) return kData + 0x1000 - Below(20);       // across a page
  const uint32_t address = kData + 0x400 + Below(0x2800);
  return OneIn(2) ? address & ~15u : address;
}

// mov r32, value
void ProgramGenerator::SetRegister(uint8_t gpr, uint32_t value) {
  Byte(0xB8u | gpr);
  Number(value, 4);
}

ProgramGenerator::MemoryForm ProgramGenerator::PrepareMemory() {
  MemoryForm form{};
  form.scale_bits = static_cast<uint8_t>(Below(4));
  uint32_t address = DataAddress();
  form.base = static_cast<uint8_t>(Below(8));
  const bool has_base = !OneIn(6);
  form.index = OneIn(2) ? static_cast<uint8_t>(Below(8)) : kNoIndex;
  if (form.index == form.base && has_base) form.index = kNoIndex;
  if (form.index != kNoIndex) {
    const uint32_t value = Below(64) - 32;
    SetRegister(form.index, value);
    address -= value << form.scale_bits;
  }
  if (!has_base) {
    form.base = 0xFF;
    form.displacement_bytes = 4;
    form.displacement = address;
    return form;
  }
  form.displacement_bytes = OneIn(3) ? 0 : OneIn(2) ? 1 : 4;
  if (form.base == kNoBase && form.displacement_bytes == 0) form.displacement_bytes = 1;
  if (form.displacement_bytes == 1) form.displacement = Below(256) - 128;
  if (form.displacement_bytes == 4) form.displacement = static_cast<uint32_t>(random_());
  SetRegister(form.base, address - form.displacement);
  return form;
}

void ProgramGenerator::Append(const InstructionForm& form) {
  MemoryForm memory{};
  bool in_memory = false;
  const bool word = form.word && OneIn(3);
  switch (form.operands) {
    case kAny:
      in_memory = !OneIn(3);
      break;
    case kMemory:
      in_memory = true;
      break;
    case kOnStack:
    case kFrame:
      if (form.first == 0x60) {
        // How far PUSHA and POPA come before a fault is the processor's business.
        SetRegister(kEsp, kData + 0x800 + Below(0x400));
        break;
      }
      SetRegister(form.operands == kOnStack ? uint8_t{kEsp} : uint8_t{kEbp}, DataAddress());
      break;
    case kString:
      SetRegister(kEsi, DataAddress());
      SetRegister(kEdi, DataAddress());
      SetRegister(kEcx, Below(70));
      break;
    case kTable:
      SetRegister(kEbx, DataAddress());
      break;
    default:
      break;
  }
  // Whether MASKMOVQ touches the x87 tags before it faults is the processor's business too.
  if (form.map == 1 && form.first == 0xF7) SetRegister(kEdi, kData + 0x800 + Below(0x400));
  if (form.map == 0 && form.first == 0x8F) SetRegister(kEsp, DataAddress());
  if (form.map == 0 && form.first == 0xFF && form.digit == 6) SetRegister(kEsp, DataAddress());
  if (in_memory) memory = PrepareMemory();

  if (form.lock && in_memory && OneIn(4)) Byte(0xF0);
  if (word) Byte(0x66);
  if (form.operands == kString && OneIn(2)) Byte(OneIn(2) ? 0xF2 : 0xF3);
  if (form.prefix != 0) Byte(form.prefix);
  if (form.map != 0) Byte(0x0F);
  if (form.map == 2) Byte(0x38);
  if (form.map == 3) Byte(0x3A);
  Byte(form.first + Below(form.last - form.first + 1u));
  const uint32_t reg = form.digit >= 0 ? static_cast<uint32_t>(form.digit) : Below(8);
  if (in_memory) {
    const bool sib = memory.base == 0xFF ? memory.index != kNoIndex
                                         : memory.index != kNoIndex || memory.base == kEsp;
    const uint32_t mod = memory.base == 0xFF || memory.displacement_bytes == 0 ? 0
                         : memory.displacement_bytes == 1                      ? 1
                                                                               : 2;
    const uint32_t base = memory.base == 0xFF ? kNoBase : memory.base;
    Byte((mod << 6) | (reg << 3) | (sib ? 4 : base));
    if (sib) Byte((uint32_t{memory.scale_bits} << 6) | (uint32_t{memory.index} << 3) | base);
    Number(memory.displacement, memory.displacement_bytes);
  } else if (form.operands == kAny || form.operands == kRegister) {
    Byte(0xC0u | (reg << 3) | Below(8));
  } else if (form.operands == kOffset) {
    Number(DataAddress(), 4);
  }
  if (form.immediate == kByte) Byte(Below(256));
  if (form.immediate == kFull) Number(static_cast<uint32_t>(random_()), word ? 2 : 4);
}

void ProgramGenerator::Append() { Append(kForms[Below(static_cast<uint32_t>(std::size(kForms)))]); }

CpuImage ProgramGenerator::Start() {
  CpuImage start = CpuImage::Typical();
  for (uint8_t gpr = 0; gpr < 8; ++gpr) {
    if (gpr != kEsp) start.gpr[gpr] = static_cast<uint32_t>(random_());
    if (OneIn(3) && gpr != kEsp) start.gpr[gpr] = Below(5) - 2;
  }
  start.eflags = static_cast<uint32_t>(random_()) & flag::kArithmetic;
  if (OneIn(4)) start.eflags |= flag::kDf;
  // x87 registers hold small numbers; some are empty.
  start.fx[4] = static_cast<uint8_t>(random_());
  for (uint32_t i = 0; i < 8; ++i) {
    StoreLittle<uint64_t>(&start.fx[kFxX87 + i * 16],
                          0x8000000000000000u | (uint64_t{random_()} << 30));
    StoreLittle<uint16_t>(&start.fx[kFxX87 + i * 16 + 8],
                          static_cast<uint16_t>(0x3FF0 + Below(32)));
  }
  return start;
}

std::vector<uint8_t> ProgramGenerator::Take() {
  Byte(0xE6);
  Byte(0xF4);
  return std::exchange(code_, {});
}

}  // namespace verbatim::test
