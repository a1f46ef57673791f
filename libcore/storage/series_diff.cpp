// SPDX-License-Identifier: Apache-2.0
#include "storage/series_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "base/number_text.h"

namespace mcore {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

bool same_bits(double a, double b) noexcept {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}
bool same_bits(const std::vector<double>& a, const std::vector<double>& b) noexcept {
  return std::ranges::equal(a, b, [](double x, double y) { return same_bits(x, y); });
}

bool same_buckets(const Histogram& a, const Histogram& b) noexcept {
  return a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         same_bits(a.positive_counts, b.positive_counts) && same_bits(a.negative_counts, b.negative_counts);
}

bool same_sample(const SampleView& a, const SampleView& b) {
  if (a.histogram == nullptr || b.histogram == nullptr) {
    return a.histogram == b.histogram && same_bits(a.value, b.value);
  }
  return says_the_same(*a.histogram, *b.histogram);
}

/// Walks the samples of a series in order of time, floats and histograms together.
class SampleWalk {
 public:
  explicit SampleWalk(const SeriesSamples& samples) : samples_(samples) {}
  /// kNever at the end; a sample at that time comes out last all the same, see at_end().
  [[nodiscard]] std::int64_t t_ms() const noexcept { return std::min(float_t(), histogram_t()); }
  [[nodiscard]] bool at_end() const noexcept {
    return float_ == samples_.t_ms.size() && histogram_ == samples_.histogram_t_ms.size();
  }
  [[nodiscard]] SampleView take() noexcept {
    if (float_ < samples_.t_ms.size() && float_t() <= histogram_t()) {
      return {.value = samples_.value[float_++]};
    }
    return {.histogram = &samples_.histogram[histogram_++]};
  }

 private:
  [[nodiscard]] std::int64_t float_t() const noexcept {
    return float_ < samples_.t_ms.size() ? samples_.t_ms[float_] : kNever;
  }
  [[nodiscard]] std::int64_t histogram_t() const noexcept {
    return histogram_ < samples_.histogram_t_ms.size() ? samples_.histogram_t_ms[histogram_] : kNever;
  }

  const SeriesSamples& samples_;
  std::size_t float_ = 0;
  std::size_t histogram_ = 0;
};

void add_buckets(std::string& out, std::string_view name, const std::vector<HistogramSpan>& spans,
                 const std::vector<double>& counts) {
  std::int64_t index = 0;
  std::size_t at = 0;
  std::string list;
  for (const HistogramSpan& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length && at < counts.size(); ++i, ++index, ++at) {
      if (counts[at] != 0) {
        list += fmt::format("{}{}:{}", list.empty() ? "" : " ", index, float_text(counts[at]));
      }
    }
  }
  if (!list.empty()) {
    out += fmt::format(", {}:[{}]", name, list);
  }
}

std::string histogram_text(const Histogram& histogram) {
  if (is_stale_marker(histogram.sum)) {
    return "{stale}";
  }
  std::string out = fmt::format("{{count:{}, sum:{}, schema:{}", float_text(histogram.count), float_text(histogram.sum),
                                histogram.schema);
  if (histogram.zero_threshold != 0 || histogram.zero_count != 0) {
    out += fmt::format(", zero:{} below {}", float_text(histogram.zero_count), float_text(histogram.zero_threshold));
  }
  add_buckets(out, "neg", histogram.negative_spans, histogram.negative_counts);
  add_buckets(out, "pos", histogram.positive_spans, histogram.positive_counts);
  if (!histogram.custom_values.empty()) {
    out += ", bounds:[";
    for (std::size_t i = 0; i < histogram.custom_values.size(); ++i) {
      out += (i > 0 ? " " : "") + float_text(histogram.custom_values[i]);
    }
    out += ']';
  }
  return out + (histogram.is_float ? ", float}" : "}");
}

}  // namespace

bool says_the_same(const Histogram& a, const Histogram& b) {
  if (is_stale_marker(a.sum) || is_stale_marker(b.sum)) {
    return same_bits(a.sum, b.sum);
  }
  if (a.is_float != b.is_float || a.schema != b.schema || !same_bits(a.zero_threshold, b.zero_threshold) ||
      !same_bits(a.zero_count, b.zero_count) || !same_bits(a.count, b.count) || !same_bits(a.sum, b.sum) ||
      !same_bits(a.custom_values, b.custom_values)) {
    return false;
  }
  if (same_buckets(a, b)) {
    return true;
  }
  Histogram short_a = a;
  Histogram short_b = b;
  compact_histogram(short_a, 0);
  compact_histogram(short_b, 0);
  return same_buckets(short_a, short_b);
}

std::string sample_text(const SampleView& sample) {
  if (sample.histogram != nullptr) {
    return histogram_text(*sample.histogram);
  }
  return is_stale_marker(sample.value) ? "stale" : float_text(sample.value);
}

std::uint64_t compare_samples(const SeriesSamples& a, const SeriesSamples& b, std::vector<SampleDifference>& out) {
  out.clear();
  std::uint64_t same = 0;
  SampleWalk walk_a(a);
  SampleWalk walk_b(b);
  while (!walk_a.at_end() || !walk_b.at_end()) {
    const std::int64_t t_ms = std::min(walk_a.t_ms(), walk_b.t_ms());
    SampleDifference both{.t_ms = t_ms};
    if (!walk_a.at_end() && walk_a.t_ms() == t_ms) {
      both.a = walk_a.take();
    }
    if (!walk_b.at_end() && walk_b.t_ms() == t_ms) {
      both.b = walk_b.take();
    }
    if (both.a.has_value() && both.b.has_value() && same_sample(*both.a, *both.b)) {
      ++same;
    } else {
      out.push_back(both);
    }
  }
  return same;
}

bool SeriesDiff::next() {
  while (has_a_ || has_b_) {
    const bool takes_a = has_a_ && (!has_b_ || a_.labels() <= b_.labels());
    const bool takes_b = has_b_ && (!has_a_ || b_.labels() <= a_.labels());
    labels_ = (takes_a ? a_.labels() : b_.labels()).bytes();
    samples_a_.clear();
    samples_b_.clear();
    if (takes_a) {
      a_.samples(samples_a_);
      has_a_ = a_.next();
    }
    if (takes_b) {
      b_.samples(samples_b_);
      has_b_ = b_.next();
    }
    if (!samples_a_.empty() || !samples_b_.empty()) {
      same_ = compare_samples(samples_a_, samples_b_, differences_);
      return true;
    }
  }
  return false;
}

}  // namespace mcore
