// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/coverage.h"

#include <fmt/format.h>

#include <array>

#include "base/check.h"
#include "tests/oracle/avoided.h"

namespace verbatim::test {
namespace {

constexpr std::array kTranslationNames = {"identical", "rewritten", "simulated", "fault"};

const char* NameOf(Translation translation) {
  return kTranslationNames[static_cast<size_t>(translation)];
}

std::string Hex(const GuestInstruction& in) {
  std::string text;
  for (uint32_t i = 0; i < in.length; ++i) {
    text += fmt::format("{}{:02X}", i == 0 ? "" : " ", in.bytes[i]);
  }
  return text;
}

}  // namespace

Translation TranslationOf(const Form& form) {
  switch (form.handling) {
    case Handling::kIdent:
      return Translation::kIdentical;
    case Handling::kString:
      // 16-bit si and di cannot be the host's.
      return form.address_bits == 16 ? Translation::kSimulated : Translation::kRewritten;
    case Handling::kStack:
    case Handling::kControlFlow:
    case Handling::kNoOperation:
      return Translation::kRewritten;
    case Handling::kSensitive:
      return Translation::kSimulated;
    case Handling::kUndefined:
      break;
  }
  return Translation::kFault;
}

size_t Coverage::Slots() { return FormTable::Get().forms().size() * 2; }

Coverage::Coverage(std::span<uint64_t> counts) : counts_(counts) {
  CHECK(counts.size() == Slots());
}

void Coverage::Count(const Case& run) {
  for (size_t i = 0; i < run.notes.size(); ++i) {
    const InstructionNote& note = run.notes[i];
    if (note.form == InstructionNote::kNoForm) continue;
    // Once for each case: the first time counts, which is the most certain one.
    bool seen = false;
    for (size_t j = 0; j < i; ++j) seen |= run.notes[j].form == note.form;
    if (seen) continue;
    ++counts_[note.form * 2u];
    if (note.certain) ++counts_[note.form * 2u + 1];
  }
}

std::vector<uint32_t> Coverage::Missing() const {
  std::vector<uint32_t> missing;
  const auto forms = FormTable::Get().forms();
  for (uint32_t i = 0; i < forms.size(); ++i) {
    if (Cases(i) == 0 && WhyAvoided(forms[i]).empty()) missing.push_back(i);
  }
  return missing;
}

std::string Coverage::Table() const {
  std::string text = "form\tencoding\texample\ttranslation\tcases\tcertain\n";
  const auto forms = FormTable::Get().forms();
  for (uint32_t i = 0; i < forms.size(); ++i) {
    const Form& form = forms[i];
    text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", MnemonicName(form.mnemonic), form.Encoding(),
                        Hex(form.example), NameOf(TranslationOf(form)), Cases(i), Certain(i));
  }
  return text;
}

std::string Coverage::Summary() const {
  struct Total {
    uint32_t forms = 0;
    uint64_t cases = 0;
  };
  std::array<Total, kTranslationNames.size()> totals;
  const auto forms = FormTable::Get().forms();
  uint32_t avoided = 0;
  for (uint32_t i = 0; i < forms.size(); ++i) {
    Total& total = totals[static_cast<size_t>(TranslationOf(forms[i]))];
    ++total.forms;
    total.cases += Cases(i);
    if (!WhyAvoided(forms[i]).empty()) ++avoided;
  }
  std::string text;
  for (size_t i = 0; i < totals.size(); ++i) {
    text += fmt::format("{:<10} {:5} forms, {} times in a case\n", kTranslationNames[i],
                        totals[i].forms, totals[i].cases);
  }
  text += fmt::format("avoided    {:5} forms\n", avoided);
  for (const Avoided& row : AvoidedMnemonics()) {
    text += fmt::format("  {}: {}\n", MnemonicName(row.mnemonic), row.reason);
  }
  const std::vector<uint32_t> missing = Missing();
  text += fmt::format("missing    {:5} forms\n", missing.size());
  for (const uint32_t form : missing) text += fmt::format("  {}\n", forms[form].Name());
  return text;
}

}  // namespace verbatim::test
