// SPDX-License-Identifier: Apache-2.0
// What a form needs around it to do something worth comparing: a target for a branch, a selector
// for a segment load, a frame for a return. Derived from the form, once.
#ifndef VERBATIM_TESTS_ORACLE_RECIPES_H_
#define VERBATIM_TESTS_ORACLE_RECIPES_H_

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "tests/oracle/forms.h"

namespace verbatim::test {

enum class Recipe : uint8_t {
  kPlain,       // operands are enough
  kAvoided,     // see avoided.h
  kBitString,   // BT with a bit offset in a register, which reaches far
  kMaskedMove,  // MASKMOVQ, MASKMOVDQU
  kString,      // esi, edi, ecx
  kStackOnly,   // needs a stack and nothing else
  kFrame,       // LEAVE
  kStackFrame,  // PUSHA, POPA, ENTER: several words of stack
  kPopFlags,    // POPF: an image without the flags whose effect is the host kernel's business
  kBranch,      // a near branch with its target in the instruction
  kIndirect,    // ... in a register or in memory
  kReturn,      // ... on the stack
  kFarDirect,   // a far transfer, likewise
  kFarIndirect,
  kFarReturn,
  kInterruptReturn,
  kMoveSegment,  // MOV to a segment register
  kPopSegment,
  kFarPointer,     // LDS and its kin
  kSelectorQuery,  // LAR, LSL, VERR, VERW
  kStoreState,     // FXSAVE, FNSAVE, FNSTENV: also the x87 pointers, which no model keeps
  kLoadState,      // FXRSTOR, FRSTOR, FLDENV: of an image that was saved before
  kControlWord,    // LDMXCSR
  kDecimal,        // leaves flags undefined that are not the host's to say
  kFaults,         // always, at CPL 3
};

// The forms by what they are good for, and the few that sequences are made of.
struct FormChoice {
  explicit FormChoice(const FormTable& forms);

  const FormTable& table;
  std::vector<Recipe> recipes;  // by form

  // Forms of a kind that exist in code of a size: [code32].
  using ByCodeSize = std::array<std::vector<uint16_t>, 2>;
  std::vector<uint16_t> allowed;  // all but avoided ones, in code of any size
  ByCodeSize all;                 // but avoided ones
  ByCodeSize integer;             // copied, no x87 or SIMD
  ByCodeSize x87_copied;
  ByCodeSize x87;
  ByCodeSize simd;
  ByCodeSize strings;
  ByCodeSize stack;
  ByCodeSize branches;
  ByCodeSize system;    // segments, far transfers, what is simulated and does not always fault
  ByCodeSize in_loops;  // copied integer forms that leave ecx alone if their operands do

  std::array<uint16_t, 8> move_immediate;            // mov r32, imm32
  std::array<uint16_t, 8> move_immediate16;          // mov r16, imm16
  std::array<std::array<uint16_t, 8>, 2> increment;  // inc (one byte), by code size
  std::array<uint16_t, 2> push_immediate;            // push imm: [0] 16 bits, [1] 32 bits
  uint16_t jump_short;                               // jmp rel8
  uint16_t jump_if_not_zero;                         // jnz rel8
  uint16_t call_near;                                // call rel32
  uint16_t call_near16;                              // call rel16
  uint16_t return_near;                              // ret
  uint16_t return_near16;
  uint16_t decrement_ecx;                   // dec ecx
  std::array<uint16_t, 3> loops;            // loopne, loope, loop with a 32-bit count
  uint16_t touch_mmx;                       // movq mm0, mm0
  uint16_t compare;                         // cmp r/m32, r32 with registers
  uint16_t store_byte;                      // mov byte [m], imm8
  std::array<uint16_t, 2> store_immediate;  // mov dword [m], imm32: [code32] the address size
  uint16_t store_byte16;                    // with a 16-bit address
  std::array<uint16_t, 3> saves;            // fxsave, fnsave, fnstenv
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_RECIPES_H_
