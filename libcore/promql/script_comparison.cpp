// SPDX-License-Identifier: Apache-2.0
#include "promql/script_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/number_text.h"
#include "base/utf8.h"
#include "promql/script_text.h"

namespace mcore {
namespace {

bool equal_lists(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(a, b, equal_script_numbers);
}

/// The expected samples at their times, in columns as an answer has them; `hints` beside the histograms.
struct ExpectedColumns {
  std::vector<std::int64_t> t_ms{};
  std::vector<double> value{};
  std::vector<std::int64_t> histogram_t_ms{};
  std::vector<const ScriptValue*> histogram{};
};

ExpectedColumns columns_of(const ScriptSeries& series, const ScriptEval& eval) {
  ExpectedColumns columns;
  std::int64_t t_ms = eval.start_t_ms;
  for (const ScriptValue& value : series.values) {
    if (value.kind == ScriptValue::Kind::kFloat) {
      columns.t_ms.push_back(t_ms);
      columns.value.push_back(value.value);
    } else if (value.kind == ScriptValue::Kind::kHistogram) {
      columns.histogram_t_ms.push_back(t_ms);
      columns.histogram.push_back(&value);
    }
    t_ms += eval.step_ms;
  }
  return columns;
}

bool equal_samples(const SeriesSamples& samples, const ScriptSeries& series, const ScriptEval& eval) {
  const ExpectedColumns want = columns_of(series, eval);
  if (samples.t_ms != want.t_ms || samples.histogram_t_ms != want.histogram_t_ms ||
      !equal_lists(samples.value, want.value)) {
    return false;
  }
  for (std::size_t i = 0; i < want.histogram.size(); ++i) {
    if (!equal_script_histograms(samples.histogram[i], *want.histogram[i]->histogram, want.histogram[i]->names_hint)) {
      return false;
    }
  }
  return true;
}

/// The grid on which an answer is written: that of the eval, or for a vector its one moment.
ScriptEval grid_of(const QueryValue& value, const ScriptEval& eval) {
  ScriptEval grid;
  grid.start_t_ms = value.type == ValueType::kMatrix ? eval.start_t_ms : value.t_ms;
  grid.end_t_ms = value.type == ValueType::kMatrix ? eval.end_t_ms : value.t_ms;
  grid.step_ms = value.type == ValueType::kMatrix ? eval.step_ms : 0;
  return grid;
}

const ScriptSeries* find_expected(const ScriptExpectation& expected, LabelsView labels) {
  const auto found =
      std::ranges::find_if(expected.series, [&](const ScriptSeries& series) { return series.labels.view() == labels; });
  return found != expected.series.end() ? &*found : nullptr;
}

std::string no_series(LabelsView labels) {
  return "no series " + labels_text(labels);
}

std::vector<ScriptDifference> compare_series(const QueryValue& value, const ScriptEval& eval) {
  const ScriptEval grid = grid_of(value, eval);
  std::vector<ScriptDifference> differences;
  std::set<const ScriptSeries*> seen;
  for (const QuerySeries& got : value.series) {
    const ScriptSeries* const want = find_expected(eval.expected, got.labels.view());
    if (want == nullptr || !seen.insert(want).second) {
      const std::string_view again = want == nullptr ? "" : ", a second time";
      differences.push_back(
          {.got = script_series_text(got, grid) + std::string(again), .want = no_series(got.labels.view())});
    } else if (!equal_samples(got.samples, *want, grid)) {
      differences.push_back({.got = script_series_text(got, grid), .want = script_series_text(*want)});
    }
  }
  for (const ScriptSeries& want : eval.expected.series) {
    const bool is_empty =
        std::ranges::all_of(want.values, [](const ScriptValue& one) { return one.kind == ScriptValue::Kind::kNone; });
    if (!seen.contains(&want) && !is_empty) {
      differences.push_back({.got = no_series(want.labels.view()), .want = script_series_text(want)});
    }
  }
  return differences;
}

/// More values than the range has steps cannot be right, whatever the answer is.
std::optional<ScriptDifference> too_many_values(const ScriptEval& eval) {
  const std::int64_t steps = eval.step_ms == 0 ? 1 : (eval.end_t_ms - eval.start_t_ms) / eval.step_ms + 1;
  for (const ScriptSeries& series : eval.expected.series) {
    if (std::cmp_greater(series.values.size(), steps)) {
      return ScriptDifference{
          .got = fmt::format("at most {} points", steps),
          .want = fmt::format("{} points of {}", series.values.size(), labels_text(series.labels.view()))};
    }
  }
  return std::nullopt;
}

std::vector<ScriptDifference> compare_order(const QueryValue& value, const ScriptExpectation& expected) {
  std::string got;
  std::string want;
  for (const QuerySeries& series : value.series) {
    got += (got.empty() ? "" : " ") + labels_text(series.labels.view());
  }
  for (const ScriptSeries& series : expected.series) {
    want += (want.empty() ? "" : " ") + labels_text(series.labels.view());
  }
  if (got == want) {
    return {};
  }
  return {{.got = "the order " + got, .want = "the order " + want}};
}

std::optional<ScriptDifference> unsorted(const QueryValue& value) {
  for (std::size_t i = 1; i < value.series.size(); ++i) {
    const LabelsView before = value.series[i - 1].labels.view();
    const LabelsView after = value.series[i].labels.view();
    if (before > after) {
      return ScriptDifference{.got = fmt::format("{} before {}", labels_text(before), labels_text(after)),
                              .want = "series in the order of their labels"};
    }
  }
  return std::nullopt;
}

std::string expected_type_text(const ScriptExpectation& expected) {
  if (expected.string.has_value()) {
    return "the string " + in_quotes(*expected.string);
  }
  if (expected.scalar.has_value()) {
    return "the scalar " + float_text(*expected.scalar);
  }
  return fmt::format("{} of {} series", expected.is_range_vector ? "a range vector" : "a vector",
                     expected.series.size());
}

std::vector<ScriptDifference> compare_scalar(const QueryValue& value, const ScriptExpectation& expected) {
  const std::string got = "the scalar " + float_text(value.scalar);
  if (!expected.scalar.has_value() || expected.string.has_value() ||
      !equal_script_numbers(value.scalar, *expected.scalar)) {
    return {{.got = got, .want = expected_type_text(expected)}};
  }
  return {};
}

/// Each rule must be met and each note meet one.
void compare_notes(std::string_view kind, const std::vector<std::string_view>& notes,
                   const std::vector<ScriptTextRule>& rules, bool has_none, std::vector<ScriptDifference>& out) {
  for (const ScriptTextRule& rule : rules) {
    if (std::ranges::none_of(notes, [&](std::string_view note) { return rule.matches(note); })) {
      std::string got = notes.empty() ? fmt::format("no {}", kind) : std::string(notes.front());
      for (std::size_t i = 1; i < notes.size(); ++i) {
        got += fmt::format("; {}", notes[i]);
      }
      out.push_back({.got = std::move(got), .want = fmt::format("{} {}", kind, script_rule_text(rule))});
    }
  }
  for (const std::string_view note : notes) {
    const bool meets_one = std::ranges::any_of(rules, [&](const ScriptTextRule& rule) { return rule.matches(note); });
    if (has_none || (!rules.empty() && !meets_one)) {
      out.push_back({.got = std::string(note), .want = fmt::format("no such {}", kind)});
    }
  }
}

}  // namespace

bool equal_script_numbers(double a, double b) noexcept {
  constexpr double kTolerance = 1e-6;
  constexpr double kMinNormal = std::numeric_limits<double>::min();
  if (is_stale_marker(a) || is_stale_marker(b)) {
    return is_stale_marker(a) && is_stale_marker(b);
  }
  if ((std::isnan(a) && std::isnan(b)) || a == b) {
    return true;
  }
  const double sum = std::abs(a) + std::abs(b);
  const double difference = std::abs(a - b);
  if (a == 0 || b == 0 || sum < kMinNormal) {
    return difference < kTolerance * kMinNormal;
  }
  return difference / std::min(sum, std::numeric_limits<double>::max()) < kTolerance;
}

bool equal_script_histograms(const Histogram& a, const Histogram& b, bool with_hint) {
  if (a.schema != b.schema || !equal_script_numbers(a.count, b.count) || !equal_script_numbers(a.sum, b.sum) ||
      a.zero_threshold != b.zero_threshold || !equal_script_numbers(a.zero_count, b.zero_count) ||
      (with_hint && a.hint != b.hint) || (a.schema == kCustomBucketsSchema && a.custom_values != b.custom_values)) {
    return false;
  }
  Histogram short_a = a;
  Histogram short_b = b;
  compact_histogram(short_a, 0);
  compact_histogram(short_b, 0);
  return short_a.positive_spans == short_b.positive_spans && short_a.negative_spans == short_b.negative_spans &&
         equal_lists(short_a.positive_counts, short_b.positive_counts) &&
         equal_lists(short_a.negative_counts, short_b.negative_counts);
}

std::vector<ScriptDifference> compare_script_value(const QueryValue& value, const ScriptEval& eval) {
  const ScriptExpectation& expected = eval.expected;
  if (value.type == ValueType::kScalar) {
    return compare_scalar(value, expected);
  }
  if (value.type == ValueType::kString) {
    if (expected.string == value.string) {
      return {};
    }
    return {{.got = "the string " + in_quotes(value.string), .want = expected_type_text(expected)}};
  }
  const bool is_matrix = value.type == ValueType::kMatrix;
  if (expected.scalar.has_value() || expected.string.has_value() || (is_matrix && expected.is_ordered)) {
    const std::string_view order = expected.is_ordered ? " in an order" : "";
    return {{.got = fmt::format("a {} of {} series", value_type_text(value.type), value.series.size()),
             .want = expected_type_text(expected) + std::string(order)}};
  }
  if (is_matrix) {
    if (auto difference = unsorted(value)) {
      return {*std::move(difference)};
    }
    if (auto difference = too_many_values(eval)) {
      return {*std::move(difference)};
    }
  }
  std::vector<ScriptDifference> differences = compare_series(value, eval);
  if (differences.empty() && expected.is_ordered) {
    return compare_order(value, expected);
  }
  return differences;
}

std::vector<ScriptDifference> compare_script_notes(const std::vector<QueryNote>& notes,
                                                   const ScriptExpectation& expected) {
  std::vector<std::string_view> warnings;
  std::vector<std::string_view> infos;
  for (const QueryNote& note : notes) {
    (note.is_warning ? warnings : infos).push_back(note.text);
  }
  std::vector<ScriptDifference> differences;
  compare_notes("warning", warnings, expected.warnings, expected.has_no_warnings, differences);
  compare_notes("info", infos, expected.infos, expected.has_no_infos, differences);
  return differences;
}

}  // namespace mcore
