// SPDX-License-Identifier: Apache-2.0
#include "decoder/form_table.h"

#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "decoder/flag_effects.h"
#include "decoder/parsed_row.h"

namespace verbatim {
namespace {

constexpr uint8_t kModIs3 = 0x40;
constexpr uint8_t kRegField = 0x38;
constexpr uint8_t kRmField = 0x07;

// Bytes of an operand, with a 16- and a 32-bit operand size.
std::array<uint16_t, 2> BytesOf(char size) {
  switch (size) {
    case 'b':
      return {1, 1};
    case 'w':
      return {2, 2};
    case 'd':
      return {4, 4};
    case 'q':
      return {8, 8};
    case 't':
      return {10, 10};
    case 'x':
      return {16, 16};
    case 'v':
    case 'z':
      return {2, 4};
    case 'p':
      return {4, 6};
    case 's':
      return {6, 6};
    case 'a':
      return {4, 8};
    case 'e':
      return {14, 28};
    case 'f':
      return {94, 108};
    case 'h':
      return {512, 512};
    default:
      break;
  }
  CHECK(false);
}

bool IsString(const ParsedRow& row, Handling by_mnemonic) {
  return row.Has("XY") && by_mnemonic != Handling::kSensitive;
}

// Mnemonics name what an instruction does, not always how privileged it is: far transfers, and MOV,
// PUSH and POP of segment, control and debug registers share theirs with harmless forms.
bool IsSensitive(const ParsedRow& row) {
  bool far = row.Has("A");
  for (const Operand& operand : row.operands) {
    far |= operand.far || operand.segment || (operand.kind == 'M' && operand.size == 'p');
  }
  return far || row.Has("SCD");
}

Handling HandlingOf(const ParsedRow& row, Handling by_mnemonic) {
  if (IsString(row, by_mnemonic)) return Handling::kString;
  return IsSensitive(row) ? Handling::kSensitive : by_mnemonic;
}

// The integer SIMD mnemonics name instructions of two generations: on MMX registers and, with a
// mandatory 66 or on XMM registers, on those of SSE2. MOVSD and CMPSD name string instructions too.
Extension ExtensionOf(const ParsedRow& row, const Classification& by_mnemonic) {
  if (IsString(row, by_mnemonic.handling)) return Extension::kBase;
  if (by_mnemonic.extension == Extension::kMmx && row.Has("VWU")) return Extension::kSse2;
  if (by_mnemonic.extension == Extension::kSse && row.prefix == 0x66) return Extension::kSse2;
  return by_mnemonic.extension;
}

// From MMX on a 66 prefix names another instruction, not another operand size, so that 16-bit code
// has the same operands as 32-bit code: MOVNTI stores four bytes in both.
bool HasWordForm(Extension extension) {
  switch (extension) {
    case Extension::kMmx:
    case Extension::kSse:
    case Extension::kSse2:
    case Extension::kSse3:
    case Extension::kSsse3:
    case Extension::kFxsr:
    case Extension::kClflush:
      return false;
    default:
      return true;
  }
}

bool IsByteSized(const ParsedRow& row) {
  for (const Operand& operand : row.operands) {
    if (operand.byte_register && row.map == 0 && !row.HasModRm()) return true;
    if (operand.size == 'b' && std::string_view("XY").contains(operand.kind)) return true;
  }
  const Operand& first = row.operands[0];
  return first.size == 'b' && std::string_view("EGZOM").contains(first.kind);
}

// Whatever the operand size says.
bool IsDoubleWordSized(const ParsedRow& row) {
  return row.Has("CD") || row.mnemonic == Mnemonic::kCmpxchg8b;
}

FpuUse FpuUseOf(const ParsedRow& row, Extension extension) {
  if (row.mnemonic == Mnemonic::kFwait) return FpuUse::kWait;
  if (row.map == 0 && row.opcode >= 0xD8 && row.opcode <= 0xDF) return FpuUse::kX87;
  switch (extension) {
    case Extension::kMmx:
      return FpuUse::kMmx;
    case Extension::kSse:
    case Extension::kSse2:
    case Extension::kSse3:
    case Extension::kSsse3:
      break;
    default:
      return FpuUse::kNone;
  }
  // On MMX registers alone, whatever the generation: CR4.OSFXSR does not matter.
  if (row.Has("PQN") && !row.Has("VWU")) return FpuUse::kMmx;
  switch (row.mnemonic) {
    // No SIMD register and no trap when the FPU is switched off (SDM vol. 2, 2.5).
    case Mnemonic::kSfence:
    case Mnemonic::kLfence:
    case Mnemonic::kMfence:
    case Mnemonic::kMovnti:
    case Mnemonic::kPrefetchnta:
    case Mnemonic::kPrefetcht0:
    case Mnemonic::kPrefetcht1:
    case Mnemonic::kPrefetcht2:
      return FpuUse::kNone;
    default:
      return FpuUse::kSse;
  }
}

FlagRule FlagRuleOf(const ParsedRow& row, bool string) {
  if (string) return FlagRule::kUnlessRepeated;
  const bool by_one = row.map == 0 && (row.opcode == 0xD0 || row.opcode == 0xD1);
  if (by_one) return FlagRule::kAlways;
  switch (row.mnemonic) {
    case Mnemonic::kShl:
    case Mnemonic::kShr:
    case Mnemonic::kSar:
    case Mnemonic::kShld:
    case Mnemonic::kShrd:
      return row.Has("I") ? FlagRule::kByCount : FlagRule::kNever;
    case Mnemonic::kRol:
    case Mnemonic::kRor:
    case Mnemonic::kRcl:
    case Mnemonic::kRcr:
      return FlagRule::kNever;
    default:
      return FlagRule::kAlways;
  }
}

FlagEffects FlagEffectsOf(const ParsedRow& row, bool string) {
  if (string && row.mnemonic == Mnemonic::kMovsd) return FlagEffectsOf(Mnemonic::kMovsw);
  if (string && row.mnemonic == Mnemonic::kCmpsd) return FlagEffectsOf(Mnemonic::kCmpsw);
  return FlagEffectsOf(row.mnemonic);
}

void SetMemory(const Operand& operand, Form& form) {
  MemoryOperand& memory = form.prototype.memory;
  memory.present = true;
  memory.read = operand.mark != '=' && operand.mark != '-';
  memory.write = operand.mark == '=' || operand.mark == '+' || operand.mark == '*';
  if (operand.mark != '-') form.memory_bytes = BytesOf(operand.size);
}

// XLAT and the masked moves have a memory operand that no ModRM byte names.
void SetImpliedMemory(Form& form) {
  MemoryOperand& memory = form.prototype.memory;
  if (form.prototype.mnemonic == Mnemonic::kXlat) {
    // [ebx + al]: the index is not a whole register, so whoever computes the address looks at the
    // mnemonic.
    memory = {.present = true, .read = true, .base = kEbx};
    form.memory_bytes = {1, 1};
  } else if (form.prototype.mnemonic == Mnemonic::kMaskmovq ||
             form.prototype.mnemonic == Mnemonic::kMaskmovdqu) {
    memory = {.present = true, .read = true, .write = true, .base = kEdi};
    form.memory_bytes = BytesOf(form.prototype.mnemonic == Mnemonic::kMaskmovq ? 'q' : 'x');
  }
}

void SetImmediate(const Operand& operand, Form& form) {
  if (form.immediate_bytes[0] != 0) {
    form.immediate2_bytes = static_cast<uint8_t>(BytesOf(operand.size)[0]);
    return;
  }
  const std::array<uint16_t, 2> bytes =
      operand.kind == 'A' ? std::array<uint16_t, 2>{2, 4} : BytesOf(operand.size);
  form.immediate_bytes = {static_cast<uint8_t>(bytes[0]), static_cast<uint8_t>(bytes[1])};
  if (operand.kind == 'A') form.immediate2_bytes = 2;
  form.signed_immediate = operand.kind == 'B' || operand.kind == 'J';
  form.relative = operand.kind == 'J';
}

void SetOperand(const Operand& operand, bool memory, Form& form) {
  GuestInstruction& out = form.prototype;
  const bool byte = operand.size == 'b';
  switch (operand.kind) {
    case 'E':
    case 'M':
    case 'Q':
    case 'W':
      if (memory) {
        form.has_address = true;
        form.lockable = operand.mark == '*';
        SetMemory(operand, form);
      } else if (operand.kind == 'E') {
        (byte ? out.rm_is_gpr8 : out.rm_is_gpr) = true;
      }
      break;
    case 'R':
    case 'H':
      out.rm_is_gpr = true;
      break;
    case 'G':
      (byte ? out.reg_is_gpr8 : out.reg_is_gpr) = true;
      break;
    case 'Z':
      (byte ? out.opcode_is_gpr8 : out.opcode_is_gpr) = true;
      break;
    case 'O':
      form.direct_offset = true;
      SetMemory(operand, form);
      break;
    case 'I':
    case 'B':
    case 'J':
    case 'A':
      SetImmediate(operand, form);
      break;
    default:
      break;
  }
}

// Of the row with a memory operand in ModRM, or with a register.
Form MakeForm(const ParsedRow& row, uint8_t opcode, bool memory) {
  const Classification by_mnemonic = Classify(row.mnemonic);
  CHECK(by_mnemonic.known);
  const bool string = IsString(row, by_mnemonic.handling);
  Form form;
  form.extension = ExtensionOf(row, by_mnemonic);
  form.repeatable = row.Has("XY");
  form.word_sized = HasWordForm(form.extension) && !IsByteSized(row) && !IsDoubleWordSized(row);
  form.segment_free = row.mnemonic == Mnemonic::kLea;
  GuestInstruction& out = form.prototype;
  out.mnemonic = row.mnemonic;
  out.handling = HandlingOf(row, by_mnemonic.handling);
  if (out.handling == Handling::kUndefined) out.error = DecodeError::kUndefined;
  out.fpu = FpuUseOf(row, form.extension);
  out.mandatory_prefix = row.prefix.value_or(0);
  out.map = row.map;
  out.opcode = opcode;
  out.has_modrm = row.HasModRm();
  for (const Operand& operand : row.operands) SetOperand(operand, memory, form);
  SetImpliedMemory(form);
  const FlagEffects effects = FlagEffectsOf(row, string);
  out.flags_read = effects.read;
  form.flags = effects.written;
  form.flag_rule = FlagRuleOf(row, string);
  return form;
}

uint32_t SelectorValues(Selector selector) {
  switch (selector) {
    case Selector::kNone:
      return 1;
    case Selector::kPrefix:
      return 4;
    default:
      return 2;
  }
}

uint32_t PrefixValue(uint8_t prefix) {
  return prefix == 0 ? 0 : prefix == 0x66 ? 1 : prefix == 0xF3 ? 2 : 3;
}

// The cells of one opcode while they are filled.
class NodeBuilder {
 public:
  NodeBuilder(uint8_t opcode, std::span<const ParsedRow> rows, std::vector<Form>& forms)
      : opcode_(opcode), rows_(rows), forms_(forms) {}

  FormTable::Node Build(std::vector<uint16_t>& cells) {
    Shape();
    node_.first_cell = static_cast<uint16_t>(cells.size());
    cells_.assign(SelectorValues(node_.selector) << node_.selector_shift, 0);
    specific_.assign(cells_.size(), false);
    for (const ParsedRow& row : rows_) Place(row);
    cells.insert(cells.end(), cells_.begin(), cells_.end());
    return node_;
  }

 private:
  // What tells the rows apart.
  void Shape() {
    node_.has_modrm = rows_.front().HasModRm();
    uint8_t fields = node_.has_modrm ? kModIs3 : uint8_t{0};
    for (const ParsedRow& row : rows_) {
      CHECK(row.HasModRm() == node_.has_modrm);
      if (row.reg_selects) fields |= kRegField;
      if (row.modrm) fields |= kRegField | kRmField;
      const Selector selector = row.prefix ? Selector::kPrefix : row.selector;
      CHECK(node_.selector == Selector::kNone || selector == Selector::kNone ||
            node_.selector == selector);
      if (selector != Selector::kNone) node_.selector = selector;
    }
    const uint8_t below = (fields & kRmField) != 0 ? 0 : (fields & kRegField) != 0 ? 3 : 6;
    node_.modrm_mask = fields;
    node_.modrm_shift = node_.has_modrm ? below : uint8_t{0};
    node_.selector_shift = node_.has_modrm ? static_cast<uint8_t>(7 - below) : uint8_t{0};
  }

  void Place(const ParsedRow& row) {
    const bool ignores_mod = row.Has("R");
    std::array<uint16_t, 2> made{};  // register, memory
    for (uint32_t cell = 0; cell < cells_.size(); ++cell) {
      const uint32_t selected = cell >> node_.selector_shift;
      const uint32_t modrm = (cell << node_.modrm_shift) & 0x7F;
      const bool memory = node_.has_modrm && (modrm & kModIs3) == 0;
      if (!Matches(row, selected, modrm, memory)) continue;
      uint16_t& form = made[memory && !ignores_mod ? 1 : 0];
      if (form == 0) {
        form = static_cast<uint16_t>(forms_.size());
        forms_.push_back(MakeForm(row, opcode_, memory && !ignores_mod));
      }
      const bool specific = row.prefix.has_value();
      if (cells_[cell] != 0 && specific_[cell] && !specific) continue;
      CHECK(cells_[cell] == 0 || (specific && !specific_[cell]));
      cells_[cell] = form;
      specific_[cell] = specific;
    }
  }

  bool Matches(const ParsedRow& row, uint32_t selected, uint32_t modrm, bool memory) const {
    if (row.prefix && selected != PrefixValue(*row.prefix)) return false;
    if (row.selector != Selector::kNone && selected != row.selected) return false;
    if (!node_.has_modrm) return true;
    if (memory ? !row.AllowsMemory() : !row.AllowsRegister()) return false;
    if (row.modrm) return modrm == (*row.modrm & 0x3Fu) + kModIs3;
    const uint32_t reg = (modrm & kRegField) >> 3;
    return !row.reg_selects || (reg >= row.reg_first && reg <= row.reg_last);
  }

  uint8_t opcode_;
  std::span<const ParsedRow> rows_;
  std::vector<Form>& forms_;
  FormTable::Node node_;
  std::vector<uint16_t> cells_;
  std::vector<bool> specific_;  // by a row that names a prefix
};

}  // namespace

const FormTable& FormTable::Get() {
  static const FormTable table;
  return table;
}

FormTable::FormTable() {
  forms_.emplace_back();
  cells_.push_back(0);
  std::array<std::vector<ParsedRow>, 4 * 256> rows_of;
  for (const auto rows : {OneByteOpcodes(), X87Opcodes(), TwoByteOpcodes(), SimdOpcodes()}) {
    for (const OpcodeRow& text : rows) {
      const ParsedRow row = ParseRow(text);
      const uint32_t opcodes = row.register_in_opcode ? 8 : 1;
      for (uint32_t i = 0; i < opcodes; ++i)
        rows_of[row.map * 256u + row.opcode + i].push_back(row);
    }
  }
  for (uint32_t i = 0; i < rows_of.size(); ++i) {
    if (rows_of[i].empty()) continue;
    nodes_[i] = NodeBuilder(static_cast<uint8_t>(i), rows_of[i], forms_).Build(cells_);
  }
}

}  // namespace verbatim
