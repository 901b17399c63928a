// SPDX-License-Identifier: Apache-2.0
#ifndef VERBATIM_BENCH_SYSTEM_TOKEN_H_
#define VERBATIM_BENCH_SYSTEM_TOKEN_H_

#include <stdint.h>

enum { kMostInRing = 200 };

// Passes a token `count` times round a ring of `processes`, each of which touches 64 KiB of memory
// of its own when it has it: as many switches as processes, each round. Returns what they have
// added to it.
uint32_t PassToken(uint32_t count, uint32_t processes);

#endif  // VERBATIM_BENCH_SYSTEM_TOKEN_H_
