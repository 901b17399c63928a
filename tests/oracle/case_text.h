// SPDX-License-Identifier: Apache-2.0
// A case for reading: its segments, registers and program.
#ifndef VERBATIM_TESTS_ORACLE_CASE_TEXT_H_
#define VERBATIM_TESTS_ORACLE_CASE_TEXT_H_

#include <string>

#include "tests/oracle/case.h"

namespace verbatim::test {

[[nodiscard]] std::string CaseText(const Case& one, const LdtTable& table);
// Registers, selectors, flags and how it ended, on a few lines.
[[nodiscard]] std::string OutcomeText(const Outcome& outcome);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_CASE_TEXT_H_
