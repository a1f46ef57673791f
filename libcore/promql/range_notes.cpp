// SPDX-License-Identifier: Apache-2.0
#include "promql/range_notes.h"

#include <fmt/format.h>

#include <string>

#include "base/number_text.h"
#include "model/labels.h"

namespace mcore {
namespace {

std::string with_name(std::string_view text, std::string_view metric_name) {
  std::string whole(text);
  whole += ' ';
  append_quoted_value(whole, metric_name);
  return whole;
}

void warn_of_name(std::string_view text, const NoteContext& context) {
  context.notes.warn(context.at, with_name(text, context.metric_name));
}

void info_of_name(std::string_view text, const NoteContext& context) {
  context.notes.info(context.at, with_name(text, context.metric_name));
}

bool looks_like_counter(std::string_view name) noexcept {
  return name.ends_with("_total") || name.ends_with("_sum") || name.ends_with("_count") || name.ends_with("_bucket");
}

}  // namespace

void note_mixed_samples(const NoteContext& context) {
  warn_of_name("encountered a mix of histograms and floats for metric name", context);
}

void note_ignored_histograms(const NoteContext& context) {
  info_of_name("ignored histograms in a range containing both floats and histograms for metric name", context);
}

void note_bad_quantile(double phi, const NoteContext& context) {
  context.notes.warn(context.at, "quantile value should be between 0 and 1, got " + float_text(phi));
}

void note_not_counter(const NoteContext& context) {
  warn_of_name("this native histogram metric is not a counter:", context);
}

void note_not_gauge(const NoteContext& context) {
  warn_of_name("this native histogram metric is not a gauge:", context);
}

void note_mixed_buckets(const NoteContext& context) {
  warn_of_name("vector contains a mix of histograms with exponential and custom buckets schemas for metric name",
               context);
}

void note_reconciled_bounds(std::string_view operation, const NoteContext& context) {
  context.notes.info(context.at, fmt::format("mismatched custom buckets were reconciled during {}", operation));
}

void note_conflicting_resets(std::string_view operation, const NoteContext& context) {
  context.notes.warn(context.at, fmt::format("conflicting counter resets during histogram {}", operation));
}

void note_start_overlap(const NoteContext& context) {
  context.notes.start_overlap(context.at, context.metric_name);
}

void note_possible_non_counter(bool by_type_label, const NoteContext& context) {
  if (context.metric_name.empty()) {
    return;
  }
  if (!by_type_label) {
    if (!looks_like_counter(context.metric_name)) {
      info_of_name("metric might not be a counter, name does not end in _total/_sum/_count/_bucket:", context);
    }
    return;
  }
  const std::string_view type = context.labels.get("__type__");
  if (type != "counter" && type != "histogram") {
    std::string text = R"(metric might not be a counter, __type__ label is not set to "counter" or "histogram", got)";
    text = with_name(text, type) + ":";
    info_of_name(text, context);
  }
}

}  // namespace mcore
