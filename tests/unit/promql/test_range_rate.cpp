// SPDX-License-Identifier: Apache-2.0
#include "promql/range_rate.h"

#include <optional>

#include "support/catch.h"
#include "support/range_window.h"

using namespace mcore;

namespace {

using Id = FunctionId;

struct Case {
  const char* what;
  FunctionId id;
  RangeWindow window;
  std::optional<double> want;  // nullopt: no answer
};

// The window is (0 s, 60 s] unless it says otherwise.
const Case kCases[] = {
    {"samples near both edges stand for the whole window",
     Id::kIncrease,
     {.t_ms = {10'000, 20'000, 30'000, 40'000, 50'000, 60'000}, .value = {100, 110, 120, 130, 140, 150}},
     60},
    {"a rate is that by the second",
     Id::kRate,
     {.t_ms = {10'000, 20'000, 30'000, 40'000, 50'000, 60'000}, .value = {100, 110, 120, 130, 140, 150}},
     1},
    {"a wide gap at an edge is bridged by half a spacing",
     Id::kIncrease,
     {.t_ms = {30'000, 40'000}, .value = {100, 110}},
     20},
    {"a counter is not stretched to before it was zero",
     Id::kIncrease,
     {.t_ms = {10'000, 30'000, 50'000}, .value = {1, 5, 9}},
     11},
    {"a gauge is", Id::kDelta, {.t_ms = {10'000, 30'000, 50'000}, .value = {1, 5, 9}}, 12},
    {"what a reset took away counts",
     Id::kIncrease,
     {.t_ms = {15'000, 30'000, 45'000, 60'000}, .value = {100, 120, 10, 40}},
     80},
    {"a falling gauge falls", Id::kDelta, {.t_ms = {20'000, 40'000}, .value = {8, 2}}, -18},
    {"one sample has no rate", Id::kRate, {.t_ms = {10'000}, .value = {1}}, std::nullopt},
    {"unless its start lies in the window", Id::kIncrease, {.t_ms = {20'000}, .value = {7}, .start_ms = {10'000}}, 7},
    {"a start before the window does not help",
     Id::kIncrease,
     {.t_ms = {20'000}, .value = {7}, .from_ms = 10'000, .start_ms = {10'000}},
     std::nullopt},
    {"a series that began in the window is not stretched to before that",
     Id::kIncrease,
     {.t_ms = {20'000, 30'000, 40'000, 50'000, 60'000},
      .value = {3, 5, 7, 9, 11},
      .start_ms = {15'000, 15'000, 15'000, 15'000, 15'000}},
     11},
    {"a start behind the sample before is a reset",
     Id::kIncrease,
     {.t_ms = {20'000, 40'000}, .value = {4, 10}, .start_ms = {-5'000, 30'000}},
     24},
    {"a gauge has no starts",
     Id::kDelta,
     {.t_ms = {20'000, 40'000}, .value = {4, 10}, .start_ms = {10'000, 30'000}},
     18},
    {"the last two samples alone", Id::kIrate, {.t_ms = {10'000, 20'000, 25'000}, .value = {0, 100, 110}}, 2},
    {"a fall is a reset to zero", Id::kIrate, {.t_ms = {10'000, 20'000}, .value = {100, 30}}, 3},
    {"a start between the two as well",
     Id::kIrate,
     {.t_ms = {10'000, 20'000}, .value = {10, 30}, .start_ms = {0, 15'000}},
     3},
    {"a difference is what it is", Id::kIdelta, {.t_ms = {10'000, 20'000}, .value = {100, 30}}, -70},
    {"one sample has no difference", Id::kIdelta, {.t_ms = {10'000}, .value = {100}}, std::nullopt},
    {"a start counts as a reset",
     Id::kResets,
     {.t_ms = {10'000, 20'000, 30'000}, .value = {1, 2, 3}, .start_ms = {5'000, 5'000, 25'000}},
     1},
    {"each of a series of deltas is a reset",
     Id::kResets,
     {.t_ms = {10'000, 20'000, 30'000}, .value = {1, 2, 3}, .start_ms = {5'000, 10'000, 20'000}},
     2},
    {"an unknown start is none",
     Id::kResets,
     {.t_ms = {10'000, 20'000, 30'000}, .value = {1, 2, 3}, .start_ms = {10'000, 10'000, 10'000}},
     0},
};

// The window is (30 s, 60 s].
const Case kEdgeCases[] = {
    {"anchored goes from the last sample before to the last within",
     Id::kIncrease,
     {.t_ms = {10'000, 25'000, 40'000, 55'000}, .value = {1, 2, 4, 7}, .edges = WindowEdges::kAnchored},
     5},
    {"anchored by the second",
     Id::kRate,
     {.t_ms = {25'000, 40'000, 55'000}, .value = {2, 4, 8}, .edges = WindowEdges::kAnchored},
     0.2},
    {"anchored counts resets",
     Id::kIncrease,
     {.t_ms = {25'000, 40'000, 55'000}, .value = {2, 1, 3}, .edges = WindowEdges::kAnchored},
     3},
    {"anchored without a sample before begins with the first",
     Id::kDelta,
     {.t_ms = {40'000, 55'000}, .value = {4, 7}, .edges = WindowEdges::kAnchored},
     3},
    {"anchored of one sample is 0", Id::kDelta, {.t_ms = {40'000}, .value = {4}, .edges = WindowEdges::kAnchored}, 0},
    {"anchored without a sample within is nothing",
     Id::kDelta,
     {.t_ms = {10'000, 25'000}, .value = {4, 7}, .edges = WindowEdges::kAnchored},
     std::nullopt},
    {"smoothed interpolates at both edges",
     Id::kIncrease,
     {.t_ms = {20'000, 40'000, 50'000, 70'000}, .value = {2, 4, 5, 9}, .edges = WindowEdges::kSmoothed},
     4},
    {"smoothed takes a counter that fell across an edge from zero",
     Id::kIncrease,
     {.t_ms = {20'000, 40'000, 70'000}, .value = {100, 4, 10}, .edges = WindowEdges::kSmoothed},
     6},
    {"smoothed lets a gauge fall",
     Id::kDelta,
     {.t_ms = {20'000, 40'000, 70'000}, .value = {100, 4, 10}, .edges = WindowEdges::kSmoothed},
     -44},
    {"smoothed across the whole window",
     Id::kDelta,
     {.t_ms = {20'000, 70'000}, .value = {0, 50}, .edges = WindowEdges::kSmoothed},
     30},
    {"smoothed with samples behind the window only is nothing",
     Id::kDelta,
     {.t_ms = {70'000, 80'000}, .value = {0, 50}, .edges = WindowEdges::kSmoothed},
     std::nullopt},
    {"smoothed with samples before the window only is nothing",
     Id::kDelta,
     {.t_ms = {10'000, 20'000}, .value = {0, 50}, .edges = WindowEdges::kSmoothed},
     std::nullopt},
    {"changes since the anchor",
     Id::kChanges,
     {.t_ms = {10'000, 20'000, 40'000, 50'000}, .value = {1, 2, 3, 3}, .edges = WindowEdges::kAnchored},
     1},
    {"resets since the anchor",
     Id::kResets,
     {.t_ms = {10'000, 20'000, 40'000}, .value = {5, 4, 3}, .edges = WindowEdges::kAnchored},
     1},
    {"an anchor alone has no changes",
     Id::kChanges,
     {.t_ms = {10'000, 20'000}, .value = {1, 2}, .edges = WindowEdges::kAnchored},
     std::nullopt},
};

void check(const Case& c, std::int64_t from_ms) {
  RangeWindow window = c.window;
  window.from_ms = window.from_ms == 0 ? from_ms : window.from_ms;
  const RangeAnswer got = call_range(c.id, window);
  CHECK(got.notes.empty());
  if (c.want.has_value()) {
    REQUIRE(std::holds_alternative<double>(got.point));
    CHECK(std::get<double>(got.point) == *c.want);
  } else {
    CHECK(std::holds_alternative<std::monostate>(got.point));
  }
}

}  // namespace

TEST_CASE("growth is stretched to the edges of the window", "[promql][range]") {
  for (const Case& c : kCases) {
    DYNAMIC_SECTION(c.what) {
      check(c, 0);
    }
  }
}

TEST_CASE("anchored and smoothed growth goes from edge to edge", "[promql][range]") {
  for (const Case& c : kEdgeCases) {
    DYNAMIC_SECTION(c.what) {
      check(c, 30'000);
    }
  }
}

TEST_CASE("starts that overlap are told once a window, and counted", "[promql][range]") {
  const RangeWindow window{.t_ms = {10'000, 20'000, 30'000}, .value = {1, 2, 3}, .start_ms = {5'000, 9'000, 15'000}};
  const RangeAnswer got = call_range(Id::kRate, window);
  REQUIRE(got.notes.size() == 1);
  CHECK(got.notes[0] ==
        "PromQL warning: sample has start time that overlaps with previous sample timestamp for metric \"m\" (1:1)");
}
