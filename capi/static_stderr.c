/* SPDX-License-Identifier: Apache-2.0 */
/* Debian's asmjit is a static library for programs: the one thing in it that a shared library
 * cannot have is a direct reference to the C library's `stderr`. The linker (--wrap=stderr) leads
 * it here. */
#include <stdio.h>

/* Names that --wrap demands. */
extern FILE *__real_stderr;
FILE *__wrap_stderr;

__attribute__((constructor)) static void FindStderr(void) { __wrap_stderr = __real_stderr; }
