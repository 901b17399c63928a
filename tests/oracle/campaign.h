// SPDX-License-Identifier: Apache-2.0
// Many cases over several processes, with progress while they run and a report at the end.
#ifndef VERBATIM_TESTS_ORACLE_CAMPAIGN_H_
#define VERBATIM_TESTS_ORACLE_CAMPAIGN_H_

#include "base/result.h"
#include "tests/oracle/options.h"

namespace verbatim::test {

// Returns the exit status: 0 only if every case could be compared and agreed.
[[nodiscard]] Result<int> RunCampaign(const OracleOptions& options);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_CAMPAIGN_H_
