// SPDX-License-Identifier: Apache-2.0
// The rows are our own: one that cannot be read is a bug of ours, and found when the table is
// built.
#include "decoder/parsed_row.h"

#include <charconv>
#include <string_view>

#include "base/check.h"

namespace verbatim {
namespace {

// Takes the first word off `text`.
std::string_view NextWord(std::string_view& text) {
  const size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

uint8_t HexByte(std::string_view text) {
  uint8_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  CHECK(text.size() == 2 && error == std::errc{} && end == text.data() + 2);
  return value;
}

uint8_t Digit(char digit) {
  CHECK(digit >= '0' && digit <= '7');
  return static_cast<uint8_t>(digit - '0');
}

void ParseSelector(std::string_view word, ParsedRow& row) {
  row.selector = word[0] == 'o' ? Selector::kOperandSize : Selector::kAddressSize;
  const std::string_view bits = word.substr(1);
  CHECK(bits == "16" || bits == "32");
  row.selected = bits == "32" ? 1 : 0;
}

void ParseDigits(std::string_view word, ParsedRow& row) {
  CHECK(word.size() == 2 || (word.size() == 4 && word[2] == '-'));
  row.reg_selects = true;
  row.reg_first = Digit(word[1]);
  row.reg_last = Digit(word.back());
}

bool IsX87(uint8_t opcode) { return opcode >= 0xD8 && opcode <= 0xDF; }

void ParseOpcode(std::string_view text, ParsedRow& row) {
  bool escaped = false;
  bool known = false;
  while (!text.empty()) {
    std::string_view word = NextWord(text);
    if (word == "NP") {
      row.prefix = 0;
    } else if (word[0] == '/') {
      ParseDigits(word, row);
    } else if (word[0] == 'o' || word[0] == 'a') {
      ParseSelector(word, row);
    } else if (!escaped && !known && (word == "66" || word == "F2" || word == "F3")) {
      row.prefix = HexByte(word);
    } else if (!escaped && word == "0F") {
      escaped = true;
      row.map = 1;
    } else if (row.map == 1 && !known && (word == "38" || word == "3A")) {
      row.map = word == "38" ? 2 : 3;
    } else if (known) {
      CHECK(row.map == 0 && IsX87(row.opcode));
      row.modrm = HexByte(word);
    } else {
      row.register_in_opcode = word.ends_with("+r");
      row.opcode = HexByte(word.substr(0, 2));
      known = true;
    }
  }
  CHECK(known);
}

Operand ParseOperand(std::string_view word) {
  Operand operand;
  if (std::string_view("=+*-").contains(word[0])) {
    operand.mark = word[0];
    word.remove_prefix(1);
  }
  if (word[0] >= 'A' && word[0] <= 'Z') {
    operand.kind = word[0];
    operand.size = word.size() > 1 ? word[1] : '\0';
    return operand;
  }
  operand.far = word == "far";
  operand.segment = word.size() == 2 && word[1] == 's';
  operand.byte_register = word == "al" || word == "cl";
  return operand;
}

}  // namespace

ParsedRow ParseRow(const OpcodeRow& row) {
  ParsedRow parsed;
  parsed.mnemonic = row.mnemonic;
  ParseOpcode(row.opcode, parsed);
  std::string_view operands = row.operands;
  while (!operands.empty()) {
    CHECK(parsed.operand_count < parsed.operands.size());
    parsed.operands[parsed.operand_count++] = ParseOperand(NextWord(operands));
  }
  return parsed;
}

const Operand* ParsedRow::RmOperand() const {
  for (const Operand& operand : operands) {
    if (operand.kind != 0 && std::string_view("EMRHQNWUT").contains(operand.kind)) return &operand;
  }
  return nullptr;
}

bool ParsedRow::Has(std::string_view kinds) const {
  for (const Operand& operand : operands) {
    if (operand.kind != 0 && kinds.contains(operand.kind)) return true;
  }
  return false;
}

bool ParsedRow::HasModRm() const { return modrm || reg_selects || RmOperand() != nullptr; }

bool ParsedRow::AllowsMemory() const { return !modrm && !Has("HNUT"); }

bool ParsedRow::AllowsRegister() const { return !Has("M"); }

}  // namespace verbatim
