// SPDX-License-Identifier: Apache-2.0
// What a querier gives, as text that a test can write out.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "base/number_text.h"
#include "model/labels.h"
#include "storage/querier.h"

namespace mcore {

[[nodiscard]] inline LabelSet test_label_set(std::initializer_list<Label> labels) {
  LabelBuilder builder;
  for (const Label& label : labels) {
    builder.add(label.name, label.value);
  }
  return LabelSet(builder.build());
}

/// A histogram that is told by its sum: one bucket, one observation.
[[nodiscard]] inline Histogram test_histogram(double sum, bool is_float = false) {
  Histogram h;
  h.is_float = is_float;
  h.schema = 2;
  h.zero_threshold = 0.001;
  h.count = 1;
  h.sum = sum;
  h.positive_spans = {{.offset = 3, .length = 1}};
  h.positive_counts = {1};
  return h;
}

/// `1000=1 2000=stale 3000=h2.5`: histograms by their sum.
[[nodiscard]] inline std::string samples_text(const SeriesSamples& samples) {
  std::vector<std::pair<std::int64_t, std::string>> all;
  const auto number = [](double value) { return is_stale_marker(value) ? "stale" : fmt::format("{}", value); };
  for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
    all.emplace_back(samples.t_ms[i], number(samples.value[i]));
  }
  for (std::size_t i = 0; i < samples.histogram.size(); ++i) {
    all.emplace_back(samples.histogram_t_ms[i], "h" + number(samples.histogram[i].sum));
  }
  std::ranges::sort(all);
  std::string text;
  for (const auto& [t_ms, value] : all) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", t_ms, value);
  }
  return text;
}

/// `up 1000=1 2000=2; `, a series each; those without samples in the range are left out.
[[nodiscard]] inline std::string series_text(SeriesSet& set) {
  std::string text;
  SeriesSamples samples;
  while (set.next()) {
    set.samples(samples);
    if (!samples.empty()) {
      text += fmt::format("{} {}; ", labels_text(set.labels()), samples_text(samples));
    }
  }
  return text;
}

[[nodiscard]] inline std::string querier_text(Querier& querier, TimeRange range = {}) {
  const auto set = querier.select({}, range);
  return series_text(*set);
}

}  // namespace mcore
