// SPDX-License-Identifier: Apache-2.0
// without_seccomp COMMAND [ARGUMENT...]: runs the command where seccomp(2) fails as if the kernel
// did not know it.
#include <seccomp.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr ||
      ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0) != 0 ||
      ::seccomp_load(filter) != 0) {
    std::fprintf(stderr, "without_seccomp: cannot install the filter\n");
    return 2;
  }
  ::execv(argv[1], argv + 1);
  std::perror(argv[1]);
  return 2;
}
