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

// The host's PUSH of a selector leaves the upper half of its 32-bit place as it was.
[[nodiscard]] bool HostPushesWords();
[[nodiscard]] bool PushesSelectors(const Case& one);
// For a program that has made itself such a PUSH: in the memory that the native run left, the upper
// halves of selectors that were pushed; in its registers, these halves if they were popped again.
[[nodiscard]] bool ForgivePushedSelectors(const Case& one, std::vector<ChangedLine>& native,
                                          std::span<const ChangedLine> translated);
[[nodiscard]] bool ForgivePoppedSelectors(Outcome& native, const Outcome& here);
// Whether here the push of one has faulted, which natively takes less room: it went on.
[[nodiscard]] bool WasSelectorPush(const Ending& end, const Outcome& here);
// Whether here an x87 store has faulted that natively may not have been done, for its number raised
// an exception: `end` is the end of the run here, and natively it went on.
[[nodiscard]] bool WasUnmaskedStore(const Ending& end, const Outcome& here);
// `end`: of the native run, which `native` is the outcome of.
[[nodiscard]] bool ForgiveStackTopOfMmx(const Ending& end, Outcome& native, const Outcome& here);
[[nodiscard]] bool ForgiveFlagsOfStrings(const Ending& end, Outcome& native, const Outcome& here);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_EXPLAINED_PROCESSORS_H_
