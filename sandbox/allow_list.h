// SPDX-License-Identifier: Apache-2.0
// The system calls that a running guest's process may still make. docs/security.md gives the same
// list with the reasons; a test compares the two.
#ifndef VERBATIM_SANDBOX_ALLOW_LIST_H_
#define VERBATIM_SANDBOX_ALLOW_LIST_H_

#include <seccomp.h>

#include <optional>
#include <string_view>
#include <vector>

namespace verbatim {

struct AllowedCall {
  int number;
  std::string_view name;
  std::optional<scmp_arg_cmp> condition = std::nullopt;  // none: whatever the arguments are
};

// What not every run needs.
struct SandboxNeeds {
  std::vector<int> listening_sockets{};  // from which connections are accepted
};

// A call that is listed more than once may be made if one of its conditions holds. The list holds
// for the calling process: signals may be sent to itself only.
[[nodiscard]] std::vector<AllowedCall> AllowedCalls(const SandboxNeeds& needs = {});

}  // namespace verbatim

#endif  // VERBATIM_SANDBOX_ALLOW_LIST_H_
