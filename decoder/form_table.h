// SPDX-License-Identifier: Apache-2.0
// The opcode maps in the shape in which the decoder looks things up: from map, opcode, prefix and
// ModRM byte to a Form, which says all about an instruction but what its operand bytes say.
//
// Each opcode has a node. What tells its forms apart is at most a selector (mandatory prefix,
// operand or address size) and a stretch of the ModRM byte: the node's cells are a dense block,
// indexed by both. Form 0 is "no such instruction".
#ifndef VERBATIM_DECODER_FORM_TABLE_H_
#define VERBATIM_DECODER_FORM_TABLE_H_

#include <array>
#include <cstdint>
#include <vector>

#include "decoder/classification.h"
#include "decoder/instruction.h"
#include "decoder/opcode_map.h"

namespace verbatim {

// When the flags that an instruction may write are certainly written.
enum class FlagRule : uint8_t {
  kAlways,
  kUnlessRepeated,  // a string instruction: not if the count is zero
  kByCount,         // a shift: by an immediate that is not zero
  kNever,           // a shift by CL; a rotate, which counts modulo 9 or 17 in narrow operands
};

struct alignas(64) Form {
  // What all instructions of this form have in common.
  GuestInstruction prototype;
  uint32_t flags = 0;  // that may be written, as `flag_rule` says
  FlagRule flag_rule = FlagRule::kAlways;
  Extension extension = Extension::kBase;

  bool word_sized = false;     // a 16-bit operand size is told from one of 32 bits
  bool lockable = false;       // LOCK may stand in front
  bool repeatable = false;     // F3 and F2 repeat it
  bool segment_free = false;   // LEA: its address is in no segment
  bool has_address = false;    // ModRM names memory: SIB and displacement follow
  bool direct_offset = false;  // its address follows the opcode
  bool signed_immediate = false;
  bool relative = false;  // the immediate is a branch displacement
  // By operand size: [0] 16 bits, [1] 32 bits.
  std::array<uint16_t, 2> memory_bytes{};
  std::array<uint8_t, 2> immediate_bytes{};
  uint8_t immediate2_bytes = 0;
};

// What a node's cells are told apart by, apart from the ModRM byte.
enum class Selector : uint8_t {
  kNone,
  kPrefix,       // 0: none, 1: 66, 2: F3, 3: F2
  kOperandSize,  // 0: 16 bits, 1: 32 bits
  kAddressSize,  // likewise
};

class FormTable {
 public:
  // Of all extensions. Built once, never changed.
  [[nodiscard]] static const FormTable& Get();

  struct Node {
    uint16_t first_cell = 0;
    Selector selector = Selector::kNone;
    uint8_t selector_shift = 0;  // of the selector's value in the index
    // The ModRM byte's share in the index, of mod == 3 in bit 6 above reg and rm.
    uint8_t modrm_mask = 0;
    uint8_t modrm_shift = 0;
    bool has_modrm = false;
  };

  [[nodiscard]] const Node& NodeOf(uint8_t map, uint8_t opcode) const {
    return nodes_[map * 256u + opcode];
  }
  // nullptr: no such instruction. `modrm` as Node says; `selected` the value of its selector.
  [[nodiscard]] const Form* Find(const Node& node, uint32_t selected, uint32_t modrm) const {
    const uint32_t cell = node.first_cell + (selected << node.selector_shift) +
                          ((modrm & node.modrm_mask) >> node.modrm_shift);
    const uint16_t form = cells_[cell];
    return form == 0 ? nullptr : &forms_[form];
  }

 private:
  FormTable();

  std::array<Node, 4 * 256> nodes_;
  std::vector<uint16_t> cells_;
  std::vector<Form> forms_;
};

}  // namespace verbatim

#endif  // VERBATIM_DECODER_FORM_TABLE_H_
