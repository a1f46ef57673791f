// SPDX-License-Identifier: Apache-2.0
#include "promql/value_heap.h"

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.h"

using namespace mcore;

namespace {

std::vector<std::uint32_t> best(bool keeps_largest, std::size_t k, const std::vector<double>& values) {
  ValueHeap heap(keeps_largest);
  for (std::uint32_t i = 0; i < values.size(); ++i) {
    heap.add({values[i], i}, k);
  }
  std::vector<std::uint32_t> series;
  for (const ValueHeap::Entry& entry : heap.sorted()) {
    series.push_back(entry.series);
  }
  return series;
}

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("the k best values stay, the best first", "[promql][value_heap]") {
  CHECK(best(true, 2, {1, 5, 3, 4}) == std::vector<std::uint32_t>{1, 3});
  CHECK(best(false, 2, {1, 5, 3, 4}) == std::vector<std::uint32_t>{0, 2});
  CHECK(best(true, 9, {1, 2}) == std::vector<std::uint32_t>{1, 0});
}

TEST_CASE("NaN is beaten by everything, from either side", "[promql][value_heap]") {
  CHECK(best(true, 2, {kNaN, -1, kNaN, -2}) == std::vector<std::uint32_t>{1, 3});
  CHECK(best(false, 2, {kNaN, 1, kNaN, 2}) == std::vector<std::uint32_t>{1, 3});
  CHECK(best(true, 2, {kNaN, 1}) == std::vector<std::uint32_t>{1, 0});
}

TEST_CASE("of equal values the first ones stay", "[promql][value_heap]") {
  CHECK(best(true, 2, {7, 7, 7}) == std::vector<std::uint32_t>{0, 1});
}
