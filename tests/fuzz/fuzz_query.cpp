// SPDX-License-Identifier: Apache-2.0
// Queries over a few series of every kind: whatever parses is evaluated, at one time and over a range, and must end in
// an answer or an Error.
//
// Shape: the text of a query.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "promql/engine.h"
#include "promql/parser.h"
#include "storage/memory_store.h"

namespace {

using namespace mcore;  // a harness of one file

constexpr std::int64_t kStepMs = 15'000;

std::string labels(std::string_view name, std::string_view instance, std::string_view bound = {}) {
  LabelBuilder builder;
  builder.add(kNameLabel, name);
  builder.add("instance", instance);
  builder.add("le", bound);
  return std::string(builder.build().bytes());
}

Histogram histogram(double scale) {
  Histogram one{.is_float = true, .zero_threshold = 0.001, .zero_count = 1, .count = 1 + 3 * scale, .sum = 5 * scale};
  one.positive_spans = {{0, 2}};
  one.positive_counts = {scale, 2 * scale};
  return one;
}

MemoryStore make_store() {
  MemoryStore store;
  for (const std::string_view instance : {"a", "b"}) {
    SeriesSamples counter;
    SeriesSamples gauge;
    SeriesSamples native;
    SeriesSamples bucket;
    for (int i = 0; i < 40; ++i) {
      counter.t_ms.push_back(i * kStepMs);
      counter.value.push_back(i % 11 * 7.25);
      gauge.t_ms.push_back(i * kStepMs + 1);
      gauge.value.push_back(i % 5 - 2);
      native.histogram_t_ms.push_back(i * kStepMs);
      native.histogram.push_back(histogram(i + 1));
      bucket.t_ms.push_back(i * kStepMs);
      bucket.value.push_back(i);
    }
    store.add(LabelsView(labels("c_total", instance)), SeriesSamples(counter));
    store.add(LabelsView(labels("g", instance)), std::move(gauge));
    store.add(LabelsView(labels("h", instance)), std::move(native));
    store.add(LabelsView(labels("x_bucket", instance, "1")), SeriesSamples(bucket));
    store.add(LabelsView(labels("x_bucket", instance, "+Inf")), std::move(counter));
    store.add(LabelsView(labels("target_info", instance)), std::move(bucket));
  }
  return store;
}

std::optional<QueryAnswer> answer(const Expr& expr, std::string_view text, Querier& querier, QueryOptions options) {
  options.max_samples = 20'000;
  options.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  try {
    return evaluate_query(expr, text, querier, options);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static MemoryStore store = make_store();
  const std::string_view text(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 300));
  const ParseOutcome parsed = parse_query(text);
  if (!parsed.ok()) {
    return 0;
  }
  const QueryOptions instant{.start_t_ms = 20 * kStepMs, .end_t_ms = 20 * kStepMs};
  const QueryOptions range{.start_t_ms = 0, .end_t_ms = 30 * kStepMs, .step_ms = 2 * kStepMs};
  (void)answer(*parsed.expr, text, store, instant);
  (void)answer(*parsed.expr, text, store, range);
  return 0;
}
