// SPDX-License-Identifier: Apache-2.0
// The table proper: what is copied from guests of the SSSE3 class, and what expansions use beyond
// that. Sizes are upper bounds of what the instruction accesses.
#include "translator/validator/opcode_table.h"

#include <array>

namespace verbatim::validator {
namespace {

using enum Operation;
using namespace form;

constexpr uint8_t kAx = 1 << 0;
constexpr uint8_t kCx = 1 << 1;
constexpr uint8_t kDx = 1 << 2;
constexpr uint8_t kBx = 1 << 3;
constexpr uint8_t kSi = 1 << 6;
constexpr uint8_t kDi = 1 << 7;

constexpr uint32_t kRmRead = kModRm | kReadRm;
constexpr uint32_t kRmWrite = kModRm | kWriteRm;
constexpr uint32_t kRmUpdate = kModRm | kReadRm | kWriteRm;
constexpr uint32_t kGpr = kRmGpr;
constexpr uint32_t kByteOp = kByteReg | kByteRm | kIgnores66;

// Numbers of groups: by ModRM.reg.
enum Group : uint8_t {
  kNoGroup,
  kAluByte,        // 80
  kAluFull,        // 81
  kAluShort,       // 83
  kShiftByteImm,   // C0
  kShiftImm,       // C1
  kShiftByteOne,   // D0
  kShiftOne,       // D1
  kShiftByteCl,    // D2
  kShiftCl,        // D3
  kMoveByteImm,    // C6
  kMoveImm,        // C7
  kUnaryByte,      // F6
  kUnary,          // F7
  kStepByte,       // FE
  kStep,           // FF
  kPrefetch,       // 0F 18
  kVectorShift,    // 0F 71, 0F 72
  kQuadShift,      // 0F 73
  kQuadShiftXmm,   // 66 0F 73
  kControl,        // 0F AE
  kBitImm,         // 0F BA
  kExchangeEight,  // 0F C7
  kX87,            // D8 to DF: eight groups
  kGroups = kX87 + 8,
};

using Map = std::array<Form, 256>;
using GroupTable = std::array<std::array<Form, 8>, kGroups>;

constexpr Form Plain(uint32_t flags, Immediate immediate = Immediate::kAbsent, uint8_t bytes = 0,
                     uint8_t reads = 0, uint8_t writes = 0) {
  return {kPlain, immediate, bytes, kNoGroup, reads, writes, flags};
}
constexpr Form Grouped(Group group) { return {kPlain, Immediate::kAbsent, 0, group, 0, 0, kModRm}; }

constexpr Map BuildOneByte() {
  Map map{};
  // add, or, adc, sbb, and, sub, xor, cmp
  for (unsigned row = 0; row < 8; ++row) {
    const bool compare = row == 7;
    const uint32_t to_rm = compare ? 0 : uint32_t{kWriteRm | kLock};
    const uint32_t to_reg = compare ? 0 : uint32_t{kWriteReg};
    const uint8_t to_ax = compare ? 0 : kAx;
    map[row * 8 + 0] = Plain(kRmRead | kReadReg | kGpr | kByteOp | to_rm);
    map[row * 8 + 1] = Plain(kRmRead | kReadReg | kGpr | k66 | to_rm);
    map[row * 8 + 2] = Plain(kRmRead | kReadReg | kGpr | kByteOp | to_reg);
    map[row * 8 + 3] = Plain(kRmRead | kReadReg | kGpr | k66 | to_reg);
    map[row * 8 + 4] = Plain(kByteOp, Immediate::kByte, 0, kAx, to_ax);
    map[row * 8 + 5] = Plain(k66, Immediate::kFull, 0, kAx, to_ax);
  }
  for (unsigned i = 0; i < 8; ++i) {
    map[0x50 + i] = {kPush, Immediate::kAbsent, 0, 0, 0, 0, kOpcodeReg};
    map[0x58 + i] = {kPop, Immediate::kAbsent, 0, 0, 0, 0, kOpcodeReg};
    map[0x90 + i] = Plain(kOpcodeReg | kReadRm | kWriteRm | k66, Immediate::kAbsent, 0, kAx, kAx);
    map[0xB0 + i] = {kMoveImmediate, Immediate::kByte, 0, 0, 0, 0, kOpcodeReg | kWriteRm | kByteRm};
    map[0xB8 + i] = {
        kMoveImmediate, Immediate::kMove, 0, 0, 0, 0, kOpcodeReg | kWriteRm | k66 | kWide};
  }
  map[0x69] = Plain(kRmRead | kGpr | kWriteReg | k66, Immediate::kFull);
  map[0x6B] = Plain(kRmRead | kGpr | kWriteReg | k66, Immediate::kByte);
  for (unsigned i = 0; i < 16; ++i) map[0x70 + i] = {kJumpIf, Immediate::kRel8, 0, 0, 0, 0, 0};
  map[0x80] = Grouped(kAluByte);
  map[0x81] = Grouped(kAluFull);
  map[0x83] = Grouped(kAluShort);
  map[0x84] = Plain(kRmRead | kReadReg | kGpr | kByteOp);
  map[0x85] = Plain(kRmRead | kReadReg | kGpr | k66);
  map[0x86] = Plain(kRmUpdate | kReadReg | kWriteReg | kGpr | kByteOp | kLock);
  map[0x87] = Plain(kRmUpdate | kReadReg | kWriteReg | kGpr | k66 | kLock);
  map[0x88] = Plain(kRmWrite | kReadReg | kGpr | kByteOp);
  map[0x89] = {kMove, Immediate::kAbsent, 0, 0, 0, 0, kRmWrite | kReadReg | kGpr | k66 | kWide};
  map[0x8A] = Plain(kRmRead | kWriteReg | kGpr | kByteOp);
  map[0x8B] = {kMove, Immediate::kAbsent, 0, 0, 0, 0, kRmRead | kWriteReg | kGpr | k66 | kWide};
  map[0x8D] = {
      kLea, Immediate::kAbsent, 0, 0, 0, 0, kModRm | kWriteReg | kMemoryOnly | kHint | kWide};
  map[0x98] = Plain(k66, Immediate::kAbsent, 0, kAx, kAx);
  map[0x99] = Plain(k66, Immediate::kAbsent, 0, kAx, kDx);
  map[0x9B] = Plain(kIgnores66);
  map[0x9C] = {kPushFlags, Immediate::kAbsent, 0, 0, 0, 0, 0};
  map[0x9D] = {kPopFlags, Immediate::kAbsent, 0, 0, 0, 0, 0};
  map[0x9E] = Plain(kByteOp, Immediate::kAbsent, 0, kAx, 0);
  map[0x9F] = Plain(kByteOp, Immediate::kAbsent, 0, 0, kAx);
  const auto string = [&map](unsigned opcode, uint8_t address, uint8_t reads, uint8_t writes) {
    const auto both = static_cast<uint8_t>(address | reads);
    map[opcode] = {kString, Immediate::kAbsent, 0, 0, both, writes, kRep | kByteOp};
    map[opcode + 1] = {kString, Immediate::kAbsent, 0, 0, both, writes, kRep | k66};
  };
  string(0xA4, kSi | kDi, 0, 0);
  string(0xA6, kSi | kDi, 0, 0);
  string(0xAA, kDi, kAx, 0);
  string(0xAC, kSi, 0, kAx);
  string(0xAE, kDi, kAx, 0);
  map[0xA8] = Plain(kByteOp, Immediate::kByte, 0, kAx, 0);
  map[0xA9] = Plain(k66, Immediate::kFull, 0, kAx, 0);
  map[0xC0] = Grouped(kShiftByteImm);
  map[0xC1] = Grouped(kShiftImm);
  map[0xC3] = {kReturn, Immediate::kAbsent, 0, 0, 0, 0, 0};
  map[0xC6] = Grouped(kMoveByteImm);
  map[0xC7] = Grouped(kMoveImm);
  map[0xD0] = Grouped(kShiftByteOne);
  map[0xD1] = Grouped(kShiftOne);
  map[0xD2] = Grouped(kShiftByteCl);
  map[0xD3] = Grouped(kShiftCl);
  for (unsigned i = 0; i < 8; ++i) map[0xD8 + i] = Grouped(static_cast<Group>(kX87 + i));
  map[0xE3] = {kJumpIf, Immediate::kRel8, 0, 0, kCx, 0, 0};
  map[0xE8] = {kCall, Immediate::kRel32, 0, 0, 0, 0, 0};
  map[0xE9] = {kJump, Immediate::kRel32, 0, 0, 0, 0, 0};
  map[0xEB] = {kJump, Immediate::kRel8, 0, 0, 0, 0, 0};
  for (const unsigned flag_only : {0xF5, 0xF8, 0xF9, 0xFC, 0xFD})
    map[flag_only] = Plain(kIgnores66);
  map[0xF6] = Grouped(kUnaryByte);
  map[0xF7] = Grouped(kUnary);
  map[0xFE] = Grouped(kStepByte);
  map[0xFF] = Grouped(kStep);
  return map;
}

constexpr GroupTable BuildGroups() {
  GroupTable groups{};
  for (unsigned i = 0; i < 8; ++i) {
    const uint32_t to = i == 7 ? kRmRead : uint32_t{kRmUpdate | kLock};
    groups[kAluByte][i] = Plain(to | kGpr | kByteOp, Immediate::kByte);
    groups[kAluFull][i] = Plain(to | kGpr | k66, Immediate::kFull);
    groups[kAluShort][i] = Plain(to | kGpr | k66, Immediate::kByte);
    groups[kShiftByteImm][i] = Plain(kRmUpdate | kGpr | kByteOp | kMaybe, Immediate::kByte);
    groups[kShiftImm][i] = Plain(kRmUpdate | kGpr | k66 | kMaybe, Immediate::kByte);
    groups[kShiftByteOne][i] = Plain(kRmUpdate | kGpr | kByteOp | kMaybe);
    groups[kShiftOne][i] = Plain(kRmUpdate | kGpr | k66 | kMaybe);
    groups[kShiftByteCl][i] =
        Plain(kRmUpdate | kGpr | kByteOp | kMaybe, Immediate::kAbsent, 0, kCx, 0);
    groups[kShiftCl][i] = Plain(kRmUpdate | kGpr | k66 | kMaybe, Immediate::kAbsent, 0, kCx, 0);
  }
  groups[kAluFull][4].operation = kAnd;
  groups[kAluShort][4].operation = kAnd;
  groups[kMoveByteImm][0] = Plain(kRmWrite | kGpr | kByteOp, Immediate::kByte);
  groups[kMoveImm][0] = Plain(kRmWrite | kGpr | k66, Immediate::kFull);
  for (unsigned i = 0; i < 2; ++i) {
    groups[kUnaryByte][i] = Plain(kRmRead | kGpr | kByteOp, Immediate::kByte);
    groups[kUnary][i] = Plain(kRmRead | kGpr | k66, Immediate::kFull);
    groups[kStepByte][i] = Plain(kRmUpdate | kGpr | kByteOp | kLock);
    groups[kStep][i] = Plain(kRmUpdate | kGpr | k66 | kLock);
  }
  for (unsigned i = 2; i < 4; ++i) {
    groups[kUnaryByte][i] = Plain(kRmUpdate | kGpr | kByteOp | kLock);
    groups[kUnary][i] = Plain(kRmUpdate | kGpr | k66 | kLock);
  }
  groups[kUnary][2].operation = kNot64;
  groups[kUnary][2].flags |= kWide;
  for (unsigned i = 4; i < 8; ++i) {
    groups[kUnaryByte][i] = Plain(kRmRead | kGpr | kByteOp, Immediate::kAbsent, 0, kAx, kAx);
    groups[kUnary][i] = Plain(kRmRead | kGpr | k66, Immediate::kAbsent, 0, kAx | kDx, kAx | kDx);
  }
  groups[kStep][2] = {kCallRegister, Immediate::kAbsent, 0, 0, 0, 0, kModRm | kGpr | kRegisterOnly};
  groups[kStep][4] = {kJumpRegister, Immediate::kAbsent, 0, 0, 0, 0, kModRm | kGpr | kRegisterOnly};
  for (unsigned i = 0; i < 4; ++i)
    groups[kPrefetch][i] = Plain(kModRm | kMemoryOnly | kHint | kIgnores66);
  for (const unsigned i : {2u, 4u, 6u}) {
    groups[kVectorShift][i] = Plain(kModRm | kRegisterOnly, Immediate::kByte);
  }
  for (const unsigned i : {2u, 6u}) {
    groups[kQuadShift][i] = Plain(kModRm | kRegisterOnly, Immediate::kByte);
  }
  for (const unsigned i : {2u, 3u, 6u, 7u}) {
    groups[kQuadShiftXmm][i] = Plain(kModRm | kRegisterOnly, Immediate::kByte);
  }
  groups[kControl][2] = Plain(kRmRead | kMemoryOnly, Immediate::kAbsent, 4);   // ldmxcsr
  groups[kControl][3] = Plain(kRmWrite | kMemoryOnly, Immediate::kAbsent, 4);  // stmxcsr
  groups[kControl][5] = Plain(kModRm | kRegisterOnly);                         // lfence
  groups[kControl][6] = Plain(kModRm | kRegisterOnly);                         // mfence
  groups[kControl][7] = Plain(kRmRead, Immediate::kAbsent, 1);                 // sfence, clflush
  groups[kBitImm][4] = Plain(kRmRead | kGpr | k66, Immediate::kByte);
  for (unsigned i = 5; i < 8; ++i) {
    groups[kBitImm][i] = Plain(kRmUpdate | kGpr | k66 | kLock, Immediate::kByte);
  }
  groups[kExchangeEight][1] = Plain(kRmUpdate | kMemoryOnly | kLock | kMaybe | kIgnores66,
                                    Immediate::kAbsent, 8, kAx | kDx | kBx | kCx, kAx | kDx);

  const auto x87 = [&groups](uint8_t opcode, uint8_t digit, uint8_t bytes, uint32_t access) {
    groups[static_cast<size_t>(kX87 + opcode - 0xD8)][digit] =
        Plain(access | kIgnores66, Immediate::kAbsent, bytes);
  };
  for (uint8_t i = 0; i < 8; ++i) {
    x87(0xD8, i, 4, kRmRead);
    x87(0xDA, i, 4, kRmRead);
    x87(0xDC, i, 8, kRmRead);
    x87(0xDE, i, 2, kRmRead);
  }
  // The environment (D9 /4, /6; DD /4, /6) holds host addresses.
  x87(0xD9, 0, 4, kRmRead);
  x87(0xD9, 2, 4, kRmWrite);
  x87(0xD9, 3, 4, kRmWrite);
  x87(0xD9, 5, 2, kRmRead);
  x87(0xD9, 7, 2, kRmWrite);
  x87(0xDB, 0, 4, kRmRead);
  for (uint8_t i = 1; i < 4; ++i) {
    x87(0xDB, i, 4, kRmWrite);
    x87(0xDD, i, 8, kRmWrite);
    x87(0xDF, i, 2, kRmWrite);
  }
  x87(0xDB, 5, 10, kRmRead);
  x87(0xDB, 7, 10, kRmWrite);
  x87(0xDD, 0, 8, kRmRead);
  x87(0xDD, 7, 2, kRmWrite);
  x87(0xDF, 0, 2, kRmRead);
  x87(0xDF, 4, 10, kRmRead);
  x87(0xDF, 5, 8, kRmRead);
  x87(0xDF, 6, 10, kRmWrite);
  x87(0xDF, 7, 8, kRmWrite);
  return groups;
}

using TwoByteMap = std::array<Map, 4>;

enum Prefix : uint8_t { kNp, k66p, kF3, kF2 };

constexpr uint32_t kVectorLoad = kModRm | kReadRm | kVectorReg;
constexpr uint32_t kVectorStore = kModRm | kWriteRm | kVectorReg;

constexpr void AddGeneral(TwoByteMap& maps) {
  Map& map = maps[kNp];
  map[0x18] = Grouped(kPrefetch);
  map[0x31] = Plain(0, Immediate::kAbsent, 0, 0, kAx | kDx);  // rdtsc
  for (unsigned i = 0; i < 16; ++i) {
    map[0x40 + i] = Plain(kRmRead | kReadReg | kWriteReg | kGpr | k66);
    map[0x80 + i] = {kJumpIf, Immediate::kRel32, 0, 0, 0, 0, 0};
    map[0x90 + i] = Plain(kRmWrite | kGpr | kByteRm | kIgnores66);
  }
  for (const unsigned opcode : {0xA3, 0xAB, 0xB3, 0xBB}) {
    const uint32_t update = opcode == 0xA3 ? 0 : uint32_t{kWriteRm | kLock};
    map[opcode] = {
        kBitString, Immediate::kAbsent, 0, 0, 0, 0, kRmRead | kReadReg | kGpr | k66 | update};
  }
  for (const unsigned opcode : {0xA4, 0xAC}) {
    map[opcode] = Plain(kRmUpdate | kReadReg | kGpr | k66 | kMaybe, Immediate::kByte);
    map[opcode + 1] = Plain(kRmUpdate | kReadReg | kGpr | k66 | kMaybe, Immediate::kAbsent, 0, kCx);
  }
  map[0xAE] = Grouped(kControl);
  map[0xAF] = Plain(kRmRead | kReadReg | kWriteReg | kGpr | k66);
  map[0xB0] = Plain(kRmUpdate | kReadReg | kGpr | kByteOp | kLock | kMaybe, Immediate::kAbsent, 0,
                    kAx, kAx);
  map[0xB1] =
      Plain(kRmUpdate | kReadReg | kGpr | k66 | kLock | kMaybe, Immediate::kAbsent, 0, kAx, kAx);
  map[0xB6] = Plain(kRmRead | kWriteReg | kGpr | kByteRm | k66, Immediate::kAbsent, 1);
  map[0xBE] = map[0xB6];
  map[0xB6].operation = kZeroExtend;
  map[0xB7] = Plain(kRmRead | kWriteReg | kGpr | k66, Immediate::kAbsent, 2);
  map[0xBF] = map[0xB7];
  map[0xB7].operation = kZeroExtend;
  map[0xBA] = Grouped(kBitImm);
  map[0xBC] = Plain(kRmRead | kReadReg | kWriteReg | kGpr | k66 | kMaybe);
  map[0xBD] = map[0xBC];
  map[0xC0] = Plain(kRmUpdate | kReadReg | kWriteReg | kGpr | kByteOp | kLock);
  map[0xC1] = Plain(kRmUpdate | kReadReg | kWriteReg | kGpr | k66 | kLock);
  map[0xC3] = Plain(kRmWrite | kReadReg | kMemoryOnly, Immediate::kAbsent, 4);  // movnti
  map[0xC7] = Grouped(kExchangeEight);
  for (unsigned i = 0; i < 8; ++i) map[0xC8 + i] = Plain(kOpcodeReg | kReadRm | kWriteRm | k66);
}

constexpr void AddFloating(TwoByteMap& maps) {
  // By prefix: the size of a packed or scalar operand.
  constexpr uint8_t kBytes[4] = {16, 16, 4, 8};
  for (unsigned p = 0; p < 4; ++p) {
    Map& map = maps[p];
    const uint8_t bytes = kBytes[p];
    const auto load = [&map, bytes](unsigned opcode, Immediate immediate = Immediate::kAbsent) {
      map[opcode] = Plain(kVectorLoad, immediate, bytes);
    };
    load(0x10);
    map[0x11] = Plain(kVectorStore, Immediate::kAbsent, bytes);
    for (const unsigned opcode : {0x51, 0x58, 0x59, 0x5C, 0x5D, 0x5E, 0x5F}) load(opcode);
    load(0xC2, Immediate::kByte);
    // To and from integers: of MMX registers, or of general ones with F3 and F2.
    if (p < 2) {
      map[0x2A] = Plain(kVectorLoad, Immediate::kAbsent, 8);
      map[0x2C] = map[0x2D] = Plain(kVectorLoad, Immediate::kAbsent, p == kNp ? 8 : 16);
      for (const unsigned opcode : {0x14, 0x15, 0x28, 0x54, 0x55, 0x56, 0x57}) load(opcode);
      map[0x29] = Plain(kVectorStore, Immediate::kAbsent, 16);
      map[0x2B] = Plain(kVectorStore | kMemoryOnly, Immediate::kAbsent, 16);
      map[0x2E] = map[0x2F] = Plain(kVectorLoad, Immediate::kAbsent, p == kNp ? 4 : 8);
      map[0x50] = Plain(kModRm | kWriteReg | kRegisterOnly);
      map[0x12] = map[0x16] = Plain(kVectorLoad, Immediate::kAbsent, 8);
      map[0x13] = map[0x17] = Plain(kVectorStore | kMemoryOnly, Immediate::kAbsent, 8);
      load(0xC6, Immediate::kByte);
    } else {
      map[0x2A] = Plain(kVectorLoad | kRmGpr, Immediate::kAbsent, 4);
      map[0x2C] = map[0x2D] = Plain(kModRm | kReadRm | kWriteReg, Immediate::kAbsent, bytes);
    }
  }
  for (const unsigned opcode : {0x52, 0x53}) {
    maps[kNp][opcode] = Plain(kVectorLoad, Immediate::kAbsent, 16);
    maps[kF3][opcode] = Plain(kVectorLoad, Immediate::kAbsent, 4);
  }
  maps[kF3][0x12] = maps[kF3][0x16] = Plain(kVectorLoad, Immediate::kAbsent, 16);
  maps[kF2][0x12] = Plain(kVectorLoad, Immediate::kAbsent, 8);
  maps[kNp][0x5A] = Plain(kVectorLoad, Immediate::kAbsent, 8);
  maps[k66p][0x5A] = Plain(kVectorLoad, Immediate::kAbsent, 16);
  maps[kF3][0x5A] = Plain(kVectorLoad, Immediate::kAbsent, 4);
  maps[kF2][0x5A] = Plain(kVectorLoad, Immediate::kAbsent, 8);
  for (const unsigned p : {kNp, k66p, kF3}) maps[p][0x5B] = Plain(kVectorLoad, {}, 16);
  for (const unsigned p : {k66p, kF2}) {
    maps[p][0x7C] = maps[p][0x7D] = maps[p][0xD0] = Plain(kVectorLoad, Immediate::kAbsent, 16);
  }
  maps[k66p][0xE6] = maps[kF2][0xE6] = Plain(kVectorLoad, Immediate::kAbsent, 16);
  maps[kF3][0xE6] = Plain(kVectorLoad, Immediate::kAbsent, 8);
}

constexpr void AddInteger(TwoByteMap& maps) {
  for (const unsigned p : {kNp, k66p}) {
    Map& map = maps[p];
    const uint8_t bytes = p == kNp ? 8 : 16;
    const auto load = [&map, bytes](unsigned first, unsigned last) {
      for (unsigned i = first; i <= last; ++i)
        map[i] = Plain(kVectorLoad, Immediate::kAbsent, bytes);
    };
    load(0x60, 0x6B);
    if (p == kNp) {
      for (const unsigned i : {0x60, 0x61, 0x62}) map[i].memory_bytes = 4;
    } else {
      load(0x6C, 0x6D);
    }
    map[0x6E] = Plain(kVectorLoad | kRmGpr, Immediate::kAbsent, 4);
    load(0x6F, 0x6F);
    map[0x70] = Plain(kVectorLoad, Immediate::kByte, bytes);
    map[0x71] = map[0x72] = Grouped(kVectorShift);
    map[0x73] = Grouped(p == kNp ? kQuadShift : kQuadShiftXmm);
    load(0x74, 0x76);
    map[0x7E] = Plain(kVectorStore | kRmGpr, Immediate::kAbsent, 4);
    map[0x7F] = Plain(kVectorStore, Immediate::kAbsent, bytes);
    map[0xC4] = Plain(kVectorLoad | kRmGpr, Immediate::kByte, 2);
    map[0xC5] = Plain(kModRm | kWriteReg | kRegisterOnly, Immediate::kByte);
    load(0xD1, 0xD5);
    map[0xD7] = Plain(kModRm | kWriteReg | kRegisterOnly);
    load(0xD8, 0xE5);
    map[0xE7] = Plain(kVectorStore | kMemoryOnly, Immediate::kAbsent, bytes);
    load(0xE8, 0xEF);
    load(0xF1, 0xF6);
    map[0xF7] = {
        kMaskedMove, Immediate::kAbsent, bytes, 0, 0, 0, kModRm | kVectorReg | kRegisterOnly};
    load(0xF8, 0xFE);
  }
  maps[kNp][0x77] = Plain(0);  // emms
  maps[k66p][0xD6] = Plain(kVectorStore, Immediate::kAbsent, 8);
  maps[kF3][0xD6] = maps[kF2][0xD6] = Plain(kModRm | kVectorReg | kRegisterOnly);
  maps[kF3][0x6F] = Plain(kVectorLoad, Immediate::kAbsent, 16);
  maps[kF3][0x7F] = Plain(kVectorStore, Immediate::kAbsent, 16);
  maps[kF3][0x7E] = Plain(kVectorLoad, Immediate::kAbsent, 8);
  maps[kF3][0x70] = maps[kF2][0x70] = Plain(kVectorLoad, Immediate::kByte, 16);
  maps[kF2][0xF0] = Plain(kVectorLoad | kMemoryOnly, Immediate::kAbsent, 16);  // lddqu
}

constexpr TwoByteMap BuildTwoByte() {
  TwoByteMap maps{};
  AddGeneral(maps);
  AddFloating(maps);
  AddInteger(maps);
  return maps;
}

constexpr Map kOneByteMap = BuildOneByte();
constexpr TwoByteMap kTwoByteMaps = BuildTwoByte();
constexpr GroupTable kGroupTable = BuildGroups();
constexpr Form kAbsent{};
constexpr Form kAdox{.operation = kAddOverflow,
                     .flags = kRmRead | kReadReg | kWriteReg | kGpr | kMemoryOnly};
// SSSE3: the same on MMX and XMM registers.
constexpr std::array<Form, 2> kSsse3{Plain(kVectorLoad, Immediate::kAbsent, 8),
                                     Plain(kVectorLoad, Immediate::kAbsent, 16)};
constexpr std::array<Form, 2> kPalignr{Plain(kVectorLoad, Immediate::kByte, 8),
                                       Plain(kVectorLoad, Immediate::kByte, 16)};

// D8 to DF: bit n stands for ModRM byte C0 + n.
constexpr std::array<uint64_t, 8> kX87Registers{
    0xFFFFFFFFFFFFFFFF,  // D8
    0xFFFF7F33FF01FFFF,  // D9: not D1-D7, E2, E3, E6, E7, EF
    0x00000200FFFFFFFF,  // DA: fcmov, fucompp
    0x00FFFF1FFFFFFFFF,  // DB: fcmov, E0-E4, fucomi, fcomi
    0xFFFFFFFFFFFFFFFF,  // DC
    0x0000FFFFFFFFFFFF,  // DD
    0xFFFFFFFF02FFFFFF,  // DE: fcompp alone of D8-DF
    0x00FFFF01FFFFFFFF,  // DF: E0 fnstsw ax, fucomip, fcomip
};

}  // namespace

const Form& OneByteForm(uint8_t opcode) { return kOneByteMap[opcode]; }

const Form& TwoByteForm(uint8_t prefix, uint8_t opcode) { return kTwoByteMaps[prefix][opcode]; }

const Form& ThreeByteForm(uint8_t map, uint8_t prefix, uint8_t opcode) {
  if (map == 2 && prefix == kF3 && opcode == 0xF6) return kAdox;
  if (prefix > k66p) return kAbsent;
  if (map == 2 && (opcode <= 0x0B || (opcode >= 0x1C && opcode <= 0x1E))) return kSsse3[prefix];
  if (map == 3 && opcode == 0x0F) return kPalignr[prefix];
  return kAbsent;
}

const Form& GroupForm(uint8_t group, uint8_t digit) { return kGroupTable[group][digit]; }

bool IsX87Register(uint8_t opcode, uint8_t modrm) {
  return ((kX87Registers[opcode - 0xD8u] >> (modrm - 0xC0u)) & 1) != 0;
}

}  // namespace verbatim::validator
