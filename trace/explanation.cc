// SPDX-License-Identifier: Apache-2.0
#include "trace/explanation.h"

#include <algorithm>
#include <string_view>

namespace verbatim {
namespace {

bool Mentions(const GuestLine& line, std::string_view what) {
  return std::ranges::any_of(line.host, [what](const HostLine& host) {
    return host.name == what || host.text.contains(what);
  });
}

bool IsReturnFromCall(const GuestInstruction& in) { return in.mnemonic == Mnemonic::kRet; }

bool IsConditional(const GuestInstruction& in) {
  const bool short_form = in.map == 0 && (in.opcode & 0xF0) == 0x70;
  return short_form || (in.map == 1 && (in.opcode & 0xF0) == 0x80);
}

bool IsLoop(const GuestInstruction& in) {
  return in.map == 0 && in.opcode >= 0xE0 && in.opcode <= 0xE3;
}

std::string_view ExplainCopy(const GuestLine& line) {
  if (line.instruction.memory.present && Mentions(line, "gs:")) {
    return "The same instruction. gs holds the window, the guest's address space as the host maps "
           "it; "
           "the prefixes 65 67 make the address gs plus 32 bits, which cannot leave it.";
  }
  if (Mentions(line, "r12"))
    return "The guest's stack pointer lives in r12d, for rsp is the host's.";
  return "";
}

std::string_view ExplainControlFlow(const GuestLine& line) {
  const GuestInstruction& in = line.instruction;
  const bool direct = in.immediate_bytes != 0;
  if (IsReturnFromCall(in)) {
    return "The return address comes from the guest's stack into r8d, but a host ret jumps: to "
           "where "
           "the matching host call came from, which the host predicts. The return site checks r8d.";
  }
  if (in.mnemonic == Mnemonic::kCall) {
    return direct
               ? "The return address goes on the guest's stack, and a host call puts one on the "
                 "shadow stack for the return to be predicted. Behind it stands the return site, "
                 "which checks that r8d is the address returned to."
               : "The target goes to r8d and selects an entry of the jump table; the host call "
                 "puts the return site on the shadow stack.";
  }
  if (IsLoop(in)) {
    return "Counts with lea and tests with jecxz, which leave the flags alone as the guest "
           "expects.";
  }
  if (IsConditional(in)) {
    return "The flags are the guest's own. The jump leads out of line to a stub that asks for the "
           "target, until it is patched to lead straight there; else execution falls through.";
  }
  if (direct) {
    return "A jump to the target's host code. As long as that does not exist it leads to a stub "
           "that "
           "asks for it; in another page it goes through a slot of the jump table.";
  }
  return "The target goes to r8d, sixteen bits of it select an entry of the jump table, and the "
         "code "
         "there checks that it was meant.";
}

std::string_view ExplainStack(const GuestLine& line) {
  switch (line.instruction.mnemonic) {
    case Mnemonic::kPop:
      return "A load from the guest's stack. In a row of pushes and pops the pointer, r12d, moves "
             "once, at the end; the recovery points say how far it is behind. lea keeps the flags.";
    case Mnemonic::kLeave:
      return "Loads the saved ebp through the window and makes r12d what it was before the frame.";
    case Mnemonic::kPush:
      return "A store below the guest's stack pointer, r12d, which in a row of pushes and pops "
             "moves once, at the end; the recovery points say how far it is behind. lea keeps the "
             "flags.";
    default:
      return "Moves registers and the guest's stack, r12d, by loads and stores through the window.";
  }
}

std::string_view ExplainInCache(const GuestLine& line) {
  switch (line.instruction.mnemonic) {
    case Mnemonic::kCli:
      return "The guest must not touch the host's interrupt flag. Its own is a bit of "
             "virtual_flags, "
             "which becomes the value that was kept ready for IF clear.";
    case Mnemonic::kSti:
      return "Sets the guest's IF, a bit of virtual_flags; if an interrupt waits, a callout "
             "instead. The "
             "next instruction is in the interrupt shadow.";
    case Mnemonic::kPushf:
    case Mnemonic::kPushfd:
      return "Joins the host's arithmetic flags, which are the guest's, and virtual_flags, where "
             "IF, IOPL "
             "and the like are kept.";
    case Mnemonic::kPopf:
    case Mnemonic::kPopfd:
      return "Arithmetic flags go to the host's flags, the rest to virtual_flags; what needs more "
             "thought, such as TF, or an interrupt that waits, takes the callout.";
    case Mnemonic::kRdtsc:
      return "The host's time stamp plus the guest's offset, without a flag changed.";
    case Mnemonic::kPusha:
    case Mnemonic::kPushad:
      return "Eight stores. The double NOTs before them touch both ends of the frame and change "
             "nothing, so "
             "that a fault comes before any effect.";
    case Mnemonic::kPopa:
    case Mnemonic::kPopad:
      return "Seven loads, the pointer last; the stored esp is skipped.";
    case Mnemonic::kMov:
      if (line.instruction.map == 1)
        return "Control registers of the guest are fields of a structure at r15.";
      break;
    default:
      break;
  }
  if (Mentions(line, "load_segment")) {
    return "A stub compares selector and descriptor with those that this place loaded last and "
           "repeats "
           "that load; only if they differ does the virtual processor check it all.";
  }
  if (Mentions(line, "far_transfer")) {
    return "Changes only selector and base of CS in this mode: a stub switches to the code of the "
           "other "
           "segment if it knows it.";
  }
  return "Sensitive, but simple enough for a few host instructions on the guest's state at r15.";
}

std::string_view ExplainSimulated(const GuestLine& line) {
  switch (line.instruction.mnemonic) {
    case Mnemonic::kIn:
    case Mnemonic::kOut:
    case Mnemonic::kInsb:
    case Mnemonic::kInsw:
    case Mnemonic::kInsd:
    case Mnemonic::kOutsb:
    case Mnemonic::kOutsw:
    case Mnemonic::kOutsd:
      return "A callout: the virtual processor checks IOPL and the permission map and asks the "
             "device. "
             "r9d names the place in the code.";
    case Mnemonic::kHlt:
      return "A callout: the virtual processor halts, and the run loop sleeps until an interrupt.";
    case Mnemonic::kInt:
    case Mnemonic::kInt3:
    case Mnemonic::kInto:
      return "A callout: the virtual processor goes through the guest's interrupt table, never the "
             "host's.";
    case Mnemonic::kIret:
    case Mnemonic::kIretd:
      return "A callout: privilege, segments and flags come from the guest's stack, with all "
             "checks.";
    case Mnemonic::kCpuid:
      return "A callout: the guest learns of the processor that it is given, not of the host's.";
    case Mnemonic::kMov:
      if (line.instruction.map == 1) {
        return "A callout: what the register means (paging, protection, breakpoints) is changed, "
               "and "
               "code or mappings that relied on it are dropped.";
      }
      return "A callout: the descriptor is read from the guest's table and checked.";
    default:
      return "A callout: the stub saves the guest's state, and the virtual processor does what the "
             "manual "
             "says. Execution goes on behind the call if nothing changed that this code relies on.";
  }
}

}  // namespace

std::string Explain(const GuestLine& line) {
  switch (line.outcome) {
    case Outcome::kIdent:
      return std::string(ExplainCopy(line));
    case Outcome::kRewritten:
      switch (line.instruction.handling) {
        case Handling::kString:
          return "rsi and rdi become host addresses for the time of the copy, by adding the "
                 "window's base, "
                 "r13, and are cut to 32 bits behind it.";
        case Handling::kStack:
          return std::string(ExplainStack(line));
        default:
          return std::string(ExplainControlFlow(line));
      }
    case Outcome::kSoftware:
      return "Its memory access is checked and done in software: a segment of it has a limit, or "
             "the address "
             "turned out to be a device or a page of code.";
    case Outcome::kInCache:
      return std::string(ExplainInCache(line));
    case Outcome::kSimulated:
      return std::string(ExplainSimulated(line));
    case Outcome::kNothing:
      return "A hint: nothing to do.";
    case Outcome::kRaises:
      return "Known to fault: the vector goes to r9d, and the run loop delivers the exception.";
  }
  return "";
}

}  // namespace verbatim
