// SPDX-License-Identifier: Apache-2.0
// Whatever the guest's bytes are, a block stays within what it may touch:
// - memory through the window (gs, 32-bit address), the context (r15), the jump table (r14), the
//   shadow stack by push and pop, or a pointer in r8-r10 that a callout, the context or the
//   translator itself supplied;
// - string instructions through registers that hold the window's base plus a guest register;
// - nothing relative to rip but branches, and these lead into the block or to stubs;
// - rsp, r13, r14 and r15 are never written.
// Random guest bytes with a fixed seed, in the modes that make different code.
#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <optional>
#include <ostream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/translator/translation.h"
#include "translator/execution_context.h"
#include "translator/host_emitter.h"

namespace verbatim {
namespace {

// The host register that `reg` is a part of, of those that matter here.
uint8_t FullRegister(unsigned reg) {
  for (const unsigned first : {X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B}) {
    if (reg >= first && reg < first + 8) return static_cast<uint8_t>(kR8 + (reg - first));
  }
  switch (reg) {
    case X86_REG_RSP:
    case X86_REG_ESP:
    case X86_REG_SP:
    case X86_REG_SPL:
      return kRsp;
    case X86_REG_RSI:
    case X86_REG_ESI:
      return kRsi;
    case X86_REG_RDI:
    case X86_REG_EDI:
      return kRdi;
    default:
      return kNoReg;
  }
}

bool IsString(const HostInstruction& in) {
  const uint8_t opcode = in.detail.opcode[0];
  return (opcode >= 0xA4 && opcode <= 0xA7) || (opcode >= 0xAA && opcode <= 0xAF);
}

// Follows one block's host code and names the first thing that it may not do.
class Watcher {
 public:
  Watcher(const Block& block, const StubTable& stubs, const std::vector<HostInstruction>& code)
      : block_(block), stubs_(stubs) {
    for (const HostInstruction& in : code) starts_.insert(in.offset);
  }

  [[nodiscard]] std::optional<std::string> Complaint(const HostInstruction& in) {
    static const std::set<unsigned> kForbidden{
        X86_INS_SYSCALL, X86_INS_SYSENTER, X86_INS_INT,  X86_INS_INT3, X86_INS_INTO, X86_INS_HLT,
        X86_INS_IN,      X86_INS_OUT,      X86_INS_IRET, X86_INS_RETF, X86_INS_LJMP, X86_INS_LCALL,
        X86_INS_CPUID,   X86_INS_CLI,      X86_INS_STI,  X86_INS_INSB, X86_INS_OUTSB};
    if (kForbidden.contains(in.id)) return "forbidden";
    for (uint8_t i = 0; i < in.detail.op_count; ++i) {
      if (const cs_x86_op* operand = in.Memory(i)) {
        if (auto complaint = ComplaintAboutMemory(in, operand->mem)) return complaint;
      }
    }
    if (in.id == X86_INS_MASKMOVQ || in.id == X86_INS_MASKMOVDQU) {
      if (!in_window_.contains(kRdi)) return "masked move outside the window";
    }
    if (in.transfer) return ComplaintAboutTransfer(in);
    return FollowWrite(in);
  }

 private:
  [[nodiscard]] std::optional<std::string> ComplaintAboutMemory(const HostInstruction& in,
                                                                const x86_op_mem& memory) const {
    if (memory.base == X86_REG_RIP || memory.base == X86_REG_EIP) return "relative to rip";
    if (in.id == X86_INS_LEA) return std::nullopt;
    if (memory.segment == X86_REG_GS) {
      if (in.detail.addr_size == 4) return std::nullopt;
      // A limit check: r8 was written as 32 bits, r9 is 0 or 1 << 32.
      const bool guarded = memory.base == X86_REG_R8 && memory.index == X86_REG_R9 &&
                           memory.scale == 1 && memory.disp == 0;
      return guarded ? std::nullopt : std::optional("64-bit window address");
    }
    const uint8_t base = FullRegister(memory.base);
    if (IsString(in)) {
      return in_window_.contains(base) ? std::nullopt : std::optional("string outside the window");
    }
    if (in.detail.addr_size != 8) return "32-bit address outside the window";
    if (memory.index != X86_REG_INVALID && (base != kR14 || memory.index != X86_REG_R9)) {
      return "index outside the window";
    }
    if (base == kR15 || base == kR14) return std::nullopt;
    if (!pointers_.contains(base)) return "a pointer from nowhere";
    return std::nullopt;
  }

  // Where the engine keeps pointers to the bases of FS and GS.
  [[nodiscard]] static bool IsPointerField(const x86_op_mem& memory) {
    return FullRegister(memory.base) == kR15 &&
           (memory.disp == offsetof(ExecutionContext, fs_base) ||
            memory.disp == offsetof(ExecutionContext, gs_base));
  }

  [[nodiscard]] std::optional<std::string> ComplaintAboutTransfer(const HostInstruction& in) {
    pointers_.clear();
    if (!in_window_.empty()) return "leaves with a window address in a register";
    const cs_x86_op& to = in.detail.operands[0];
    if (to.type == X86_OP_REG) {
      return to.reg == X86_REG_R9 ? std::nullopt : std::optional("branch by another register");
    }
    if (to.type != X86_OP_IMM) return "branch by memory";
    const auto* target = reinterpret_cast<const uint8_t*>(static_cast<uint64_t>(to.imm));
    if (target == stubs_.access_begin) pointers_.insert(kR8);
    if (block_.ContainsHost(target)) {
      const auto offset = static_cast<uint32_t>(target - block_.host_start);
      return starts_.contains(offset) ? std::nullopt : std::optional("into an instruction");
    }
    for (const uint8_t* stub :
         {stubs_.miss, stubs_.return_miss, stubs_.link, stubs_.dead, stubs_.block_end,
          stubs_.exception, stubs_.callout, stubs_.access_begin, stubs_.access_end}) {
      if (target == stub) return std::nullopt;
    }
    return "branch to nowhere";
  }

  [[nodiscard]] std::optional<std::string> FollowWrite(const HostInstruction& in) {
    for (uint8_t i = 0; i < in.detail.op_count; ++i) {
      const cs_x86_op& operand = in.detail.operands[i];
      if (operand.type != X86_OP_REG || (operand.access & CS_AC_WRITE) == 0) continue;
      const uint8_t reg = FullRegister(operand.reg);
      if (reg == kRsp || reg == kR13 || reg == kR14 || reg == kR15) return "writes " + in.text;
      if (IsString(in)) continue;
      pointers_.erase(reg);
      in_window_.erase(reg);
      if (i != 0) continue;
      if (in.text == "lea rdi, [r13 + rdi]" || in.text == "lea rsi, [r13 + rsi]") {
        in_window_.insert(reg);
      } else if (in.text == "mov rdi, r8" && pointers_.contains(kR8)) {
        in_window_.insert(kRdi);
      } else if (in.id == X86_INS_MOVABS) {
        pointers_.insert(reg);
      } else if (in.id == X86_INS_MOV && operand.size == 8 && in.Memory(1) != nullptr &&
                 IsPointerField(in.Memory(1)->mem)) {
        pointers_.insert(reg);
      }
    }
    return std::nullopt;
  }

  const Block& block_;
  const StubTable& stubs_;
  std::set<uint32_t> starts_;
  std::set<uint8_t> pointers_;   // hold a checked host pointer
  std::set<uint8_t> in_window_;  // hold the window's base plus a guest register
};

struct Mode {
  const char* name;
  BlockMode mode;
};

void PrintTo(const Mode& mode, std::ostream* out) { *out << mode.name; }

std::vector<Mode> Modes() {
  CpuState based = FlatCpu();
  based.segments[kDs].base = 0x10000;
  based.segments[kSs].base = 0x20000;
  CpuState checked = FlatCpu();
  checked.segments[kDs].limit = 0xFFFF;
  checked.segments[kSs].limit = 0xFFFF;
  CpuState small = FlatCpu();
  for (const uint8_t segment : {kEs, kCs, kSs, kDs}) {
    small.segments[segment].attributes &= 0xBFFF;  // D and B clear
  }
  CpuState user = FlatCpu();
  user.cpl = 3;
  return {{"Flat", FlatMode()},
          {"User", BlockMode::Of(user, 0)},
          {"Based", BlockMode::Of(based, 0)},
          {"Checked", BlockMode::Of(checked, 0)},
          {"Code16", BlockMode::Of(small, 0)},
          {"Software", FlatMode().InSoftware()},
          {"Single", FlatMode().Single()},
          {"SingleInSoftware", FlatMode().SingleInSoftware()}};
}

class Confinement : public Translation, public testing::WithParamInterface<Mode> {
 protected:
  static constexpr size_t kCodeBytes = 48;

  // Random bytes, with prefixes, two-byte opcodes and what is rewritten most of all more often than
  // chance has them.
  void WriteRandom(std::mt19937& random) {
    static const std::vector<std::vector<uint8_t>> kOften{
        {0x0F},       {0x0F},
        {0x66},       {0x67},
        {0xF0},       {0xF2},
        {0xF3},       {0x64},
        {0xA4},       {0xF3, 0xA7},
        {0xAB},       {0x0F, 0xF7, 0xCA},
        {0x66, 0x0F}, {0x66, 0x0F, 0xF7, 0xCA},
        {0x0F, 0x31}, {0x9C},
        {0x9D},       {0xFB},
        {0xD7},       {0x8F, 0x44, 0x24},
    };
    std::vector<uint8_t> code;
    while (code.size() < kCodeBytes) {
      const auto value = random();
      if ((value >> 8) % 4 == 0) {
        const std::vector<uint8_t>& bytes = kOften[(value >> 16) % kOften.size()];
        code.insert(code.end(), bytes.begin(), bytes.end());
      } else {
        code.push_back(static_cast<uint8_t>(value));
      }
    }
    // Capstone knows fences with rm 0 only; the processor ignores it.
    for (size_t i = 0; i + 2 < code.size(); ++i) {
      if (code[i] == 0x0F && code[i + 1] == 0xAE && code[i + 2] >= 0xE8) code[i + 2] &= 0xF8;
    }
    Write(std::span(code).first(kCodeBytes));
  }
};

TEST_P(Confinement, HoldsForRandomCode) {
  const BlockMode mode = GetParam().mode;
  std::mt19937 random(20260101);
  uint64_t counter = 0;
  for (int i = 0; i < 2000; ++i) {
    Reset();
    WriteRandom(random);
    TranslationRequest request = RequestAt(kStart, mode);
    if (i % 4 == 0) request.executions = &counter;
    const Block block = Translate(request);
    const std::vector<HostInstruction> code = HostCode(block);
    const std::string guest =
        fmt::format("guest code {:02x}, round {}",
                    fmt::join(std::span(page_).subspan(kStart, kCodeBytes), " "), i);
    ASSERT_FALSE(code.empty()) << guest;
    ASSERT_EQ(code.back().offset + code.back().length, block.host_bytes)
        << guest << "\nstops behind " << code.back().text;
    Watcher watcher(block, stubs_, code);
    for (const HostInstruction& in : code) {
      const std::optional<std::string> complaint = watcher.Complaint(in);
      ASSERT_FALSE(complaint) << *complaint << ": " << in.text << "\n"
                              << guest << "\n"
                              << TextOf(code);
    }
    ExpectRecoveryOf(block, std::span(page_).subspan(kStart), mode.code32());
    ASSERT_FALSE(HasFailure()) << guest << "\n" << TextOf(code);
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, Confinement, testing::ValuesIn(Modes()),
                         [](const auto& mode) { return std::string(mode.param.name); });

}  // namespace
}  // namespace verbatim
