// SPDX-License-Identifier: Apache-2.0
// What every fuzz target has: the entry that libFuzzer (or replay_main.cc) calls, and the way to
// report what must not be. Nothing may be kept from one input to the next: a crash must come again
// from its input alone.
#ifndef VERBATIM_TESTS_FUZZ_TARGET_H_
#define VERBATIM_TESTS_FUZZ_TARGET_H_

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace verbatim {

// Ends the process with a message unless `holds`.
template <typename... Arguments>
void Demand(bool holds, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (holds) [[likely]] {
    return;
  }
  const std::string text = fmt::format(format, std::forward<Arguments>(arguments)...);
  std::fprintf(stderr, "FUZZ FAILURE: %s\n", text.c_str());
  std::abort();
}

}  // namespace verbatim

#endif  // VERBATIM_TESTS_FUZZ_TARGET_H_
