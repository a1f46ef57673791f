// SPDX-License-Identifier: Apache-2.0
#include "promql/script_text.h"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/number_text.h"
#include "base/utf8.h"
#include "model/duration.h"
#include "model/histogram_text.h"

namespace mcore {
namespace {

constexpr std::size_t kMostText = 4'000;

std::string number_text(double value) {
  return is_stale_marker(value) ? "stale" : float_text(value);
}

std::string value_text(const ScriptValue& value) {
  switch (value.kind) {
    case ScriptValue::Kind::kFloat:
      return number_text(value.value);
    case ScriptValue::Kind::kHistogram:
      return histogram_test_text(*value.histogram);
    case ScriptValue::Kind::kNone:
      break;
  }
  return "_";
}

/// Whether there is room for more in the text.
bool add_item(std::string& text, const std::string& item) {
  if (text.size() > kMostText) {
    text += " ...";
    return false;
  }
  text += ' ';
  text += item;
  return true;
}

/// The samples of both kinds in the order of time.
struct Walk {
  const SeriesSamples& samples;
  std::size_t next_float = 0;
  std::size_t next_histogram = 0;

  [[nodiscard]] bool at_end() const noexcept {
    return next_float == samples.t_ms.size() && next_histogram == samples.histogram_t_ms.size();
  }
  [[nodiscard]] bool is_float() const noexcept {
    return next_histogram == samples.histogram_t_ms.size() ||
           (next_float < samples.t_ms.size() && samples.t_ms[next_float] <= samples.histogram_t_ms[next_histogram]);
  }
  [[nodiscard]] std::int64_t t_ms() const noexcept {
    return is_float() ? samples.t_ms[next_float] : samples.histogram_t_ms[next_histogram];
  }
  [[nodiscard]] std::string take() {
    return is_float() ? number_text(samples.value[next_float++])
                      : histogram_test_text(samples.histogram[next_histogram++]);
  }
};

}  // namespace

std::string script_series_text(const ScriptSeries& series) {
  std::string text = labels_text(series.labels.view());
  for (const ScriptValue& value : series.values) {
    if (!add_item(text, value_text(value))) {
      break;
    }
  }
  return text;
}

std::string script_series_text(const QuerySeries& series, const ScriptEval& grid) {
  std::string text = labels_text(series.labels.view());
  std::int64_t step_t_ms = grid.start_t_ms;
  for (Walk walk{series.samples}; !walk.at_end();) {
    const std::int64_t t_ms = walk.t_ms();
    std::string item = "_";
    if (t_ms < step_t_ms || grid.step_ms == 0) {
      item = walk.take();
      if (t_ms != step_t_ms) {
        item += "@" + duration_text(std::chrono::milliseconds(t_ms));
      }
    } else {
      item = t_ms == step_t_ms ? walk.take() : item;
      step_t_ms += grid.step_ms;
    }
    if (!add_item(text, item)) {
      break;
    }
  }
  return text;
}

std::string script_rule_text(const ScriptTextRule& rule) {
  if (rule.is_any) {
    return "of any text";
  }
  return (rule.pattern.has_value() ? "matching " : "") + in_quotes(rule.text, kMostText);
}

}  // namespace mcore
