// SPDX-License-Identifier: Apache-2.0
// Logarithm and power of two after Sun's fdlibm, on which Go's runtime builds. What counts here is not the last bit of
// accuracy but that the same rounding steps are taken in the same order; the parentheses below are therefore part of
// the contract, and the build must not fuse multiplications with additions (-ffp-contract=off).
#include "base/go_math.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace mcore {
namespace {

// ln 2 in two parts: a multiple of the first by a small whole number is exact.
constexpr double kLn2High = 6.93147180369123816490e-01;
constexpr double kLn2Low = 1.90821492927058770002e-10;

/// What ln(1 + f) adds to f - f*f/2, for s = f / (2 + f): a polynomial in s*s, its odd and even terms summed apart.
double log_tail(double s) noexcept {
  const double z = s * s;
  const double w = z * z;
  const double odd =
      z * (6.666666666666735130e-01 +
           w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  const double even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  return odd + even;
}

/// e^(high - low), both small, times 2^power.
double scaled_exp(double high, double low, int power) noexcept {
  const double r = high - low;
  const double z = r * r;
  const double c =
      r -
      z * (1.66666666666666657415e-01 +
           z * (-2.77777777770155933842e-03 +
                z * (6.61375632143793436117e-05 + z * (-1.65339022054652515390e-06 + z * 4.13813679705723846039e-08))));
  const double value = 1 - ((low - (r * c) / (2 - c)) - high);
  return std::ldexp(value, power);
}

}  // namespace

double go_log(double x) noexcept {
  if (std::isnan(x) || x == std::numeric_limits<double>::infinity()) {
    return x;
  }
  if (x < 0) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (x == 0) {
    return -std::numeric_limits<double>::infinity();
  }
  int exponent = 0;
  double fraction = std::frexp(x, &exponent);
  if (fraction < std::numbers::sqrt2 / 2) {  // 1 + f is to lie around 1
    fraction *= 2;
    --exponent;
  }
  const double f = fraction - 1;
  const double k = exponent;
  const double s = f / (2 + f);
  const double half_square = 0.5 * f * f;
  return k * kLn2High - ((half_square - (s * (half_square + log_tail(s)) + k * kLn2Low)) - f);
}

double go_log2(double x) noexcept {
  int exponent = 0;
  const double fraction = std::frexp(x, &exponent);
  if (fraction == 0.5) {
    return exponent - 1;
  }
  if (!std::isfinite(x)) {
    exponent = 0;  // frexp leaves it open
  }
  return go_log(fraction) * std::numbers::log2e + exponent;
}

double go_log10(double x) noexcept {
  return go_log(x) * std::numbers::log10e;
}

double go_exp2(double x) noexcept {
  constexpr double kMost = 1.0239999999999999e+03;
  constexpr double kLeast = -1.0740e+03;
  if (std::isnan(x)) {
    return x;
  }
  if (x > kMost) {
    return std::numeric_limits<double>::infinity();
  }
  if (x < kLeast) {
    return 0;
  }
  const int power = static_cast<int>(x < 0 ? x - 0.5 : x + 0.5);
  const double part = x - power;
  return scaled_exp(part * kLn2High, -part * kLn2Low, power);
}

}  // namespace mcore
