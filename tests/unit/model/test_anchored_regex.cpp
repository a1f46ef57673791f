// SPDX-License-Identifier: Apache-2.0
#include "model/anchored_regex.h"

#include <optional>
#include <string>
#include <string_view>

#include "support/catch.h"

using namespace mcore;

TEST_CASE("a template is filled from the groups of a text that matches whole", "[model][anchored_regex]") {
  struct Case {
    std::string_view pattern;
    std::string_view text;
    std::string_view into;
    std::optional<std::string_view> want;  // nullopt: no match
  };
  constexpr Case kCases[] = {
      {"(.*):(.*)", "host:9100", "$2-$1", "9100-host"},
      {"(.*):(.*)", "host:9100", "${1}x", "hostx"},
      {"(.*):(.*)", "host:9100", "$1x", ""},  // the longest name: "1x"
      {"(?P<name>.+)", "a", "<$name>", "<a>"},
      {"(.*)", "a", "$$1 $ ${1", "$1 $ ${1"},
      {"(a)|(b)", "b", "[$1$2$9]", "[b]"},
      {"a.c", "a\nc", "$0", "a\nc"},
      {"b", "abc", "", std::nullopt},
      {"", "", "x", "x"},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION(c.pattern << " on " << c.text << " into " << c.into) {
      const auto regex = AnchoredRegex::make(c.pattern);
      REQUIRE(regex.ok());
      const auto groups = regex.value().match(c.text);
      REQUIRE(groups.has_value() == c.want.has_value());
      if (groups.has_value()) {
        CHECK(regex.value().expand(c.into, *groups) == *c.want);
      }
    }
  }
}

TEST_CASE("what is no expression is refused", "[model][anchored_regex]") {
  CHECK_FALSE(AnchoredRegex::make("(").ok());
  CHECK_FALSE(AnchoredRegex::make("a)|(b").ok());
}
