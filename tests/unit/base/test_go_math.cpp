// SPDX-License-Identifier: Apache-2.0
#include "base/go_math.h"

#include <cmath>
#include <limits>

#include "support/catch.h"

using namespace mcore;

TEST_CASE("logarithms have the last digit of a Go program", "[base][go_math]") {
  // Recorded from a server; the C library rounds each of these the other way.
  CHECK(go_log(3) == 1.0986122886681096);
  CHECK(go_log(44.543288422256836) == 3.7964614898684994);
  CHECK(go_log2(3) == 1.5849625007211563);
  CHECK(go_log2(0.03344829567856633) == -4.901923487987884);
  CHECK(go_log10(3) == 0.4771212547196624);
  CHECK(go_log10(3.6388475389308666e-05) == -4.439036140178565);
}

TEST_CASE("a power of two has the last digit of a Go program", "[base][go_math]") {
  CHECK(go_exp2(0.5) == 1.414213562373095);  // nearest would be ...0951
  CHECK(go_exp2(-1) == 0.5);
  CHECK(go_exp2(0) == 1);
  CHECK(go_exp2(-1074) == 5e-324);
}

TEST_CASE("logarithms and powers at the ends", "[base][go_math]") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  CHECK(go_log(0) == -kInfinity);
  CHECK(go_log2(0) == -kInfinity);
  CHECK(go_log(kInfinity) == kInfinity);
  CHECK(go_log2(kInfinity) == kInfinity);
  CHECK(std::isnan(go_log(-1)));
  CHECK(std::isnan(go_log2(-kInfinity)));
  CHECK(std::isnan(go_log10(std::nan(""))));
  CHECK(go_log2(5e-324) == -1074);
  CHECK(go_exp2(1024) == kInfinity);
  CHECK(go_exp2(-1075) == 0);
  CHECK(go_exp2(-kInfinity) == 0);
  CHECK(std::isnan(go_exp2(std::nan(""))));
}
