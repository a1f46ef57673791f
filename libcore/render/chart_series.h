// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/labels.h"
#include "render/query_table.h"
#include "render/value_unit.h"

namespace mcore {

/// One line of a chart.
///
/// Shape: times ascend and lie within the years 1 to 9999; every value is finite. A sample further from the one before
/// than the chart's `gap_ms` begins a
///        new stretch.
struct ChartLine {
  std::string legend{};
  std::vector<std::int64_t> t_ms{};
  std::vector<double> value{};
};

/// What a chart shows, before anything is said about its looks.
struct Chart {
  std::string title{};
  ValueUnit unit{};
  std::int64_t start_ms = 0;  // both ends belong to it
  std::int64_t end_ms = 0;
  std::int64_t gap_ms = 0;
  std::vector<ChartLine> lines{};
  double low = 0;  // of all values; both 0 if there are none
  double high = 0;
  std::size_t samples = 0;  // that are drawn
  std::size_t hidden = 0;   // NaN and infinite values, and times outside the years 1 to 9999, which have no place
  bool has_means = false;   // of histograms
};

struct ChartOptions {
  std::string title{};   // else the names of the answers
  std::string legend{};  // a template, `{{instance}}`; else the labels that tell the lines apart
  /// What the time axis spans; else the samples do.
  std::optional<std::pair<std::int64_t, std::int64_t>> range_ms{};
  std::int64_t step_ms = 0;  // of the query: samples further apart are a gap; 0: the usual spacing of the samples
};

/// The lines of answers. A histogram is drawn as its mean; a scalar as one sample; a string has no line.
[[nodiscard]] Chart chart_of(std::span<const NamedAnswer> answers, const ChartOptions& options);

/// A template with `{{label}}` (blanks allowed) replaced by the values of labels; a label that is not there is empty.
[[nodiscard]] std::string legend_text(std::string_view legend_template, LabelsView labels);

/// What can be said of a line in a table below the picture.
struct LineSummary {
  double min = 0;
  double max = 0;
  double last = 0;
};
/// Requires: the line has samples.
[[nodiscard]] LineSummary summary_of(const ChartLine& line) noexcept;

}  // namespace mcore
