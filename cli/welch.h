// SPDX-License-Identifier: Apache-2.0
// Whether two series of measurements differ: Welch's interval for the difference of their means,
// which supposes neither equal variances nor equal counts.
#ifndef VERBATIM_CLI_WELCH_H_
#define VERBATIM_CLI_WELCH_H_

#include <optional>
#include <span>

namespace verbatim {

[[nodiscard]] double Mean(std::span<const double> values);
// Of the population that the values are from; 0 for fewer than two.
[[nodiscard]] double Variance(std::span<const double> values);

// What a variable of Student's t distribution stays within, on both sides of 0, with a probability
// of 95 %; `freedom` is above 0 and need not be whole.
[[nodiscard]] double StudentQuantile95(double freedom);

struct Interval {
  double low = 0;
  double high = 0;
};
// Where the mean of `b` less the mean of `a` lies, with a confidence of 95 %. Not known from fewer
// than two values each.
[[nodiscard]] std::optional<Interval> WelchInterval(std::span<const double> a,
                                                    std::span<const double> b);

}  // namespace verbatim

#endif  // VERBATIM_CLI_WELCH_H_
