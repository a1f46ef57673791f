// SPDX-License-Identifier: Apache-2.0
#include "model/histogram_text.h"

#include <string_view>

#include "base/number_text.h"
#include "model/histogram_buckets.h"

namespace mcore {
namespace {

void append_bucket(std::string& text, const HistogramBucket& bucket) {
  text += ", ";
  text += bucket.has_lower ? '[' : '(';
  text += float_text(bucket.lower) + ',' + float_text(bucket.upper);
  text += bucket.has_upper ? "]:" : "):";
  text += float_text(bucket.count);
}

void append_side(std::string& text, HistogramSideWalk walk) {
  while (walk.next()) {
    if (walk.count() != 0) {
      append_bucket(text, walk.bucket());
    }
  }
}

/// Adds a "key:value" behind the ones that are there.
void append_field(std::string& text, std::string_view key, std::string_view value) {
  if (!text.ends_with('{')) {
    text += ' ';
  }
  text += key;
  text += ':';
  text += value;
}

void append_number(std::string& text, std::string_view key, double value) {
  if (value != 0) {
    append_field(text, key, float_text(value));
  }
}

std::string list_text(const std::vector<double>& values) {
  std::string text = "[";
  for (const double value : values) {
    if (text.size() > 1) {
      text += ' ';
    }
    text += float_text(value);
  }
  return text + ']';
}

void append_test_side(std::string& text, std::string_view prefix, const std::vector<HistogramSpan>& spans,
                      const std::vector<double>& counts) {
  if (!spans.empty() && spans[0].offset != 0) {
    append_field(text, std::string(prefix) + "offset", std::to_string(spans[0].offset));
  }
  if (!counts.empty()) {
    append_field(text, std::string(prefix) + "buckets", list_text(counts));
  }
}

constexpr std::int32_t kWidestGap = 1'000'000;  // all doubles fit half as many buckets of the finest schema

bool has_wide_gap(const std::vector<HistogramSpan>& spans) noexcept {
  std::int64_t gaps = 0;
  for (std::size_t i = 1; i < spans.size(); ++i) {
    gaps += spans[i].offset;
  }
  return gaps > kWidestGap;
}

std::string_view hint_text(CounterResetHint hint) noexcept {
  switch (hint) {
    case CounterResetHint::kUnknown:
      return "";
    case CounterResetHint::kReset:
      return "reset";
    case CounterResetHint::kNotReset:
      return "not_reset";
    case CounterResetHint::kGauge:
      return "gauge";
  }
  return "";
}

}  // namespace

std::string histogram_text(const Histogram& histogram) {
  std::string text = "{count:" + float_text(histogram.count) + ", sum:" + float_text(histogram.sum);
  append_side(text, HistogramSideWalk(histogram, HistogramSide::kNegative, true));
  if (histogram.zero_count != 0 && !uses_custom_buckets(histogram)) {
    append_bucket(text, zero_bucket(histogram));
  }
  append_side(text, HistogramSideWalk(histogram, HistogramSide::kPositive));
  return text + '}';
}

std::string histogram_test_text(const Histogram& histogram) {
  Histogram compact = histogram;
  compact_histogram(compact, 0);
  if (has_wide_gap(compact.positive_spans) || has_wide_gap(compact.negative_spans)) {
    return {};
  }
  compact_histogram(compact, static_cast<std::uint32_t>(kWidestGap));  // one span a side
  std::string text = "{{";
  if (compact.schema != 0) {
    append_field(text, "schema", std::to_string(compact.schema));
  }
  append_number(text, "count", compact.count);
  append_number(text, "sum", compact.sum);
  append_number(text, "z_bucket", compact.zero_count);
  append_number(text, "z_bucket_w", compact.zero_threshold);
  if (uses_custom_buckets(compact)) {
    append_field(text, "custom_values", list_text(compact.custom_values));
  }
  if (const std::string_view hint = hint_text(compact.hint); !hint.empty()) {
    append_field(text, "counter_reset_hint", hint);
  }
  append_test_side(text, "", compact.positive_spans, compact.positive_counts);
  append_test_side(text, "n_", compact.negative_spans, compact.negative_counts);
  return text + "}}";
}

}  // namespace mcore
