// SPDX-License-Identifier: Apache-2.0
// Makes the oracle's cases. A case follows from (seed, index) alone; the segments of the local
// descriptor table follow from the seed, so that a runner installs them once for many cases.
#ifndef VERBATIM_TESTS_ORACLE_GENERATOR_H_
#define VERBATIM_TESTS_ORACLE_GENERATOR_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "tests/oracle/case.h"
#include "tests/oracle/forms.h"
#include "tests/oracle/program.h"

namespace verbatim::test {

class Generator {
 public:
  explicit Generator(uint64_t seed);

  [[nodiscard]] const LdtTable& table() const { return ldt_; }
  // Cases that follow each other share a program and differ in their starts: the same code with
  // other operands costs a runner much less than other code.
  static constexpr uint64_t kStartsOfEach = 8;
  [[nodiscard]] Case Make(uint64_t index) const;
  // Cases `first` up to `last` as Make would make them, in less time.
  void MakeAll(uint64_t first, uint64_t last, std::vector<Case>& out) const;

 private:
  [[nodiscard]] Case MakeProgram(uint64_t number) const;
  [[nodiscard]] Case WithStart(const Case& program, uint64_t index) const;
  // The form of which the program is to be, if it is of one only.
  [[nodiscard]] std::optional<uint32_t> SingleForm(uint64_t number) const;
  [[nodiscard]] uint32_t PickForm(Random& random, const std::vector<uint16_t>& from,
                                  const Program& program) const;
  void AppendSeveral(Random& random, Program& program) const;

  uint64_t seed_;
  FormChoice forms_;
  LdtTable ldt_;
  uint64_t first_turn_;
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_GENERATOR_H_
