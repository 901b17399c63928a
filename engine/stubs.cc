// SPDX-License-Identifier: Apache-2.0
#include "engine/stubs.h"

#include <asmjit/x86.h>

#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "base/check.h"
#include "codecache/jump_table.h"

namespace verbatim {
namespace {

using asmjit::imm;
using asmjit::Label;
using asmjit::x86::Assembler;
using asmjit::x86::Gp;
using asmjit::x86::Mem;
namespace r = asmjit::x86;

constexpr uint32_t kStackPointerSlot = 4;  // guest esp in CpuState::gpr; host rsp in `saved`

template <typename Field>
int32_t Offset(Field field) {
  return static_cast<int32_t>(field);
}

Mem At(size_t offset, uint32_t bytes) {
  return r::ptr(r::r15, static_cast<int32_t>(offset), bytes);
}
Mem Dword(size_t offset) { return At(offset, 4); }
Mem Qword(size_t offset) { return At(offset, 8); }

#define FIELD(name) offsetof(ExecutionContext, name)

class StubAssembler {
 public:
  StubAssembler(Assembler& a, const CalloutHandlers& handlers) : a_(a), handlers_(handlers) {}

  struct Labels {
    Label enter, resume, dispatch, miss, return_miss, entry_doubt, return_doubt, guess_doubt, guess,
        link, dead, stale, block_end, exception, callout, load_segment, far_transfer, access_begin,
        access_end, host_fault, kicked, empty_slot;
    // Pairs of labels around what Stubs::entering describes.
    std::vector<std::pair<Label, Label>> entering;
  };

  Labels Emit() {
    for (Label* label :
         {&l_.enter,        &l_.resume,       &l_.dispatch,     &l_.miss,       &l_.return_miss,
          &l_.entry_doubt,  &l_.return_doubt, &l_.guess_doubt,  &l_.guess,      &l_.link,
          &l_.dead,         &l_.stale,        &l_.block_end,    &l_.exception,  &l_.callout,
          &l_.load_segment, &l_.far_transfer, &l_.access_begin, &l_.access_end, &l_.host_fault,
          &l_.kicked,       &l_.empty_slot,   &leave_,          &exit_}) {
      *label = a_.newLabel();
    }
    EmitEnter();
    EmitResume();
    EmitDispatch();
    EmitMiss();
    EmitDoubt(l_.entry_doubt, l_.miss);
    EmitDoubt(l_.return_doubt, l_.return_miss);
    EmitGuessDoubt();
    EmitExits();
    EmitCallout(l_.callout, reinterpret_cast<void*>(handlers_.callout), Kind::kSensitive);
    EmitCallout(l_.access_begin, reinterpret_cast<void*>(handlers_.access_begin), Kind::kBegin);
    EmitCallout(l_.access_end, reinterpret_cast<void*>(handlers_.access_end), Kind::kEnd);
    EmitLoadSegment();
    EmitFarTransfer();
    EmitHostFault();
    EmitLeave();
    return l_;
  }

 private:
  enum class Kind { kSensitive, kBegin, kEnd };

  static Gp Guest32(uint32_t gpr) { return gpr == kEsp ? r::r12d : asmjit::x86::gpd(gpr); }

  void SaveGprs() {
    for (uint32_t i = 0; i < 8; ++i) a_.mov(Dword(FIELD(cpu.gpr) + i * 4), Guest32(i));
  }
  void LoadGprs() {
    for (uint32_t i = 0; i < 8; ++i) a_.mov(Guest32(i), Dword(FIELD(cpu.gpr) + i * 4));
  }
  // Needs the C++ stack.
  void SaveFlagsAndSimd() {
    a_.pushfq();
    a_.pop(Qword(FIELD(host_flags)));
    a_.cld();
    for (uint32_t i = 0; i < 8; ++i) a_.movaps(At(FIELD(cpu.xmm) + i * 16, 16), r::xmm(i));
    LeaveMxcsr();
  }
  void LoadSimd() {
    for (uint32_t i = 0; i < 8; ++i) a_.movaps(r::xmm(i), At(FIELD(cpu.xmm) + i * 16, 16));
    EnterMxcsr();
  }
  // Loading MXCSR waits for all that uses it, and is mostly for nothing: programs leave the
  // controls as C++ wants them, and the sticky flags, for which it does not ask, as they find them.
  // Both use eax and the flags.
  void LeaveMxcsr() {
    constexpr uint32_t kControls = 0xFFC0;  // SDM vol. 1, 10.2.3
    const Label usual = a_.newLabel();
    a_.stmxcsr(Dword(FIELD(cpu.mxcsr)));
    a_.mov(r::eax, Dword(FIELD(cpu.mxcsr)));
    a_.xor_(r::eax, Dword(FIELD(host_mxcsr)));
    a_.test(r::eax, kControls);
    a_.jz(usual);
    a_.ldmxcsr(Dword(FIELD(host_mxcsr)));
    a_.bind(usual);
  }
  void EnterMxcsr() {
    const Label same = a_.newLabel();
    a_.stmxcsr(Dword(FIELD(present_mxcsr)));
    a_.mov(r::eax, Dword(FIELD(present_mxcsr)));
    a_.cmp(r::eax, Dword(FIELD(cpu.mxcsr)));
    a_.je(same);
    a_.ldmxcsr(Dword(FIELD(cpu.mxcsr)));
    a_.bind(same);
  }
  // Needs a stack, the C++ or the shadow stack.
  void LoadFlags() {
    a_.push(Qword(FIELD(host_flags)));
    a_.popfq();
  }
  // The arithmetic flags alone: POPF costs as much as thirty moves. Jumps to `otherwise` if there
  // is more to load. DF is clear. Uses eax and ecx.
  void LoadArithmeticFlags(const Label& otherwise) {
    constexpr uint32_t kOverflow = 11;
    a_.mov(r::eax, Dword(FIELD(host_flags)));
    a_.test(r::eax, static_cast<uint32_t>(kHostTrapFlag) | flag::kDf);
    a_.jnz(otherwise);
    a_.mov(r::ecx, r::eax);
    a_.shr(r::ecx, kOverflow);
    a_.and_(r::ecx, 1);
    a_.add(r::cl, 0x7F);  // overflows by what is added to it
    a_.mov(r::ah, r::al);
    a_.sahf();
  }
  void ToHostStack() {
    a_.mov(Qword(FIELD(shadow_rsp)), r::rsp);
    a_.mov(r::rsp, Qword(FIELD(host_rsp)));
  }
  void ToShadowStack() { a_.mov(r::rsp, Qword(FIELD(shadow_rsp))); }

  void Prologue() {
    for (const Gp& reg : {r::rbx, r::rbp, r::r12, r::r13, r::r14, r::r15}) a_.push(reg);
    a_.sub(r::rsp, 8);  // keeps calls from the stubs 16-aligned
    a_.mov(r::r15, r::rdi);
    a_.mov(Qword(FIELD(host_rsp)), r::rsp);
    // A kick that came before this point is seen here; a later one finds the pc in code memory.
    const Label go = a_.newLabel();
    a_.cmp(Dword(FIELD(kick)), 0);
    BeginEntering();
    a_.je(go);
    a_.mov(Dword(FIELD(exit_reason)), static_cast<uint32_t>(ExitReason::kKicked));
    a_.jmp(leave_);
    a_.bind(go);
    a_.mov(r::r13, Qword(FIELD(window_base)));
    a_.wrgsbase(r::r13);
    a_.mov(r::r14, Qword(FIELD(jump_table)));
    LoadSimd();
  }

  void BeginEntering() {
    const Label begin = a_.newLabel();
    a_.bind(begin);
    l_.entering.emplace_back(begin, a_.newLabel());
  }
  void EndEntering() { a_.bind(l_.entering.back().second); }

  void EmitEnter() {
    a_.bind(l_.enter);
    Prologue();
    LoadFlags();
    ToShadowStack();
    LoadGprs();
    a_.jmp(Qword(FIELD(entry_pc)));
    EndEntering();
  }

  void EmitResume() {
    a_.bind(l_.resume);
    Prologue();
    LoadFlags();
    ToShadowStack();
    for (uint32_t i = 0; i < 15; ++i) {
      if (i != kStackPointerSlot) a_.mov(asmjit::x86::gpq(i), Qword(FIELD(saved) + i * 8));
    }
    // The window may be another one by now, and with it these two.
    a_.mov(r::r13, Qword(FIELD(window_base)));
    a_.mov(r::r14, Qword(FIELD(jump_table)));
    a_.jmp(Qword(FIELD(fault_pc)));
    EndEntering();
  }

  void EmitDispatch() {
    // A return that was not the one predicted: what else is on the shadow stack is suspect too.
    BeginEntering();
    a_.bind(l_.return_miss);
    a_.mov(r::rsp, Qword(FIELD(shadow_base)));
    if (handlers_.count_return_misses) {
      a_.mov(r::r9, Qword(FIELD(return_misses)));
      a_.lea(r::r9, r::ptr(r::r9, 1));
      a_.mov(Qword(FIELD(return_misses)), r::r9);
    }
    a_.bind(l_.dispatch);
    JumpThroughTable();
    EndEntering();
  }

  // The sum is the distance - 1 + OF, and its carry is in OF.
  void EmitDoubt(const Label& label, const Label& otherwise) {
    const Label meant = a_.newLabel();
    a_.bind(label);
    BeginEntering();
    a_.mov(Qword(FIELD(stub_scratch)), r::rcx);
    a_.mov(r::ecx, r::r10d);
    a_.jecxz(r::ecx, meant);
    a_.mov(r::rcx, Qword(FIELD(stub_scratch)));
    // The sum less the distance, and back to OF by doubling its top bit.
    a_.not_(r::r10d);
    a_.lea(r::r9d, r::ptr(r::r9, r::r10, 0, 2));
    a_.rorx(r::r9d, r::r9d, 1);
    a_.adox(r::r9d, r::r9d);
    a_.jmp(otherwise);
    // The carry is OF's own.
    a_.bind(meant);
    a_.mov(r::rcx, Qword(FIELD(stub_scratch)));
    a_.jmp(r::r11);
    EndEntering();
  }

  void EmitGuessDoubt() {
    const Label wrong = a_.newLabel();
    EmitDoubt(l_.guess_doubt, wrong);
    a_.bind(wrong);
    a_.mov(r::r9d, r::r11d);
    a_.jmp(l_.guess);
  }

  // To the eip in r8d.
  void JumpThroughTable() {
    static_assert(JumpTable::kHashedEntries == 65536);
    a_.rorx(r::r9d, r::r8d, JumpTable::kHashRotation);
    a_.rorx(r::r10d, r::r8d, JumpTable::kHashFold);
    a_.lea(r::r9d, r::dword_ptr(r::r9, r::r10));
    a_.movzx(r::r9d, r::r9w);
    a_.mov(r::r9d, r::dword_ptr(r::r14, r::r9, 2));
    a_.jmp(r::r9);
  }

  void EmitExit(const Label& label, ExitReason reason) {
    a_.bind(label);
    a_.mov(r::r10d, static_cast<uint32_t>(reason));
    a_.jmp(exit_);
  }

  // To the eip in r8d, whose hashed entry leads to another target: to its overflow entry, if it has
  // one.
  //   found: the lower half of the entry is minus the eip
  void EmitMiss() {
    constexpr uint8_t kRest = 32 - JumpTable::kOverflowBits;
    const Label found = a_.newLabel();
    a_.bind(l_.miss);
    BeginEntering();
    a_.mov(r::r9d, 0);
    a_.mov(r::r10d, kRest);
    a_.crc32(r::r9d, r::r8d);
    a_.shrx(r::r9d, r::r9d, r::r10d);
    a_.mov(r::r10, r::qword_ptr(r::r14, r::r9, 3, JumpTable::kOverflowOffset));
    a_.mov(r::r9, r::rcx);
    a_.lea(r::ecx, r::dword_ptr(r::r8, r::r10));
    a_.jecxz(r::ecx, found);
    a_.mov(r::rcx, r::r9);
    EndEntering();
    a_.jmp(l_.empty_slot);
    BeginEntering();
    a_.bind(found);
    a_.mov(r::rcx, r::r9);
    a_.rorx(r::r10, r::r10, 32);
    a_.mov(r::r10d, r::r10d);
    a_.jmp(r::r10);
    EndEntering();
  }

  void EmitExits() {
    EmitExit(l_.empty_slot, ExitReason::kLookup);
    EmitExit(l_.link, ExitReason::kLink);
    EmitExit(l_.guess, ExitReason::kGuess);
    EmitExit(l_.dead, ExitReason::kDead);
    EmitExit(l_.stale, ExitReason::kStale);
    EmitExit(l_.block_end, ExitReason::kBlockEnd);
    EmitExit(l_.exception, ExitReason::kException);
    EmitExit(l_.kicked, ExitReason::kKicked);
    a_.bind(exit_);
    a_.mov(Dword(FIELD(cpu.eip)), r::r8d);
    a_.mov(Dword(FIELD(exit_argument)), r::r9d);
    a_.mov(Dword(FIELD(exit_reason)), r::r10d);
    SaveGprs();
    ToHostStack();
    SaveFlagsAndSimd();
    a_.jmp(leave_);
  }

  // The return address is on the shadow stack, the site in r9d.
  void EmitCallout(const Label& label, void* handler, Kind kind) {
    a_.bind(label);
    SaveGprs();
    a_.mov(Qword(FIELD(saved) + 11 * 8), r::r11);
    a_.pop(Qword(FIELD(callout_resume)));
    ToHostStack();
    SaveFlagsAndSimd();
    a_.mov(r::rdi, r::r15);
    a_.mov(r::esi, r::r9d);
    a_.mov(r::rax, imm(reinterpret_cast<uint64_t>(handler)));
    a_.call(r::rax);
    if (kind != Kind::kEnd) {
      a_.test(r::al, r::al);
      a_.jz(leave_);
    }
    const Label no_kick = a_.newLabel();
    a_.cmp(Dword(FIELD(kick)), 0);
    BeginEntering();
    a_.je(no_kick);
    if (kind == Kind::kSensitive) {
      // The instruction is complete and eip up to date: as good a boundary as any.
      a_.mov(Dword(FIELD(exit_reason)), static_cast<uint32_t>(ExitReason::kKicked));
      a_.jmp(leave_);
    } else {
      // Half-way through an instruction: step on to its end, where the trap handler leaves.
      a_.or_(Dword(FIELD(host_flags)), static_cast<uint32_t>(kHostTrapFlag));
    }
    a_.bind(no_kick);
    // The C++ code keeps r13; writing the base register costs as much as twenty loads.
    const Label same_window = a_.newLabel();
    a_.cmp(r::r13, Qword(FIELD(window_base)));
    a_.je(same_window);
    a_.mov(r::r13, Qword(FIELD(window_base)));
    a_.wrgsbase(r::r13);
    a_.bind(same_window);
    a_.mov(r::r14, Qword(FIELD(jump_table)));
    LoadSimd();
    ToShadowStack();
    const auto load_registers = [&] {
      LoadGprs();
      a_.mov(r::r11, Qword(FIELD(saved) + 11 * 8));
      if (kind == Kind::kBegin) a_.mov(r::r8, Qword(FIELD(access_pointer)));
      // For where it goes on elsewhere, through the jump table.
      if (kind == Kind::kSensitive) a_.mov(r::r8d, Dword(FIELD(cpu.eip)));
    };
    const Label all_flags = a_.newLabel();
    LoadArithmeticFlags(all_flags);
    load_registers();
    a_.jmp(Qword(FIELD(callout_resume)));
    a_.bind(all_flags);
    load_registers();
    // Last, for with the trap flag in them every further instruction costs a signal. The shadow
    // stack serves as well.
    LoadFlags();
    a_.jmp(Qword(FIELD(callout_resume)));
    EndEntering();
  }

  // rax and the arithmetic flags, which these give up for a while; no memory access in between
  // faults.
  void SetFlagsAside() {
    a_.mov(Qword(FIELD(stub_scratch)), r::rax);
    a_.lahf();
    a_.seto(r::al);
    a_.mov(Qword(FIELD(stub_scratch) + 8), r::rax);
  }
  void TakeFlagsBack() {
    constexpr int kOverflowsFromOne = 0x7F;
    a_.mov(r::rax, Qword(FIELD(stub_scratch) + 8));
    a_.add(r::al, kOverflowsFromOne);
    a_.sahf();
    a_.mov(r::rax, Qword(FIELD(stub_scratch)));
  }

  // A callout that may not be needed: r8d the selector, r9d the site. Keeps r11.
  void EmitLoadSegment() {
    constexpr int kShiftOfEntry = 6;
    static_assert(sizeof(SegmentLoad) == 1 << kShiftOfEntry && kSegmentLoads == 256);
    const Label slowly = a_.newLabel();
    const auto entry = [](size_t offset, uint32_t bytes) {
      return r::ptr(r::r10, static_cast<int32_t>(offset), bytes);
    };
    a_.bind(l_.load_segment);
    SetFlagsAside();
    a_.movzx(r::r10d, r::r9b);
    a_.shl(r::r10d, kShiftOfEntry);
    a_.lea(r::r10, r::ptr(r::r15, r::r10, 0, static_cast<int32_t>(FIELD(segment_loads))));
    a_.mov(r::eax, r::r8d);
    a_.shl(r::rax, 32);
    a_.lea(r::rax, r::ptr(r::rax, r::r9, 0, 1));
    a_.cmp(r::rax, entry(offsetof(SegmentLoad, key), 8));
    a_.jne(slowly);
    a_.mov(r::rax, Qword(FIELD(segment_generation)));
    a_.cmp(r::rax, entry(offsetof(SegmentLoad, generation), 8));
    a_.jne(slowly);
    a_.mov(r::rax, entry(offsetof(SegmentLoad, descriptor), 8));
    a_.mov(r::rax, r::qword_ptr(r::rax));
    a_.cmp(r::rax, entry(offsetof(SegmentLoad, raw), 8));
    a_.jne(slowly);
    a_.cmp(Dword(FIELD(kick)), 0);
    BeginEntering();
    a_.jne(slowly);
    a_.movzx(r::eax, entry(offsetof(SegmentLoad, target), 2));
    a_.lea(r::r8, r::ptr(r::r15, r::rax));
    a_.mov(r::rax, entry(offsetof(SegmentLoad, value), 8));
    a_.mov(r::qword_ptr(r::r8), r::rax);
    a_.mov(r::eax, entry(offsetof(SegmentLoad, value) + 8, 4));
    a_.mov(r::dword_ptr(r::r8, 8), r::eax);
    a_.movzx(r::eax, entry(offsetof(SegmentLoad, base_pointer), 2));
    a_.mov(r::r8, entry(offsetof(SegmentLoad, base), 8));
    a_.mov(r::ptr(r::r15, r::rax, 0, 0, 8), r::r8);
    a_.add(r::r12d, entry(offsetof(SegmentLoad, popped), 4));
    TakeFlagsBack();
    a_.ret();
    EndEntering();
    a_.bind(slowly);
    TakeFlagsBack();
    a_.jmp(l_.callout);
  }

  // Likewise: r8d the eip, r10d the esp and r11d the selector that it leads to, r9d the site.
  void EmitFarTransfer() {
    constexpr int kShiftOfTarget = 4;
    constexpr int kShiftOfBase = 4;
    static_assert(sizeof(FarTarget) == 1 << kShiftOfTarget && sizeof(void*) == 8);
    const Label slowly = a_.newLabel();
    const auto target = [](size_t offset) {
      return r::qword_ptr(r::rax, static_cast<int32_t>(offsetof(CodeTables, far_targets) + offset));
    };
    const auto tables = [](const Gp& at, size_t offset) {
      return r::qword_ptr(at, static_cast<int32_t>(offset));
    };
    a_.bind(l_.far_transfer);
    SetFlagsAside();
    a_.mov(r::eax, r::r11d);
    a_.shr(r::eax, CodeTables::kFold);
    a_.xor_(r::eax, r::r11d);
    a_.and_(r::eax, CodeTables::kFarTargets - 1);
    a_.shl(r::eax, kShiftOfTarget);
    a_.add(r::rax, Qword(FIELD(tables)));
    a_.cmp(r::r11, target(offsetof(FarTarget, selector)));
    a_.jne(slowly);
    a_.cmp(Dword(FIELD(kick)), 0);
    BeginEntering();
    a_.jne(slowly);
    a_.mov(r::rax, target(offsetof(FarTarget, to)));
    a_.mov(r::r9, Qword(FIELD(tables)));
    a_.add(r::rsp, 8);  // it does not come back
    a_.mov(tables(r::r9, offsetof(CodeTables, shadow_rsp)), r::rsp);
    a_.mov(r::rsp, tables(r::rax, offsetof(CodeTables, shadow_rsp)));
    a_.mov(r::r9, tables(r::rax, offsetof(CodeTables, shadow_base)));
    a_.mov(Qword(FIELD(shadow_base)), r::r9);
    a_.mov(r::r14, tables(r::rax, offsetof(CodeTables, jump_table)));
    a_.mov(Qword(FIELD(jump_table)), r::r14);
    a_.mov(Qword(FIELD(tables)), r::rax);
    a_.mov(r::r12d, r::r10d);
    a_.mov(At(FIELD(cpu.segments) + kCs * sizeof(SegmentRegister) +
                  offsetof(SegmentRegister, selector),
              2),
           r::r11w);
    a_.shl(r::r11d, kShiftOfBase);
    a_.mov(Dword(FIELD(cpu.segments) + kCs * sizeof(SegmentRegister) +
                 offsetof(SegmentRegister, base)),
           r::r11d);
    TakeFlagsBack();
    JumpThroughTable();
    EndEntering();
    a_.bind(slowly);
    TakeFlagsBack();
    a_.jmp(l_.callout);
  }

  // The signal handler put the pc here; every register is as it was at the fault.
  void EmitHostFault() {
    a_.bind(l_.host_fault);
    for (uint32_t i = 0; i < 15; ++i) a_.mov(Qword(FIELD(saved) + i * 8), asmjit::x86::gpq(i));
    SaveGprs();
    a_.mov(Dword(FIELD(exit_reason)), static_cast<uint32_t>(ExitReason::kHostFault));
    ToHostStack();
    SaveFlagsAndSimd();
    a_.jmp(leave_);
  }

  void EmitLeave() {
    a_.bind(leave_);
    a_.add(r::rsp, 8);
    for (const Gp& reg : {r::r15, r::r14, r::r13, r::r12, r::rbp, r::rbx}) a_.pop(reg);
    a_.ret();
  }

  Assembler& a_;
  const CalloutHandlers& handlers_;
  Labels l_;
  Label leave_;
  Label exit_;
};

#undef FIELD

}  // namespace

Result<Stubs> BuildStubs(CodeMemory& memory, const CalloutHandlers& handlers) {
  asmjit::CodeHolder code;
  code.init(asmjit::Environment(asmjit::Arch::kX64),
            reinterpret_cast<uint64_t>(memory.next_exec()));
  Assembler assembler(&code);
  StubAssembler stubs(assembler, handlers);
  const StubAssembler::Labels labels = stubs.Emit();
  if (code.flatten() != asmjit::kErrorOk || code.resolveUnresolvedLinks() != asmjit::kErrorOk ||
      code.relocateToBase(reinterpret_cast<uint64_t>(memory.next_exec())) != asmjit::kErrorOk) {
    return Fail("engine: the entry stubs could not be assembled");
  }
  const HostPointer base = memory.next_exec();
  const std::span<uint8_t> space = memory.free_writable();
  if (code.codeSize() > space.size() ||
      code.copyFlattenedData(space.data(), space.size()) != asmjit::kErrorOk) {
    return Fail("engine: the entry stubs do not fit into the code cache");
  }
  const auto at = [&](const Label& label) {
    return static_cast<const uint8_t*>(base + code.labelOffset(label));
  };
  Stubs result;
  result.table = {.dispatch = at(labels.dispatch),
                  .miss = at(labels.miss),
                  .return_miss = at(labels.return_miss),
                  .entry_doubt = at(labels.entry_doubt),
                  .return_doubt = at(labels.return_doubt),
                  .guess_doubt = at(labels.guess_doubt),
                  .guess = at(labels.guess),
                  .link = at(labels.link),
                  .dead = at(labels.dead),
                  .stale = at(labels.stale),
                  .block_end = at(labels.block_end),
                  .exception = at(labels.exception),
                  .callout = at(labels.callout),
                  .load_segment = at(labels.load_segment),
                  .far_transfer = at(labels.far_transfer),
                  .access_begin = at(labels.access_begin),
                  .access_end = at(labels.access_end)};
  result.enter =
      reinterpret_cast<void (*)(ExecutionContext*)>(base + code.labelOffset(labels.enter));
  result.resume =
      reinterpret_cast<void (*)(ExecutionContext*)>(base + code.labelOffset(labels.resume));
  result.host_fault = at(labels.host_fault);
  result.kicked = at(labels.kicked);
  result.empty_slot = at(labels.empty_slot);
  CHECK(labels.entering.size() == result.entering.size());
  for (size_t i = 0; i < result.entering.size(); ++i) {
    result.entering[i] = {at(labels.entering[i].first), at(labels.entering[i].second)};
  }
  memory.Commit(code.codeSize());
  memory.SealPrologue();
  return result;
}

}  // namespace verbatim
