// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/querier.h"

namespace mcore {

/// Whether two histograms say the same: all numbers bit by bit and every bucket that holds something, however the spans
/// are cut. What is said of resets does not count; stale markers are alike.
/// Requires: spans and counts agree, as in whatever a store yields.
[[nodiscard]] bool says_the_same(const Histogram& a, const Histogram& b);

/// One sample of a series, wherever it lies.
struct SampleView {
  double value = 0;
  const Histogram* histogram = nullptr;  // then `value` does not count
};
/// The value as it is printed: `2.5`, `NaN`, `stale`; a histogram as `{count:3, sum:4.5, schema:0, ...}`, with the
/// buckets that hold something by their numbers, `pos:[1:2 4:1]`.
[[nodiscard]] std::string sample_text(const SampleView& sample);

/// A time at which two series do not have the same sample: one of them may have none.
struct SampleDifference {
  std::int64_t t_ms = 0;
  std::optional<SampleView> a{};
  std::optional<SampleView> b{};
};

/// Compares two series; replaces `out` with what differs, by time. Floats are compared bit by bit, so that a stale
/// marker is no other NaN, and 0 is not -0. Lifetime: the differences borrow both. Returns:  the number of samples that
/// are the same.
std::uint64_t compare_samples(const SeriesSamples& a, const SeriesSamples& b, std::vector<SampleDifference>& out);

/// Walks two sets of series side by side, one label set after the other.
///
/// Lifetime: borrows both sets; what it gives lives until the next next().
/// Errors:   as the sets have them.
/// Cost:     memory for the samples of one series.
class SeriesDiff {
 public:
  SeriesDiff(SeriesSet& a, SeriesSet& b) : a_(a), b_(b), has_a_(a.next()), has_b_(b.next()) {}

  /// The next label set for which one of the two has a sample.
  bool next();
  [[nodiscard]] LabelsView labels() const { return LabelsView(labels_); }
  /// Whether the one, or the other, has samples of the series.
  [[nodiscard]] bool in_a() const noexcept { return !samples_a_.empty(); }
  [[nodiscard]] bool in_b() const noexcept { return !samples_b_.empty(); }
  [[nodiscard]] const std::vector<SampleDifference>& differences() const noexcept { return differences_; }
  /// Samples that both have.
  [[nodiscard]] std::uint64_t same() const noexcept { return same_; }

 private:
  SeriesSet& a_;
  SeriesSet& b_;
  bool has_a_;
  bool has_b_;
  std::string labels_;
  SeriesSamples samples_a_;
  SeriesSamples samples_b_;
  std::vector<SampleDifference> differences_;
  std::uint64_t same_ = 0;
};

}  // namespace mcore
