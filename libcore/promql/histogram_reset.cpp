// SPDX-License-Identifier: Apache-2.0
#include "promql/histogram_reset.h"

#include <limits>
#include <span>
#include <vector>

#include "model/histogram_buckets.h"
#include "promql/histogram_bounds.h"
#include "promql/histogram_zero.h"
#include "promql/span_cursor.h"

namespace mcore {
namespace {

/// The buckets of a side as a coarser schema has them, without those inside a zero bucket.
class CoarseWalk {
 public:
  CoarseWalk(const std::vector<HistogramSpan>& spans, const std::vector<double>& counts, std::int32_t fine,
             std::int32_t coarse, double zero_threshold) noexcept
      : at_(spans), counts_(counts), schema_(coarse), steps_(fine - coarse), zero_threshold_(zero_threshold) {
    const bool is_plain = coarse >= kMinExponentialSchema && coarse <= kMaxExponentialSchema;
    is_past_zero_ = zero_threshold == 0 || !is_plain;
  }

  [[nodiscard]] bool next() noexcept {
    do {
      if (at_.done()) {
        return false;
      }
      index_ = coarse_index();
      count_ = 0;
      do {
        count_ += counts_[at_.position()];
        at_.step();
      } while (!at_.done() && coarse_index() == index_);
      is_past_zero_ = is_past_zero_ || !(histogram_bound(schema_, index_, {}) <= zero_threshold_);
    } while (!is_past_zero_);
    return true;
  }
  [[nodiscard]] std::int64_t index() const noexcept { return index_; }
  [[nodiscard]] double count() const noexcept { return count_; }

 private:
  [[nodiscard]] std::int64_t coarse_index() const noexcept {
    return steps_ == 0 ? at_.index() : ((at_.index() - 1) >> steps_) + 1;
  }

  SpanCursor at_;
  std::span<const double> counts_;
  std::int32_t schema_;
  int steps_;
  double zero_threshold_;
  bool is_past_zero_;
  std::int64_t index_ = 0;
  double count_ = 0;
};

/// Where `current` has no more buckets, servers look at the next one of `previous` only, not at those behind it.
bool has_shrunk(CoarseWalk current, CoarseWalk previous) noexcept {
  if (!previous.next()) {
    return false;
  }
  if (!current.next()) {
    return previous.count() != 0;
  }
  do {
    while (current.index() < previous.index()) {
      if (!current.next()) {
        return previous.count() != 0;
      }
    }
    if (current.index() > previous.index() ? previous.count() != 0 : current.count() < previous.count()) {
      return true;
    }
  } while (previous.next());
  return false;
}

/// Of one side, both histograms at the schema and the zero threshold of `current`.
bool has_side_shrunk(HistogramSide side, const Histogram& current, const Histogram& previous) noexcept {
  const bool is_positive = side == HistogramSide::kPositive;
  const auto& spans = is_positive ? current.positive_spans : current.negative_spans;
  const auto& counts = is_positive ? current.positive_counts : current.negative_counts;
  const auto& old_spans = is_positive ? previous.positive_spans : previous.negative_spans;
  const auto& old_counts = is_positive ? previous.positive_counts : previous.negative_counts;
  if (current.schema == previous.schema && spans == old_spans) {
    const bool has_zero = current.zero_threshold != 0;
    for (std::size_t i = has_zero ? buckets_in_zero(spans, current.schema, current.zero_threshold) : 0;
         i < counts.size(); ++i) {
      if (counts[i] < old_counts[i]) {
        return true;
      }
    }
    return false;
  }
  return has_shrunk(CoarseWalk(spans, counts, current.schema, current.schema, current.zero_threshold),
                    CoarseWalk(old_spans, old_counts, previous.schema, current.schema, current.zero_threshold));
}

// --- Custom bounds that differ
// ----------------------------------------------------------------------------------------

/// Sums up the buckets of a histogram with custom buckets between bounds that are asked for in ascending order.
class CustomRollup {
 public:
  explicit CustomRollup(const Histogram& histogram) noexcept
      : at_(histogram.positive_spans), counts_(histogram.positive_counts), bounds_(histogram.custom_values) {}
  [[nodiscard]] double up_to(double bound) noexcept {
    double sum = 0;
    for (; !at_.done() && histogram_bound(kCustomBucketsSchema, at_.index(), bounds_) <= bound; at_.step()) {
      sum += counts_[at_.position()];
    }
    return sum;
  }

 private:
  SpanCursor at_;
  std::span<const double> counts_;
  std::span<const double> bounds_;
};

bool has_shrunk_between_shared_bounds(const Histogram& current, const Histogram& previous) noexcept {
  const std::vector<double>& mine = current.custom_values;
  const std::vector<double>& theirs = previous.custom_values;
  CustomRollup now(current);
  CustomRollup before(previous);
  std::size_t i = 0;
  std::size_t j = 0;
  while (i <= mine.size() && j <= theirs.size()) {
    const double bound = histogram_bound(kCustomBucketsSchema, static_cast<std::int64_t>(i), mine);
    const double other = histogram_bound(kCustomBucketsSchema, static_cast<std::int64_t>(j), theirs);
    if (bound == other) {
      if (now.up_to(bound) < before.up_to(bound)) {
        return true;
      }
      ++i;
      ++j;
    } else if (bound < other) {
      ++i;
    } else {
      ++j;
    }
  }
  return false;
}

}  // namespace

bool is_histogram_reset(const Histogram& current, const Histogram& previous) {
  if (current.hint == CounterResetHint::kReset || current.hint == CounterResetHint::kNotReset) {
    return current.hint == CounterResetHint::kReset;
  }
  if (current.count < previous.count) {
    return true;
  }
  if (uses_custom_buckets(current)) {
    if (!uses_custom_buckets(previous)) {
      return true;
    }
    if (!equal_bounds(current.custom_values, previous.custom_values)) {
      return has_shrunk_between_shared_bounds(current, previous);
    }
  }
  if (current.schema > previous.schema || current.zero_threshold < previous.zero_threshold) {
    return true;
  }
  const WidenedZero zero = widen_zero(previous, nullptr, current.zero_threshold);
  if (zero.threshold != current.zero_threshold || current.zero_count < zero.count) {
    return true;
  }
  return has_side_shrunk(HistogramSide::kPositive, current, previous) ||
         has_side_shrunk(HistogramSide::kNegative, current, previous);
}

}  // namespace mcore
