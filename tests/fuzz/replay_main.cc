// SPDX-License-Identifier: Apache-2.0
// Feeds files to a fuzz target without libFuzzer: FILE-OR-FOLDER... A failure ends the process; the
// last line names the file.
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "tests/fuzz/target.h"

namespace {

constexpr uint64_t kMaxInputBytes = 1 << 20;

std::vector<std::string> Files(int argc, char** argv) {
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      files.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      files.push_back(entry.path());
    }
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> files = Files(argc, argv);
  for (const std::string& file : files) {
    const auto bytes = verbatim::ReadFile(file, kMaxInputBytes);
    if (!bytes) {
      std::fprintf(stderr, "%s\n", bytes.error().message.c_str());
      return 1;
    }
    std::printf("%s\n", file.c_str());
    std::fflush(stdout);
    LLVMFuzzerTestOneInput(bytes->data(), bytes->size());
  }
  if (files.empty()) std::fprintf(stderr, "no inputs\n");
  return files.empty() ? 1 : 0;
}
