// SPDX-License-Identifier: Apache-2.0
#include "sandbox/sandbox.h"

#include <linux/seccomp.h>
#include <malloc.h>
#include <seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

#include "sandbox/allow_list.h"
#include "sandbox/violation.h"

namespace verbatim {
namespace {

struct ReleaseFilter {
  void operator()(void* filter) const { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, ReleaseFilter>;

// libseccomp returns errors as negative numbers.
Status Checked(int result) {
  if (result < 0) return Fail("cannot make the filter: {}", std::strerror(-result));
  return {};
}

Status SetAttributes(const Filter& filter) {
  for (const auto& [attribute, value] : {
           // All threads or none. no_new_privs goes with it, and is set by default.
           std::pair{SCMP_FLTATR_CTL_TSYNC, 1u},
           // int 80h and the x32 numbers.
           std::pair{SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP},
           // Without this, kernels before 5.16 switch speculation off for the whole process, which
           // protects nothing here: the guest's own memory is all that this process holds.
           std::pair{SCMP_FLTATR_CTL_SSB, 1u},
           // A binary search instead of a list.
           std::pair{SCMP_FLTATR_CTL_OPTIMIZE, 2u},
       }) {
    if (Status set = Checked(::seccomp_attr_set(filter.get(), attribute, value)); !set) return set;
  }
  return {};
}

Status AddRules(const Filter& filter, std::span<const AllowedCall> allowed) {
  for (const AllowedCall& call : allowed) {
    const unsigned conditions = call.condition ? 1 : 0;
    const scmp_arg_cmp condition = call.condition.value_or(scmp_arg_cmp{});
    Status added = Checked(::seccomp_rule_add_exact_array(filter.get(), SCMP_ACT_ALLOW, call.number,
                                                          conditions, &condition));
    if (!added) return added;
  }
  return {};
}

}  // namespace

Status CheckSandbox() {
#ifdef VERBATIM_INSTRUMENTED
  return Fail("the sanitizers that this program was built with would not work in it");
#else
  const uint32_t action = SECCOMP_RET_TRAP;
  if (::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0) {
    return Fail("the kernel offers no seccomp filters: {}", std::strerror(errno));
  }
  // A filter at address 0: a kernel that knows the flag gets as far as reading it.
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, nullptr) == 0 ||
      errno != EFAULT) {
    return Fail("the kernel cannot confine all threads at once: {}", std::strerror(errno));
  }
  return {};
#endif
}

Status PrepareSandbox() {
  if (Status offered = CheckSandbox(); !offered) return offered;
  if (::mallopt(M_ARENA_MAX, 1) != 1) return Fail("the heap cannot be set up");
  return {};
}

Status EnterSandbox(const SandboxNeeds& needs) {
  if (Status offered = CheckSandbox(); !offered) return offered;
  const std::vector<AllowedCall> allowed = AllowedCalls(needs);
  const Filter filter(::seccomp_init(SCMP_ACT_TRAP));
  if (filter == nullptr) return Fail("no memory for the filter");
  if (Status set = SetAttributes(filter); !set) return set;
  if (Status added = AddRules(filter, allowed); !added) return added;
  if (Status installed = InstallViolationHandler(allowed); !installed) return installed;
  if (const int result = ::seccomp_load(filter.get()); result < 0) {
    return Fail("the kernel refuses the filter: {}", std::strerror(-result));
  }
  return {};
}

}  // namespace verbatim
