// SPDX-License-Identifier: Apache-2.0
// docs/security.md gives a reason for each call that is allowed, and for no other.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "sandbox/allow_list.h"

namespace verbatim {
namespace {

// The names in the first column of the table: "| `mmap` `mprotect` | ... |".
std::set<std::string> DocumentedCalls() {
  std::ifstream file(VERBATIM_SOURCE "/docs/security.md");
  std::set<std::string> names;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `")) continue;
    const std::string cell = line.substr(0, line.find('|', 1));
    for (size_t at = 0; (at = cell.find('`', at)) != std::string::npos;) {
      const size_t end = cell.find('`', at + 1);
      names.insert(cell.substr(at + 1, end - at - 1));
      at = end + 1;
    }
  }
  return names;
}

TEST(SandboxDocument, ListsExactlyTheAllowedCalls) {
  std::set<std::string> allowed;
  for (const AllowedCall& call : AllowedCalls({.listening_sockets = {3}}))
    allowed.emplace(call.name);
  EXPECT_EQ(DocumentedCalls(), allowed);
}

}  // namespace
}  // namespace verbatim
