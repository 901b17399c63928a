// SPDX-License-Identifier: Apache-2.0
// Every program of snippets.asm: natively and in all variants of the engine.
#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <span>

#include "tests/engine/differential.h"

namespace verbatim::test {

struct SnippetEntry {
  const char* name;
  const uint8_t* begin;
  const uint8_t* end;
  uint64_t undefined_flags;
};
extern "C" const SnippetEntry kSnippetTable[];
extern "C" const SnippetEntry kSnippetTableEnd[];

// For the name of the parameter in the report.
void PrintTo(const SnippetEntry& entry, std::ostream* out) { *out << entry.name; }

namespace {

class SnippetTest : public testing::TestWithParam<SnippetEntry> {
 protected:
  static void SetUpTestSuite() { differential = std::make_unique<Differential>(); }
  static void TearDownTestSuite() { differential.reset(); }
  static std::unique_ptr<Differential> differential;
};

std::unique_ptr<Differential> SnippetTest::differential;

TEST_P(SnippetTest, AgreesWithTheProcessor) {
  const SnippetEntry& entry = GetParam();
  Program program;
  program.name = entry.name;
  program.code.assign(entry.begin, entry.end);
  program.flags = kComparedFlags & ~static_cast<uint32_t>(entry.undefined_flags);
  program.stack_bytes = kStackBytes;
  program.interrupted_runs = 5;
  EXPECT_EQ(differential->Check(program), "");
}

INSTANTIATE_TEST_SUITE_P(All, SnippetTest, testing::ValuesIn(kSnippetTable, kSnippetTableEnd),
                         [](const auto& parameter) { return std::string(parameter.param.name); });

}  // namespace
}  // namespace verbatim::test
