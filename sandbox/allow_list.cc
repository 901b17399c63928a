// SPDX-License-Identifier: Apache-2.0
// The kernel takes most arguments as 32-bit numbers and ignores what is above, while a filter sees
// all 64 bits. So every condition either compares all of them with the one value that is meant, or
// masks the bits that the kernel looks at. "Not equal" would be passed by a set bit above.
#include "sandbox/allow_list.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace verbatim {
namespace {

scmp_arg_cmp Equals(unsigned argument, uint64_t value) {
  return {.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value, .datum_b = 0};
}

scmp_arg_cmp Masked(unsigned argument, uint64_t mask, uint64_t value) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

scmp_arg_cmp Below(unsigned argument, uint64_t value) {
  return {.arg = argument, .op = SCMP_CMP_LT, .datum_a = value, .datum_b = 0};
}

constexpr uint64_t kFutexCommand =
    ~static_cast<uint32_t>(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
// Signals 32 to 63: one bit pattern. Those below SIGSYS are one range; SIGSYS itself stays ours.
constexpr uint64_t kRealTimeSignals = 32;
constexpr uint64_t kRealTimeMask = 0xFFFF'FFE0;

}  // namespace

#define CALL(name) SCMP_SYS(name), #name

std::vector<AllowedCall> AllowedCalls(const SandboxNeeds& needs) {
  std::vector<AllowedCall> calls = {
      // Windows, their faults, and the guest's timers.
      {CALL(mmap), Masked(2, PROT_EXEC, 0)},
      {CALL(mprotect), Masked(2, PROT_EXEC, 0)},
      {CALL(munmap)},
      {CALL(rt_sigreturn)},
      {CALL(timer_settime)},
      // The C library's heap.
      {CALL(brk)},
      {CALL(madvise), Equals(2, MADV_DONTNEED)},
      {CALL(madvise), Equals(2, MADV_REMOVE)},
      {CALL(sysinfo)},
      // Open descriptors: serial line, log files, statistics, boot files, disk images, the
      // terminal's settings and size.
      {CALL(read)},
      {CALL(pread64)},
      {CALL(pwrite64)},
      {CALL(fdatasync)},
      {CALL(lseek)},
      {CALL(fallocate), Equals(1, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)},
      {CALL(write)},
      {CALL(writev)},
      {CALL(close)},
      {CALL(poll)},
      {CALL(ioctl), Equals(1, TCGETS)},
      {CALL(ioctl), Equals(1, TCSETS)},
      {CALL(ioctl), Equals(1, TIOCGWINSZ)},
      // Waiting and waking.
      {CALL(futex), Masked(1, kFutexCommand, FUTEX_WAIT)},
      {CALL(futex), Masked(1, kFutexCommand, FUTEX_WAKE)},
      {CALL(futex), Masked(1, kFutexCommand, FUTEX_WAIT_BITSET)},
      {CALL(restart_syscall)},
      {CALL(clock_gettime)},
      // Signals, for this process only.
      {CALL(rt_sigaction), Below(0, SIGSYS)},
      {CALL(rt_sigaction), Masked(0, kRealTimeMask, kRealTimeSignals)},
      {CALL(rt_sigprocmask)},
      {CALL(sigaltstack)},
      {CALL(getpid)},
      {CALL(gettid)},
      {CALL(tgkill), Equals(0, static_cast<uint64_t>(::getpid()))},
      // The end.
      {CALL(timer_delete)},
      {CALL(wait4)},
      {CALL(exit)},
      {CALL(exit_group)},
  };
  for (const int socket : needs.listening_sockets) {
    calls.push_back({CALL(accept4), Equals(0, static_cast<uint64_t>(socket))});
  }
  return calls;
}

#undef CALL

}  // namespace verbatim
