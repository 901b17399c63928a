// SPDX-License-Identifier: Apache-2.0
// datagen MIB: writes that many MiB of data, always the same, to standard output. Half of each
// block is random and half repeats earlier bytes, so that gzip finds both literals and matches.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kBlockBytes = 4096 };

static uint32_t Next(uint32_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: datagen MIB\n");
    return 2;
  }
  static uint32_t block[kBlockBytes / sizeof(uint32_t)];
  const size_t words = sizeof block / sizeof block[0];
  uint32_t state = 2463534242u;
  for (long left = atol(argv[1]) * (1024 * 1024 / kBlockBytes); left > 0; --left) {
    for (size_t i = 0; i < words / 2; ++i) block[i] = Next(&state);
    for (size_t i = words / 2; i < words;) {
      size_t count = 1 + Next(&state) % 16;
      if (count > words - i) count = words - i;
      const size_t from = Next(&state) % (i - count);
      memmove(&block[i], &block[from], count * sizeof block[0]);
      i += count;
    }
    if (fwrite(block, sizeof block, 1, stdout) != 1) {
      perror("datagen");
      return 1;
    }
  }
  return fflush(stdout) == 0 ? 0 : 1;
}
