// SPDX-License-Identifier: Apache-2.0
// CHECK: an assertion about our own code, on in every build. It prints what was asserted, runs the
// dump hooks (engine state) and aborts. No guest and no input file may be able to reach a failing
// one.
#ifndef VERBATIM_BASE_CHECK_H_
#define VERBATIM_BASE_CHECK_H_

#include <string_view>

namespace verbatim {

using DumpHook = void (*)(void* context) noexcept;

// Registers `hook` to run when a CHECK fails on this thread (one at a time; nullptr removes it).
void SetDumpHook(DumpHook hook, void* context);

[[noreturn]] void CheckFailed(std::string_view condition, std::string_view file, int line);

}  // namespace verbatim

#define CHECK(condition)                               \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::verbatim::CheckFailed(#condition, __FILE__, __LINE__))

#endif  // VERBATIM_BASE_CHECK_H_
