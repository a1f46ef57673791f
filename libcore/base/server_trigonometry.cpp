// SPDX-License-Identifier: Apache-2.0
//
// The circular half of the server's functions; server_math.cpp says why they are written out.
//
// An angle is first brought down to one octant: x = j * pi/4 + z with |z| <= pi/4 and an even j, of which the last
// three bits choose series and sign. Below 2^29 three parts of pi/4 are subtracted one after the other; above, that
// would eat all digits, and x is multiplied with just those bits of 4/pi that can reach the fraction (Payne and Hanek).
// Series and three-part pi are those of Moshier's Cephes.
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include "base/polynomial.h"
#include "base/server_math.h"

namespace mcore {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kPi = std::numbers::pi;

__extension__ using Wide = unsigned __int128;

// 4/pi: word i holds the bits of weight 2^(-64 * i) and below, enough for the largest double.
constexpr std::array<std::uint64_t, 20> kFourOverPi = {
    0x0000000000000001, 0x45f306dc9c882a53, 0xf84eafa3ea69bb81, 0xb6c52b3278872083, 0xfca2c757bd778ac3,
    0x6e48dc74849ba5c0, 0x0c925dd413a32439, 0xfc3bd63962534e7d, 0xd1046bea5d768909, 0xd338e04d68befc82,
    0x7323ac7306a673e9, 0x3908bf177bf25076, 0x3ff12fffbc0b301f, 0xde5e2316b414da3e, 0xda6cfd9e4f96136e,
    0x9e8c7ecd3cbfd45a, 0xea4f758fd7cbe2f6, 0x7a0e73ef14a525d4, 0xd7f6bf623f1aba10, 0xac06608df8f6d757};

// 64 bits of the table, from the bit `first` on.
std::uint64_t four_over_pi_from(unsigned first) noexcept {
  const Wide pair = Wide{kFourOverPi[first / 64]} << 64 | kFourOverPi[first / 64 + 1];
  return static_cast<std::uint64_t>(pair << first % 64 >> 64);
}

struct Octant {
  unsigned number;  // 0, 2, 4 or 6
  double angle;     // from there, -pi/4 to pi/4
};

// A fraction of 128 bits below the binary point as a double, cut off. The server has shifted only the upper word past
// the three octant bits; when it refills from the lower word it takes its first three bits a second time.
double fraction_as_double(Wide product) noexcept {
  const std::uint64_t low = static_cast<std::uint64_t>(product);
  const std::uint64_t high = static_cast<std::uint64_t>(product << 3 >> 64);
  const unsigned implicit = static_cast<unsigned>(std::countl_zero(high)) + 1;  // bits up to and with the first one
  const Wide refilled = Wide{high} << 64 | low;
  const std::uint64_t mantissa = static_cast<std::uint64_t>(refilled << implicit >> 64);
  return std::bit_cast<double>(std::uint64_t{1023 - implicit} << 52 | mantissa >> 12);
}

// Requires: x >= 2^29, finite.
Octant reduce_huge(double x) noexcept {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  const std::uint64_t whole = (bits & ((std::uint64_t{1} << 52) - 1)) | std::uint64_t{1} << 52;
  // x = whole * 2^(exponent - 1075). Bits of 4/pi before `first` only add multiples of 8 octants: whole turns.
  const unsigned first = static_cast<unsigned>(bits >> 52) - 1075 + 61;
  Wide product = Wide{four_over_pi_from(first) * whole} << 64;
  product += Wide{four_over_pi_from(first + 64)} * whole;
  product += Wide{four_over_pi_from(first + 128)} * whole >> 64;
  const unsigned number = static_cast<unsigned>(product >> 125);
  const double fraction = fraction_as_double(product);
  if (number % 2 == 1) {
    return {.number = (number + 1) % 8, .angle = (fraction - 1) * (kPi / 4)};
  }
  return {.number = number, .angle = fraction * (kPi / 4)};
}

// Requires: x >= 0, finite.
Octant reduce(double x) noexcept {
  if (x >= 0x1p29) {
    return reduce_huge(x);
  }
  const unsigned below = static_cast<unsigned>(x * (4 / kPi));
  const unsigned number = below + below % 2;
  const double n = number;
  const double angle =
      ((x - n * 7.85398125648498535156e-1) - n * 3.77489470793079817668e-8) - n * 2.69515142907905952645e-15;
  return {.number = number % 8, .angle = angle};
}

double sine_of_small(double z) noexcept {
  constexpr std::array kSeries = {1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6,
                                  -1.98412698295895385996e-4, 8.33333333332211858878e-3,  -1.66666666666666307295e-1};
  const double square = z * z;
  return z + z * square * polynomial(square, kSeries);
}

double cosine_of_small(double z) noexcept {
  constexpr std::array kSeries = {-1.13585365213876817300e-11, 2.08757008419747316778e-9,  -2.75573141792967388112e-7,
                                  2.48015872888517045348e-5,   -1.38888888888730564116e-3, 4.16666666666665929218e-2};
  const double square = z * z;
  return 1.0 - 0.5 * square + square * square * polynomial(square, kSeries);
}

double tangent_of_small(double z) noexcept {
  constexpr std::array kAbove = {-1.30936939181383777646e4, 1.15351664838587416140e6, -1.79565251976484877988e7};
  constexpr std::array kBelow = {1.0, 1.36812963470692954678e4, -1.32089234440210967447e6, 2.50083801823357915839e7,
                                 -5.38695755929454629881e7};
  const double square = z * z;
  if (square > 1e-14) {
    return z + z * (square * polynomial(square, kAbove) / polynomial(square, kBelow));
  }
  return z;
}

// Requires: 0 <= x <= 0.66.
double arctangent_of_small(double x) noexcept {
  constexpr std::array kAbove = {-8.750608600031904122785e-01, -1.615753718733365076637e+01,
                                 -7.500855792314704667340e+01, -1.228866684490136173410e+02,
                                 -6.485021904942025371773e+01};
  constexpr std::array kBelow = {1.0,
                                 2.485846490142306297962e+01,
                                 1.650270098316988542046e+02,
                                 4.328810604912902668951e+02,
                                 4.853903996359136964868e+02,
                                 1.945506571482613964425e+02};
  const double square = x * x;
  const double series = square * polynomial(square, kAbove) / polynomial(square, kBelow);
  return x * series + x;
}

// Requires: x >= 0 or NaN.
double arctangent(double x) noexcept {
  constexpr double kTan3Pi8 = 2.41421356237309504880;
  constexpr double kPiHalfLost = 6.123233995736765886130e-17;  // what the double pi/2 lacks
  if (x <= 0.66) {
    return arctangent_of_small(x);
  }
  if (x > kTan3Pi8) {
    return kPi / 2 - arctangent_of_small(1 / x) + kPiHalfLost;
  }
  return kPi / 4 + arctangent_of_small((x - 1) / (x + 1)) + 0.5 * kPiHalfLost;
}

double atan2_of_infinities(double y, double x) noexcept {
  if (std::isinf(y) && std::isinf(x)) {
    return std::copysign(x > 0 ? kPi / 4 : 3 * kPi / 4, y);
  }
  if (std::isinf(y)) {
    return std::copysign(kPi / 2, y);
  }
  return std::copysign(x > 0 ? 0 : kPi, y);
}

}  // namespace

double server_sin(double x) noexcept {
  if (x == 0 || std::isnan(x)) {
    return x;
  }
  if (std::isinf(x)) {
    return kNan;
  }
  const Octant octant = reduce(std::fabs(x));
  const double value = octant.number % 4 == 2 ? cosine_of_small(octant.angle) : sine_of_small(octant.angle);
  return (x < 0) != (octant.number >= 4) ? -value : value;
}

double server_cos(double x) noexcept {
  if (std::isnan(x) || std::isinf(x)) {
    return kNan;
  }
  const Octant octant = reduce(std::fabs(x));
  const double value = octant.number % 4 == 2 ? sine_of_small(octant.angle) : cosine_of_small(octant.angle);
  return octant.number == 2 || octant.number == 4 ? -value : value;
}

double server_tan(double x) noexcept {
  if (x == 0 || std::isnan(x)) {
    return x;
  }
  if (std::isinf(x)) {
    return kNan;
  }
  const Octant octant = reduce(std::fabs(x));
  const double tangent = tangent_of_small(octant.angle);
  const double value = octant.number % 4 == 2 ? -1 / tangent : tangent;
  return x < 0 ? -value : value;
}

double server_asin(double x) noexcept {
  if (x == 0) {
    return x;
  }
  const double sine = std::fabs(x);
  if (sine > 1) {
    return kNan;
  }
  const double cosine = std::sqrt(1 - x * x);
  const double angle = sine > 0.7 ? kPi / 2 - arctangent(cosine / sine) : arctangent(sine / cosine);
  return x < 0 ? -angle : angle;
}

double server_acos(double x) noexcept {
  return kPi / 2 - server_asin(x);
}

double server_atan(double x) noexcept {
  if (x == 0) {
    return x;
  }
  return x < 0 ? -arctangent(-x) : arctangent(x);
}

double server_atan2(double y, double x) noexcept {
  if (std::isnan(y) || std::isnan(x)) {
    return kNan;
  }
  if (y == 0) {
    return std::copysign(std::signbit(x) ? kPi : 0, y);
  }
  if (x == 0) {
    return std::copysign(kPi / 2, y);
  }
  if (std::isinf(x) || std::isinf(y)) {
    return atan2_of_infinities(y, x);
  }
  const double angle = server_atan(y / x);
  if (x > 0) {
    return angle;
  }
  return angle <= 0 ? angle + kPi : angle - kPi;
}

}  // namespace mcore
