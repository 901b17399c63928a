// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/forms.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "vcpu/cpu_model.h"

namespace verbatim::test {
namespace {

constexpr uint8_t kProbeRm = 3;  // with mod 0 a memory operand without displacement, in any size

bool IsPrefixByte(uint8_t byte) {
  return byte == 0x26 || byte == 0x2E || byte == 0x36 || byte == 0x3E ||
         (byte >= 0x64 && byte <= 0x67) || byte == 0xF0 || byte == 0xF2 || byte == 0xF3;
}

bool IsEscape(uint8_t map, uint8_t opcode) {
  return (map == 0 && (opcode == 0x0F || IsPrefixByte(opcode))) ||
         (map == 1 && (opcode == 0x38 || opcode == 0x3A));
}

// Instructions whose only use of the address size is not a ModRM operand.
bool CountsOrIndexesByAddressSize(const GuestInstruction& in) {
  switch (in.mnemonic) {
    case Mnemonic::kLoop:
    case Mnemonic::kLoope:
    case Mnemonic::kLoopne:
    case Mnemonic::kJcxz:
    case Mnemonic::kJecxz:
    case Mnemonic::kInsb:
    case Mnemonic::kInsw:
    case Mnemonic::kInsd:
    case Mnemonic::kOutsb:
    case Mnemonic::kOutsw:
    case Mnemonic::kOutsd:
      return true;
    default:
      return in.handling == Handling::kString;
  }
}

// Of x87 instructions only FLDENV and its kin, all simulated, have forms of 16 and 32 bits. In the
// group of FXSAVE and MFENCE a 66 selects another instruction.
bool OperandSizeMatters(const GuestInstruction& in) {
  if (in.map == 1 && in.opcode == 0xAE) return false;
  return in.fpu == FpuUse::kNone || in.handling == Handling::kSensitive;
}

Form FormOf(const GuestInstruction& in) {
  Form form;
  form.mnemonic = in.mnemonic;
  form.handling = in.handling;
  form.map = in.map;
  form.opcode = in.opcode;
  form.repeat = in.rep ? 0xF3 : in.repne ? 0xF2 : 0;
  form.mandatory_prefix = form.repeat == 0 ? in.mandatory_prefix : uint8_t{0};
  form.shape = !in.has_modrm ? OperandShape::kNoModRm
               : in.mod == 3 ? OperandShape::kRegister
                             : OperandShape::kMemory;
  form.operand_bits = OperandSizeMatters(in) ? in.operand_bits : uint8_t{32};
  form.address_bits =
      in.memory.present || CountsOrIndexesByAddressSize(in) ? in.address_bits : uint8_t{32};
  form.fpu = in.fpu;
  form.immediate_bytes = in.immediate_total_bytes;
  form.has_moffs = in.map == 0 && (in.opcode & 0xFC) == 0xA0;
  form.memory = in.memory;
  form.example = in;
  return form;
}

// The identity of a form; digit and rm as given.
uint64_t Pack(const Form& form, int digit, int rm) {
  auto key = static_cast<uint64_t>(form.mnemonic);
  const auto append = [&key](uint32_t value, uint32_t bits) { key = (key << bits) | value; };
  append(static_cast<uint32_t>(form.handling), 3);
  append(form.map, 2);
  append(form.opcode, 8);
  append(form.mandatory_prefix, 8);
  append(form.repeat, 8);
  append(static_cast<uint32_t>(digit + 1), 4);
  append(static_cast<uint32_t>(rm + 1), 4);
  append(static_cast<uint32_t>(form.shape), 2);
  append(form.operand_bits == 16 ? 1 : 0, 1);
  append(form.address_bits == 16 ? 1 : 0, 1);
  return key;
}

// What must be equal for two values of a ModRM field to be the same form. LOCK is not part of it:
// it is legal for a form or not.
bool SameForm(const GuestInstruction& a, const GuestInstruction& b) {
  const auto properties = [](const GuestInstruction& in) {
    return std::tuple(in.mnemonic, in.handling, in.fpu, in.mandatory_prefix,
                      in.immediate_total_bytes, in.memory.present, in.memory.bytes, in.memory.read,
                      in.memory.write, in.operand_bits, in.address_bits, in.flags_written);
  };
  return properties(a) == properties(b);
}

struct Probe {
  std::array<uint8_t, kMaxInstructionBytes> bytes{};
  size_t modrm_at = 0;
};

Probe Encode(const Prefixes& prefixes, bool lock, uint8_t map, uint8_t opcode) {
  Probe probe;
  size_t at = 0;
  if (lock) probe.bytes[at++] = 0xF0;
  if (prefixes.size_67) probe.bytes[at++] = 0x67;
  if (prefixes.size_66) probe.bytes[at++] = 0x66;
  if (prefixes.mandatory_or_repeat != 0) probe.bytes[at++] = prefixes.mandatory_or_repeat;
  if (map != 0) probe.bytes[at++] = 0x0F;
  if (map == 2) probe.bytes[at++] = 0x38;
  if (map == 3) probe.bytes[at++] = 0x3A;
  probe.bytes[at++] = opcode;
  probe.modrm_at = at;
  return probe;
}

bool IsForm(const GuestInstruction& in) { return in.mnemonic != Mnemonic::kInvalid; }

}  // namespace

std::string Form::Encoding() const {
  std::string text;
  if (mandatory_prefix != 0) text += fmt::format("{:02X} ", mandatory_prefix);
  if (repeat != 0) text += fmt::format("{:02X} ", repeat);
  static constexpr const char* kMaps[] = {"", "0F ", "0F 38 ", "0F 3A "};
  text += fmt::format("{}{:02X}", kMaps[map], opcode);
  if (digit >= 0) text += fmt::format(" /{}", digit);
  if (rm >= 0) text += fmt::format(" rm={}", rm);
  if (shape == OperandShape::kRegister) text += " reg";
  if (shape == OperandShape::kMemory) text += " mem";
  if (operand_bits == 16) text += " o16";
  if (address_bits == 16) text += " a16";
  return text;
}

std::string Form::Name() const { return fmt::format("{} {}", MnemonicName(mnemonic), Encoding()); }

const FormTable& FormTable::Get() {
  static const FormTable table;
  return table;
}

FormTable::FormTable() : decoder_(FindCpuModel("core2")->features) {
  // Combinations with fewer prefixes first, so that a form is reached by as few as possible.
  for (const bool code32 : {true, false}) {
    for (const uint8_t repeat : std::to_array<uint8_t>({0x00, 0xF3, 0xF2})) {
      for (const bool size_66 : {false, true}) {
        for (const bool size_67 : {false, true}) {
          for (uint8_t map = 0; map < 4; ++map) {
            for (uint32_t opcode = 0; opcode < 256; ++opcode) {
              if (IsEscape(map, static_cast<uint8_t>(opcode))) continue;
              AddOpcode({true, size_66, size_67, repeat}, code32, map,
                        static_cast<uint8_t>(opcode));
            }
          }
        }
      }
    }
  }
}

void FormTable::AddOpcode(const Prefixes& prefixes, bool code32, uint8_t map, uint8_t opcode) {
  Probe probe = Encode(prefixes, false, map, opcode);
  const auto decode = [&](uint32_t mod, uint32_t reg, uint32_t rm) {
    probe.bytes[probe.modrm_at] = static_cast<uint8_t>((mod << 6) | (reg << 3) | rm);
    return decoder_.Decode(probe.bytes, code32);
  };
  for (const uint32_t mod : {3u, 0u}) {
    std::array<std::array<GuestInstruction, 8>, 8> grid;  // [reg][rm]
    for (uint32_t reg = 0; reg < 8; ++reg) {
      for (uint32_t rm = 0; rm < 8; ++rm) {
        grid[reg][rm] = decode(mod, reg, mod == 3 ? rm : kProbeRm);
        if (IsForm(grid[reg][rm]) && !grid[reg][rm].has_modrm) {
          if (mod == 3) Add(FormOf(grid[reg][rm]), prefixes, code32);
          return;
        }
        if (mod == 0) {
          std::ranges::fill(grid[reg], GuestInstruction(grid[reg][rm]));
          break;
        }
      }
    }
    bool digit_matters = false;
    for (uint32_t reg = 1; reg < 8; ++reg) {
      for (uint32_t rm = 0; rm < 8; ++rm) {
        digit_matters |= !SameForm(grid[reg][rm], grid[0][rm]);
      }
    }
    for (uint32_t reg = 0; reg < (digit_matters ? 8u : 1u); ++reg) {
      const auto& row = grid[reg];
      const bool rm_matters = !std::ranges::all_of(
          row, [&](const GuestInstruction& in) { return SameForm(in, row[0]); });
      for (uint32_t rm = 0; rm < (rm_matters ? 8u : 1u); ++rm) {
        if (!IsForm(row[rm])) continue;
        Form form = FormOf(row[rm]);
        if (digit_matters) {
          form.digit = static_cast<int8_t>(reg);
          form.reg_values = static_cast<uint8_t>(1u << reg);
        }
        if (rm_matters) {
          form.rm = static_cast<int8_t>(rm);
          form.rm_values = static_cast<uint8_t>(1u << rm);
        }
        Probe locked = Encode(prefixes, true, map, opcode);
        locked.bytes[locked.modrm_at] = probe.bytes[probe.modrm_at] =
            static_cast<uint8_t>((mod << 6) | (reg << 3) | (mod == 3 ? rm : kProbeRm));
        form.lockable = decoder_.Decode(locked.bytes, code32).error == DecodeError::kNone;
        Add(form, prefixes, code32);
      }
    }
  }
}

void FormTable::Add(Form form, const Prefixes& prefixes, bool code32) {
  const auto next = static_cast<uint32_t>(forms_.size());
  const auto [at, added] = index_.try_emplace(Pack(form, form.digit, form.rm), next);
  if (added) forms_.push_back(form);
  Prefixes& known = forms_[at->second].prefixes[code32 ? 1 : 0];
  if (!known.valid) known = prefixes;
}

std::optional<uint32_t> FormTable::Find(const GuestInstruction& in) const {
  if (!IsForm(in)) return std::nullopt;
  const Form form = FormOf(in);
  for (const int digit : {static_cast<int>(in.reg), -1}) {
    for (const int rm : {static_cast<int>(in.rm), -1}) {
      if (const auto at = index_.find(Pack(form, digit, rm)); at != index_.end()) {
        return at->second;
      }
    }
  }
  return std::nullopt;
}

}  // namespace verbatim::test
