// SPDX-License-Identifier: Apache-2.0
// What the host must offer for a guest to run, each as one line. Checks try the thing itself where
// that is possible: a host can refuse for more reasons than any list of settings has.
#ifndef VERBATIM_MACHINE_HOST_CHECKS_H_
#define VERBATIM_MACHINE_HOST_CHECKS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

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

  // In one line, without the verdict.
  [[nodiscard]] std::string Describe() const {
    return name + ": " + value + (advice.empty() ? "" : " (" + advice + ")");
  }
};

// Processor features that translated code uses.
[[nodiscard]] std::vector<HostCheck> CheckHostCpu();
// Memory without which nothing runs: memfd_create, executable memory, address space.
[[nodiscard]] std::vector<HostCheck> CheckHostMemory();

// Of both, the first that fails, as an error.
[[nodiscard]] Status CheckHostCanRun();

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_HOST_CHECKS_H_
