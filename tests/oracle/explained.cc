// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/explained.h"

#include <Zydis/Zydis.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/bits.h"
#include "tests/oracle/forms.h"
#include "tests/oracle/segments.h"

namespace verbatim::test {
namespace {

constexpr uint8_t kDebug = 1;
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
  if (!Contains(one, ZYDIS_MNEMONIC_FXSAVE) || native.size() != translated.size()) return 0;
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
    constexpr uint16_t kLocal = 4;
    const uint32_t base = (selector & kLocal) != 0 ? table[(selector >> 3) % kLdtSegments].base : 0;
    return translated.fault_address - base + kLongestAccess < 2 * kLongestAccess;
  });
  if (!at_end) return 0;
  native.vector = kPageFault;
  native.error_code = translated.error_code;
  native.fault_address = translated.fault_address;
  return Bit(Explanation::kWrap);
}

// What stands where a run ended, as memory was then; `length` 0 if that is not the case's memory.
GuestInstruction InstructionAtEnd(const Case& one, const LdtTable& table, const NativeRun& native) {
  constexpr uint16_t kLocal = 4;
  const uint16_t cs = native.outcome.selectors[kCs];
  const bool local = (cs & kLocal) != 0;
  const LdtSegment& segment = table[(cs >> 3) % kLdtSegments];
  const uint32_t linear = native.outcome.cpu.eip + (local ? segment.base : 0);
  MemoryImage image;
  image.Set(one.memory_seed % kMemoryFillings, one.code_at, one.code);
  std::array<uint8_t, kMaxInstructionBytes> bytes{};
  for (uint32_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = image.At(linear + i);
    for (const ChangedLine& line : native.lines) {
      if (linear + i - line.address < kLineBytes) bytes[i] = line.bytes[linear + i - line.address];
    }
  }
  return FormTable::Get().decoder().Decode(bytes, !local || segment.big);
}

bool PushesSeveral(const GuestInstruction& in) {
  switch (in.mnemonic) {
    case ZYDIS_MNEMONIC_PUSHA:
    case ZYDIS_MNEMONIC_PUSHAD:
    case ZYDIS_MNEMONIC_ENTER:
    case ZYDIS_MNEMONIC_CALL:
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
    case ZYDIS_MNEMONIC_MASKMOVQ:
    case ZYDIS_MNEMONIC_MASKMOVDQU:
      return true;
    case ZYDIS_MNEMONIC_POPA:
    case ZYDIS_MNEMONIC_POPAD:
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
    case ZYDIS_MNEMONIC_RET:
    case ZYDIS_MNEMONIC_JMP:
    case ZYDIS_MNEMONIC_LDS:
    case ZYDIS_MNEMONIC_LES:
    case ZYDIS_MNEMONIC_LSS:
    case ZYDIS_MNEMONIC_LFS:
    case ZYDIS_MNEMONIC_LGS:
    case ZYDIS_MNEMONIC_BOUND:
      return in.handling != Handling::kControlFlow;
    default:
      // x87 numbers of 80 bits, and images.
      return in.memory.present && in.memory.bytes > kLongestSingleAccess && in.memory.bytes != kSse;
  }
}

uint32_t StackTop(const LdtTable& table, const Outcome& outcome) {
  constexpr uint16_t kLocal = 4;
  const uint16_t ss = outcome.selectors[kSs];
  const uint32_t esp = outcome.cpu.gpr[kEsp];
  if ((ss & kLocal) == 0) return esp;
  const LdtSegment& segment = table[(ss >> 3) % kLdtSegments];
  return segment.base + (segment.big ? esp : esp & 0xFFFFu);
}

// Takes over what the translated run has in the bytes below the stack pointer. Wrap-around of a
// 16-bit stack pointer is not followed: such a difference stays.
bool ForgiveBelowStack(uint32_t top, std::vector<ChangedLine>& native, const MemoryImage& image,
                       std::span<const ChangedLine> translated) {
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
      if (top - 1 - (address + i) >= kLongestFrame || bytes[i] == here[i]) continue;
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

bool IsMemoryFault(uint8_t vector) {
  return vector == kStackFault || vector == kProtection || vector == kPageFault;
}

unsigned ForgiveAccessOrder(const Case& one, const LdtTable& table, const NativeRun& native,
                            Outcome& outcome, std::vector<ChangedLine>& lines,
                            const TranslatedOutcome& translated) {
  const Outcome& here = *translated.outcome;
  if (!IsMemoryFault(outcome.vector) || !IsMemoryFault(here.vector)) return 0;
  const GuestInstruction in = InstructionAtEnd(one, table, native);
  if (!AccessesSeveral(in)) return 0;
  // The same fault at the same place has the same error code.
  bool used = outcome.vector != here.vector ||
              (here.vector == kPageFault && outcome.fault_address != here.fault_address);
  if (used) {
    outcome.vector = here.vector;
    outcome.error_code = here.error_code;
    outcome.fault_address = here.fault_address;
  }
  if (in.mnemonic == ZYDIS_MNEMONIC_POPA || in.mnemonic == ZYDIS_MNEMONIC_POPAD) {
    // What is popped before the fault is loaded already; popping again from the start repeats it.
    for (const uint8_t gpr : {kEax, kEcx, kEdx, kEbx, kEbp, kEsi, kEdi}) {
      used = used || outcome.cpu.gpr[gpr] != here.cpu.gpr[gpr];
      outcome.cpu.gpr[gpr] = here.cpu.gpr[gpr];
    }
  }
  if (PushesSeveral(in)) {
    MemoryImage image;
    image.Set(one.memory_seed % kMemoryFillings, one.code_at, one.code);
    if (ForgiveBelowStack(StackTop(table, here), lines, image, translated.lines)) used = true;
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

unsigned ForgiveIcebp(const Case& one, const LdtTable& table, const NativeRun& native,
                      Outcome& outcome, const Outcome& translated) {
  if (outcome.vector != kDebug || translated.vector != kDebug) return 0;
  const GuestInstruction in = InstructionAtEnd(one, table, native);
  if (in.mnemonic != ZYDIS_MNEMONIC_INT1 || outcome.cpu.eip + in.length != translated.cpu.eip) {
    return 0;
  }
  outcome.cpu.eip = translated.cpu.eip;
  return Bit(Explanation::kIcebp);
}

// FXRSTOR of an image with MXCSR.MM set, which the host accepts.
bool RestoresMisalignedMode(const Case& one, const NativeRun& native, const Outcome& here) {
  constexpr uint32_t kMisalignedMode = 1u << 17;
  const auto mxcsr = LoadLittle<uint32_t>(&native.outcome.cpu.fx[kFxMxcsr]);
  return here.vector == kProtection && here.error_code == 0 && (mxcsr & kMisalignedMode) != 0 &&
         Contains(one, ZYDIS_MNEMONIC_FXRSTOR);
}

// Linux's 64-bit code segment, which DS, ES, FS and GS may be loaded with.
bool LoadsHostSegment(const Outcome& native) {
  constexpr uint16_t kHostCode = 0x30;
  constexpr uint16_t kRplMask = 3;
  return std::ranges::any_of(native.selectors,
                             [](uint16_t selector) { return (selector & ~kRplMask) == kHostCode; });
}

// #UD here for what any disassembler of today knows: the guest's model has not got it yet.
bool IsLaterInstruction(const Case& one, const LdtTable& table, const NativeRun& native,
                        const Outcome& here) {
  constexpr uint8_t kUndefined = 6;
  if (here.vector != kUndefined) return false;
  NativeRun at_fault{here, native.lines};
  const GuestInstruction in = InstructionAtEnd(one, table, at_fault);
  if (in.handling != Handling::kUndefined || in.mnemonic != ZYDIS_MNEMONIC_INVALID) return false;
  const LdtSegment& segment = table[(here.selectors[kCs] >> 3) % kLdtSegments];
  const bool code32 = (here.selectors[kCs] & 4) == 0 || segment.big;
  ZydisDecoder decoder;
  ZydisDecodedInstruction decoded;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  return ZYAN_SUCCESS(ZydisDecoderInit(
             &decoder, code32 ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16,
             code32 ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16)) &&
         ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, in.bytes.data(), in.bytes.size(), &decoded,
                                             operands));
}

bool IsBranchAtLimit(const Case& one, const LdtTable& table, const NativeRun& native) {
  constexpr uint16_t kLocal = 4;
  const Outcome& outcome = native.outcome;
  const uint16_t cs = outcome.selectors[kCs];
  if (outcome.vector != kProtection || outcome.error_code != 0 || (cs & kLocal) == 0) return false;
  const GuestInstruction in = InstructionAtEnd(one, table, native);
  const LdtSegment& segment = table[(cs >> 3) % kLdtSegments];
  return in.handling == Handling::kControlFlow &&
         outcome.cpu.eip + in.length == Segments::LastOffset(segment) + 1;
}

}  // namespace

unsigned Explain(const Case& one, const LdtTable& table, const NativeRun& native,
                 const TranslatedOutcome& translated) {
  if (!translated.outcome) return 0;
  if (RestoresMisalignedMode(one, native, *translated.outcome)) {
    return Bit(Explanation::kMxcsrMask);
  }
  if (IsLaterInstruction(one, table, native, *translated.outcome)) {
    return Bit(Explanation::kLaterInstruction);
  }
  if (LoadsHostSegment(native.outcome)) return Bit(Explanation::kHostSelector);
  if (IsBranchAtLimit(one, table, native)) return Bit(Explanation::kBranchAtLimit);
  Outcome outcome = native.outcome;
  std::vector<ChangedLine> lines(native.lines.begin(), native.lines.end());
  // Access order first: its condition looks at the vector that the others change.
  unsigned used = ForgiveAccessOrder(one, table, native, outcome, lines, translated);
  used |= ForgiveNullSelectors(outcome, *translated.outcome);
  used |= ForgiveMxcsrMask(one, lines, translated.lines);
  used |= ForgiveWrap(table, outcome, *translated.outcome);
  used |= ForgiveSupervisorPage(outcome, *translated.outcome);
  used |= ForgiveIcebp(one, table, native, outcome, *translated.outcome);
  return Agree(one, {outcome, lines}, translated) ? used : 0;
}

}  // namespace verbatim::test
