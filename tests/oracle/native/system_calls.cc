// SPDX-License-Identifier: Apache-2.0
// A program that finds an instruction which enters the kernel must not have its call served: the
// numbers are those of 32-bit Linux, and the process would do what a random program says.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/oracle/native/native_runner.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kNeeded[] = {SYS_rt_sigreturn, SYS_rt_sigaction, SYS_futex,
                                SYS_modify_ldt,   SYS_write,        SYS_exit_group};
constexpr auto kNeededCount = static_cast<uint8_t>(std::size(kNeeded));

}  // namespace

const char* NativeRunner::ForbidSystemCalls() {
  std::array<sock_filter, kNeededCount + 5> filter{};
  size_t at = 0;
  const auto add = [&](sock_filter one) { filter[at++] = one; };
  // Compatibility mode has an architecture of its own: INT 80h, SYSCALL and SYSENTER go by it.
  add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
  add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, kNeededCount + 1));
  add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (uint8_t i = 0; i < kNeededCount; ++i) {
    const auto to_allow = static_cast<uint8_t>(kNeededCount - i);
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kNeeded[i], to_allow, 0));
  }
  add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
  add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{.len = static_cast<unsigned short>(at), .filter = filter.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return "no_new_privs";
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return "seccomp";
  return nullptr;
}

}  // namespace verbatim::test
