// SPDX-License-Identifier: Apache-2.0
// Takes from this process, for good, every system call that a running guest does not need
// (seccomp(2), filter mode) and every way to gain privileges (PR_SET_NO_NEW_PRIVS). Process-wide,
// like what it sets. docs/security.md: against what it helps, and each call that is left.
//
// Order: PrepareSandbox, threads are started, files are opened, EnterSandbox, the guest runs.
#ifndef VERBATIM_SANDBOX_SANDBOX_H_
#define VERBATIM_SANDBOX_SANDBOX_H_

#include "base/result.h"
#include "sandbox/allow_list.h"

namespace verbatim {

// Whether this kernel, and what this process has been forbidden already, lets a process confine all
// its threads at once.
[[nodiscard]] Status CheckSandbox();

// CheckSandbox, and the C library told to keep one heap for all threads: the heaps of other threads
// open a file of /proc when they shrink. Before the first thread is started.
[[nodiscard]] Status PrepareSandbox();

// From here on only AllowedCalls(needs) can be made, by any thread; another one prints a line that
// names it and kills the process by SIGSYS. All threads that will ever exist must be past their
// start-up code, and SIGSYS should be blocked in none: where it is, the process dies without the
// line. Nothing has changed if it fails. Instrumented builds always fail: reports of the sanitizers
// need calls that are not allowed.
[[nodiscard]] Status EnterSandbox(const SandboxNeeds& needs = {});

}  // namespace verbatim

#endif  // VERBATIM_SANDBOX_SANDBOX_H_
