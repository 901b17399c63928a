// SPDX-License-Identifier: Apache-2.0
// How many cases were run of each form. The counts are a plain array, so that several processes can
// count into shared memory of their own and be added up.
#ifndef VERBATIM_TESTS_ORACLE_COVERAGE_H_
#define VERBATIM_TESTS_ORACLE_COVERAGE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/oracle/case.h"
#include "tests/oracle/forms.h"

namespace verbatim::test {

// How a form reaches the host. A block's mode may force a costlier way than this one.
enum class Translation : uint8_t {
  kIdentical,  // copied, apart from what the change of mode forces
  kRewritten,  // other host instructions do the same
  kSimulated,  // a call out of the block, to the virtual CPU
  kFault,      // always #UD
};
[[nodiscard]] Translation TranslationOf(const Form& form);

class Coverage {
 public:
  // So many counts; all zero at first.
  [[nodiscard]] static size_t Slots();
  // Counts into `counts`, which somebody else keeps.
  explicit Coverage(std::span<uint64_t> counts);

  void Count(const Case& run);

  // Cases that contain the form, and those of them in which nothing before it can fault or branch,
  // so that it certainly was executed.
  [[nodiscard]] uint64_t Cases(uint32_t form) const { return counts_[form * 2]; }
  [[nodiscard]] uint64_t Certain(uint32_t form) const { return counts_[form * 2 + 1]; }
  // Forms that a case may contain and none did.
  [[nodiscard]] std::vector<uint32_t> Missing() const;

  // "form<TAB>encoding<TAB>example<TAB>translation<TAB>cases<TAB>certain", a line each, behind a
  // header line.
  [[nodiscard]] std::string Table() const;
  // Totals by translation, what is missing, what is avoided and why.
  [[nodiscard]] std::string Summary() const;

 private:
  std::span<uint64_t> counts_;
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_COVERAGE_H_
