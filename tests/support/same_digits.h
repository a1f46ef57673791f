// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include "support/catch.h"

// Rows of arguments and the answer wanted to the last bit; of a NaN only that it is one.
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInf = std::numeric_limits<double>::infinity();

struct Unary {
  double x;
  double want;
};

struct Binary {
  double x;
  double y;
  double want;
};

[[nodiscard]] inline bool is_same_double(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

inline void check(double (*function)(double), std::span<const Unary> cases) {
  for (const Unary& c : cases) {
    const double got = function(c.x);
    INFO("of " << std::hexfloat << c.x << " got " << got << ", want " << c.want);
    CHECK(is_same_double(got, c.want));
  }
}

inline void check(double (*function)(double, double), std::span<const Binary> cases) {
  for (const Binary& c : cases) {
    const double got = function(c.x, c.y);
    INFO("of " << std::hexfloat << c.x << " and " << c.y << " got " << got << ", want " << c.want);
    CHECK(is_same_double(got, c.want));
  }
}
