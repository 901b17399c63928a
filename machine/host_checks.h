// SPDX-License-Identifier: Apache-2.0
// What the host must offer and what will limit a guest, each as one line. Checks try the thing
// itself where that is possible: a host can refuse for more reasons than any list of settings has.
#ifndef VERBATIM_CLI_HOST_CHECKS_H_
#define VERBATIM_CLI_HOST_CHECKS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim {

enum class HostVerdict : uint8_t {
  kOk,
  kWarn,  // works, with less speed or for smaller guests
  kFail,  // no guest can run
};

struct HostCheck {
  HostVerdict verdict = HostVerdict::kOk;
  std::string name;
  std::string value;   // what was found
  std::string advice;  // what to do; "" if nothing
};

// Processor features that translated code uses.
[[nodiscard]] std::vector<HostCheck> CheckHostCpu();
// Memory without which nothing runs: memfd_create, executable memory, address space.
[[nodiscard]] std::vector<HostCheck> CheckHostMemory();
// Settings and amounts that limit what can be run; these never fail.
[[nodiscard]] std::vector<HostCheck> CheckHostLimits();

}  // namespace verbatim

#endif  // VERBATIM_CLI_HOST_CHECKS_H_
