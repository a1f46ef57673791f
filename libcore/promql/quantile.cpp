// SPDX-License-Identifier: Apache-2.0
#include "promql/quantile.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace mcore {
namespace {

/// What needs no values: an empty set, and what is no quantile.
std::optional<double> quantile_without_values(double phi, bool is_empty) noexcept {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (is_empty || std::isnan(phi)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (phi < 0) {
    return -kInfinity;
  }
  if (phi > 1) {
    return kInfinity;
  }
  return std::nullopt;
}

struct Rank {
  std::size_t lower;
  std::size_t upper;
  double weight;  // of the upper one
};

Rank rank_of(double phi, std::size_t count) noexcept {
  const double rank = phi * static_cast<double>(count - 1);
  const auto lower = static_cast<std::size_t>(rank);
  return {.lower = lower, .upper = std::min(count - 1, lower + 1), .weight = rank - static_cast<double>(lower)};
}

double between(double lower, double upper, double weight) noexcept {
  return lower * (1 - weight) + upper * weight;
}

}  // namespace

double quantile_of(double phi, std::span<double> values) {
  if (const auto known = quantile_without_values(phi, values.empty())) {
    return *known;
  }
  const auto numbers = std::partition(values.begin(), values.end(), [](double value) { return std::isnan(value); });
  if (std::any_of(numbers, values.end(), [](double value) { return value == 0 && std::signbit(value); })) {
    // Zeros of both signs compare equal, and the sign of the answer depends on which comes first.
    std::stable_sort(numbers, values.end());
    return quantile_of_sorted(phi, values);
  }
  const Rank rank = rank_of(phi, values.size());
  const auto lower = values.begin() + static_cast<std::ptrdiff_t>(rank.lower);
  if (lower >= numbers) {
    std::nth_element(numbers, lower, values.end());
  }
  if (rank.upper == rank.lower) {
    return between(*lower, *lower, rank.weight);
  }
  const auto upper = lower + 1;
  return between(*lower, upper < numbers ? *upper : *std::min_element(upper, values.end()), rank.weight);
}

double quantile_of_sorted(double phi, std::span<const double> values) noexcept {
  if (const auto known = quantile_without_values(phi, values.empty())) {
    return *known;
  }
  const Rank rank = rank_of(phi, values.size());
  return between(values[rank.lower], values[rank.upper], rank.weight);
}

}  // namespace mcore
