// SPDX-License-Identifier: Apache-2.0
// The opcode maps (SDM vol. 2, chapters 3 and 4, and appendix A), a row for each form of each
// instruction of the CPU model. What is in no row is #UD. FormTable makes of them what the decoder
// looks things up in.
//
// `opcode` is the manual's opcode column: bytes in hexadecimal, then
//   NP, 66, F2, F3  in front: that prefix selects the instruction (NP: none of them does). A row
//                   with none is for whatever prefix no other row asks for
//   /4, /0-3        the value of ModRM.reg selects it
//   +r              the low three bits name a register: eight opcodes
//   o16 o32 a16 a32 the effective operand or address size selects it
// Behind an opcode of the x87 a second byte is the whole ModRM byte.
//
// `operands` are those of appendix A. A mark tells what is done to a memory operand, which is
// otherwise read: = written, + read and written, * likewise and LOCK may stand in front, - neither.
//   E   ModRM.rm: a general register or memory        M   ... memory only
//   R H ... a general register, whatever mod is; no memory
//   Q N ... an MMX register or memory; no memory
//   W U ... an XMM register or memory; no memory      T   ... a register of the x87 stack
//   G P V S C D   ModRM.reg: a general, MMX, XMM, segment, control, debug register
//   Z   the opcode's low bits: a general register     O   memory at a direct offset
//   I   immediate; B one that is sign-extended        J   a branch displacement, A a far pointer
//   X Y the source and destination of a string instruction
// with their sizes:
//   b w d q x t   1, 2, 4, 8, 16 and 10 bytes
//   v z           2 or 4 bytes, as the operand size says
//   p s a         a far pointer; 6 bytes of a table register; a pair for BOUND
//   e f h         environment and state of the x87; the 512 bytes of FXSAVE
// A word in lower case is a register that the opcode implies; `far` marks a far return.
#ifndef VERBATIM_DECODER_OPCODE_MAP_H_
#define VERBATIM_DECODER_OPCODE_MAP_H_

#include <span>
#include <string_view>

#include "decoder/mnemonic.h"

namespace verbatim {

struct OpcodeRow {
  std::string_view opcode;
  Mnemonic mnemonic;
  std::string_view operands;
};

[[nodiscard]] std::span<const OpcodeRow> OneByteOpcodes();
[[nodiscard]] std::span<const OpcodeRow> X87Opcodes();
[[nodiscard]] std::span<const OpcodeRow> TwoByteOpcodes();  // 0F, other than SIMD
[[nodiscard]] std::span<const OpcodeRow> SimdOpcodes();     // 0F, 0F 38 and 0F 3A

}  // namespace verbatim

#endif  // VERBATIM_DECODER_OPCODE_MAP_H_
