// SPDX-License-Identifier: Apache-2.0
#include "tests/decoder/reference_decoder.h"

#include <Zydis/Zydis.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/check.h"
#include "decoder/classification.h"

namespace verbatim {
namespace {

ZydisDecoder MakeDecoder(ZydisMachineMode mode, ZydisStackWidth width) {
  ZydisDecoder decoder;
  CHECK(ZYAN_SUCCESS(ZydisDecoderInit(&decoder, mode, width)));
  // Encodings that later processors gave a meaning are decoded as an SSE2-class processor does:
  // BND, ENDBR and friends are hints, F3 BSR is BSR.
  for (const ZydisDecoderMode off :
       {ZYDIS_DECODER_MODE_MPX, ZYDIS_DECODER_MODE_CET, ZYDIS_DECODER_MODE_LZCNT,
        ZYDIS_DECODER_MODE_TZCNT, ZYDIS_DECODER_MODE_WBNOINVD, ZYDIS_DECODER_MODE_CLDEMOTE}) {
    CHECK(ZYAN_SUCCESS(ZydisDecoderEnableMode(&decoder, off, ZYAN_FALSE)));
  }
  return decoder;
}

// Zydis's names are ours, apart from the three with a "_nop" behind the 8087's mnemonic.
std::string OurSpelling(std::string_view theirs) {
  std::string name(theirs);
  std::erase(name, '_');
  return name;
}

using MnemonicTable = std::array<Mnemonic, ZYDIS_MNEMONIC_MAX_VALUE + 1>;

MnemonicTable BuildMnemonicTable() {
  MnemonicTable table{};
  for (size_t theirs = 0; theirs < table.size(); ++theirs) {
    const std::string name =
        OurSpelling(ZydisMnemonicGetString(static_cast<ZydisMnemonic>(theirs)));
    for (uint16_t ours = 0; ours < static_cast<uint16_t>(Mnemonic::kCount); ++ours) {
      if (MnemonicName(Mnemonic{ours}) == name) table[theirs] = Mnemonic{ours};
    }
  }
  return table;
}

// kInvalid for what the CPU model does not have.
Mnemonic FromZydis(ZydisMnemonic mnemonic) {
  static const MnemonicTable table = BuildMnemonicTable();
  return table[static_cast<size_t>(mnemonic)];
}

GuestInstruction Undefined(std::span<const uint8_t> bytes, DecodeError error) {
  GuestInstruction result;
  result.handling = Handling::kUndefined;
  result.error = error;
  result.length = 1;
  const size_t kept = std::min<size_t>(bytes.size(), kMaxInstructionBytes);
  std::copy_n(bytes.begin(), kept, result.bytes.begin());
  result.examined = static_cast<uint8_t>(kept);
  return result;
}

// kNoGpr for ZYDIS_REGISTER_NONE.
uint8_t GprNumber(ZydisRegister reg) {
  const ZyanI8 id = ZydisRegisterGetId(reg);
  return id < 0 ? uint8_t{kNoGpr} : static_cast<uint8_t>(id);
}

uint8_t SegmentNumber(ZydisRegister reg) {
  switch (reg) {
    case ZYDIS_REGISTER_ES:
      return kEs;
    case ZYDIS_REGISTER_CS:
      return kCs;
    case ZYDIS_REGISTER_SS:
      return kSs;
    case ZYDIS_REGISTER_FS:
      return kFs;
    case ZYDIS_REGISTER_GS:
      return kGs;
    default:
      return kDs;
  }
}

bool IsGpr(ZydisRegisterClass reg_class) {
  return reg_class == ZYDIS_REGCLASS_GPR16 || reg_class == ZYDIS_REGCLASS_GPR32;
}

void FillPrefixes(const ZydisDecodedInstruction& in, GuestInstruction& out) {
  for (uint8_t i = 0; i < in.raw.prefix_count; ++i) {
    const auto& prefix = in.raw.prefixes[i];
    switch (prefix.value) {
      case 0x66:
        out.prefix_66 = true;
        if (prefix.type == ZYDIS_PREFIX_TYPE_MANDATORY) out.mandatory_prefix = 0x66;
        break;
      case 0xF0:
        out.lock = true;
        break;
      case 0xF2:
      case 0xF3:
        if (prefix.type == ZYDIS_PREFIX_TYPE_MANDATORY) out.mandatory_prefix = prefix.value;
        break;
      case 0x26:
        out.segment_override = kEs;
        break;
      case 0x2E:
        out.segment_override = kCs;
        break;
      case 0x36:
        out.segment_override = kSs;
        break;
      case 0x3E:
        out.segment_override = kDs;
        break;
      case 0x64:
        out.segment_override = kFs;
        break;
      case 0x65:
        out.segment_override = kGs;
        break;
      default:
        break;
    }
  }
  // For string and string I/O instructions Zydis names the effective repeat prefix as an attribute.
  out.rep = (in.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE)) != 0;
  out.repne = (in.attributes & ZYDIS_ATTRIB_HAS_REPNE) != 0;
}

void FillOperands(const ZydisDecodedInstruction& in, const ZydisDecodedOperand* operands,
                  GuestInstruction& out) {
  for (uint8_t i = 0; i < in.operand_count; ++i) {
    const ZydisDecodedOperand& operand = operands[i];
    if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY &&
        operand.visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT) {
      out.memory.present = true;
      // A prefetch takes no fault and no effect: it accesses nothing.
      const bool accessed =
          operand.mem.type == ZYDIS_MEMOP_TYPE_MEM && in.meta.category != ZYDIS_CATEGORY_PREFETCH;
      out.memory.read = accessed && (operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
      out.memory.write = accessed && (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
      out.memory.base = GprNumber(operand.mem.base);
      out.memory.index = GprNumber(operand.mem.index);
      out.memory.scale = operand.mem.scale == 0 ? 1 : operand.mem.scale;
      out.memory.segment = SegmentNumber(operand.mem.segment);
      out.memory.displacement = static_cast<int32_t>(operand.mem.disp.value);
      out.memory.bytes = accessed ? static_cast<uint16_t>(operand.size / 8) : 0;
      // Whatever the line's size: checked like the load of a byte (SDM vol. 2, CLFLUSH).
      if (FromZydis(in.mnemonic) == Mnemonic::kClflush) out.memory.bytes = 1;
    } else if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER) {
      const ZydisRegisterClass reg_class = ZydisRegisterGetClass(operand.reg.value);
      const bool gpr = IsGpr(reg_class);
      const bool gpr8 = reg_class == ZYDIS_REGCLASS_GPR8;
      if (operand.encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG) {
        out.reg_is_gpr = gpr;
        out.reg_is_gpr8 = gpr8;
      } else if (operand.encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM) {
        out.rm_is_gpr = gpr;
        out.rm_is_gpr8 = gpr8;
      } else if (operand.encoding == ZYDIS_OPERAND_ENCODING_OPCODE) {
        out.opcode_is_gpr = gpr;
        out.opcode_is_gpr8 = gpr8;
      }
    }
  }
}

// XLAT and the masked moves have a memory operand that no ModRM byte names.
void FillImplicitMemory(GuestInstruction& out) {
  const uint8_t segment = out.segment_override == kNoSegment ? uint8_t{kDs} : out.segment_override;
  if (out.mnemonic == Mnemonic::kXlat) {
    // [ebx + al]: the index is not a whole register, so whoever computes the address looks at the
    // mnemonic.
    out.memory = {.present = true, .read = true, .base = kEbx, .segment = segment, .bytes = 1};
  } else if (out.mnemonic == Mnemonic::kMaskmovq || out.mnemonic == Mnemonic::kMaskmovdqu) {
    const uint16_t bytes = out.mnemonic == Mnemonic::kMaskmovq ? 8 : 16;
    out.memory = {.present = true,
                  .read = true,
                  .write = true,
                  .base = kEdi,
                  .segment = segment,
                  .bytes = bytes};
  }
}

void FillImmediates(const ZydisDecodedInstruction& in, GuestInstruction& out) {
  const auto& first = in.raw.imm[0];
  const auto& second = in.raw.imm[1];
  out.immediate_bytes = first.size / 8;
  out.immediate = static_cast<uint32_t>(first.value.u);
  out.immediate2 = static_cast<uint16_t>(second.value.u);
  out.immediate_offset = first.size != 0 ? first.offset : in.length;
  out.immediate_total_bytes = static_cast<uint8_t>((first.size + second.size) / 8);
  if (first.is_relative) out.branch_target_offset = static_cast<uint32_t>(first.value.s);
}

// A shift or rotate by CL, or by zero, and a repeated string compare may leave the flags alone.
bool FlagsCertainlyWritten(const ZydisDecodedInstruction& in, const GuestInstruction& out) {
  if (in.meta.category == ZYDIS_CATEGORY_SHIFT || in.meta.category == ZYDIS_CATEGORY_ROTATE ||
      FromZydis(in.mnemonic) == Mnemonic::kShld || FromZydis(in.mnemonic) == Mnemonic::kShrd) {
    const bool by_one = out.map == 0 && (out.opcode == 0xD0 || out.opcode == 0xD1);
    if (by_one) return true;
    // RCL and RCR count modulo 9 or 17 in narrow operands, which may come to nothing.
    if (in.meta.category == ZYDIS_CATEGORY_ROTATE) return false;
    return out.immediate_bytes == 1 && (out.immediate & 31u) != 0;
  }
  return !out.HasRep();
}

bool LeavesUndefinedFlagsAlone(Mnemonic mnemonic) {
  switch (mnemonic) {
    case Mnemonic::kBt:
    case Mnemonic::kBtc:
    case Mnemonic::kBtr:
    case Mnemonic::kBts:
    case Mnemonic::kBsf:
    case Mnemonic::kBsr:
      return true;
    default:
      return false;
  }
}

// CMPXCHG8B, BTS and others change only the flags Zydis lists; those "modified" are always written
// unless the count rule above applies.
void FillFlags(const ZydisDecodedInstruction& in, GuestInstruction& out) {
  if (in.cpu_flags == nullptr) return;
  const ZydisAccessedFlags& flags = *in.cpu_flags;
  out.flags_read = flags.tested & flag::kHostResident;
  uint32_t written = flags.modified | flags.set_0 | flags.set_1;
  // Officially undefined, in fact left alone by every processor: a guest may rely on that.
  if (!LeavesUndefinedFlagsAlone(FromZydis(in.mnemonic))) written |= flags.undefined;
  written &= flag::kHostResident;
  if (FlagsCertainlyWritten(in, out)) {
    out.flags_written = written;
  } else {
    // What survives if nothing is written must be seen as read.
    out.flags_read |= written;
  }
}

uint8_t MapNumber(ZydisOpcodeMap map) {
  switch (map) {
    case ZYDIS_OPCODE_MAP_0F:
      return 1;
    case ZYDIS_OPCODE_MAP_0F38:
      return 2;
    case ZYDIS_OPCODE_MAP_0F3A:
      return 3;
    default:
      return 0;
  }
}

// Mnemonics name what an instruction does, not always how privileged it is: far transfers, and MOV,
// PUSH and POP of segment, control and debug registers share theirs with harmless forms.
bool HasSensitiveOperand(const ZydisDecodedInstruction& in, const ZydisDecodedOperand* operands) {
  if (in.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR) return true;
  for (uint8_t i = 0; i < in.operand_count_visible; ++i) {
    if (operands[i].type != ZYDIS_OPERAND_TYPE_REGISTER) continue;
    switch (ZydisRegisterGetClass(operands[i].reg.value)) {
      case ZYDIS_REGCLASS_SEGMENT:
      case ZYDIS_REGCLASS_CONTROL:
      case ZYDIS_REGCLASS_DEBUG:
      case ZYDIS_REGCLASS_TEST:
        return true;
      default:
        break;
    }
  }
  return false;
}

Handling HandlingOf(const ZydisDecodedInstruction& in, const ZydisDecodedOperand* operands,
                    Handling by_mnemonic) {
  if (by_mnemonic == Handling::kUndefined) return by_mnemonic;
  if (in.meta.category == ZYDIS_CATEGORY_STRINGOP) return Handling::kString;
  if (HasSensitiveOperand(in, operands)) return Handling::kSensitive;
  return by_mnemonic;
}

// The integer SIMD mnemonics name instructions of two generations: on MMX registers and, with a
// mandatory 66 or on XMM registers, on those of SSE2.
struct VectorRegisters {
  bool mmx = false;
  bool xmm = false;
};

VectorRegisters VectorRegistersOf(const ZydisDecodedInstruction& in,
                                  const ZydisDecodedOperand* operands) {
  VectorRegisters used;
  for (uint8_t i = 0; i < in.operand_count_visible; ++i) {
    if (operands[i].type != ZYDIS_OPERAND_TYPE_REGISTER) continue;
    const ZydisRegisterClass reg_class = ZydisRegisterGetClass(operands[i].reg.value);
    used.mmx |= reg_class == ZYDIS_REGCLASS_MMX;
    used.xmm |= reg_class == ZYDIS_REGCLASS_XMM;
  }
  return used;
}

bool HasMandatory66(const ZydisDecodedInstruction& in) {
  const auto* end = in.raw.prefixes + in.raw.prefix_count;
  return std::any_of(in.raw.prefixes, end, [](const auto& prefix) {
    return prefix.value == 0x66 && prefix.type == ZYDIS_PREFIX_TYPE_MANDATORY;
  });
}

Extension ExtensionOf(const ZydisDecodedInstruction& in, VectorRegisters registers,
                      Extension by_mnemonic) {
  // MOVSD and CMPSD: the mnemonics of SSE2 instructions and of two string instructions.
  if (in.meta.category == ZYDIS_CATEGORY_STRINGOP) return Extension::kBase;
  if (by_mnemonic == Extension::kMmx && registers.xmm) return Extension::kSse2;
  if (by_mnemonic == Extension::kSse && HasMandatory66(in)) return Extension::kSse2;
  return by_mnemonic;
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

FpuUse FpuUseOf(const ZydisDecodedInstruction& in, VectorRegisters registers, Extension extension) {
  if (FromZydis(in.mnemonic) == Mnemonic::kFwait) return FpuUse::kWait;
  if (in.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && in.opcode >= 0xD8 && in.opcode <= 0xDF) {
    return FpuUse::kX87;
  }
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
  if (registers.mmx && !registers.xmm) return FpuUse::kMmx;
  switch (FromZydis(in.mnemonic)) {
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

}  // namespace

ReferenceDecoder::ReferenceDecoder(const CpuFeatures& features)
    : features_(features),
      decoder16_(MakeDecoder(ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16)),
      decoder32_(MakeDecoder(ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32)) {}

GuestInstruction ReferenceDecoder::Decode(std::span<const uint8_t> bytes, bool code32) const {
  ZydisDecodedInstruction in;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  const size_t available = std::min<size_t>(bytes.size(), kMaxInstructionBytes);
  const ZyanStatus status = ZydisDecoderDecodeFull(code32 ? &decoder32_ : &decoder16_, bytes.data(),
                                                   available, &in, operands);
  if (status == ZYDIS_STATUS_NO_MORE_DATA) {
    if (available < kMaxInstructionBytes) {
      GuestInstruction result;
      result.length = 0;
      return result;
    }
    return Undefined(bytes, DecodeError::kTooLong);
  }
  if (status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG) return Undefined(bytes, DecodeError::kTooLong);
  if (!ZYAN_SUCCESS(status)) return Undefined(bytes, DecodeError::kUndefined);

  const Classification row = Classify(FromZydis(in.mnemonic));
  const VectorRegisters registers = VectorRegistersOf(in, operands);
  const Extension extension = ExtensionOf(in, registers, row.extension);
  // SSE4.1 gave PEXTRW a second form, to memory.
  const bool later_form = in.meta.isa_set == ZYDIS_ISA_SET_SSE4;
  if (!row.known || later_form || !Offers(features_, extension) ||
      in.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY) {
    return Undefined(bytes, DecodeError::kUndefined);
  }

  GuestInstruction out;
  std::copy_n(bytes.begin(), in.length, out.bytes.begin());
  out.length = in.length;
  out.examined = in.length;
  out.mnemonic = FromZydis(in.mnemonic);
  out.handling = HandlingOf(in, operands, row.handling);
  out.fpu = FpuUseOf(in, registers, extension);
  if (row.handling == Handling::kUndefined) out.error = DecodeError::kUndefined;
  out.operand_bits = in.operand_width == 16 && HasWordForm(extension) ? 16 : 32;
  out.address_bits = in.address_width == 16 ? 16 : 32;
  out.map = MapNumber(in.opcode_map);
  out.opcode = in.opcode;
  out.has_modrm = (in.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0;
  if (out.has_modrm) {
    out.mod = in.raw.modrm.mod;
    out.reg = in.raw.modrm.reg;
    out.rm = in.raw.modrm.rm;
  }
  FillPrefixes(in, out);
  FillOperands(in, operands, out);
  FillImplicitMemory(out);
  FillImmediates(in, out);
  FillFlags(in, out);
  return out;
}

}  // namespace verbatim
