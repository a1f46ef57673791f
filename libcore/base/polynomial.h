// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

namespace mcore {

/// A polynomial in x, the coefficient of the highest power first: one multiplication and one addition for each further
/// coefficient, rounded apart, so the digits are the same on every machine.
template <std::size_t N>
[[nodiscard]] constexpr double polynomial(double x, const std::array<double, N>& coefficients) noexcept {
  static_assert(N > 0);
  double sum = coefficients[0];
  for (std::size_t i = 1; i < N; ++i) {
    sum = sum * x + coefficients[i];
  }
  return sum;
}

}  // namespace mcore
