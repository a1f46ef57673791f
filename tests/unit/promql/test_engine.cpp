// SPDX-License-Identifier: Apache-2.0
// What the scripts of tests/promql cannot say: limits, types, sources. Answers themselves are tested there.
#include "promql/engine.h"

#include <string>
#include <string_view>

#include "base/error.h"
#include "promql/parser.h"
#include "storage/memory_store.h"
#include "support/catch.h"

using namespace mcore;

namespace {

MemoryStore store_of(std::int64_t step_ms, int samples) {
  LabelBuilder builder;
  builder.add(kNameLabel, "m");
  SeriesSamples series;
  for (int i = 0; i < samples; ++i) {
    series.t_ms.push_back(i * step_ms);
    series.value.push_back(i);
  }
  MemoryStore store;
  store.add(builder.build(), std::move(series));
  return store;
}

QueryValue ask(std::string_view query, MemoryStore& store, const QueryOptions& options) {
  return evaluate_query(*parse_promql(query).value_or_throw(), query, store, options).value;
}

std::string failure(std::string_view query, MemoryStore& store, const QueryOptions& options) {
  try {
    (void)ask(query, store, options);
  } catch (const Error& error) {
    return error.why();
  }
  return {};
}

}  // namespace

TEST_CASE("an instant query has the type of its expression, a range query a matrix", "[promql][engine]") {
  MemoryStore store = store_of(1'000, 10);
  const QueryOptions instant{.start_t_ms = 5'000, .end_t_ms = 5'000};
  CHECK(ask("m", store, instant).type == ValueType::kVector);
  CHECK(ask("m[3s]", store, instant).series.at(0).samples.t_ms == std::vector<std::int64_t>{3'000, 4'000, 5'000});
  CHECK(ask("1 + 1", store, instant).scalar == 2);
  CHECK(ask("('a')", store, instant).string == "a");
  const QueryOptions range{.start_t_ms = 0, .end_t_ms = 4'500, .step_ms = 2'000};
  CHECK(ask("m", store, range).series.at(0).samples.value == std::vector<double>{0, 2, 4});
  CHECK(ask("time()", store, range).series.at(0).samples.value == std::vector<double>{0, 2, 4});
  CHECK(failure("m[3s]", store, range) ==
        "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector");
}

TEST_CASE("too many samples, and too long, end a query", "[promql][engine]") {
  MemoryStore store = store_of(1'000, 10);
  const std::string too_many = "query processing would load too many samples into memory in query execution";
  QueryOptions options{.start_t_ms = 0, .end_t_ms = 9'000, .step_ms = 1'000, .max_samples = 9};
  CHECK(failure("m", store, options) == too_many);
  options.max_samples = 10;
  CHECK(failure("m", store, options).empty());
  CHECK(failure("max_over_time(m[100y:1ms])", store, options) == too_many);
  options.is_cancelled = [] { return true; };
  CHECK(failure("m", store, options) == "query was canceled in expression evaluation");
  options.is_cancelled = {};
  options.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  CHECK(failure("m", store, options) == "query timed out in expression evaluation");
}

TEST_CASE("a lookback that widens shows sparse series between their samples", "[promql][engine]") {
  MemoryStore store = store_of(3'600'000, 5);
  QueryOptions options{.start_t_ms = 5'400'000, .end_t_ms = 5'400'000};
  CHECK(ask("m", store, options).series.empty());
  options.widens_lookback = true;
  CHECK(ask("m", store, options).series.size() == 1);
  options.start_t_ms = options.end_t_ms = 4 * 3'600'000 + 7'300'000;  // over two hours behind the last one
  CHECK(ask("m", store, options).series.empty());
}
