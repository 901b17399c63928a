// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/explained.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <vector>

#include "base/bits.h"
#include "tests/oracle/ending.h"
#include "tests/oracle/explained_processors.h"
#include "tests/oracle/forms.h"
#include "tests/oracle/host_segments.h"
#include "tests/oracle/segments.h"
#include "tests/oracle/undefined.h"

namespace verbatim::test {
namespace {

constexpr uint8_t kDebug = 1;
constexpr uint8_t kUndefined = 6;
constexpr uint8_t kStackFault = 12;
constexpr uint8_t kProtection = 13;
constexpr uint8_t kPageFault = 14;

unsigned Bit(Explanation explanation) { return 1u << static_cast<unsigned>(explanation); }

bool Contains(const Case& one, Mnemonic mnemonic) {
  const auto forms = FormTable::Get().forms();
  return std::ranges::any_of(one.notes, [&](const InstructionNote& note) {
    return note.form != InstructionNote::kNoForm && forms[note.form].mnemonic == mnemonic;
  });
}

// Makes what is null natively what it is here.
unsigned ForgiveNullSelectors(Outcome& native, const Outcome& translated) {
  unsigned used = 0;
  for (const uint8_t segment : {kDs, kEs, kFs, kGs}) {
    const uint16_t here = translated.selectors[segment];
    if (native.selectors[segment] != 0 || here == 0 || here > 3) continue;
    native.selectors[segment] = here;
    used = Bit(Explanation::kNullSelector);
  }
  return used;
}

// Bytes 28 to 31 of an image, which is aligned to 16: bit 17 is in the byte at 14 modulo 16.
unsigned ForgiveMxcsrMask(const Case& one, std::vector<ChangedLine>& native,
                          std::span<const ChangedLine> translated) {
  constexpr uint8_t kMisalignedMode = 1u << 1;
  if (!Contains(one, Mnemonic::kFxsave) || native.size() != translated.size()) return 0;
  unsigned used = 0;
  for (size_t i = 0; i < native.size(); ++i) {
    for (uint32_t at = 14; at < kLineBytes; at += 16) {
      uint8_t& byte = native[i].bytes[at];
      if (byte != (translated[i].bytes[at] | kMisalignedMode)) continue;
      if (byte == translated[i].bytes[at]) continue;
      byte = translated[i].bytes[at];
      used = Bit(Explanation::kMxcsrMask);
    }
  }
  return used;
}

// The fault is of another kind, everything else is the same.
unsigned ForgiveWrap(const LdtTable& table, Outcome& native, const Outcome& translated) {
  constexpr uint32_t kLongestAccess = 512;
  const bool refused =
      (native.vector == kStackFault || native.vector == kProtection) && native.error_code == 0;
  if (!refused || translated.vector != kPageFault) return 0;
  // Its offset is at the segment's end, whichever segment that is.
  const bool at_end = std::ranges::any_of(native.selectors, [&](uint16_t selector) {
    const uint32_t base = Segments(table).Of(selector).base;
    return translated.fault_address - base + kLongestAccess < 2 * kLongestAccess;
  });
  if (!at_end) return 0;
  native.vector = kPageFault;
  native.error_code = translated.error_code;
  native.fault_address = translated.fault_address;
  return Bit(Explanation::kWrap);
}

bool PushesSeveral(const GuestInstruction& in) {
  switch (in.mnemonic) {
    case Mnemonic::kPusha:
    case Mnemonic::kPushad:
    case Mnemonic::kEnter:
    case Mnemonic::kCall:
      return true;
    default:
      return false;
  }
}

bool AccessesSeveral(const GuestInstruction& in) {
  constexpr uint16_t kLongestSingleAccess = 8;
  constexpr uint16_t kSse = 16;
  if (PushesSeveral(in) || in.handling == Handling::kString) return true;
  switch (in.mnemonic) {
    case Mnemonic::kMaskmovq:
    case Mnemonic::kMaskmovdqu:
      return true;
    case Mnemonic::kPopa:
    case Mnemonic::kPopad:
    case Mnemonic::kIret:
    case Mnemonic::kIretd:
    case Mnemonic::kRet:
    case Mnemonic::kJmp:
    case Mnemonic::kLds:
    case Mnemonic::kLes:
    case Mnemonic::kLss:
    case Mnemonic::kLfs:
    case Mnemonic::kLgs:
    case Mnemonic::kBound:
      return in.handling != Handling::kControlFlow;
    default:
      // x87 numbers of 80 bits, and images.
      return in.memory.present && in.memory.bytes > kLongestSingleAccess && in.memory.bytes != kSse;
  }
}

// Takes over what the translated run has in the bytes below the stack pointer.
bool ForgiveBelowStack(const Ending& end, std::vector<ChangedLine>& native,
                       const MemoryImage& image, std::span<const ChangedLine> translated) {
  constexpr uint32_t kLongestFrame = 34 * 4;  // ENTER with 31 levels, and CALL's two
  std::map<uint32_t, std::array<uint8_t, kLineBytes>> lines;
  const auto fresh = [&](uint32_t address) {
    std::array<uint8_t, kLineBytes> bytes{};
    for (uint32_t i = 0; i < kLineBytes; ++i) bytes[i] = image.At(address + i);
    return bytes;
  };
  for (const ChangedLine& line : translated) lines.emplace(line.address, fresh(line.address));
  for (const ChangedLine& line : native) lines[line.address] = line.bytes;
  bool used = false;
  for (auto& [address, bytes] : lines) {
    const auto found = std::ranges::find(translated, address, &ChangedLine::address);
    const auto here = found != translated.end() ? found->bytes : fresh(address);
    for (uint32_t i = 0; i < kLineBytes; ++i) {
      if (end.DepthInStack(address + i) >= kLongestFrame || bytes[i] == here[i]) continue;
      bytes[i] = here[i];
      used = true;
    }
  }
  native.clear();
  for (const auto& [address, bytes] : lines) {
    if (bytes != fresh(address)) native.push_back({address, bytes});
  }
  return used;
}

// Natively the first part of an operand was stored, and the second one faulted. Between the first
// and the last byte that differ there is no more than the operand.
bool ForgivePartOfStore(const GuestInstruction& in, std::vector<ChangedLine>& native,
                        const MemoryImage& image, std::span<const ChangedLine> translated) {
  if (!in.memory.present || !in.memory.write) return false;
  std::vector<ChangedLine> taken = native;
  uint32_t first = ~uint32_t{0};
  uint32_t last = 0;
  for (ChangedLine& line : taken) {
    const auto here = std::ranges::find(translated, line.address, &ChangedLine::address);
    for (uint32_t i = 0; i < kLineBytes; ++i) {
      const uint32_t at = line.address + i;
      const uint8_t byte = here != translated.end() ? here->bytes[i] : image.At(at);
      if (line.bytes[i] == byte) continue;
      if (byte != image.At(at)) return false;  // stored here, too
      line.bytes[i] = byte;
      first = std::min(first, at);
      last = at;
    }
  }
  if (first > last || last - first >= in.memory.bytes) return false;
  std::erase_if(taken, [&](const ChangedLine& line) {
    return std::ranges::find(translated, line.address, &ChangedLine::address) == translated.end();
  });
  native = std::move(taken);
  return true;
}

unsigned ForgiveAccessOrder(const Case& one, const LdtTable& table, const NativeRun& native,
                            Outcome& outcome, std::vector<ChangedLine>& lines,
                            const TranslatedOutcome& translated) {
  const Outcome& here = *translated.outcome;
  constexpr uint8_t kBoundRange = 5;
  const auto may_be_either = [](uint8_t vector) {
    return IsMemoryFault(vector) || vector == kBoundRange;  // by the first bound alone
  };
  if (!may_be_either(outcome.vector) || !may_be_either(here.vector)) return 0;
  const Ending end(one, table, native.outcome, native.lines);
  const GuestInstruction& in = end.instruction();
  if (!AccessesSeveral(in)) return 0;
  // The same fault at the same place has the same error code.
  bool used = outcome.vector != here.vector ||
              (here.vector == kPageFault && outcome.fault_address != here.fault_address);
  if (used) {
    outcome.vector = here.vector;
    outcome.error_code = here.error_code;
    outcome.fault_address = here.fault_address;
  }
  if (in.mnemonic == Mnemonic::kPopa || in.mnemonic == Mnemonic::kPopad) {
    // What is popped before the fault is loaded already; popping again from the start repeats it.
    for (const uint8_t gpr : {kEax, kEcx, kEdx, kEbx, kEbp, kEsi, kEdi}) {
      used = used || outcome.cpu.gpr[gpr] != here.cpu.gpr[gpr];
      outcome.cpu.gpr[gpr] = here.cpu.gpr[gpr];
    }
  }
  MemoryImage image;
  image.Set(one.memory_seed % kMemoryFillings, one.code_at, one.code);
  if (PushesSeveral(in)) {
    used = ForgiveBelowStack(end, lines, image, translated.lines) || used;
  } else {
    used = ForgivePartOfStore(in, lines, image, translated.lines) || used;
  }
  return used ? Bit(Explanation::kAccessOrder) : 0;
}

unsigned ForgiveSupervisorPage(Outcome& native, const Outcome& translated) {
  constexpr uint32_t kPresent = 1;
  constexpr uint32_t kFetch = 16;  // told where NX is on, as it is natively
  if (native.vector != kPageFault || translated.fault_address - kGdt >= kSupervisorBytes ||
      translated.error_code != ((native.error_code & ~kFetch) | kPresent)) {
    return 0;
  }
  native.error_code = translated.error_code;
  return Bit(Explanation::kSupervisorPage);
}

// What LAR and LSL may have told of the host's segments, in all of a register or in its low half.
// The generator does not ask for them: a program that does has made up, or read from somewhere, a
// selector.
unsigned ForgiveHostSegments(const Case& one, Outcome& native, const Outcome& translated) {
  const bool rights = Contains(one, Mnemonic::kLar);
  const bool limits = Contains(one, Mnemonic::kLsl);
  const std::optional<HostSegment> code = ReadHostSegment(kHostCode64);
  const auto is = [](uint32_t value, uint32_t told, uint32_t before) {
    return value == told || value == ((before & 0xFFFF0000u) | (told & 0xFFFFu));
  };
  unsigned used = 0;
  for (size_t i = 0; i < native.cpu.gpr.size(); ++i) {
    uint32_t& there = native.cpu.gpr[i];
    const uint32_t here = translated.cpu.gpr[i];
    if (there == here) continue;
    const bool told_of_code = code && ((rights && is(there, code->rights, here)) ||
                                       (limits && is(there, code->limit, here)));
    if (told_of_code) native.cpu.eflags &= ~flag::kZf | translated.cpu.eflags;
    const bool numbers = limits && IsProcessorNumber(there & 0xFFFFu) &&
                         IsProcessorNumber(here & 0xFFFFu) && (there >> 16) == (here >> 16);
    if (!told_of_code && !numbers) continue;
    there = here;
    used = Bit(Explanation::kHostSelector);
  }
  return used;
}

unsigned ForgiveIcebp(const Case& one, const LdtTable& table, const NativeRun& native,
                      Outcome& outcome, const Outcome& translated) {
  if (outcome.vector != kDebug || translated.vector != kDebug) return 0;
  const GuestInstruction in = Ending(one, table, native.outcome, native.lines).instruction();
  if (in.mnemonic != Mnemonic::kInt1 || outcome.cpu.eip + in.length != translated.cpu.eip) {
    return 0;
  }
  outcome.cpu.eip = translated.cpu.eip;
  return Bit(Explanation::kIcebp);
}

// What one run refuses the other may execute, and go on: what it does from there on cannot be
// compared. So each of the following demands that it went on, and what it must have in common with
// the refusal: the very instruction, its operand, its fault.
bool WentOn(const Outcome& run, const Outcome& refusal) {
  return run.cpu.eip != refusal.cpu.eip || run.selectors[kCs] != refusal.selectors[kCs];
}

// FXRSTOR or LDMXCSR of a value whose one reserved bit is MM, which the host accepts.
bool LoadsMisalignedMode(const Ending& here, const Outcome& refusal, const Outcome& native) {
  constexpr uint32_t kMisalignedMode = 1u << 17;
  constexpr uint32_t kReserved = 0xFFFF0000;
  const Mnemonic mnemonic = here.instruction().mnemonic;
  const bool restores = mnemonic == Mnemonic::kFxrstor;
  return refusal.vector == kProtection && refusal.error_code == 0 &&
         (restores || mnemonic == Mnemonic::kLdmxcsr) &&
         (here.OperandDword(restores ? kFxMxcsr : 0) & kReserved) == kMisalignedMode &&
         (LoadLittle<uint32_t>(&native.cpu.fx[kFxMxcsr]) & kMisalignedMode) != 0;
}

// DS, ES, FS and GS may be loaded with code that can be read, of 64 bits too.
bool LoadsHostSegment(const Outcome& refusal, const Outcome& native) {
  constexpr uint32_t kSelector = 0xFFFC;
  return refusal.vector == kProtection && refusal.error_code == kHostCode64 &&
         std::ranges::any_of(native.selectors, [&](uint16_t selector) {
           return (selector & kSelector) == refusal.error_code;
         });
}

// #UD for what any disassembler of today knows: the guest's model has not got it yet.
bool IsLaterInstruction(const Ending& here, const Outcome& refusal) {
  const GuestInstruction& in = here.instruction();
  return refusal.vector == kUndefined && in.handling == Handling::kUndefined &&
         in.mnemonic == Mnemonic::kInvalid && IsKnownToday(in.bytes, here.code32());
}

// Something but the counter of LOOP has changed since.
bool WentRound(const GuestInstruction& branch, const Outcome& refusal, const Outcome& translated) {
  const bool counts = branch.mnemonic == Mnemonic::kLoop || branch.mnemonic == Mnemonic::kLoope ||
                      branch.mnemonic == Mnemonic::kLoopne;
  for (size_t gpr = 0; gpr < refusal.cpu.gpr.size(); ++gpr) {
    if (counts && gpr == kEcx) continue;
    if (refusal.cpu.gpr[gpr] != translated.cpu.gpr[gpr]) return true;
  }
  return false;
}

// A branch that was not taken faults behind it, at an eip that both report alike: there the
// translated run may end too, once the loop is through.
bool IsBranchAtLimit(const Ending& there, const Outcome& refusal, const Outcome& translated) {
  const GuestInstruction& in = there.instruction();
  return refusal.vector == kProtection && refusal.error_code == 0 &&
         in.handling == Handling::kControlFlow && there.BytesUpToLimit() == in.length &&
         (translated.cpu.eip != refusal.cpu.eip + in.length || WentRound(in, refusal, translated));
}

unsigned ExplainRefusal(const Case& one, const LdtTable& table, const NativeRun& native,
                        const TranslatedOutcome& translated) {
  const Outcome& there = native.outcome;
  const Outcome& here = *translated.outcome;
  if (!WentOn(there, here)) return 0;
  const Ending end_here(one, table, here, translated.lines);
  if (LoadsMisalignedMode(end_here, here, there)) return Bit(Explanation::kMxcsrMask);
  if (IsLaterInstruction(end_here, here)) return Bit(Explanation::kLaterInstruction);
  if (LoadsHostSegment(here, there)) return Bit(Explanation::kHostSelector);
  if (WasSelectorPush(end_here, here)) return Bit(Explanation::kPushedSelector);
  if (WasUnmaskedStore(end_here, here)) return Bit(Explanation::kUnmaskedStore);
  const Ending end_there(one, table, there, native.lines);
  return IsBranchAtLimit(end_there, there, here) ? Bit(Explanation::kBranchAtLimit) : 0;
}

// The longest that the host may take for one instruction does not fit into the segment any more.
unsigned ForgiveUndefinedAtLimit(const Case& one, const LdtTable& table, Outcome& native,
                                 const TranslatedOutcome& translated) {
  const Outcome& here = *translated.outcome;
  if (WentOn(native, here) || here.vector != kUndefined || native.vector != kProtection) return 0;
  const Ending end(one, table, here, translated.lines);
  if (native.error_code != 0 || end.instruction().handling != Handling::kUndefined ||
      end.BytesUpToLimit() >= kMaxInstructionBytes) {
    return 0;
  }
  native.vector = here.vector;
  return Bit(Explanation::kUndefinedAtLimit);
}

// visit(address, byte) for each byte of the case's code that the run has changed.
template <typename Visit>
void ForEachChangedCodeByte(const Case& one, std::span<const ChangedLine> lines, Visit visit) {
  MemoryImage image;
  image.Set(one.memory_seed % kMemoryFillings, one.code_at, one.code);
  for (const ChangedLine& line : lines) {
    if (line.address - kCaseCode.start >= kCaseCode.bytes) continue;
    for (uint32_t i = 0; i < kLineBytes; ++i) {
      if (line.bytes[i] != image.At(line.address + i)) visit(line.address + i, line.bytes[i]);
    }
  }
}

bool ChangesCode(const Case& one, std::span<const ChangedLine> lines) {
  bool changed = false;
  ForEachChangedCodeByte(one, lines, [&](uint32_t, uint8_t) { changed = true; });
  return changed;
}

// The generator puts a comparison behind those in its programs, but a store can make others, and
// can have what follows it decoded from another byte on.
unsigned ForgiveDecimalFlags(const Case& one, std::span<const ChangedLine> lines, Outcome& native,
                             const Outcome& here) {
  constexpr std::array<uint8_t, 6> kDecimal = {0x27, 0x2F, 0x37, 0x3F, 0xD4, 0xD5};
  const uint32_t difference = (native.cpu.eflags ^ here.cpu.eflags) & one.flags;
  if (difference == 0 || (difference & ~flag::kArithmetic) != 0) return 0;
  const auto is_decimal = [&](uint8_t byte) {
    return std::ranges::find(kDecimal, byte) != kDecimal.end();
  };
  bool stored = false;
  bool changed = false;
  ForEachChangedCodeByte(one, lines, [&](uint32_t, uint8_t byte) {
    changed = true;
    stored = stored || is_decimal(byte);
  });
  if (!stored && !(changed && std::ranges::any_of(one.code, is_decimal))) return 0;
  native.cpu.eflags ^= difference;
  return Bit(Explanation::kDecimalInData);
}

// By itself is not known: by anything in the program.
bool OverwritesAString(const Case& one, std::span<const ChangedLine> lines) {
  constexpr uint32_t kLongest = 15;
  const auto forms = FormTable::Get().forms();
  std::vector<uint32_t> strings;
  for (size_t i = 0; i < one.notes.size(); ++i) {
    if (one.notes[i].form == InstructionNote::kNoForm) continue;
    if (forms[one.notes[i].form].handling != Handling::kString) continue;
    strings.push_back(one.code_at + one.instructions[i]);
  }
  bool overwritten = false;
  ForEachChangedCodeByte(one, lines, [&](uint32_t address, uint8_t) {
    overwritten = overwritten || std::ranges::any_of(strings, [address](uint32_t start) {
                    return address - start < 2 * kLongest;
                  });
  });
  return overwritten;
}

// Where the images that a case stores have the x87 pointers (SDM vol. 1, 8.1.10 and 10.5.1).
class PointerFields {
 public:
  explicit PointerFields(const Case& one) {
    const auto forms = FormTable::Get().forms();
    for (size_t i = 0; i < one.notes.size(); ++i) {
      if (one.notes[i].form == InstructionNote::kNoForm) continue;
      const Mnemonic mnemonic = forms[one.notes[i].form].mnemonic;
      const bool extended = mnemonic == Mnemonic::kFxsave;
      const bool stores =
          extended || mnemonic == Mnemonic::kFnsave || mnemonic == Mnemonic::kFnstenv;
      if (!stores) continue;
      const GuestInstruction in = FormTable::Get().decoder().Decode(
          std::span(one.code).subspan(one.instructions[i]), one.notes[i].code32);
      const auto image = static_cast<uint32_t>(in.memory.displacement);
      if (extended) {
        fields_.push_back({image + 6, 16});
      } else if (in.operand_bits == 16) {
        fields_.push_back({image + 6, 8});
      } else {
        fields_.push_back({image + 12, 16});
      }
    }
  }
  [[nodiscard]] bool Hold(uint32_t address) const {
    return std::ranges::any_of(
        fields_, [address](const Field& field) { return address - field.start < field.bytes; });
  }

 private:
  struct Field {
    uint32_t start;
    uint32_t bytes;
  };
  std::vector<Field> fields_;
};

// One of the two runs has lost them.
unsigned ForgiveFpuPointers(const Case& one, std::vector<ChangedLine>& native,
                            std::span<const ChangedLine> translated) {
  if (native.size() != translated.size() || !ChangesCode(one, native)) return 0;
  const PointerFields fields(one);
  unsigned used = 0;
  for (size_t line = 0; line < native.size(); ++line) {
    for (uint32_t i = 0; i < kLineBytes; ++i) {
      uint8_t& there = native[line].bytes[i];
      const uint8_t here = translated[line].bytes[i];
      if (there == here || (there != 0 && here != 0)) continue;
      if (!fields.Hold(native[line].address + i)) continue;
      there = here;
      used = Bit(Explanation::kFpuPointers);
    }
  }
  return used;
}

// Refused here, begun natively: it found a fault of its own.
unsigned ForgiveLaterInstruction(const Case& one, const LdtTable& table, Outcome& native,
                                 const TranslatedOutcome& translated) {
  const Outcome& here = *translated.outcome;
  if (WentOn(native, here) || native.vector == kUndefined ||
      !IsLaterInstruction(Ending(one, table, here, translated.lines), here)) {
    return 0;
  }
  native.vector = here.vector;
  native.error_code = here.error_code;
  return Bit(Explanation::kLaterInstruction);
}

}  // namespace

bool LeadsInto64BitMode(const TranslatedOutcome& translated) {
  return translated.outcome && translated.outcome->vector == kProtection &&
         translated.outcome->error_code == kHostCode64;
}

unsigned Explain(const Case& one, const LdtTable& table, const NativeRun& native,
                 const TranslatedOutcome& translated) {
  if (!translated.outcome) return 0;
  if (const unsigned refused = ExplainRefusal(one, table, native, translated)) return refused;
  if (OverwritesAString(one, native.lines)) return Bit(Explanation::kStringOverItself);
  // The upper halves may have gone anywhere since.
  if (PushesSelectors(one) && HostPushesWords()) return Bit(Explanation::kPushedSelector);
  Outcome outcome = native.outcome;
  std::vector<ChangedLine> lines(native.lines.begin(), native.lines.end());
  // Access order first: its condition looks at the vector that the others change.
  unsigned used = ForgiveAccessOrder(one, table, native, outcome, lines, translated);
  used |= ForgiveNullSelectors(outcome, *translated.outcome);
  used |= ForgiveMxcsrMask(one, lines, translated.lines);
  used |= ForgiveFpuPointers(one, lines, translated.lines);
  used |= ForgiveWrap(table, outcome, *translated.outcome);
  used |= ForgiveSupervisorPage(outcome, *translated.outcome);
  used |= ForgiveHostSegments(one, outcome, *translated.outcome);
  used |= ForgiveIcebp(one, table, native, outcome, *translated.outcome);
  used |= ForgiveLaterInstruction(one, table, outcome, translated);
  used |= ForgiveUndefinedAtLimit(one, table, outcome, translated);
  used |= ForgiveDecimalFlags(one, native.lines, outcome, *translated.outcome);
  if (HostPushesWords() && ChangesCode(one, native.lines)) {
    const bool pushed = ForgivePushedSelectors(one, lines, translated.lines);
    const bool popped = ForgivePoppedSelectors(outcome, *translated.outcome);
    if (pushed || popped) used |= Bit(Explanation::kPushedSelector);
  }
  const Ending end(one, table, native.outcome, native.lines);
  if (ForgiveStackTopOfMmx(end, outcome, *translated.outcome)) {
    used |= Bit(Explanation::kStackTopOfMmx);
  }
  if (ForgiveFlagsOfStrings(end, outcome, *translated.outcome)) {
    used |= Bit(Explanation::kFlagsOfString);
  }
  return Agree(one, {outcome, lines}, translated) ? used : 0;
}

}  // namespace verbatim::test
