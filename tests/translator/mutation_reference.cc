// SPDX-License-Identifier: Apache-2.0
#include "tests/translator/mutation_reference.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <set>

#include "codecache/jump_table.h"
#include "decoder/instruction.h"
#include "translator/execution_context.h"

namespace verbatim {
namespace {

enum Whole : uint8_t {
  kAx,
  kCx,
  kDx,
  kBx,
  kStackPointer,
  kBp,
  kSi,
  kDi,
  kFirstNew,
  kNoWhole = 0xFF
};
constexpr uint8_t kWindowBase = 13;
constexpr uint8_t kTable = 14;
constexpr uint8_t kContext = 15;

// The general register that `reg` is a part of.
uint8_t WholeOf(unsigned reg) {
  static const std::array<uint8_t, X86_REG_ENDING> table = [] {
    std::array<uint8_t, X86_REG_ENDING> wholes;
    wholes.fill(kNoWhole);
    const std::array<std::array<unsigned, 5>, 8> old{{
        {X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL, X86_REG_AH},
        {X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL, X86_REG_CH},
        {X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL, X86_REG_DH},
        {X86_REG_RBX, X86_REG_EBX, X86_REG_BX, X86_REG_BL, X86_REG_BH},
        {X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL, X86_REG_SPL},
        {X86_REG_RBP, X86_REG_EBP, X86_REG_BP, X86_REG_BPL, X86_REG_BPL},
        {X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL, X86_REG_SIL},
        {X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL, X86_REG_DIL},
    }};
    for (size_t i = 0; i < old.size(); ++i) {
      for (const unsigned part : old[i]) wholes[part] = static_cast<uint8_t>(i);
    }
    for (const unsigned first : {X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B}) {
      for (uint8_t i = 0; i < 8; ++i) wholes[first + i] = static_cast<uint8_t>(kFirstNew + i);
    }
    return wholes;
  }();
  return reg < table.size() ? table[reg] : uint8_t{kNoWhole};
}

bool IsFixed(uint8_t whole) {
  return whole == kStackPointer || whole == kWindowBase || whole == kTable || whole == kContext;
}

bool IsGuest(uint8_t whole) {
  return whole != kNoWhole && whole != kStackPointer && (whole < kFirstNew || whole == 12);
}

bool IsString(const HostInstruction& in) {
  const uint8_t opcode = in.detail.opcode[0];
  return (opcode >= 0xA4 && opcode <= 0xA7) || (opcode >= 0xAA && opcode <= 0xAF);
}

bool IsMaskedMove(const HostInstruction& in) {
  return in.id == X86_INS_MASKMOVQ || in.id == X86_INS_MASKMOVDQU;
}

// With a bit offset in a register, which reaches beyond the operand.
bool IsBitString(const HostInstruction& in) {
  return (in.id == X86_INS_BT || in.id == X86_INS_BTS || in.id == X86_INS_BTR ||
          in.id == X86_INS_BTC) &&
         in.detail.operands[1].type == X86_OP_REG;
}

// Moves rsp, or what it points at becomes code or flags.
bool UsesStack(const HostInstruction& in) {
  static const std::set<unsigned> kIds{X86_INS_PUSH,  X86_INS_POP,  X86_INS_PUSHFQ, X86_INS_POPFQ,
                                       X86_INS_PUSHF, X86_INS_POPF, X86_INS_RET,    X86_INS_LEAVE,
                                       X86_INS_ENTER, X86_INS_RETF, X86_INS_RETFQ};
  return kIds.contains(in.id);
}

// Talks to the host or describes it, or touches what only the host may.
bool IsForbidden(const HostInstruction& in) {
  static const std::set<unsigned> kIds{
      X86_INS_SYSCALL,  X86_INS_SYSENTER, X86_INS_INT,      X86_INS_INT1,     X86_INS_INT3,
      X86_INS_INTO,     X86_INS_HLT,      X86_INS_IN,       X86_INS_OUT,      X86_INS_INSB,
      X86_INS_INSD,     X86_INS_INSW,     X86_INS_OUTSB,    X86_INS_OUTSD,    X86_INS_OUTSW,
      X86_INS_IRET,     X86_INS_IRETD,    X86_INS_IRETQ,    X86_INS_LJMP,     X86_INS_LCALL,
      X86_INS_CPUID,    X86_INS_CLI,      X86_INS_STI,      X86_INS_RDTSCP,   X86_INS_XGETBV,
      X86_INS_RDRAND,   X86_INS_RDSEED,   X86_INS_FNSTENV,  X86_INS_FLDENV,   X86_INS_FNSAVE,
      X86_INS_FRSTOR,   X86_INS_FXSAVE,   X86_INS_FXRSTOR,  X86_INS_FXSAVE64, X86_INS_FXRSTOR64,
      X86_INS_XSAVE,    X86_INS_XRSTOR,   X86_INS_XSAVEOPT, X86_INS_WRFSBASE, X86_INS_WRGSBASE,
      X86_INS_RDFSBASE, X86_INS_RDGSBASE, X86_INS_SWAPGS,   X86_INS_SGDT,     X86_INS_SIDT,
      X86_INS_SLDT,     X86_INS_STR,      X86_INS_SMSW,     X86_INS_XBEGIN,   X86_INS_XABORT};
  return in.privileged || kIds.contains(in.id);
}

bool SameAddress(const x86_op_mem& a, const x86_op_mem& b) {
  return a.segment == b.segment && a.base == b.base && a.index == b.index && a.scale == b.scale &&
         a.disp == b.disp;
}

const cs_x86_op* MemoryOf(const HostInstruction& in) {
  for (uint8_t i = 0; i < in.detail.op_count; ++i) {
    if (in.Memory(i) != nullptr) return in.Memory(i);
  }
  return nullptr;
}

bool WritesWhole(const HostInstruction& in, uint8_t whole) {
  for (uint8_t i = 0; i < in.detail.op_count; ++i) {
    const cs_x86_op& operand = in.detail.operands[i];
    if (operand.type == X86_OP_REG && (operand.access & CS_AC_WRITE) != 0 &&
        WholeOf(operand.reg) == whole) {
      return true;
    }
  }
  return false;
}

// Needs a value in `whole` that was made for it: a pointer, a place of code, masked flags.
bool RelysOn(const HostInstruction& in, uint8_t whole) {
  if (IsString(in))
    return whole == kSi
               ? in.detail.opcode[0] < 0xA8 || in.detail.opcode[0] == 0xAC ||
                     in.detail.opcode[0] == 0xAD
               : whole == kDi && in.detail.opcode[0] != 0xAC && in.detail.opcode[0] != 0xAD;
  if (IsMaskedMove(in)) return whole == kDi;
  if (in.transfer && in.detail.op_count == 1 && in.detail.operands[0].type == X86_OP_REG) {
    return WholeOf(in.detail.operands[0].reg) == whole;
  }
  const cs_x86_op* memory = MemoryOf(in);
  if (memory == nullptr || in.id == X86_INS_LEA || in.id == X86_INS_NOP) return false;
  if (memory->mem.segment == X86_REG_GS) return false;
  return WholeOf(memory->mem.base) == whole || WholeOf(memory->mem.index) == whole;
}

// A load of another slot of the jump table, or of the other of the bases of FS and GS.
bool IsAnotherLikeIt(const HostInstruction& before, const HostInstruction& in, uint8_t whole) {
  const cs_x86_op* old = MemoryOf(before);
  const cs_x86_op* now = MemoryOf(in);
  if (old == nullptr || now == nullptr || in.id != X86_INS_MOV || !WritesWhole(in, whole)) {
    return false;
  }
  const uint8_t base = WholeOf(now->mem.base);
  if (base != WholeOf(old->mem.base) || now->size != old->size) return false;
  return base == kTable || (base == kContext && now->size == 8);
}

// An address of 64 bits that the guard behind the window must catch is the sum of 32 bits and of
// one bit at most 1 << 32.
std::string DangerOfMarginLoss(const HostInstruction& before, const HostInstruction& next,
                               const HostInstruction& in) {
  const cs_x86_op* memory = MemoryOf(next);
  const bool guarded =
      memory != nullptr && memory->mem.segment == X86_REG_GS && next.detail.addr_size == 8;
  if (guarded && WritesWhole(in, kFirstNew) && in.detail.operands[0].size == 8) {
    return "a window address of more than 32 bits";
  }
  if (before.text == "rorx r9, r9, 0x20" && in.id == X86_INS_RORX && WritesWhole(in, 9) &&
      WholeOf(in.detail.operands[1].reg) == 9) {
    const auto count = in.detail.operands[2].imm & 63;
    if (count > 0 && count < 32) return "an address beyond the guard";
  }
  if (before.text == "mov r10d, 0x3f" && next.id == X86_INS_SHRX && WritesWhole(in, 10) &&
      in.detail.operands[1].type == X86_OP_IMM && (in.detail.operands[1].imm & 63) < 60) {
    return "an address beyond the guard";
  }
  return "";
}

constexpr int64_t kGuardsEnd = int64_t{1} << 33;

// The largest address, if the index register holds 32 bits and the base at most `base`.
int64_t HighestOf(int64_t base, const x86_op_mem& memory) {
  constexpr int64_t kMax32 = 0xFFFFFFFF;
  return base + (memory.index != X86_REG_INVALID ? kMax32 * memory.scale : 0) + memory.disp;
}

// Registers of 32 bits, added up, cannot pass the 4 GiB in front of the window or behind it.
bool StaysInGuards(const HostInstruction& in, const x86_op_mem& memory) {
  const bool fixed = IsFixed(WholeOf(memory.base)) || IsFixed(WholeOf(memory.index));
  const int64_t highest = HighestOf(memory.base != X86_REG_INVALID ? 0xFFFFFFFF : 0, memory);
  return !fixed && highest < kGuardsEnd - (IsBitString(in) ? kGuardsEnd / 32 : 0);
}

#define FIELD(name) static_cast<int64_t>(offsetof(ExecutionContext, name))

int64_t FieldOfSegment(unsigned segment, size_t field) {
  return FIELD(cpu.segments) + segment * int64_t{sizeof(SegmentRegister)} +
         static_cast<int64_t>(field);
}

// Selector or base of a segment register that translated code may load.
bool HoldsSegment(int64_t offset, unsigned bytes) {
  for (const Segment segment : {kEs, kDs, kFs, kGs}) {
    if (bytes == 2 && offset == FieldOfSegment(segment, offsetof(SegmentRegister, selector))) {
      return true;
    }
    if (bytes == 4 && offset == FieldOfSegment(segment, offsetof(SegmentRegister, base))) {
      return true;
    }
  }
  return false;
}

bool IsSelector(int64_t offset) {
  for (unsigned segment = 0; segment < kSegmentCount; ++segment) {
    if (offset == FieldOfSegment(segment, offsetof(SegmentRegister, selector))) return true;
  }
  return false;
}

// May so many bytes at `offset` of the context be read?
bool IsContextField(int64_t offset, unsigned bytes) {
  if (bytes == 2) return IsSelector(offset);
  static const std::set<int64_t> kFour = [] {
    std::set<int64_t> fields{FIELD(virtual_flags),     FIELD(flags_if_clear), FIELD(flags_if_set),
                             FIELD(interrupt_pending), FIELD(minus_one),      FIELD(cpu.cr0),
                             FIELD(cpu.cr2),           FIELD(cpu.cr3),        FIELD(cpu.cr4)};
    for (int64_t i = 0; i < kSegmentCount; ++i) {
      const int64_t segment = FIELD(cpu.segments) + i * int64_t{sizeof(SegmentRegister)};
      fields.insert(segment + static_cast<int64_t>(offsetof(SegmentRegister, base)));
      fields.insert(segment + static_cast<int64_t>(offsetof(SegmentRegister, limit)));
    }
    return fields;
  }();
  if (bytes == 4) return kFour.contains(offset);
  return bytes == 8 &&
         (offset == FIELD(cpu.tsc_offset) || offset == FIELD(fs_base) || offset == FIELD(gs_base) ||
          offset == FIELD(record_next) || offset == FIELD(page_rights));
}

}  // namespace

MutationReference::MutationReference(const Block& block, const StubTable& stubs,
                                     std::span<const uint8_t> code)
    : block_(block),
      stubs_(stubs),
      original_(Disassemble(code, reinterpret_cast<uint64_t>(block.host_start))) {}

size_t MutationReference::IndexOf(uint32_t offset) const {
  const auto next = std::ranges::upper_bound(original_, offset, {}, &HostInstruction::offset);
  return static_cast<size_t>(next - original_.begin()) - 1;
}

std::string MutationReference::DangerOf(std::span<const uint8_t> mutant, uint32_t offset) {
  const size_t index = IndexOf(offset);
  const HostInstruction& before = original_[index];
  // Until the two streams meet again, or the mutant's ends.
  for (uint32_t at = before.offset; at < mutant.size();) {
    const bool first = at == before.offset;
    const size_t old = IndexOf(at);
    if (!first && original_[old].offset == at) break;
    std::optional<HostInstruction> in =
        disassembler_.One(mutant.subspan(at), reinterpret_cast<uint64_t>(block_.host_start) + at);
    if (!in) return "no instruction that the disassembler knows";
    in->offset = at;
    std::string danger = DangerOfInstruction(*in, original_[old]);
    if (danger.empty() && first) danger = DangerOfLoss(index, *in);
    if (!danger.empty()) return danger + ": " + in->text;
    at += in->length;
    if (at > mutant.size()) return "runs over the end: " + in->text;
  }
  return "";
}

// As to whoever enters there, the instruction is not done.
std::string MutationReference::DangerOfEntryBehind(size_t index) const {
  HostInstruction nothing;
  nothing.offset = original_[index].offset;
  nothing.length = original_[index].length;
  nothing.id = X86_INS_NOP;
  nothing.text = "nop";
  return DangerOfLoss(index, nothing);
}

std::string MutationReference::DangerOfInstruction(const HostInstruction& in,
                                                   const HostInstruction& before) const {
  if (IsForbidden(in)) return "forbidden";
  const bool same = in.text == before.text;
  if (UsesStack(in) && !same) return "moves the shadow stack";
  if (IsString(in) && (!IsString(before) || (RelysOn(in, kSi) && !RelysOn(before, kSi)) ||
                       (RelysOn(in, kDi) && !RelysOn(before, kDi)))) {
    return "a string without window addresses";
  }
  if (IsMaskedMove(in) && !IsMaskedMove(before)) return "a masked move without a window address";
  for (uint8_t i = 0; i < in.detail.op_count; ++i) {
    const cs_x86_op& operand = in.detail.operands[i];
    if (operand.type == X86_OP_MEM) {
      if (std::string danger = DangerOfMemory(in, operand, before); !danger.empty()) return danger;
      continue;
    }
    if (operand.type != X86_OP_REG) continue;
    const unsigned reg = operand.reg;
    const bool segment = reg == X86_REG_CS || reg == X86_REG_DS || reg == X86_REG_ES ||
                         reg == X86_REG_FS || reg == X86_REG_GS || reg == X86_REG_SS;
    const bool vector = (reg >= X86_REG_XMM8 && reg <= X86_REG_XMM31) ||
                        (reg >= X86_REG_YMM0 && reg <= X86_REG_ZMM31);
    if (segment || vector) return "a register that no guest has";
    const uint8_t whole = WholeOf(reg);
    if (IsFixed(whole) && !UsesStack(in)) {
      return (operand.access & CS_AC_WRITE) != 0 ? "writes a fixed register"
                                                 : "reads a host address";
    }
    // A 64-bit result with more than 32 bits in it.
    const bool rotates_all = in.id == X86_INS_RORX && (in.detail.operands[2].imm & 63) == 0;
    const bool keeps_width = rotates_all || in.id == X86_INS_MOV || in.id == X86_INS_MOVZX ||
                             in.id == X86_INS_XCHG || in.id == X86_INS_BSF || in.id == X86_INS_BSR;
    // Where a probe puts what it saw, the guest's own is put back.
    const bool is_put_back =
        before.id == X86_INS_SHRX && in.id == before.id && WritesWhole(before, whole);
    if (i == 0 && operand.size == 8 && (operand.access & CS_AC_WRITE) != 0 && IsGuest(whole) &&
        !same && !keeps_width && !is_put_back && !UsesStack(in) && in.id != X86_INS_LEA &&
        !IsCutSoon(in, whole)) {
      return "64 bits in a guest register";
    }
  }
  return in.transfer ? DangerOfTransfer(in, before) : "";
}

// Does the code behind cut the register to 32 bits before control goes anywhere?
bool MutationReference::IsCutSoon(const HostInstruction& in, uint8_t whole) const {
  const HostInstruction& before = original_[IndexOf(in.offset)];
  // It held more than 32 bits before, and is given back its old value later.
  if (before.id == in.id && before.id != X86_INS_MOV && before.detail.operands[0].size == 8 &&
      (WritesWhole(before, whole) || WritesWhole(before, 9))) {
    return true;
  }
  for (size_t i = IndexOf(in.offset) + 1; i < original_.size(); ++i) {
    if (WritesWhole(original_[i], whole) && original_[i].detail.operands[0].size <= 4) return true;
    if (original_[i].transfer || original_[i].id == X86_INS_RET) return false;
  }
  return false;
}

// As much of what access_begin checked as the instruction accesses that it was checked for.
bool MutationReference::IsOperandAgain(const HostInstruction& in, const cs_x86_op& operand) const {
  if (operand.mem.index != X86_REG_INVALID || operand.mem.disp != 0) return false;
  const size_t index = IndexOf(in.offset);
  for (size_t i = index; i > 0; --i) {
    const HostInstruction& earlier = original_[i - 1];
    if (earlier.id == X86_INS_CALL || WritesWhole(earlier, kFirstNew)) return false;
    const cs_x86_op* other = MemoryOf(earlier);
    if (other != nullptr && SameAddress(other->mem, operand.mem)) {
      return operand.size <= other->size && (operand.access & ~other->access) == 0;
    }
  }
  return false;
}

// Was the register loaded with 16 bits, before the instruction at `index`?
bool MutationReference::IsWord(size_t index, uint8_t whole) const {
  while (index-- > 0) {
    const HostInstruction& in = original_[index];
    if (!WritesWhole(in, whole)) continue;
    const cs_x86_op& from = in.detail.operands[1];
    if (in.id == X86_INS_MOVZX) return from.size <= 2;
    if (in.id != X86_INS_MOV || from.type != X86_OP_REG) return false;
    whole = WholeOf(from.reg);
  }
  return false;
}

// An address of 32 bits, and some more that lead into the guards at most.
bool MutationReference::HasWordAsIndex(const HostInstruction& in, x86_op_mem memory) const {
  if (IsBitString(in) || !IsWord(IndexOf(in.offset), WholeOf(memory.index))) return false;
  const int64_t reach = int64_t{0xFFFF} * memory.scale;
  memory.index = X86_REG_INVALID;
  return !IsFixed(WholeOf(memory.base)) && HighestOf(0xFFFFFFFF, memory) + reach < kGuardsEnd;
}

// Does the register still hold the address of one of the block's own counters of executions?
bool MutationReference::IsCounter(const HostInstruction& in, const x86_op_mem& memory) const {
  if (memory.index != X86_REG_INVALID || memory.disp != 0) return false;
  for (size_t i = IndexOf(in.offset); i-- > 0;) {
    const HostInstruction& earlier = original_[i];
    if (!WritesWhole(earlier, WholeOf(memory.base))) continue;
    return LoadsCounterAddress(earlier);
  }
  return false;
}

bool MutationReference::LoadsCounterAddress(const HostInstruction& in) const {
  const cs_x86_op& from = in.detail.operands[1];
  if (from.type != X86_OP_IMM || block_.executions == nullptr) return false;
  const ExecutionCounts& counts = *block_.executions;
  return std::ranges::any_of(std::array{&counts.body, &counts.arrivals, &counts.returns},
                             [&from](const uint64_t* counter) {
                               return static_cast<uint64_t>(from.imm) ==
                                      reinterpret_cast<uint64_t>(counter);
                             });
}

// A limit check whose result is known: r8 is an immediate.
bool MutationReference::HasConstantOffset(size_t index) const {
  constexpr size_t kCheckLength = 9;
  for (size_t i = 1; i <= std::min(index, kCheckLength); ++i) {
    const HostInstruction& in = original_[index - i];
    if (in.id == X86_INS_MOV && WritesWhole(in, kFirstNew) &&
        in.detail.operands[1].type == X86_OP_IMM) {
      return true;
    }
  }
  return false;
}

std::string MutationReference::DangerOfMemory(const HostInstruction& in, const cs_x86_op& operand,
                                              const HostInstruction& before) const {
  const x86_op_mem& memory = operand.mem;
  if (in.id == X86_INS_NOP) return "";
  if (in.id == X86_INS_LEA) {
    const bool host = memory.base == X86_REG_RIP || memory.base == X86_REG_EIP ||
                      WholeOf(memory.base) == kStackPointer || WholeOf(memory.base) == kTable ||
                      WholeOf(memory.base) == kContext || WholeOf(memory.index) == kTable ||
                      WholeOf(memory.index) == kContext;
    return host ? "computes with a host address" : "";
  }
  if (memory.segment == X86_REG_FS) return "the host's thread area";
  if (memory.base == X86_REG_RIP || memory.base == X86_REG_EIP) return "relative to rip";
  if (memory.segment == X86_REG_GS && in.detail.addr_size == 4) return "";
  const cs_x86_op* old = MemoryOf(before);
  const bool as_before = old != nullptr && before.id != X86_INS_LEA &&
                         in.detail.addr_size == before.detail.addr_size &&
                         SameAddress(memory, old->mem);
  if (IsString(in)) return "";  // judged by its registers
  if (memory.segment == X86_REG_GS) {
    return as_before || StaysInGuards(in, memory) || HasWordAsIndex(in, memory) ||
                   HasConstantOffset(IndexOf(in.offset))
               ? ""
               : "a 64-bit window address";
  }
  if (in.detail.addr_size != 8) return "a 32-bit address outside the window";
  const uint8_t base = WholeOf(memory.base);
  const bool writes = (operand.access & CS_AC_WRITE) != 0;
  if (base == kContext && memory.index == X86_REG_INVALID) {
    // Whether r8 or r9 hold what belongs into virtual_flags is not seen here.
    const cs_x86_op& from = in.detail.operands[1];
    const bool flags = in.id == X86_INS_MOV && memory.disp == FIELD(virtual_flags) &&
                       operand.size == 4 && from.type == X86_OP_REG &&
                       (WholeOf(from.reg) == kFirstNew || WholeOf(from.reg) == kFirstNew + 1);
    // What a guest may load itself; a host address in the register is found by other means.
    const bool segment =
        in.id == X86_INS_MOV && from.type == X86_OP_REG && HoldsSegment(memory.disp, operand.size);
    const bool record = writes && as_before && memory.disp == FIELD(record_next) &&
                        in.id == X86_INS_MOV && in.text == before.text;
    if (writes && !flags && !segment && !record) return "writes the context";
    return IsContextField(memory.disp, operand.size) ? "" : "no field of the context";
  }
  if (base == kTable) {
    if (writes || in.id != X86_INS_MOV) return "not a load from the jump table";
    if (as_before) return "";
    const bool word = memory.scale == 4 && memory.disp == 0 && before.id == X86_INS_MOV &&
                      IsWord(IndexOf(in.offset), WholeOf(memory.index));
    if (word && operand.size == 4) return "";
    const bool slot = memory.index == X86_REG_INVALID && memory.disp >= 0 && memory.disp % 4 == 0 &&
                      memory.disp < int64_t{JumpTable::kSlots} * 4;
    return slot && operand.size == 4 ? "" : "not a slot of the jump table";
  }
  if (!as_before && operand.size == 8 && in.id == X86_INS_MOV && IsCounter(in, memory)) return "";
  if (!as_before) {
    return base == kFirstNew && IsOperandAgain(in, operand) ? "" : "a pointer from nowhere";
  }
  // The counter of executions is the only pointer with eight bytes behind it, for both directions.
  if (operand.size == 8 && old->size == 8 && in.id == X86_INS_MOV) return "";
  if (operand.size > old->size) return "more bytes than were checked";
  if (IsBitString(before) != IsBitString(in)) return "a bit string, or none, by mistake";
  // Capstone takes the one for a read.
  if (in.id == X86_INS_FNSTSW && before.id == X86_INS_FSTP) return "";
  return (operand.access & ~old->access) != 0 ? "another access than was checked" : "";
}

std::string MutationReference::DangerOfTransfer(const HostInstruction& in,
                                                const HostInstruction& before) const {
  const cs_x86_op& to = in.detail.operands[0];
  if (to.type != X86_OP_IMM) {
    const cs_x86_op& old = before.detail.operands[0];
    const bool same = before.transfer && to.type == X86_OP_REG && old.type == X86_OP_REG &&
                      to.reg == old.reg && (in.id == before.id || in.id == X86_INS_JMP);
    return same ? "" : "an indirect branch";
  }
  const bool call = in.id == X86_INS_CALL;
  if (call && before.id != X86_INS_CALL) return "a call";
  const auto* target = reinterpret_cast<const uint8_t*>(static_cast<uint64_t>(to.imm));
  if (block_.ContainsHost(target)) {
    const auto offset = static_cast<uint32_t>(target - block_.host_start);
    return original_[IndexOf(offset)].offset == offset ? "" : "into an instruction";
  }
  const std::initializer_list<const uint8_t*> called{stubs_.callout, stubs_.load_segment,
                                                     stubs_.far_transfer, stubs_.access_begin,
                                                     stubs_.access_end};
  const std::initializer_list<const uint8_t*> jumped{
      stubs_.dispatch,     stubs_.miss,        stubs_.return_miss, stubs_.entry_doubt,
      stubs_.return_doubt, stubs_.guess_doubt, stubs_.guess,       stubs_.link,
      stubs_.dead,         stubs_.block_end,   stubs_.exception};
  const auto& allowed = call ? called : jumped;
  return std::ranges::find(allowed, target) != allowed.end() ? "" : "an unknown exit";
}

bool MutationReference::IsDoubt(const HostInstruction& in) const {
  if (in.id != X86_INS_JMP || in.detail.operands[0].type != X86_OP_IMM) return false;
  const auto* target =
      reinterpret_cast<const uint8_t*>(static_cast<uint64_t>(in.detail.operands[0].imm));
  return target == stubs_.entry_doubt || target == stubs_.return_doubt ||
         target == stubs_.guess_doubt;
}

// Does it put into r11 the place behind one of the block's jumps on overflow?
bool MutationReference::IsBehindDoubt(const HostInstruction& in) const {
  if (in.id != X86_INS_MOV || !WritesWhole(in, 11) || in.detail.operands[1].type != X86_OP_IMM) {
    return false;
  }
  const auto* place =
      reinterpret_cast<const uint8_t*>(static_cast<uint64_t>(in.detail.operands[1].imm));
  return std::ranges::any_of(original_, [&](const HostInstruction& each) {
    return each.id == X86_INS_JO && place == block_.host_start + each.offset + each.length;
  });
}

std::string MutationReference::DangerOfLoss(size_t index, const HostInstruction& in) const {
  const HostInstruction& before = original_[index];
  if (index + 1 == original_.size() || in.text == before.text) return "";
  const HostInstruction& next = original_[index + 1];
  // It has swallowed the one that relied on it.
  if (in.offset + in.length > next.offset) return "";
  const bool writes_as_before = in.id == before.id;
  // Window addresses for strings and masked moves, and back.
  for (const uint8_t whole : {uint8_t{kSi}, uint8_t{kDi}}) {
    const bool made = before.id == X86_INS_LEA && WritesWhole(before, whole) &&
                      WholeOf(before.detail.operands[1].mem.base) == kWindowBase;
    if (made) {
      const cs_x86_op* memory = MemoryOf(in);
      const bool again = in.id == X86_INS_LEA && WritesWhole(in, whole) &&
                         in.detail.operands[0].size == 8 && memory != nullptr &&
                         WholeOf(memory->mem.base) == kWindowBase &&
                         HighestOf(0, memory->mem) < kGuardsEnd;
      if (!again) return "no window address";
    }
  }
  // What the next instruction relies on: the index of the jump table, a pointer, a place of code.
  for (uint8_t whole = 0; whole < 16; ++whole) {
    if (!WritesWhole(before, whole) || !RelysOn(next, whole)) continue;
    if (before.id == X86_INS_MOVZX && writes_as_before && WritesWhole(in, whole)) continue;
    // Another of the block's counters: a wrong count is no danger.
    const bool counts =
        in.detail.op_count == 2 && WritesWhole(in, whole) && LoadsCounterAddress(in);
    if (counts && in.detail.operands[0].size == 8 && LoadsCounterAddress(before)) continue;
    if (before.id == X86_INS_LEA || IsFixed(whole) || IsAnotherLikeIt(before, in, whole)) continue;
    return "what the next instruction relies on is not made";
  }
  if (before.id == X86_INS_CALL && RelysOn(next, kFirstNew)) return "no pointer from access_begin";
  if (!HasConstantOffset(index)) {
    if (std::string danger = DangerOfMarginLoss(before, next, in); !danger.empty()) return danger;
  }
  // The mask of the flags that PUSHF shows.
  if (before.id == X86_INS_PEXT && !WritesWhole(in, kFirstNew)) return "host flags without a mask";
  if (next.id == X86_INS_PEXT) {
    const bool masks =
        in.id == X86_INS_MOV && in.detail.operands[1].type == X86_OP_IMM &&
        WholeOf(in.detail.operands[0].reg) == 9 &&
        (static_cast<uint64_t>(in.detail.operands[1].imm) & ~uint64_t{flag::kHostResident}) == 0;
    if (!masks && !WritesWhole(in, kFirstNew)) return "host flags without a mask";
  }
  // The mask of the flags that POPF loads.
  if (before.id == X86_INS_AND && next.id == X86_INS_PUSH) {
    const auto mask = static_cast<uint32_t>(in.detail.operands[1].imm);
    const bool masks =
        in.id == X86_INS_AND && in.detail.operands[0].reg == before.detail.operands[0].reg &&
        in.detail.operands[1].type == X86_OP_IMM && (mask & ~flag::kHostResident) == 0;
    if (!masks) return "flags without a mask";
  }
  // Where a stub sends a check of the target back to.
  if (WritesWhole(before, 11) && IsDoubt(next) && !IsBehindDoubt(in)) return "goes on elsewhere";
  // The site of a stub that is called.
  const bool called = next.id == X86_INS_CALL && next.detail.operands[0].type == X86_OP_IMM &&
                      !block_.ContainsHost(reinterpret_cast<const uint8_t*>(
                          static_cast<uint64_t>(next.detail.operands[0].imm)));
  if (called) {
    const auto site = static_cast<uint64_t>(in.detail.operands[1].imm);
    const bool own = in.id == X86_INS_MOV && in.detail.operands[1].type == X86_OP_IMM &&
                     WholeOf(in.detail.operands[0].reg) == 9 && site >= block_.first_site &&
                     site - block_.first_site < block_.site_count;
    if (!own) return "no site of the block";
  }
  return "";
}

std::string MutationReference::DangerOfSwap(size_t first) const {
  const HostInstruction& a = original_[first];
  const HostInstruction& b = original_[first + 1];
  for (uint8_t whole = 0; whole < 16; ++whole) {
    const bool separated = (WritesWhole(a, whole) && RelysOn(b, whole)) ||
                           (WritesWhole(b, whole) && RelysOn(a, whole));
    if (!separated) continue;
    // A store of a register that another instruction computed with stays one.
    return "separates a pointer from its use: " + a.text + "; " + b.text;
  }
  if (a.id == X86_INS_AND && b.id == X86_INS_PUSH) return "flags without a mask";
  if (UsesStack(a) && UsesStack(b) && a.id != b.id) return "another order of the shadow stack";
  return "";
}

}  // namespace verbatim
