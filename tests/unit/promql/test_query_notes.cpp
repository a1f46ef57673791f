// SPDX-License-Identifier: Apache-2.0
#include "promql/query_notes.h"

#include "support/catch.h"

using namespace mcore;

TEST_CASE("notes are said once, warnings first, at the place that said them last", "[promql][notes]") {
  QueryNotes notes;
  notes.info({0, 3}, "b");
  notes.warn({2, 3}, "c");
  notes.info({5, 7}, "b");
  notes.info({1, 3}, "a");
  const auto texts = notes.texts("x +\n y");
  REQUIRE(texts.size() == 3);
  CHECK(texts[0].text == "PromQL warning: c (1:3)");
  CHECK(texts[0].is_warning);
  CHECK(texts[1].text == "PromQL info: a (1:2)");
  CHECK(texts[2].text == "PromQL info: b (2:2)");
}

TEST_CASE("what was fixed for monotonicity is one note with the extremes", "[promql][notes]") {
  QueryNotes notes;
  QueryNotes others;
  notes.forced_monotonicity({0, 1}, "m", 1'000, 0.5, 2, 0.25);
  others.forced_monotonicity({4, 5}, "m", 60'500, 0.1, 1, 3);
  notes.join(others);
  const auto texts = notes.texts("a + b");
  REQUIRE(texts.size() == 1);
  CHECK(texts[0].text ==
        "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see "
        "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) for metric name \"m\", "
        "from buckets 0.1 to 2, with a max diff of 3, over 2 samples from 1970-01-01T00:00:01Z to 1970-01-01T00:01:00Z "
        "(1:1)");
}

TEST_CASE("overlapping starts are one note a metric, with the place of the first", "[promql][notes]") {
  QueryNotes notes;
  QueryNotes others;
  notes.start_overlap({4, 5}, "m");
  others.start_overlap({0, 1}, "m");
  others.start_overlap({0, 1}, "m");
  others.start_overlap({0, 1}, "n");
  notes.join(others);
  const auto texts = notes.texts("a + b");
  REQUIRE(texts.size() == 2);
  CHECK(texts[0].text ==
        "PromQL warning: sample has start time that overlaps with previous sample timestamp for metric \"m\" (3 "
        "occurrences) (1:5)");
  CHECK(texts[1].text ==
        "PromQL warning: sample has start time that overlaps with previous sample timestamp for metric \"n\" (1:1)");
}

TEST_CASE("a place is line and column", "[promql][notes]") {
  CHECK(source_position("up", 0) == "1:1");
  CHECK(source_position("a\n\nbc", 4) == "3:2");
  CHECK(source_position("ab", 9) == "1:3");
}
