// SPDX-License-Identifier: Apache-2.0
// A row of the opcode maps, with its two columns read.
#ifndef VERBATIM_DECODER_PARSED_ROW_H_
#define VERBATIM_DECODER_PARSED_ROW_H_

#include <array>
#include <cstdint>
#include <optional>

#include "decoder/form_table.h"
#include "decoder/opcode_map.h"

namespace verbatim {

struct Operand {
  char mark = 0;  // = + * - or 0
  char kind = 0;  // the capital; 0 for a register that the opcode implies
  char size = 0;
  bool segment = false;  // implied: a segment register
  bool far = false;
  bool byte_register = false;  // implied: al or cl
};

struct ParsedRow {
  Mnemonic mnemonic{};
  // The opcode column.
  std::optional<uint8_t> prefix;  // 0 for NP
  uint8_t map = 0;
  uint8_t opcode = 0;
  bool register_in_opcode = false;
  uint8_t reg_first = 0;  // the values of ModRM.reg
  uint8_t reg_last = 7;
  bool reg_selects = false;
  std::optional<uint8_t> modrm;  // the whole byte
  Selector selector = Selector::kNone;
  uint8_t selected = 0;
  // The operands column.
  std::array<Operand, 3> operands;
  uint8_t operand_count = 0;

  // The operand that ModRM.rm names; nullptr if none.
  [[nodiscard]] const Operand* RmOperand() const;
  [[nodiscard]] bool Has(std::string_view kinds) const;
  [[nodiscard]] bool HasModRm() const;
  [[nodiscard]] bool AllowsMemory() const;
  [[nodiscard]] bool AllowsRegister() const;
};

[[nodiscard]] ParsedRow ParseRow(const OpcodeRow& row);

}  // namespace verbatim

#endif  // VERBATIM_DECODER_PARSED_ROW_H_
