// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/generator.h"

#include "tests/oracle/avoided.h"
#include "tests/oracle/values.h"

namespace verbatim::test {
namespace {

constexpr uint64_t kSingleShare = 3;  // one case in so many is of one form
constexpr uint32_t kPage = 0x1000;

// Anywhere in the code area; often so that an instruction crosses the end of a page.
uint32_t PickPlace(Random& random) {
  if (random.OneIn(4)) return kCaseCode.start + kPage - random.Below(kMaxInstructionBytes + 1);
  return kCaseCode.start + random.Below(kCaseCode.bytes - kMaxCaseCode - 1);
}

LdtTable MakeLdt() {
  LdtTable table;
  for (LdtSegment& segment : table) segment = {.limit = 0xFFFFF, .in_pages = true};
  return table;
}

}  // namespace

Generator::Generator(uint64_t seed) : seed_(seed), forms_(FormTable::Get()), ldt_(MakeLdt()) {
  const auto forms = forms_.table.forms();
  for (uint32_t i = 0; i < forms.size(); ++i) {
    const Handling handling = forms[i].handling;
    if (!WhyAvoided(forms[i].mnemonic).empty() || !forms[i].prefixes[1].valid) continue;
    if (handling != Handling::kIdent && handling != Handling::kNoOperation) continue;
    allowed_.push_back(static_cast<uint16_t>(i));
  }
}

Case Generator::Make(uint64_t index) const {
  Random random(seed_, index);
  Case out;
  out.seed = seed_;
  out.index = index;
  out.code_at = PickPlace(random);
  out.memory_seed = random.Below(kMemoryFillings);
  PickStart(random, out.start);
  out.start.eip = out.code_at;
  Program program(forms_, ldt_, random, out);
  if (index % kSingleShare == 0) {
    // In turn, so that none is left out.
    program.Append(allowed_[(index / kSingleShare) % allowed_.size()]);
  } else {
    const uint32_t wanted = 1 + random.Below(12);
    for (uint32_t i = 0; i < wanted && !program.Full(); ++i) program.Append(random.Pick(allowed_));
  }
  program.Finish();
  return out;
}

}  // namespace verbatim::test
