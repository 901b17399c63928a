// SPDX-License-Identifier: Apache-2.0
// The few differences between a native and a translated run that are not errors of either. Each is
// as narrow as it can be, and is counted.
#ifndef VERBATIM_TESTS_ORACLE_EXPLAINED_H_
#define VERBATIM_TESTS_ORACLE_EXPLAINED_H_

#include <array>
#include <cstdint>

#include "tests/oracle/comparison.h"

namespace verbatim::test {

enum class Explanation : uint8_t {
  kNullSelector,
  kMxcsrMask,
  kWrap,
  kAccessOrder,
  kSupervisorPage,
  kIcebp,
  kBranchAtLimit,
  kHostSelector,
  kLaterInstruction,
  kUndefinedAtLimit,
  kDecimalInData,
  kAvoidedInstruction,
  kFpuPointers,
  kStringOverItself,
  kPushedSelector,
  kStackTopOfMmx,
  kFlagsOfString,
  kUnmaskedStore,
};
inline constexpr unsigned kExplanationCount = 18;
inline constexpr std::array<const char*, kExplanationCount> kExplanationTexts = {
    // SDM vol. 2, IRET: a return to an outer level zeroes DS, ES, FS and GS that are null. The
    // host's kernel returns to the program, and to the handler that looks, whenever it likes.
    "null selectors 1 to 3: the host's interrupts and signals turn them into 0",
    // SDM vol. 1, 11.6.6: the mask says which bits the processor has; AMD's have bit 17.
    "MXCSR.MM, in FXSAVE's mask or loaded: the host has it, the guest's model has not",
    // SDM vol. 3, 5.3: with an effective limit of 4 GiB it is specific to the implementation
    // whether an access beyond it faults; the guest's wraps, and finds nothing mapped there.
    "accesses that run over 4 GiB: #GP(0) or #SS(0) on this host, wrap-around in the guest",
    // SDM vol. 3, 6.9: among the faults of one instruction's execution the order is the
    // implementation's. What a faulting instruction has pushed already lies below the stack
    // pointer, and what POPA has popped it pops again.
    "instructions with several accesses: which faults first, and what it has done by then",
    // SDM vol. 3, 4.7: P tells a page that is protected from one that is missing.
    "page faults on the guest's supervisor pages, which do not exist natively",
    // SDM vol. 3, 6.5.1: #DB of INT1 is a trap. A hypervisor that takes it itself may deliver it
    // with the instruction's own address.
    "INT1: the host's hypervisor reports the instruction instead of the next",
    // Seen twice in five million cases and not again when replayed: a taken branch whose last byte
    // is the code segment's last raises #GP(0) on the host now and then.
    "taken branches that end with the code segment: #GP(0) on this host, but not each time",
    "selectors read from where none was put: the host's table has a segment there, the guest's not",
    "instructions of later processors, met by wild jumps and changed code: the host has them",
    // SDM vol. 3, 6.9: a fault of fetching comes before #UD. How many bytes belong to what is no
    // instruction is nowhere defined.
    "undefined encodings near the end of their segment: #GP(0) on this host, which fetches more",
    // SDM vol. 2, AAA and its kin; IMUL and others leave alone what they need not define.
    "flags that decimal instructions leave undefined, where a program has changed itself to one",
    // avoided.h has the list, and the reason of each.
    "instructions that no program contains, such as CPUID, met by wild jumps and changed code",
    // AMD APM vol. 5, FXSAVE: without a pending exception a kernel that saves and restores the
    // x87 does so without its pointers: any signal, of the engine's too, loses them.
    "x87 pointers in an image, where a program has changed the code that was to overwrite them",
    // SDM vol. 2, REP: an interrupt between two iterations has the instruction fetched again, as it
    // is by then; whoever was kicked has had one. And the host executes the instruction behind one
    // that has just overwritten it as it was (seen each time, where a page begins in between).
    "string instructions that overwrite themselves or the next: which version comes to run",
    // SDM vol. 2, PUSH: either is done; later processors of Intel leave the upper half as it was.
    "selectors pushed in 32 bits: this host leaves the upper half of the place as it was",
    // SDM vol. 1, 9.5.1, says that MMX instructions set TOP to 0; when, if they fault, it does not.
    "MMX instructions that fault: this host has set the x87 stack's top to 0 by then",
    // SDM vol. 2, REP: after a fault the flags are as before the instruction. AMD's are those of
    // the
    // last iteration.
    "repeated comparisons that fault: the flags of their last iteration, or those before them",
    // SDM vol. 1, 8.5: with its exception unmasked, a store leaves the destination unaltered.
    // Whether
    // it looks for it first is not said.
    "x87 stores of what raises an unmasked exception: this host does not access their operand",
};

// A case that the native process did not survive: here it ended with the refusal to load the host's
// 64-bit code segment (SDM vol. 3, 5.8.1), in which nothing of a case can run.
[[nodiscard]] bool LeadsInto64BitMode(const TranslatedOutcome& translated);

// A set of 1 << Explanation that together account for every difference; 0 if they do not.
[[nodiscard]] unsigned Explain(const Case& one, const LdtTable& table, const NativeRun& native,
                               const TranslatedOutcome& translated);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_EXPLAINED_H_
