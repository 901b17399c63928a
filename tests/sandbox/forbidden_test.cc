// SPDX-License-Identifier: Apache-2.0
// What is not on the list is fatal, by whatever way it is tried. Each case confines a child process
// of its own.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <ostream>
#include <string>
#include <thread>

#include "sandbox/sandbox.h"

namespace verbatim {
namespace {

using testing::KilledBySignal;

// The caller of a death test sees a child that could not be confined end well, and fails.
void Confine() {
  if (!PrepareSandbox() || !EnterSandbox()) ::_exit(0);
}

struct Attempt {
  const char* call;
  int64_t number;
  std::array<uint64_t, 4> arguments = {};
};

void PrintTo(const Attempt& attempt, std::ostream* out) { *out << attempt.call; }

template <typename Pointer>
uint64_t Address(Pointer* pointer) {
  return reinterpret_cast<uint64_t>(pointer);
}

const Attempt kAttempts[] = {
    // Files and their names.
    {"open", SYS_open, {Address("/etc/passwd"), O_RDONLY}},
    {"openat", SYS_openat, {static_cast<uint64_t>(AT_FDCWD), Address("/etc/passwd"), O_RDONLY}},
    {"openat2", SYS_openat2},
    {"stat", SYS_stat, {Address("/etc/passwd"), Address("")}},
    {"unlink", SYS_unlink, {Address("/nonexistent/file")}},
    {"memfd_create", SYS_memfd_create, {Address("name"), 0}},
    {"dup2", SYS_dup2, {0, 9}},
    {"fcntl", SYS_fcntl, {0, F_GETFD}},
    // The network.
    {"socket", SYS_socket, {1, 1, 0}},
    {"connect", SYS_connect},
    {"sendmsg", SYS_sendmsg},
    {"accept4", SYS_accept4, {3}},
    // Other programs and processes.
    {"execve", SYS_execve, {Address("/bin/true"), 0, 0}},
    {"execveat", SYS_execveat},
    {"fork", SYS_fork},
    {"vfork", SYS_vfork},
    {"clone", SYS_clone, {SIGCHLD}},
    {"clone3", SYS_clone3},
    {"ptrace", SYS_ptrace, {PTRACE_TRACEME}},
    {"process_vm_writev", SYS_process_vm_writev},
    {"kill", SYS_kill, {1, 0}},
    {"tkill", SYS_tkill, {1, 0}},
    {"tgkill", SYS_tgkill, {1, 1, 0}},
    // Executable memory.
    {"mmap", SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS}},
    {"mprotect", SYS_mprotect, {0x10000, 4096, PROT_EXEC}},
    {"pkey_mprotect", SYS_pkey_mprotect, {0x10000, 4096, PROT_EXEC}},
    {"mremap", SYS_mremap},
    {"shmat", SYS_shmat},
    {"personality", SYS_personality, {0xFFFFFFFF}},
    // A bit above the 32 that the kernel looks at does not help.
    {"mprotect", SYS_mprotect, {0x10000, 4096, PROT_EXEC | 1ull << 32}},
    {"rt_sigaction", SYS_rt_sigaction, {SIGSYS | 1ull << 32, 0, 0, 8}},
    {"ioctl", SYS_ioctl, {0, TIOCSTI | 1ull << 32, Address("x")}},
    {"tgkill", SYS_tgkill, {1 | 1ull << 32, 1, 0}},
    // Ways to get out of the filter or round it.
    {"rt_sigaction", SYS_rt_sigaction, {SIGSYS, 0, 0, 8}},
    {"seccomp", SYS_seccomp, {SECCOMP_SET_MODE_STRICT}},
    {"prctl", SYS_prctl, {PR_GET_NO_NEW_PRIVS}},
    {"io_uring_setup", SYS_io_uring_setup},
    // A large part of the kernel's recent holes.
    {"bpf", SYS_bpf},
    {"perf_event_open", SYS_perf_event_open},
    {"userfaultfd", SYS_userfaultfd},
    {"unshare", SYS_unshare, {0}},
    {"keyctl", SYS_keyctl},
    {"futex", SYS_futex, {0, 6 /* FUTEX_LOCK_PI */}},
    {"madvise", SYS_madvise, {0x10000, 4096, MADV_HWPOISON}},
    // A terminal's input queue.
    {"ioctl", SYS_ioctl, {0, TIOCSTI, Address("x")}},
    {"setuid", SYS_setuid, {0}},
};

class ForbiddenCall : public testing::TestWithParam<Attempt> {};

TEST_P(ForbiddenCall, IsFatalAndNamed) {
  const Attempt& attempt = GetParam();
  const auto& [a, b, c, d] = attempt.arguments;
  EXPECT_EXIT(
      {
        Confine();
        ::syscall(attempt.number, a, b, c, d);
      },
      KilledBySignal(SIGSYS),
      "verbatim: sandbox: system call [0-9]+ \\(" + std::string(attempt.call) +
          "\\).* not allowed");
}

INSTANTIATE_TEST_SUITE_P(Sandbox, ForbiddenCall, testing::ValuesIn(kAttempts),
                         [](const testing::TestParamInfo<Attempt>& attempt) {
                           return attempt.param.call + std::to_string(attempt.index);
                         });

TEST(Sandbox, ArgumentsAreBlamedWhereTheyAreTheReason) {
  EXPECT_EXIT(
      {
        Confine();
        ::syscall(SYS_mmap, nullptr, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      },
      KilledBySignal(SIGSYS), "\\(mmap\\) with these arguments is not allowed");
  EXPECT_EXIT(
      {
        Confine();
        ::fork();
      },
      KilledBySignal(SIGSYS), "\\(clone\\) is not allowed");
}

// A debugger's socket is the only one that connections are accepted from.
TEST(Sandbox, AnotherSocketThanThatOfTheDebuggerIsBlamed) {
  EXPECT_EXIT(
      {
        if (!PrepareSandbox() || !EnterSandbox({.listening_sockets = {5}})) ::_exit(0);
        // Not a socket, but allowed.
        if (::syscall(SYS_accept4, 5, nullptr, nullptr, 0) != -1) ::_exit(0);
        ::syscall(SYS_accept4, 4, nullptr, nullptr, 0);
        ::_exit(0);
      },
      KilledBySignal(SIGSYS), "\\(accept4\\) with these arguments");
}

TEST(Sandbox, CallsOfOtherArchitecturesAreFatal) {
  constexpr int64_t kX32 = 0x40000000;
  EXPECT_EXIT(
      {
        Confine();
        ::syscall(kX32 + SYS_getpid);
      },
      KilledBySignal(SIGSYS), "not allowed");
  EXPECT_EXIT(
      {
        Confine();
        constexpr uint32_t kGetpid32 = 20;
        uint32_t result = kGetpid32;
        asm volatile("int $0x80" : "+a"(result)::"memory");
      },
      KilledBySignal(SIGSYS), "of another architecture is not allowed");
}

TEST(Sandbox, ThreadsThatRanBeforeAreConfinedToo) {
  EXPECT_EXIT(
      {
        std::atomic<int> state = 0;
        std::thread other([&state] {
          state = 1;  // past a thread's start-up
          state.notify_all();
          state.wait(1);
          ::syscall(SYS_socket, 1, 1, 0);
        });
        state.wait(0);
        Confine();
        state = 2;
        state.notify_all();
        other.join();
      },
      KilledBySignal(SIGSYS), "\\(socket\\)");
}

// The handler does not run then, but the call is not made either.
TEST(Sandbox, BlockingTheSignalDoesNotHelp) {
  EXPECT_EXIT(
      {
        Confine();
        sigset_t all;
        ::sigfillset(&all);
        ::sigprocmask(SIG_SETMASK, &all, nullptr);
        ::syscall(SYS_socket, 1, 1, 0);
      },
      KilledBySignal(SIGSYS), "");
}

TEST(Sandbox, ASignalFromOutsideIsNotMistakenForACall) {
  EXPECT_EXIT(
      {
        Confine();
        ::raise(SIGSYS);
      },
      KilledBySignal(SIGSYS), "sent from outside");
}

}  // namespace
}  // namespace verbatim
