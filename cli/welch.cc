// SPDX-License-Identifier: Apache-2.0
#include "cli/welch.h"

#include <cmath>
#include <numeric>

namespace verbatim {
namespace {

constexpr double kConfidence = 0.95;

// The probability that |t| stays below `t`: the density integrated by Simpson's rule, over the
// angle whose tangent is t / sqrt(freedom), where it is cos^(freedom - 1) and smooth.
double WithinProbability(double t, double freedom) {
  constexpr int kSteps = 2000;
  const double end = std::atan(t / std::sqrt(freedom));
  const auto integral = [freedom](double to) {
    const double step = to / kSteps;
    double sum = 0;
    for (int i = 0; i <= kSteps; ++i) {
      const double weight = i == 0 || i == kSteps ? 1 : (i % 2 == 1 ? 4 : 2);
      sum += weight * std::pow(std::cos(step * i), freedom - 1);
    }
    return sum * step / 3;
  };
  // The whole of it is B(1/2, freedom / 2) / 2.
  const double whole =
      std::exp(std::lgamma(0.5) + std::lgamma(freedom / 2) - std::lgamma((freedom + 1) / 2)) / 2;
  return integral(end) / whole;
}

}  // namespace

double Mean(std::span<const double> values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double Variance(std::span<const double> values) {
  if (values.size() < 2) return 0;
  const double mean = Mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return sum / static_cast<double>(values.size() - 1);
}

double StudentQuantile95(double freedom) {
  double low = 0;
  double high = 1e6;
  constexpr int kHalvings = 80;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (WithinProbability(middle, freedom) < kConfidence ? low : high) = middle;
  }
  return high;
}

std::optional<Interval> WelchInterval(std::span<const double> a, std::span<const double> b) {
  if (a.size() < 2 || b.size() < 2) return std::nullopt;
  const double of_a = Variance(a) / static_cast<double>(a.size());
  const double of_b = Variance(b) / static_cast<double>(b.size());
  const double difference = Mean(b) - Mean(a);
  const double both = of_a + of_b;
  if (both == 0) return Interval{difference, difference};
  // Welch and Satterthwaite.
  const double freedom = both * both /
                         (of_a * of_a / static_cast<double>(a.size() - 1) +
                          of_b * of_b / static_cast<double>(b.size() - 1));
  const double reach = StudentQuantile95(freedom) * std::sqrt(both);
  return Interval{difference - reach, difference + reach};
}

}  // namespace verbatim
