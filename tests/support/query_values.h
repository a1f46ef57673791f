// SPDX-License-Identifier: Apache-2.0
// Answers written down by hand, for the tests of what renders them.
#pragma once

#include <initializer_list>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "model/query_value.h"

namespace mcore {

using LabelPairs = std::initializer_list<std::pair<std::string_view, std::string_view>>;

[[nodiscard]] inline LabelSet label_set_of(LabelPairs labels) {
  LabelBuilder builder;
  for (const auto& [name, value] : labels) {
    builder.add(name, value);
  }
  return LabelSet(builder.build());
}

/// A series of floats `step_ms` apart; a sample that is not there is written as kNoSample.
inline constexpr double kNoSample = std::numeric_limits<double>::max();
[[nodiscard]] inline QuerySeries series_of(LabelPairs labels, std::int64_t start_ms, std::int64_t step_ms,
                                           const std::vector<double>& values) {
  QuerySeries series{.labels = label_set_of(labels)};
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != kNoSample) {
      series.samples.t_ms.push_back(start_ms + static_cast<std::int64_t>(i) * step_ms);
      series.samples.value.push_back(values[i]);
    }
  }
  return series;
}

[[nodiscard]] inline QuerySeries sample_of(LabelPairs labels, std::int64_t t_ms, double value) {
  return series_of(labels, t_ms, 0, {value});
}

[[nodiscard]] inline QueryValue vector_of(std::int64_t t_ms, std::vector<QuerySeries> series) {
  return {.type = ValueType::kVector, .t_ms = t_ms, .series = std::move(series)};
}
[[nodiscard]] inline QueryValue matrix_of(std::vector<QuerySeries> series) {
  return {.type = ValueType::kMatrix, .series = std::move(series)};
}
[[nodiscard]] inline QueryValue scalar_of(std::int64_t t_ms, double value) {
  return {.type = ValueType::kScalar, .t_ms = t_ms, .scalar = value};
}
[[nodiscard]] inline QueryValue string_of(std::int64_t t_ms, std::string_view text) {
  return {.type = ValueType::kString, .t_ms = t_ms, .string = std::string(text)};
}

/// Zero bucket, two positive buckets and a negative one; of schema 0.
[[nodiscard]] inline Histogram small_histogram() {
  return {.is_float = true,
          .schema = 0,
          .zero_threshold = 0.001,
          .zero_count = 2,
          .count = 9.5,
          .sum = 4.25,
          .positive_spans = {{.offset = 1, .length = 3}},
          .negative_spans = {{.offset = 0, .length = 1}},
          .positive_counts = {3, 0, 4},
          .negative_counts = {0.5}};
}

}  // namespace mcore
