// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/explained.h"

#include <algorithm>
#include <vector>

#include "tests/oracle/forms.h"

namespace verbatim::test {
namespace {

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
unsigned ForgiveWrap(Outcome& native, const Outcome& translated) {
  constexpr uint8_t kStackFault = 12;
  constexpr uint8_t kProtection = 13;
  constexpr uint8_t kPageFault = 14;
  constexpr uint32_t kLongestAccess = 512;
  const bool refused =
      (native.vector == kStackFault || native.vector == kProtection) && native.error_code == 0;
  const bool at_end = translated.fault_address + kLongestAccess < 2 * kLongestAccess;
  if (!refused || translated.vector != kPageFault || !at_end) return 0;
  native.vector = kPageFault;
  native.error_code = translated.error_code;
  native.fault_address = translated.fault_address;
  return Bit(Explanation::kWrap);
}

}  // namespace

unsigned Explain(const Case& one, const NativeRun& native, const TranslatedOutcome& translated) {
  if (!translated.outcome) return 0;
  Outcome outcome = native.outcome;
  std::vector<ChangedLine> lines(native.lines.begin(), native.lines.end());
  const unsigned used = ForgiveNullSelectors(outcome, *translated.outcome) |
                        ForgiveMxcsrMask(one, lines, translated.lines) |
                        ForgiveWrap(outcome, *translated.outcome);
  return Agree(one, {outcome, lines}, translated) ? used : 0;
}

}  // namespace verbatim::test
