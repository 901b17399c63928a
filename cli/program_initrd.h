// SPDX-License-Identifier: Apache-2.0
// A root file system that holds one program, which Linux starts first: a cpio archive of the "newc"
// form (Linux: Documentation/driver-api/early-userspace/buffer-format.rst).
#ifndef VERBATIM_CLI_PROGRAM_INITRD_H_
#define VERBATIM_CLI_PROGRAM_INITRD_H_

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"

namespace verbatim {

// Fails unless it is an ELF file for i386 that needs no interpreter; `name` is for messages.
[[nodiscard]] Status CheckStaticProgram(std::span<const uint8_t> file, const std::string& name);

// With the program as /init, and /dev/console for its output.
[[nodiscard]] std::string ProgramInitrd(std::span<const uint8_t> program);

}  // namespace verbatim

#endif  // VERBATIM_CLI_PROGRAM_INITRD_H_
