// SPDX-License-Identifier: Apache-2.0
#include "base/go_float.h"

#include <limits>

#include "support/catch.h"

using namespace mcore;

namespace {
struct Case {
  std::string_view text;
  std::optional<double> want;  // nullopt: must be refused
};
constexpr Case kCases[] = {
    {"0.5", 0.5},
    {"+Inf", std::numeric_limits<double>::infinity()},
    {"1e-400", 0},
    {"1_000.5", 1000.5},
    {"-1_0e1_0", -10e10},
    {"0x1p-2", 0.25},
    {"-0X_1F.8p0", -31.5},
    {"0x1p-2000", 0},
    {"", std::nullopt},
    {"le", std::nullopt},
    {"1e400", std::nullopt},
    {"0x1p2000", std::nullopt},
    {"0x1", std::nullopt},   // the exponent must be there
    {"0xp1", std::nullopt},  // and a digit
    {"0x-1p1", std::nullopt},
    {"_1", std::nullopt},
    {"1_", std::nullopt},
    {"1__0", std::nullopt},
    {"1_.5", std::nullopt},
    {"1._5", std::nullopt},
    {"1p3", std::nullopt},
    {"+-1_0", std::nullopt},
    {"in_f", std::nullopt},
};
}  // namespace

TEST_CASE("parse_go_float takes what Go takes", "[base][go_float]") {
  for (const Case& c : kCases) {
    CAPTURE(c.text);
    CHECK(parse_go_float(c.text) == c.want);
  }
}
