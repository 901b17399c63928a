// SPDX-License-Identifier: Apache-2.0
// Do a native and a translated run agree in all that a program can see?
#ifndef VERBATIM_TESTS_ORACLE_COMPARISON_H_
#define VERBATIM_TESTS_ORACLE_COMPARISON_H_

#include <cstdint>
#include <span>
#include <string>

#include "tests/oracle/case.h"
#include "tests/oracle/memory_image.h"
#include "tests/oracle/translated_runner.h"

namespace verbatim::test {

// EFLAGS bits that are compared whatever the case says: those that an unprivileged program can
// change or see, and those that it must not change. RF is a property of the fault's frame.
inline constexpr uint32_t kControlFlags = flag::kTf | flag::kIf | flag::kIopl | flag::kNt |
                                          flag::kRf | flag::kVm | flag::kAc | flag::kVif |
                                          flag::kVip | flag::kId;

struct NativeRun {
  const Outcome& outcome;
  std::span<const ChangedLine> lines;
};

// Made to be fast where they agree.
[[nodiscard]] bool Agree(const Case& one, const NativeRun& native,
                         const TranslatedOutcome& translated);
// One line for each difference; empty if they agree.
[[nodiscard]] std::string Describe(const Case& one, const NativeRun& native,
                                   const TranslatedOutcome& translated);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_COMPARISON_H_
