// SPDX-License-Identifier: Apache-2.0
//
// The hyperbolic functions of the server; server_math.cpp says why they are written out. Away from zero they are made
// of exp, log and log1p; near zero of a ratio of polynomials, since the difference of two exponentials would lose
// digits: sinh with number 2029 of Hart and Cheney, tanh as in Moshier's Cephes. The inverse ones are those of Sun's
// fdlibm.
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/polynomial.h"
#include "base/server_math.h"

namespace mcore {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double server_sinh(double x) noexcept {
  constexpr std::array kAbove = {-0.2630563213397497062819489e+2, -0.2894211355989563807284660366e+4,
                                 -0.8991272022039509355398013511e+5, -0.6307673640497716991184787251e+6};
  constexpr std::array kBelow = {1.0, -0.173678953558233699533450911e+3, 0.1521517378790019070696485176e+5,
                                 -0.6307673640497716991212077277e+6};
  const double magnitude = std::fabs(x);
  if (magnitude > 21) {
    return std::copysign(server_exp(magnitude) * 0.5, x);
  }
  if (magnitude > 0.5) {
    const double power = server_exp(magnitude);
    return std::copysign((power - 1 / power) * 0.5, x);
  }
  const double square = x * x;
  return polynomial(square, kAbove) * x / polynomial(square, kBelow);
}

double server_cosh(double x) noexcept {
  const double magnitude = std::fabs(x);
  const double power = server_exp(magnitude);
  return magnitude > 21 ? power * 0.5 : (power + 1 / power) * 0.5;
}

double server_tanh(double x) noexcept {
  constexpr std::array kAbove = {-9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3};
  constexpr std::array kBelow = {1.0, 1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3};
  constexpr double kOneFrom = 0.5 * 8.8029691931113054295988e+01;
  const double magnitude = std::fabs(x);
  if (magnitude > kOneFrom) {
    return std::copysign(1, x);
  }
  if (magnitude >= 0.625) {
    return std::copysign(1 - 2 / (server_exp(2 * magnitude) + 1), x);
  }
  if (x == 0) {
    return x;  // -0 would not survive the sum
  }
  const double square = x * x;
  return x + x * square * polynomial(square, kAbove) / polynomial(square, kBelow);
}

double server_asinh(double x) noexcept {
  const double magnitude = std::fabs(x);
  if (std::isnan(x) || std::isinf(x) || magnitude < 0x1p-28) {
    return x;
  }
  double sum = 0;
  if (magnitude > 0x1p28) {
    sum = server_log(magnitude) + std::numbers::ln2;
  } else if (magnitude > 2) {
    sum = server_log(2 * magnitude + 1 / (std::sqrt(x * x + 1) + magnitude));
  } else {
    sum = server_log1p(magnitude + x * x / (1 + std::sqrt(1 + x * x)));
  }
  return std::copysign(sum, x);
}

double server_acosh(double x) noexcept {
  if (std::isnan(x) || x < 1) {
    return kNan;
  }
  if (x >= 0x1p28) {
    return server_log(x) + std::numbers::ln2;
  }
  if (x > 2) {
    return server_log(2 * x - 1 / (x + std::sqrt(x * x - 1)));
  }
  const double t = x - 1;
  return server_log1p(t + std::sqrt(2 * t + t * t));
}

double server_atanh(double x) noexcept {
  const double magnitude = std::fabs(x);
  if (std::isnan(x) || magnitude > 1) {
    return kNan;
  }
  if (magnitude < 0x1p-28) {
    return x;
  }
  if (magnitude == 1) {
    return std::copysign(kInfinity, x);
  }
  const double twice = magnitude + magnitude;
  const double ratio = magnitude < 0.5 ? twice + twice * magnitude / (1 - magnitude) : twice / (1 - magnitude);
  return std::copysign(0.5 * server_log1p(ratio), x);
}

}  // namespace mcore
