// SPDX-License-Identifier: Apache-2.0
#include "model/nhcb_converter.h"

#include <limits>

#include "support/catch.h"

namespace mcore {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

TEST_CASE("cumulative buckets become custom ones", "[model][nhcb]") {
  NhcbConverter converter;
  converter.set_bucket(2, 1);
  converter.set_bucket(1, 1);  // in any order
  converter.set_bucket(kInf, 3);
  converter.set_bucket(kInf, 9);  // again: does not count
  converter.set_sum(4.5);
  converter.set_count(3);
  const auto h = converter.convert();
  REQUIRE(h.has_value());
  CHECK(h->schema == kCustomBucketsSchema);
  CHECK(h->custom_values == std::vector<double>{1, 2});
  CHECK(h->count == 3);
  CHECK(h->sum == 4.5);
  CHECK_FALSE(h->is_float);
  CHECK(h->positive_counts == std::vector<double>{1, 0, 2});
}

TEST_CASE("what makes no histogram yields nothing", "[model][nhcb]") {
  struct Case {
    std::string_view name;
    void (*fill)(NhcbConverter&);
  };
  const Case cases[] = {
      {"falling counts", [](NhcbConverter& c) { c.set_bucket(1, 5), c.set_bucket(2, 3); }},
      {"a falling count between", [](NhcbConverter& c) { c.set_bucket(1, 2), c.set_bucket(3, 4), c.set_bucket(2, 5); }},
      {"negative count", [](NhcbConverter& c) { c.set_bucket(1, -1); }},
      {"negative total", [](NhcbConverter& c) { c.set_count(-1); }},
      {"NaN bound", [](NhcbConverter& c) { c.set_bucket(std::numeric_limits<double>::quiet_NaN(), 1); }},
      {"count is not the last bucket's", [](NhcbConverter& c) { c.set_bucket(kInf, 3), c.set_count(4); }},
  };
  for (const Case& c : cases) {
    NhcbConverter converter;
    c.fill(converter);
    CAPTURE(c.name);
    CHECK_FALSE(converter.convert().has_value());
  }
}

}  // namespace
}  // namespace mcore
