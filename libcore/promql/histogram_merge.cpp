// SPDX-License-Identifier: Apache-2.0
#include "promql/histogram_merge.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "model/histogram_buckets.h"
#include "promql/histogram_bounds.h"
#include "promql/kahan_sum.h"
#include "promql/span_cursor.h"

namespace mcore {
namespace {

using Spans = std::span<const HistogramSpan>;

/// One side of the histogram that is changed; `lost` is null where additions are not compensated.
struct Target {
  std::vector<HistogramSpan>& spans;
  std::vector<double>& counts;
  std::vector<double>* lost;

  void add(std::size_t at, double value) noexcept {
    if (lost == nullptr) {
      counts[at] += value;
      return;
    }
    KahanSum sum{counts[at], (*lost)[at]};
    sum.add(value);
    counts[at] = sum.sum;
    (*lost)[at] = sum.lost;
  }
  void append(double count, double rest) {
    counts.push_back(count);
    if (lost != nullptr) {
      lost->push_back(rest);
    }
  }
};

/// One side of the other histogram. `lost` is empty unless lowering its resolution lost something.
struct Source {
  Spans spans;
  std::span<const double> counts;
  std::span<const double> lost;
  double factor = 1;  // or -1

  [[nodiscard]] double value(std::size_t at) const noexcept { return factor * counts[at]; }
  [[nodiscard]] double rest(std::size_t at) const noexcept { return lost.empty() ? 0 : lost[at]; }
};

void add_bucket(Target& to, std::size_t at, const Source& from, std::size_t first) noexcept {
  to.add(at, from.value(first));
  if (const double rest = from.rest(first); rest != 0) {
    to.add(at, rest);
  }
}

void add_run(Target& to, std::size_t at, const Source& from, std::size_t first, std::size_t length) noexcept {
  if (to.lost == nullptr) {
    double* const sums = to.counts.data() + at;
    const double* const values = from.counts.data() + first;
    for (std::size_t i = 0; i < length; ++i) {
      sums[i] += from.factor * values[i];
    }
    return;
  }
  for (std::size_t i = 0; i < length; ++i) {
    add_bucket(to, at + i, from, first + i);
  }
}

/// Calls run(place in to, place in from, length) for each run of buckets of `from`, from its bucket number `skip` on,
/// that lies in one span of `to`. False as soon as a bucket has no place there.
template <typename Run>
bool for_each_shared_run(Spans to, Spans from, std::size_t skip, Run&& run) {
  std::size_t span = 0;
  std::int64_t begin = to.empty() ? 0 : to[0].offset;  // index of the first bucket of the span, and its place
  std::size_t place = 0;
  std::int64_t from_end = 0;
  std::size_t from_place = 0;
  for (const HistogramSpan& source : from) {
    const std::size_t skipped = std::min<std::size_t>(source.length, skip - std::min(skip, from_place));
    std::int64_t index = from_end + source.offset + static_cast<std::int64_t>(skipped);
    from_end += std::int64_t{source.offset} + source.length;
    from_place += skipped;
    while (index < from_end) {
      while (span < to.size() && begin + to[span].length <= index) {
        place += to[span].length;
        begin += to[span].length;
        ++span;
        begin += span < to.size() ? to[span].offset : 0;
      }
      if (span == to.size() || index < begin) {
        return false;
      }
      const std::int64_t length = std::min(from_end, begin + to[span].length) - index;
      run(place + static_cast<std::size_t>(index - begin), from_place, static_cast<std::size_t>(length));
      index += length;
      from_place += static_cast<std::size_t>(length);
    }
  }
  return true;
}

/// Writes the side anew with the buckets of both.
///
/// Which spans it gets is visible (`==` compares them), so it follows the server's rules: the spans of the target stay
/// apart; a new bucket extends the span that ends right before it, else the one that begins right behind it, else it is
/// a span of its own.
void rebuild(Target& to, const Source& from, std::size_t skip) {
  std::vector<HistogramSpan> spans;
  std::vector<double> counts;
  std::vector<double> lost;
  Target out{spans, counts, to.lost == nullptr ? nullptr : &lost};
  SpanCursor mine(to.spans);
  SpanCursor theirs(from.spans);
  while (!theirs.done() && theirs.position() < skip) {
    theirs.step();
  }
  std::int64_t end = 0;           // index behind the last bucket that was written
  bool extends_to_front = false;  // the next span of the target began with a new bucket
  const auto begin_span = [&](std::int64_t index) { spans.push_back({static_cast<std::int32_t>(index - end), 0}); };
  while (!mine.done() || !theirs.done()) {
    if (mine.done() || (!theirs.done() && theirs.index() < mine.index())) {
      if (spans.empty() || theirs.index() != end) {
        begin_span(theirs.index());
        extends_to_front = !mine.done() && mine.index() == theirs.index() + 1;
      }
      ++spans.back().length;
      out.append(from.value(theirs.position()), from.rest(theirs.position()));
      end = theirs.index() + 1;
      theirs.step();
      continue;
    }
    if (mine.begins_span() && !std::exchange(extends_to_front, false)) {
      begin_span(mine.index());
    }
    ++spans.back().length;
    out.append(to.counts[mine.position()], to.lost == nullptr ? 0 : (*to.lost)[mine.position()]);
    end = mine.index() + 1;
    if (!theirs.done() && theirs.index() == mine.index()) {
      add_bucket(out, counts.size() - 1, from, theirs.position());
      theirs.step();
    }
    mine.step();
  }
  to.spans = std::move(spans);
  to.counts = std::move(counts);
  if (to.lost != nullptr) {
    *to.lost = std::move(lost);
  }
}

void merge_side(Target to, const Source& from, std::size_t skip) {
  if (skip >= from.counts.size()) {
    return;
  }
  const auto nothing = [](std::size_t, std::size_t, std::size_t) {};
  if (!for_each_shared_run(to.spans, from.spans, skip, nothing)) {
    rebuild(to, from, skip);
    return;
  }
  for_each_shared_run(to.spans, from.spans, skip, [&](std::size_t at, std::size_t first, std::size_t length) {
    add_run(to, at, from, first, length);
  });
}

/// Lowers the resolution of a compensated side by merging 2^steps buckets.
void reduce_side(Target to, int steps) {
  std::vector<HistogramSpan> spans;
  std::vector<double> counts;
  std::vector<double> lost;
  Target out{spans, counts, &lost};
  std::int64_t end = 0;
  for (SpanCursor at(to.spans); !at.done(); at.step()) {
    const std::int64_t wide = ((at.index() - 1) >> steps) + 1;
    const double count = to.counts[at.position()];
    const double rest = (*to.lost)[at.position()];
    if (!counts.empty() && wide == end - 1) {
      out.add(counts.size() - 1, count);
      out.add(counts.size() - 1, rest);
      continue;
    }
    if (spans.empty() || wide != end) {
      spans.push_back({static_cast<std::int32_t>(wide - end), 0});
    }
    ++spans.back().length;
    out.append(count, rest);
    end = wide + 1;
  }
  to.spans = std::move(spans);
  to.counts = std::move(counts);
  *to.lost = std::move(lost);
}

// --- Whole histograms -----------------------------------------------------------------------------------------------

/// The hint of a sum. True if one says "reset" and the other "no reset".
bool join_hints(CounterResetHint& mine, CounterResetHint other) noexcept {
  using enum CounterResetHint;
  if (other == mine || mine == kGauge) {
    return false;
  }
  if (other == kGauge) {
    mine = kGauge;
    return false;
  }
  const bool collide = mine != kUnknown && other != kUnknown;
  mine = kUnknown;
  return collide;
}

void add_number(double& sum, double* lost, double value) noexcept {
  if (lost == nullptr) {
    sum += value;
    return;
  }
  KahanSum kahan{sum, *lost};
  kahan.add(value);
  sum = kahan.sum;
  *lost = kahan.lost;
}

Target positive_side(Histogram& to, HistogramRest* rest) noexcept {
  return {to.positive_spans, to.positive_counts, rest ? &rest->positive : nullptr};
}
Target negative_side(Histogram& to, HistogramRest* rest) noexcept {
  return {to.negative_spans, to.negative_counts, rest ? &rest->negative : nullptr};
}

void lower_schema(Histogram& histogram, HistogramRest* rest, std::int32_t schema) {
  if (rest == nullptr) {
    reduce_histogram_schema(histogram, schema);
    return;
  }
  const int steps = histogram.schema - schema;
  reduce_side(positive_side(histogram, rest), steps);
  reduce_side(negative_side(histogram, rest), steps);
  histogram.schema = schema;
}

/// Adds the buckets of a histogram of the same schema and zero threshold.
void merge_sides(Histogram& to, HistogramRest* rest, const Histogram& other, const HistogramRest* other_rest,
                 double factor) {
  const auto side = [&](Target target, const std::vector<HistogramSpan>& spans, const std::vector<double>& counts,
                        const std::vector<double>* lost) {
    merge_side(target, {spans, counts, lost ? std::span<const double>(*lost) : std::span<const double>(), factor},
               buckets_in_zero(spans, to.schema, to.zero_threshold));
  };
  side(positive_side(to, rest), other.positive_spans, other.positive_counts,
       other_rest ? &other_rest->positive : nullptr);
  side(negative_side(to, rest), other.negative_spans, other.negative_counts,
       other_rest ? &other_rest->negative : nullptr);
}

void merge_exponential(Histogram& to, HistogramRest* rest, const Histogram& other, double factor) {
  if (other.schema <= to.schema) {
    if (other.schema < to.schema) {
      lower_schema(to, rest, other.schema);
    }
    merge_sides(to, rest, other, nullptr, factor);
    return;
  }
  Histogram coarse = other;
  HistogramRest coarse_rest;
  if (rest != nullptr) {
    start_rest(coarse_rest, coarse);
  }
  lower_schema(coarse, rest ? &coarse_rest : nullptr, to.schema);
  merge_sides(to, rest, coarse, rest ? &coarse_rest : nullptr, factor);
}

}  // namespace

void start_rest(HistogramRest& rest, const Histogram& histogram) {
  rest.zero_count = 0;
  rest.count = 0;
  rest.sum = 0;
  rest.positive.assign(histogram.positive_counts.size(), 0);
  rest.negative.assign(histogram.negative_counts.size(), 0);
}

void settle_rest(Histogram& histogram, const HistogramRest& rest) noexcept {
  histogram.zero_count += rest.zero_count;
  histogram.count += rest.count;
  histogram.sum += rest.sum;
  const auto settle = [&](const std::vector<HistogramSpan>& spans, std::vector<double>& counts,
                          const std::vector<double>& lost) {
    for (std::size_t i = buckets_in_zero(spans, histogram.schema, histogram.zero_threshold); i < counts.size(); ++i) {
      counts[i] += lost[i];
    }
  };
  settle(histogram.positive_spans, histogram.positive_counts, rest.positive);
  settle(histogram.negative_spans, histogram.negative_counts, rest.negative);
}

HistogramOutcome merge_histogram(Histogram& to, HistogramRest* rest, const Histogram& other, MergeSign sign) {
  if (uses_custom_buckets(to) != uses_custom_buckets(other)) {
    return {.is_incompatible = true};
  }
  const double factor = sign == MergeSign::kAdd ? 1 : -1;
  HistogramOutcome outcome{.has_reset_collision = join_hints(to.hint, other.hint)};
  to.is_float = true;
  if (!uses_custom_buckets(to)) {
    const WidenedZero zero = reconcile_zero(to, rest, other);
    add_number(to.zero_count, rest ? &rest->zero_count : nullptr, factor * zero.count);
    if (rest != nullptr) {
      add_number(to.zero_count, &rest->zero_count, zero.lost);
    }
  }
  add_number(to.count, rest ? &rest->count : nullptr, factor * other.count);
  add_number(to.sum, rest ? &rest->sum : nullptr, factor * other.sum);
  if (!uses_custom_buckets(to)) {
    merge_exponential(to, rest, other, factor);
  } else if (equal_bounds(to.custom_values, other.custom_values)) {
    merge_sides(to, rest, other, nullptr, factor);
  } else {
    outcome.has_reconciled_bounds = true;
    merge_custom_bounds(to, rest, other, factor);
  }
  return outcome;
}

}  // namespace mcore
