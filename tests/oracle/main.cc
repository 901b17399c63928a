// SPDX-License-Identifier: Apache-2.0
// oracle: random programs, natively and translated.
#include <fmt/format.h>

#include "tests/oracle/campaign.h"
#include "tests/oracle/options.h"
#include "tests/oracle/replay.h"

int main(int argc, char** argv) {
  namespace test = verbatim::test;
  const auto options = test::ParseOptions(argc, argv);
  if (!options) {
    fmt::print(stderr, "{}\n", options.error().message);
    return 2;
  }
  if (!*options) return 0;
  const verbatim::Result<int> status =
      (*options)->replay ? test::Replay(**options) : test::RunCampaign(**options);
  if (!status) {
    fmt::print(stderr, "{}\n", status.error().message);
    return 2;
  }
  return *status;
}
