// SPDX-License-Identifier: Apache-2.0
#include "promql/range_functions.h"

#include <bit>
#include <cmath>
#include <limits>
#include <optional>

#include "base/error.h"
#include "promql/quantile.h"
#include "support/catch.h"
#include "support/range_window.h"

using namespace mcore;

namespace {

using Id = FunctionId;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

struct Case {
  const char* what;
  FunctionId id;
  std::vector<double> value;   // 10 s apart, the first at 10 s
  std::optional<double> want;  // nullopt: no answer
  std::vector<double> params{};
};

RangeWindow window_of(std::vector<double> value) {
  RangeWindow window;
  for (std::size_t i = 0; i < value.size(); ++i) {
    window.t_ms.push_back(10'000 * (static_cast<std::int64_t>(i) + 1));
  }
  window.value = std::move(value);
  return window;
}

bool is_number(const PointValue& point, double want) {
  const double* got = std::get_if<double>(&point);
  return got != nullptr &&
         (std::isnan(want) ? std::isnan(*got)
                           : std::bit_cast<std::uint64_t>(*got) == std::bit_cast<std::uint64_t>(want));
}

const Case kCases[] = {
    {"the mean is of a compensated sum", Id::kAvgOverTime, {0.1, 0.2, 0.4}, 0.23333333333333336},
    {"of one value the mean is the value", Id::kAvgOverTime, {0.7}, 0.7},
    {"a sum beyond the doubles goes on as a running mean", Id::kAvgOverTime, {1.5e308, 1.5e308, 1.5e308}, 1.5e308},
    {"an infinite value makes an infinite mean", Id::kAvgOverTime, {kInf, 1, 2}, kInf},
    {"infinities of both signs have no mean", Id::kAvgOverTime, {kInf, -kInf}, kNan},
    {"a sum keeps what rounding loses", Id::kSumOverTime, {1e16, 1, -1e16}, 1},
    {"small values count beside large ones", Id::kSumOverTime, {1, 1e100, 1, -1e100}, 2},
    {"a sum may be infinite", Id::kSumOverTime, {1.7e308, 1.7e308}, kInf},
    {"NaN makes the sum NaN", Id::kSumOverTime, {1, kNan}, kNan},
    {"the minimum passes over NaN", Id::kMinOverTime, {kNan, 3, 2, kNan, 5}, 2},
    {"without a number the minimum is NaN", Id::kMinOverTime, {kNan, kNan}, kNan},
    {"the maximum passes over NaN", Id::kMaxOverTime, {kNan, 3, 2, kNan, 5}, 5},
    {"of equal zeros the first is the maximum", Id::kMaxOverTime, {-0.0, 0.0}, -0.0},
    {"samples are counted", Id::kCountOverTime, {kNan, 1, 2}, 3},
    {"presence is 1", Id::kPresentOverTime, {7, 8}, 1},
    {"the first", Id::kFirstOverTime, {7, 8, 9}, 7},
    {"the last", Id::kLastOverTime, {7, 8, 9}, 9},
    {"the time of the first", Id::kTsOfFirstOverTime, {7, 8, 9}, 10},
    {"the time of the last", Id::kTsOfLastOverTime, {7, 8, 9}, 30},
    {"the last time of the minimum", Id::kTsOfMinOverTime, {1, 2, 1, 2}, 30},
    {"the last time of the maximum", Id::kTsOfMaxOverTime, {1, 2, 1, 2, 1}, 40},
    {"the time of a number where the rest is NaN", Id::kTsOfMaxOverTime, {kNan, 2, kNan}, 20},
    {"the variance is the population's", Id::kStdvarOverTime, {0, 8, 8, 2, 3}, 10.559999999999999},
    {"the deviation is its root", Id::kStddevOverTime, {0, 8, 8, 2, 3}, 3.249615361854384},
    {"of one value there is none", Id::kStddevOverTime, {1.5}, 0},
    {"a quantile between two samples is weighted", Id::kQuantileOverTime, {3, 1, 4, 2}, 1.75, {0.25}},
    {"the median of an odd number", Id::kQuantileOverTime, {0, 2, 1}, 1, {0.5}},
    {"the quantile 1 is the maximum", Id::kQuantileOverTime, {0, 2, 1}, 2, {1}},
    {"NaN sorts below all", Id::kQuantileOverTime, {1, kNan, 3}, 1, {0.5}},
    {"NaN at the bottom is an answer", Id::kQuantileOverTime, {1, kNan, 3}, kNan, {0}},
    {"a quantile below 0", Id::kQuantileOverTime, {1, 2}, -kInf, {-1}},
    {"a quantile above 1", Id::kQuantileOverTime, {1, 2}, kInf, {2}},
    {"the deviation from the median", Id::kMadOverTime, {4, 6, 2, 1, 999, 1, 2}, 1},
    {"NaN makes the deviation NaN", Id::kMadOverTime, {4, kNan, 2}, kNan},
    {"a straight line has its slope", Id::kDeriv, {1, 2, 3}, 0.1},
    {"a constant has slope 0", Id::kDeriv, {7.1, 7.1, 7.1}, 0},
    {"an infinite constant has none", Id::kDeriv, {kInf, kInf}, kNan},
    {"one sample has no slope", Id::kDeriv, {1}, std::nullopt},
    {"a straight line goes on", Id::kPredictLinear, {0, 10, 20, 30, 40, 50}, 60, {10}},
    {"a constant stays", Id::kPredictLinear, {7, 7}, 7, {3600}},
    {"one sample predicts nothing", Id::kPredictLinear, {1}, std::nullopt, {10}},
    {"smoothing follows the trend", Id::kDoubleExponentialSmoothing, {1, 2, 4, 7}, 5.875, {0.5, 0.5}},
    {"one sample is not smoothed", Id::kDoubleExponentialSmoothing, {1}, std::nullopt, {0.5, 0.5}},
    {"equal neighbours are no change", Id::kChanges, {1, 1, 2, kNan, kNan, 2}, 3},
    {"a fall is a reset", Id::kResets, {1, 3, 2, 2, 1}, 2},
    {"one sample has neither", Id::kResets, {1}, 0},
};

}  // namespace

TEST_CASE("a range function of floats gives Prometheus' digits", "[promql][range]") {
  for (const Case& c : kCases) {
    DYNAMIC_SECTION(c.what) {
      const RangeAnswer got = call_range(c.id, window_of(c.value), c.params);
      if (c.want.has_value()) {
        const double* number = std::get_if<double>(&got.point);
        REQUIRE(number != nullptr);
        INFO("got " << *number << ", want " << *c.want);
        CHECK(is_number(got.point, *c.want));
      } else {
        CHECK(std::holds_alternative<std::monostate>(got.point));
      }
    }
  }
}

TEST_CASE("a quantile that is none is said to be so", "[promql][range]") {
  CHECK(call_range(Id::kQuantileOverTime, window_of({1}), {1.5}).notes ==
        std::vector<std::string>{"PromQL warning: quantile value should be between 0 and 1, got 1.5 (1:1)"});
  CHECK(call_range(Id::kQuantileOverTime, window_of({1}), {kNan}).notes ==
        std::vector<std::string>{"PromQL warning: quantile value should be between 0 and 1, got NaN (1:1)"});
  CHECK(call_range(Id::kQuantileOverTime, window_of({1}), {1}).notes.empty());
}

TEST_CASE("a smoothing or trend factor outside of 0 to 1 ends the query", "[promql][range]") {
  const auto why = [](double smoothing, double trend) {
    try {
      (void)call_range(Id::kDoubleExponentialSmoothing, window_of({1, 2}), {smoothing, trend});
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::kUsage);
      return error.why();
    }
    return std::string("none");
  };
  CHECK(why(0, 0.5) == "invalid smoothing factor. Expected: 0 < sf < 1, got: 0.000000");
  CHECK(why(0.5, 1.25) == "invalid trend factor. Expected: 0 < tf < 1, got: 1.250000");
  CHECK(why(kInf, 0.5) == "invalid smoothing factor. Expected: 0 < sf < 1, got: +Inf");
  CHECK(why(0.5, 0.5) == "none");
}

TEST_CASE("a quantile does not depend on the order of the values, except of zeros' signs", "[promql][quantile]") {
  std::vector<double> values{5, 1, kNan, 4, 2, 3, kNan};
  CHECK(quantile_of(0.75, values) == 3.5);  // NaN NaN 1 2 3 4 5
  std::vector<double> zeros{0.0, -0.0, -0.0};
  CHECK_FALSE(std::signbit(quantile_of(0, zeros)));
  std::vector<double> other{-0.0, -0.0, 0.0};
  CHECK(std::signbit(quantile_of(0, other)));
  CHECK(std::isnan(quantile_of(0.5, {})));
  CHECK(quantile_of_sorted(0.5, std::vector<double>{1, 2}) == 1.5);
}

TEST_CASE("what is no function of a range vector has no range function", "[promql][range]") {
  CHECK(find_range_function(Id::kAbs) == nullptr);
  CHECK(find_range_function(Id::kAbsentOverTime) == nullptr);
  std::size_t found = 0;
  for (int id = 0; id <= static_cast<int>(Id::kYear); ++id) {
    found += find_range_function(static_cast<FunctionId>(id)) != nullptr ? 1 : 0;
  }
  CHECK(found == 26);
}

TEST_CASE("only some functions go with anchored and smoothed", "[promql][range]") {
  const auto why = [](FunctionId id, std::string_view name, WindowEdges edges) {
    try {
      check_window_edges({.id = id, .name = name, .args = {}}, edges);
    } catch (const Error& error) {
      return error.why();
    }
    return std::string("none");
  };
  CHECK(why(Id::kRate, "rate", WindowEdges::kSmoothed) == "none");
  CHECK(why(Id::kResets, "resets", WindowEdges::kAnchored) == "none");
  CHECK(why(Id::kDeriv, "deriv", WindowEdges::kPlain) == "none");
  CHECK(why(Id::kDeriv, "deriv", WindowEdges::kAnchored) ==
        "anchored modifier can only be used with: changes, delta, increase, rate, resets - not with deriv");
  CHECK(why(Id::kResets, "resets", WindowEdges::kSmoothed) ==
        "smoothed modifier can only be used with: delta, increase, rate - not with resets");
}
