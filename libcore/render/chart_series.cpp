// SPDX-License-Identifier: Apache-2.0
#include "render/chart_series.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "model/time_text.h"

namespace mcore {
namespace {

/// The labels in which the series of an answer differ.
std::vector<std::string> differing_labels(const QueryValue& value) {
  struct Seen {
    std::string_view value;
    std::size_t count = 0;
    bool differs = false;
  };
  std::map<std::string_view, Seen> seen;
  for (const QuerySeries& series : value.series) {
    for (const Label& label : series.labels.view()) {
      Seen& one = seen[label.name];
      one.differs = one.differs || (one.count > 0 && one.value != label.value);
      one.value = label.value;
      ++one.count;
    }
  }
  std::vector<std::string> names;
  for (const auto& [name, one] : seen) {
    if (one.differs || one.count < value.series.size()) {
      names.emplace_back(name);
    }
  }
  return names;
}

/// The labels that tell a line apart: a single one by its value alone.
std::string telling_text(LabelsView labels, const std::vector<std::string>& names) {
  if (names.size() == 1) {
    return std::string(labels.get(names[0]));
  }
  LabelBuilder builder;
  for (const std::string& name : names) {
    builder.add(name, labels.get(name));
  }
  return labels_text(builder.build());
}

/// The legend of a line without a template.
std::string plain_legend(const NamedAnswer& answer, LabelsView labels, const std::vector<std::string>& names,
                         bool several_answers) {
  if (answer.value->series.size() > 1) {
    const std::string telling = telling_text(labels, names);
    if (several_answers) {
      return answer.name + (telling.empty() ? "" : " " + telling);
    }
    return telling.empty() ? labels_text(labels) : telling;
  }
  return several_answers || labels.empty() ? answer.name : labels_text(labels);
}

void add_sample(ChartLine& line, Chart& chart, std::int64_t t_ms, double value) {
  if (!std::isfinite(value) || t_ms < kFirstTimeMs || t_ms > kLastTimeMs) {
    ++chart.hidden;
    return;
  }
  chart.low = chart.samples == 0 ? value : std::min(chart.low, value);
  chart.high = chart.samples == 0 ? value : std::max(chart.high, value);
  ++chart.samples;
  line.t_ms.push_back(t_ms);
  line.value.push_back(value);
}

/// Floats as they are and histograms by their means, in the order of time.
void add_samples(ChartLine& line, Chart& chart, const SeriesSamples& samples) {
  std::size_t f = 0;
  std::size_t h = 0;
  while (f < samples.t_ms.size() || h < samples.histogram_t_ms.size()) {
    if (h == samples.histogram_t_ms.size() ||
        (f < samples.t_ms.size() && samples.t_ms[f] < samples.histogram_t_ms[h])) {
      add_sample(line, chart, samples.t_ms[f], samples.value[f]);
      ++f;
    } else {
      chart.has_means = true;
      add_sample(line, chart, samples.histogram_t_ms[h], samples.histogram[h].sum / samples.histogram[h].count);
      ++h;
    }
  }
}

/// The usual distance of neighbouring samples: the median of each line, the largest of them.
std::int64_t usual_spacing(const std::vector<ChartLine>& lines) {
  std::int64_t usual = 0;
  std::vector<std::int64_t> distances;
  for (const ChartLine& line : lines) {
    distances.clear();
    for (std::size_t i = 1; i < line.t_ms.size(); ++i) {
      distances.push_back(line.t_ms[i] - line.t_ms[i - 1]);
    }
    if (!distances.empty()) {
      const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
      std::ranges::nth_element(distances, middle);
      usual = std::max(usual, *middle);
    }
  }
  return usual;
}

void set_range(Chart& chart, const ChartOptions& options, std::span<const NamedAnswer> answers) {
  if (options.range_ms) {
    std::tie(chart.start_ms, chart.end_ms) = *options.range_ms;
    return;
  }
  // All samples count, drawn or not.
  bool first = true;
  const auto widen = [&](const std::vector<std::int64_t>& times) {
    if (!times.empty()) {
      chart.start_ms = first ? times.front() : std::min(chart.start_ms, times.front());
      chart.end_ms = first ? times.back() : std::max(chart.end_ms, times.back());
      first = false;
    }
  };
  for (const NamedAnswer& answer : answers) {
    for (const QuerySeries& series : answer.value->series) {
      widen(series.samples.t_ms);
      widen(series.samples.histogram_t_ms);
    }
    if (answer.value->type != ValueType::kMatrix) {
      widen({answer.value->t_ms});
    }
  }
}

/// One unit for one axis: where the answers have several, none.
ValueUnit unit_of(std::span<const NamedAnswer> answers) {
  std::optional<ValueUnit> common;
  for (const NamedAnswer& answer : answers) {
    ValueUnit unit = unit_of_expression(answer.name);
    if (unit == ValueUnit() && !answer.value->series.empty()) {
      unit = unit_of_name(answer.value->series[0].labels.view().get(kNameLabel));
    }
    if (common && *common != unit) {
      return {};
    }
    common = unit;
  }
  return common.value_or(ValueUnit());
}

std::string title_of(std::span<const NamedAnswer> answers, const ChartOptions& options) {
  std::string title = options.title;
  if (title.empty()) {
    for (const NamedAnswer& answer : answers) {
      title += (title.empty() ? "" : ", ") + answer.name;
    }
  }
  return title;
}

}  // namespace

Chart chart_of(std::span<const NamedAnswer> answers, const ChartOptions& options) {
  Chart chart{.title = title_of(answers, options), .unit = unit_of(answers)};
  for (const NamedAnswer& answer : answers) {
    const QueryValue& value = *answer.value;
    const std::vector<std::string> names = differing_labels(value);
    for (const QuerySeries& series : value.series) {
      const LabelsView labels = series.labels.view();
      ChartLine line{.legend = options.legend.empty() ? plain_legend(answer, labels, names, answers.size() > 1)
                                                      : legend_text(options.legend, labels)};
      add_samples(line, chart, series.samples);
      chart.lines.push_back(std::move(line));
    }
    if (value.type == ValueType::kScalar) {
      ChartLine line{.legend = answer.name};
      add_sample(line, chart, value.t_ms, value.scalar);
      chart.lines.push_back(std::move(line));
    }
  }
  set_range(chart, options, answers);
  chart.start_ms = std::clamp(chart.start_ms, kFirstTimeMs, kLastTimeMs);
  chart.end_ms = std::clamp(chart.end_ms, kFirstTimeMs, kLastTimeMs);
  // A sample may be late by half a step before the line is torn.
  const std::int64_t spacing =
      options.step_ms > 0 ? std::min(options.step_ms, kLastTimeMs) : usual_spacing(chart.lines);
  chart.gap_ms = spacing + spacing / 2;
  return chart;
}

std::string legend_text(std::string_view legend_template, LabelsView labels) {
  std::string out;
  while (!legend_template.empty()) {
    const std::size_t open = legend_template.find("{{");
    const std::size_t close = open == std::string_view::npos ? open : legend_template.find("}}", open);
    if (close == std::string_view::npos) {
      return out + std::string(legend_template);
    }
    out += legend_template.substr(0, open);
    std::string_view name = legend_template.substr(open + 2, close - open - 2);
    name.remove_prefix(std::min(name.size(), name.find_first_not_of(" .$")));
    name = name.substr(0, name.find_last_not_of(' ') + 1);
    out += labels.get(name);
    legend_template.remove_prefix(close + 2);
  }
  return out;
}

LineSummary summary_of(const ChartLine& line) noexcept {
  const auto [min, max] = std::ranges::minmax(line.value);
  return {.min = min, .max = max, .last = line.value.back()};
}

}  // namespace mcore
