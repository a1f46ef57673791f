// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mcore {

/// A run of consecutive buckets: `offset` buckets after the end of the span before (for the first: the index of its
/// first bucket), then `length` buckets.
struct HistogramSpan {
  std::int32_t offset = 0;
  std::uint32_t length = 0;
  [[nodiscard]] bool operator==(const HistogramSpan&) const = default;
};

/// The schema of histograms with custom bucket bounds (NHCB).
inline constexpr std::int32_t kCustomBucketsSchema = -53;
inline constexpr std::int32_t kMinExponentialSchema = -4;
/// Schemas -9 to -5 are set aside by the format for coarser buckets; servers store what has them.
inline constexpr std::int32_t kMinReservedSchema = -9;
inline constexpr std::int32_t kMaxExponentialSchema = 8;

/// What is known about a reset between this histogram and the one before it.
enum class CounterResetHint : std::uint8_t { kUnknown, kReset, kNotReset, kGauge };

/// One native histogram sample, integer or float.
///
/// Shape:  bucket counts are absolute (no deltas) and in the order of the spans. Schema -4..8: bucket i of the positive
///         side covers (2^((i-1)/2^schema), 2^(i/2^schema)]. kCustomBucketsSchema: bucket i ends at custom_values[i],
///         the one after the last at +Inf; no negative side and no zero bucket.
/// Units:  an integer histogram (is_float false) has whole counts in the same doubles: exact below 2^53.
/// Source: tsdb-format "histogram chunks"; the native histogram specification of the Prometheus project.
struct Histogram {
  bool is_float = false;
  CounterResetHint hint = CounterResetHint::kUnknown;
  std::int32_t schema = 0;
  double zero_threshold = 0;
  double zero_count = 0;
  double count = 0;
  double sum = 0;
  std::vector<HistogramSpan> positive_spans{};
  std::vector<HistogramSpan> negative_spans{};
  std::vector<double> positive_counts{};
  std::vector<double> negative_counts{};
  std::vector<double> custom_values{};

  [[nodiscard]] std::size_t bucket_count() const noexcept { return positive_counts.size() + negative_counts.size(); }
};

/// Why a histogram cannot be stored, as Prometheus' Validate() words it, or nothing if it can: spans and counts must
/// agree, counts be at least 0, and the count equal the sum of the buckets (at least it, if the sum is NaN); an
/// unknown schema is refused.
[[nodiscard]] std::optional<std::string> histogram_fault(const Histogram& histogram);

/// Removes empty buckets at the edges of spans and spans without buckets, and joins spans without a gap: the same
/// histogram in its shortest form (gaps of up to `max_empty_buckets` stay as zero buckets).
/// Requires: spans and counts agree.
void compact_histogram(Histogram& histogram, std::uint32_t max_empty_buckets);

/// Lowers the resolution of an exponential histogram by merging buckets. Requires: schema <= histogram.schema, both
/// exponential, spans and counts agree.
void reduce_histogram_schema(Histogram& histogram, std::int32_t schema);

}  // namespace mcore
