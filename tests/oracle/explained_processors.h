// SPDX-License-Identifier: Apache-2.0
// Where Intel's processors and AMD's differ, and the host may be either. Each takes over from the
// translated run what may differ, and is true if it did; see Explanation.
#ifndef VERBATIM_TESTS_ORACLE_EXPLAINED_PROCESSORS_H_
#define VERBATIM_TESTS_ORACLE_EXPLAINED_PROCESSORS_H_

#include <span>
#include <vector>

#include "tests/oracle/comparison.h"
#include "tests/oracle/ending.h"

namespace verbatim::test {

// In the memory that the native run left, the upper halves of selectors that were pushed; in its
// registers, those of selectors that were popped again.
[[nodiscard]] bool ForgivePushedSelectors(const Case& one, std::vector<ChangedLine>& native,
                                          std::span<const ChangedLine> translated);
[[nodiscard]] bool ForgivePoppedSelectors(const Case& one, Outcome& native, const Outcome& here);
// Whether here an x87 store has faulted that natively was not done, for its number raised an
// exception: `end` is the end of the run here.
[[nodiscard]] bool WasUnmaskedStore(const Ending& end, const Outcome& here, const Outcome& native);
// `end`: of the native run, which `native` is the outcome of.
[[nodiscard]] bool ForgiveStackTopOfMmx(const Ending& end, Outcome& native, const Outcome& here);
[[nodiscard]] bool ForgiveFlagsOfStrings(const Ending& end, Outcome& native, const Outcome& here);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_EXPLAINED_PROCESSORS_H_
