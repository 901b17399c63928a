// SPDX-License-Identifier: Apache-2.0
#ifndef VERBATIM_MACHINE_STATISTIC_H_
#define VERBATIM_MACHINE_STATISTIC_H_

#include <string>
#include <string_view>

namespace verbatim {

// One figure for --stats. `group` and `name` are identifiers (JSON keys), `description` is prose
// with the unit.
struct Statistic {
  std::string_view group;
  std::string name;
  double value = 0;
  std::string description;
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_STATISTIC_H_
