// SPDX-License-Identifier: Apache-2.0
// Runs 32- and 16-bit programs on the bare processor, in compatibility mode, with all six segment
// registers loaded: selectors of a local descriptor table that modify_ldt(2) installs, offsets as
// the program sees them.
//
// A program is entered by a far jump and ends with the signal that its first fault becomes; the
// handler goes back to where the program was entered from, without sigreturn. While a program runs
// it owns every register, FS with the host's thread pointer included: the handler reads the
// selectors, then puts the pointer back, and until then nothing may use thread-local storage (the
// whole program is compiled without stack protector and linked with immediate binding).
//
// One in a process, which does nothing else: it owns the addresses of cpu_image.h.
#ifndef VERBATIM_TESTS_ORACLE_NATIVE_NATIVE_RUNNER_H_
#define VERBATIM_TESTS_ORACLE_NATIVE_NATIVE_RUNNER_H_

#include <cstdint>

#include "tests/oracle/native_protocol.h"

namespace verbatim::test {

class NativeRunner {
 public:
  // Maps the areas, installs the handlers and the clock that ends endless programs. Returns what
  // could not be done, or nullptr.
  [[nodiscard]] const char* SetUp();
  // Forbids system calls but those that this process still needs: others become SIGSYS, which ends
  // the case. Returns what could not be done, or nullptr.
  [[nodiscard]] static const char* ForbidSystemCalls();

  // Likewise nullptr unless the kernel refuses a segment.
  [[nodiscard]] const char* InstallTable(const LdtTable& table);

  // Runs the case and appends the lines of memory it changed to `lines`; returns their number.
  uint32_t Run(const NativeCase& one, NativeOutcome& outcome, ChangedLine* lines);

 private:
  MemoryImage image_;
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_NATIVE_NATIVE_RUNNER_H_
