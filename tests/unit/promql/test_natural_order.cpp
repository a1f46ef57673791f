// SPDX-License-Identifier: Apache-2.0
#include "promql/natural_order.h"

#include <string_view>

#include "support/catch.h"

using namespace mcore;

TEST_CASE("runs of digits are numbers, all else is text", "[promql][natural_order]") {
  struct Case {
    std::string_view a;
    std::string_view b;
    bool less;
  };
  constexpr Case kCases[] = {
      {"cpu2", "cpu10", true},
      {"cpu10", "cpu2", false},
      {"1.9", "1.10", true},
      {"a", "b", true},
      {"a", "a1", true},
      {"a1", "a", false},
      {"007", "7", true},  // equal numbers, and nothing follows
      {"", "a", false},
      {"99999999999999999999", "100000000000000000000", false},  // too large for a number: text
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION("'" << c.a << "' and '" << c.b << "'") {
      CHECK(natural_less(c.a, c.b) == c.less);
    }
  }
}
