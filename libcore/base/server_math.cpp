// SPDX-License-Identifier: Apache-2.0
//
// The exponential part of the server's functions; server_hyperbolic.cpp builds on it, and the circular ones are in
// server_trigonometry.cpp.
//
// Why not <cmath>: a C library promises an error of about one unit in the last place and not which of the two
// neighbours it takes. The server's choice follows from the exact sequence of roundings in its own routines, so these
// keep that sequence: an a * b + c is two roundings unless std::fma is written (the build turns contraction off), and a
// sum is never regrouped. The approximations are public and old: logarithms and log1p after Sun's fdlibm (as in
// FreeBSD's msun), exp after Shibata's SLEEF, pow by squaring.
#include "base/server_math.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include "base/polynomial.h"

namespace mcore {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// ln 2 in two parts: the upper one has so many zero bits that its product with an exponent is exact.
constexpr double kLn2High = 6.93147180369123816490e-01;
constexpr double kLn2Low = 1.90821492927058770002e-10;

// ln((1+s)/(1-s)) = 2s + s * R(s*s) for the s of sqrt(1/2) < (1+s)/(1-s) < sqrt(2): the coefficients of R, highest
// first.
constexpr std::array kLogSeries = {1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
                                   2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
                                   6.666666666666735130e-01};
// The same in two independent halves of every other power, as the server's log adds them.
constexpr std::array kLogSeriesOdd = {kLogSeries[0], kLogSeries[2], kLogSeries[4], kLogSeries[6]};
constexpr std::array kLogSeriesEven = {kLogSeries[1], kLogSeries[3], kLogSeries[5]};

constexpr std::uint64_t kMantissaMask = (std::uint64_t{1} << 52) - 1;
constexpr std::uint64_t kBitsOfOne = std::bit_cast<std::uint64_t>(1.0);
constexpr std::uint64_t kBitsOfHalf = std::bit_cast<std::uint64_t>(0.5);

// The exponent of a positive finite number as its bits have it: -1023 for every denormal.
int biased_exponent(std::uint64_t bits) noexcept {
  return static_cast<int>(bits >> 52) - 1023;
}

// How log1p puts 1 + x: 2^k * (1 + f), and what rounding 1 + x lost, relative to it.
struct Log1pParts {
  double f;
  double lost;
  int k;
  bool is_f_tiny;  // f is 0, or 1 + f at most three steps below 1
};

Log1pParts split_one_plus(double x) noexcept {
  const bool is_one_felt = std::fabs(x) < 0x1p53;
  const double sum = is_one_felt ? 1 + x : x;
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(sum);
  Log1pParts parts{.f = 0, .lost = 0, .k = biased_exponent(bits), .is_f_tiny = false};
  if (is_one_felt) {
    parts.lost = (parts.k > 0 ? 1 - (sum - x) : x - (sum - 1)) / sum;
  }
  std::uint64_t mantissa = bits & kMantissaMask;
  double scaled = 0;
  if (constexpr std::uint64_t kMantissaOfSqrt2 = 0x6a09e667f3bcd; mantissa < kMantissaOfSqrt2) {
    scaled = std::bit_cast<double>(mantissa | kBitsOfOne);
  } else {
    ++parts.k;
    scaled = std::bit_cast<double>(mantissa | kBitsOfHalf);
    mantissa = (kMantissaMask + 1 - mantissa) >> 2;  // what lacks to 1
  }
  parts.f = scaled - 1;
  parts.is_f_tiny = mantissa == 0;
  return parts;
}

double log1p_of_parts(const Log1pParts& parts) noexcept {
  const double f = parts.f;
  const double k = parts.k;
  const double half_square = 0.5 * f * f;
  if (parts.is_f_tiny) {
    if (f == 0) {
      return parts.k == 0 ? 0 : k * kLn2High + (parts.lost + k * kLn2Low);
    }
    const double rest = half_square * (1 - 0.66666666666666666 * f);
    return parts.k == 0 ? f - rest : k * kLn2High - ((rest - (k * kLn2Low + parts.lost)) - f);
  }
  const double s = f / (2 + f);
  const double z = s * s;
  const double series = z * polynomial(z, kLogSeries);
  if (parts.k == 0) {
    return f - (half_square - s * (half_square + series));
  }
  return k * kLn2High - ((half_square - (s * (half_square + series) + (k * kLn2Low + parts.lost))) - f);
}

bool is_odd_integer(double y) noexcept {
  return std::fmod(std::fabs(y), 2) == 1;
}

double pow_of_zero(double x, double y) noexcept {
  if (is_odd_integer(y)) {
    return y < 0 ? std::copysign(kInfinity, x) : x;
  }
  return y < 0 ? kInfinity : 0;
}

// |x| to a power so large that nothing between zero and infinity is left, unless |x| is 1.
double pow_far_out(double x, bool is_y_positive) noexcept {
  if (x == -1) {
    return 1;
  }
  return (std::fabs(x) < 1) == is_y_positive ? 0 : kInfinity;
}

// A product kept as fraction * 2^exponent, so that the squarings of pow neither overflow nor underflow on the way.
struct ScaledProduct {
  double fraction = 1;
  int exponent = 0;
};

void multiply_by_whole_power(ScaledProduct& product, double x, std::int64_t n) noexcept {
  int exponent = 0;
  double fraction = std::frexp(x, &exponent);
  for (; n != 0; n >>= 1) {
    if (exponent < -4096 || exponent > 4096) {  // out of any double's reach; more doublings would overflow the int
      product.exponent += exponent;
      return;
    }
    if ((n & 1) == 1) {
      product.fraction *= fraction;
      product.exponent += exponent;
    }
    fraction *= fraction;
    exponent *= 2;
    if (fraction < 0.5) {
      fraction += fraction;
      --exponent;
    }
  }
}

// Requires: x finite and not 0, y finite and not 0.
double pow_by_squaring(double x, double y) noexcept {
  double whole = 0;
  double part = std::modf(std::fabs(y), &whole);
  if (part != 0 && x < 0) {
    return kNan;
  }
  if (whole >= 0x1p63) {
    return pow_far_out(x, y > 0);
  }
  ScaledProduct product;
  if (part != 0) {
    if (part > 0.5) {
      part -= 1;
      whole += 1;
    }
    product.fraction = server_exp(part * server_log(x));
  }
  multiply_by_whole_power(product, x, static_cast<std::int64_t>(whole));
  if (y < 0) {
    return std::ldexp(1 / product.fraction, -product.exponent);
  }
  return std::ldexp(product.fraction, product.exponent);
}

// (e^(16r) - 1) + 1 for |r| < ln(2)/32: a Taylor series of e^r - 1 and four times (1+y)^2 - 1 = y * (y + 2). Fused
// where the server's assembly is.
double exp_of_sixteen_times(double r) noexcept {
  constexpr std::array kReciprocalFactorials = {2.4801587301587301587e-5,
                                                1.9841269841269841270e-4,
                                                1.3888888888888888889e-3,
                                                8.3333333333333333333e-3,
                                                4.1666666666666666667e-2,
                                                1.6666666666666666667e-1,
                                                0.5,
                                                1.0};
  double series = kReciprocalFactorials[0];
  for (std::size_t i = 1; i < kReciprocalFactorials.size(); ++i) {
    series = std::fma(series, r, kReciprocalFactorials[i]);
  }
  double y = r * series;
  for (int doubling = 0; doubling < 3; ++doubling) {
    y *= y + 2;
  }
  return std::fma(y, y + 2, 1.0);
}

}  // namespace

double server_exp(double x) noexcept {
  constexpr double kLog2E = 1.4426950408889634073599246810018920;
  constexpr double kUpperLn2 = 0.69314718055966295651160180568695068359375;
  constexpr double kLowerLn2 = 0.28235290563031577122588448175013436025525412068e-12;
  if (std::isnan(x)) {
    return x;
  }
  if (x > 7.09782712893384e+02) {
    return kInfinity;
  }
  if (x < -1000) {
    return 0;
  }
  const double k = std::nearbyint(x * kLog2E);
  if (k >= 1024) {  // the server scales in one step, so it gives up where 2^k is no double
    return kInfinity;
  }
  const double r = std::fma(-k, kLowerLn2, std::fma(-k, kUpperLn2, x));
  return std::ldexp(exp_of_sixteen_times(r * 0.0625), static_cast<int>(k));
}

double server_exp2(double x) noexcept {
  // e^r = 1 + r + r * c / (2 - c), where r = high - low.
  constexpr std::array kSeries = {4.13813679705723846039e-08, -1.65339022054652515390e-06, 6.61375632143793436117e-05,
                                  -2.77777777770155933842e-03, 1.66666666666666657415e-01};
  if (std::isnan(x)) {
    return x;
  }
  if (x > 1.0239999999999999e+03) {
    return kInfinity;
  }
  if (x < -1.0740e+03) {
    return 0;
  }
  const double k = std::trunc(x > 0 ? x + 0.5 : x - 0.5);
  const double t = x - k;
  const double high = t * kLn2High;
  const double low = -t * kLn2Low;
  const double r = high - low;
  const double square = r * r;
  const double c = r - square * polynomial(square, kSeries);
  return std::ldexp(1 - ((low - (r * c) / (2 - c)) - high), static_cast<int>(k));
}

double server_log(double x) noexcept {
  if (std::isnan(x) || x == kInfinity) {
    return x;
  }
  if (x <= 0) {
    return x == 0 ? -kInfinity : kNan;
  }
  // The parts are cut from the bits without normalizing first: hence the wrong answers for denormals.
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  double fraction = std::bit_cast<double>((bits & kMantissaMask) | kBitsOfHalf);
  double k = biased_exponent(bits) + 1;
  if (fraction <= 7.07106781186547524401e-01) {
    fraction *= 2;
    k -= 1;
  }
  const double f = fraction - 1;
  const double s = f / (2 + f);
  const double s2 = s * s;
  const double s4 = s2 * s2;
  const double series = s2 * polynomial(s4, kLogSeriesOdd) + s4 * polynomial(s4, kLogSeriesEven);
  const double half_square = 0.5 * f * f;
  return k * kLn2High - ((half_square - (s * (half_square + series) + k * kLn2Low)) - f);
}

double server_log2(double x) noexcept {
  if (std::isnan(x) || x <= 0 || x == kInfinity) {
    return server_log(x);
  }
  int exponent = 0;
  const double fraction = std::frexp(x, &exponent);
  if (fraction == 0.5) {
    return exponent - 1;
  }
  return server_log(fraction) * (1 / std::numbers::ln2) + exponent;
}

double server_log10(double x) noexcept {
  constexpr double kLog10OfE = 0x1.bcb7b1526e50ep-2;  // rounded once: 1 / ln 10 in doubles is a neighbour
  return server_log(x) * kLog10OfE;
}

double server_log1p(double x) noexcept {
  constexpr double kSqrt2Less1 = 4.142135623730950488017e-01;
  constexpr double kSqrtHalfLess1 = -2.928932188134524755992e-01;
  if (std::isnan(x) || x < -1) {
    return kNan;
  }
  if (x == -1 || x == kInfinity) {
    return x * kInfinity;
  }
  const double magnitude = std::fabs(x);
  if (magnitude < 0x1p-29) {
    return magnitude < 0x1p-54 ? x : x - x * x * 0.5;
  }
  if (x > kSqrtHalfLess1 && x < kSqrt2Less1) {
    return log1p_of_parts({.f = x, .lost = 0, .k = 0, .is_f_tiny = false});
  }
  return log1p_of_parts(split_one_plus(x));
}

double server_pow(double x, double y) noexcept {
  if (y == 0 || x == 1) {
    return 1;
  }
  if (y == 1) {
    return x;
  }
  if (std::isnan(x) || std::isnan(y)) {
    return kNan;
  }
  if (x == 0) {
    return pow_of_zero(x, y);
  }
  if (std::isinf(y)) {
    return pow_far_out(x, y > 0);
  }
  if (std::isinf(x)) {
    return x < 0 ? pow_of_zero(-0.0, -y) : (y < 0 ? 0 : kInfinity);
  }
  if (y == 0.5) {
    return std::sqrt(x);
  }
  if (y == -0.5) {
    return 1 / std::sqrt(x);
  }
  return pow_by_squaring(x, y);
}

double server_max(double x, double y) noexcept {
  if (x == kInfinity || y == kInfinity) {
    return kInfinity;
  }
  if (std::isnan(x) || std::isnan(y)) {
    return kNan;
  }
  if (x == y) {
    return std::signbit(x) ? y : x;
  }
  return x > y ? x : y;
}

double server_min(double x, double y) noexcept {
  if (x == -kInfinity || y == -kInfinity) {
    return -kInfinity;
  }
  if (std::isnan(x) || std::isnan(y)) {
    return kNan;
  }
  if (x == y) {
    return std::signbit(x) ? x : y;
  }
  return x < y ? x : y;
}

double server_round(double x, double to_nearest) noexcept {
  const double inverse = 1.0 / to_nearest;
  return std::floor(x * inverse + 0.5) / inverse;
}

}  // namespace mcore
