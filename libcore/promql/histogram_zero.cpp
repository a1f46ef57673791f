// SPDX-License-Identifier: Apache-2.0
#include "promql/histogram_zero.h"

#include <cmath>

#include "model/histogram_buckets.h"
#include "promql/kahan_sum.h"
#include "promql/span_cursor.h"

namespace mcore {
namespace {

/// Both sides are walked by distance from zero, so that one loop serves both.
struct Side {
  std::span<const HistogramSpan> spans;
  std::span<const double> counts;
  std::span<const double> lost;
};

/// Adds the buckets inside `threshold` to `zero`. True if it ended inside a populated bucket and was moved.
bool take_side(const Side& side, std::int32_t schema, KahanSum& zero, double& threshold) noexcept {
  for (SpanCursor at(side.spans); !at.done(); at.step()) {
    if (histogram_bound(schema, at.index() - 1, {}) >= threshold) {
      return false;
    }
    const double count = side.counts[at.position()];
    zero.add(count);
    if (!side.lost.empty()) {
      zero.add(side.lost[at.position()]);
    }
    const double outer = histogram_bound(schema, at.index(), {});
    if (outer > threshold) {
      if (count == 0) {
        return false;
      }
      threshold = outer;
      return true;
    }
  }
  return false;
}

void empty_side(std::span<const HistogramSpan> spans, std::span<double> counts, std::span<double> lost,
                const Histogram& histogram) noexcept {
  for (SpanCursor at(spans); !at.done(); at.step()) {
    if (histogram_bound(histogram.schema, at.index() - 1, {}) >= histogram.zero_threshold) {
      return;
    }
    counts[at.position()] = 0;
    if (!lost.empty()) {
      lost[at.position()] = 0;
    }
  }
}

/// As compact_histogram(): without the buckets that neither count nor have lost anything.
void compact_side(std::vector<HistogramSpan>& spans, std::vector<double>& counts, std::vector<double>& lost) {
  std::vector<HistogramSpan> kept;
  std::size_t size = 0;
  std::int64_t end = 0;
  for (SpanCursor at(spans); !at.done(); at.step()) {
    const double count = counts[at.position()];
    const double rest = lost[at.position()];
    if (count == 0 && rest == 0) {
      continue;
    }
    if (kept.empty() || at.index() != end) {
      kept.push_back({static_cast<std::int32_t>(at.index() - end), 0});
    }
    ++kept.back().length;
    end = at.index() + 1;
    counts[size] = count;
    lost[size] = rest;
    ++size;
  }
  spans = std::move(kept);
  counts.resize(size);
  lost.resize(size);
}

void drop_buckets_in_zero(Histogram& to, HistogramRest* rest) {
  empty_side(to.positive_spans, to.positive_counts, rest ? std::span<double>(rest->positive) : std::span<double>(), to);
  empty_side(to.negative_spans, to.negative_counts, rest ? std::span<double>(rest->negative) : std::span<double>(), to);
  if (rest == nullptr) {
    compact_histogram(to, 0);
    return;
  }
  compact_side(to.positive_spans, to.positive_counts, rest->positive);
  compact_side(to.negative_spans, to.negative_counts, rest->negative);
}

}  // namespace

WidenedZero widen_zero(const Histogram& histogram, const HistogramRest* rest, double threshold) noexcept {
  double lost = rest ? rest->zero_count : 0;
  if (threshold == histogram.zero_threshold) {
    return {histogram.zero_count, lost, threshold};
  }
  const Side positive{histogram.positive_spans, histogram.positive_counts,
                      rest ? std::span<const double>(rest->positive) : std::span<const double>()};
  const Side negative{histogram.negative_spans, histogram.negative_counts,
                      rest ? std::span<const double>(rest->negative) : std::span<const double>()};
  for (;;) {
    // A pass that has to be repeated leaves behind what it lost: that is how servers count, so their digits have it.
    KahanSum zero{histogram.zero_count, lost};
    take_side(positive, histogram.schema, zero, threshold);
    const bool moved = take_side(negative, histogram.schema, zero, threshold);
    lost = zero.lost;
    if (!moved) {
      return {zero.sum, zero.lost, threshold};
    }
  }
}

WidenedZero reconcile_zero(Histogram& to, HistogramRest* rest, const Histogram& other) {
  WidenedZero zero{other.zero_count, 0, other.zero_threshold};
  if (std::isnan(zero.threshold) || std::isnan(to.zero_threshold)) {
    return zero;  // no histogram has that; nothing would ever suit both
  }
  while (zero.threshold != to.zero_threshold) {
    if (to.zero_threshold > zero.threshold) {
      zero = widen_zero(other, nullptr, to.zero_threshold);
    }
    if (zero.threshold > to.zero_threshold) {
      const WidenedZero mine = widen_zero(to, rest, zero.threshold);
      to.zero_count = mine.count;
      to.zero_threshold = mine.threshold;
      if (rest != nullptr) {
        rest->zero_count = mine.lost;
      }
      drop_buckets_in_zero(to, rest);
    }
  }
  return zero;
}

std::size_t buckets_in_zero(std::span<const HistogramSpan> spans, std::int32_t schema, double threshold) noexcept {
  if (schema < kMinExponentialSchema || schema > kMaxExponentialSchema) {
    return 0;
  }
  SpanCursor at(spans);
  while (!at.done() && histogram_bound(schema, at.index(), {}) <= threshold) {
    at.step();
  }
  return at.position();
}

}  // namespace mcore
