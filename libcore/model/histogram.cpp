// SPDX-License-Identifier: Apache-2.0
#include "model/histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace mcore {
namespace {

using Spans = std::vector<HistogramSpan>;
using Counts = std::vector<double>;

std::optional<std::string> side_fault(std::string_view side, const Spans& spans, const Counts& counts) {
  std::uint64_t promised = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i > 0 && spans[i].offset < 0) {
      return fmt::format("{} side: span number {} with offset {}: span has a negative offset", side, i + 1,
                         spans[i].offset);
    }
    promised += spans[i].length;
  }
  if (promised != counts.size()) {
    return fmt::format("{} side: spans need {} buckets, have {} buckets", side, promised, counts.size());
  }
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] < 0 || std::isnan(counts[i])) {
      return fmt::format("{} side: bucket number {} has an observation count of {}: it must be at least 0", side, i + 1,
                         counts[i]);
    }
  }
  return std::nullopt;
}

std::optional<std::string> custom_fault(const Histogram& h) {
  if (h.zero_count != 0 || h.zero_threshold != 0) {
    return "custom buckets: must have no zero bucket";
  }
  if (!h.negative_spans.empty() || !h.negative_counts.empty()) {
    return "custom buckets: must have no negative buckets";
  }
  for (std::size_t i = 0; i < h.custom_values.size(); ++i) {
    const double bound = h.custom_values[i];
    if (std::isnan(bound) || std::isinf(bound) || (i > 0 && bound <= h.custom_values[i - 1])) {
      return fmt::format("custom buckets: bound number {} is {}: bounds must be finite and ascending", i + 1, bound);
    }
  }
  std::int64_t end = 0;
  for (const HistogramSpan& span : h.positive_spans) {
    end += std::int64_t{span.offset} + span.length;
  }
  if (end > static_cast<std::int64_t>(h.custom_values.size()) + 1 ||
      (!h.positive_spans.empty() && h.positive_spans[0].offset < 0)) {
    return fmt::format("custom buckets: only {} bounds for buckets up to number {}", h.custom_values.size(), end);
  }
  return std::nullopt;
}

/// Walks the buckets of one side with their indexes.
template <typename Visit>
void for_each_bucket(const Spans& spans, const Counts& counts, Visit&& visit) {
  std::int64_t index = 0;
  std::size_t position = 0;
  for (const HistogramSpan& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length; ++i) {
      visit(index++, counts[position++]);
    }
  }
}

/// Appends a bucket behind the ones that are there; `end` is the index after the last one.
void append_bucket(Spans& spans, Counts& counts, std::int64_t& end, std::int64_t index, double count) {
  if (spans.empty() || index != end) {
    spans.push_back({static_cast<std::int32_t>(index - end), 0});
  }
  ++spans.back().length;
  counts.push_back(count);
  end = index + 1;
}

/// As most are: no empty bucket, no span that could be joined to the one before.
bool is_compact(const Spans& spans, const Counts& counts, std::uint32_t max_empty_buckets) noexcept {
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (spans[i].length == 0 || (i > 0 && spans[i].offset <= std::int64_t{max_empty_buckets})) {
      return false;
    }
  }
  return std::ranges::find(counts, 0.0) == counts.end();
}

void compact_side(Spans& spans, Counts& counts, std::uint32_t max_empty_buckets) {
  if (is_compact(spans, counts, max_empty_buckets)) {
    return;
  }
  Spans kept_spans;
  Counts kept;
  std::int64_t end = 0;
  for_each_bucket(spans, counts, [&](std::int64_t index, double count) {
    if (count == 0) {
      return;
    }
    if (!kept.empty() && index - end <= max_empty_buckets) {
      while (end < index) {
        append_bucket(kept_spans, kept, end, end, 0);
      }
    }
    append_bucket(kept_spans, kept, end, index, count);
  });
  spans = std::move(kept_spans);
  counts = std::move(kept);
}

void reduce_side(Spans& spans, Counts& counts, int steps) {
  Spans merged_spans;
  Counts merged;
  std::int64_t end = 0;
  for_each_bucket(spans, counts, [&](std::int64_t index, double count) {
    // Bucket i ends at base^i, so the wider one that holds it is the ceiling of i / 2^steps.
    const std::int64_t wide = ((index - 1) >> steps) + 1;
    if (!merged.empty() && wide == end - 1) {
      merged.back() += count;
    } else {
      append_bucket(merged_spans, merged, end, wide, count);
    }
  });
  spans = std::move(merged_spans);
  counts = std::move(merged);
}

}  // namespace

std::optional<std::string> histogram_fault(const Histogram& h) {
  if (h.schema == kCustomBucketsSchema) {
    if (auto fault = custom_fault(h)) {
      return fault;
    }
  } else if (h.schema < kMinReservedSchema || h.schema > kMaxExponentialSchema) {
    return fmt::format("histogram schema {} is not one of -53, -9 to 8", h.schema);
  } else if (!h.custom_values.empty()) {
    return "histogram with exponential schema must not have custom bounds";
  }
  if (auto fault = side_fault("positive", h.positive_spans, h.positive_counts)) {
    return fault;
  }
  if (auto fault = side_fault("negative", h.negative_spans, h.negative_counts)) {
    return fault;
  }
  if (h.zero_count < 0 || h.count < 0) {
    return fmt::format("zero bucket count {} and observation count {} must be at least 0", h.zero_count, h.count);
  }
  if (h.is_float) {
    return std::nullopt;  // rounding makes the sum of float buckets unreliable
  }
  double observed = h.zero_count;
  for (const Counts* side : {&h.positive_counts, &h.negative_counts}) {
    for (const double count : *side) {
      observed += count;
    }
  }
  const bool fits = std::isnan(h.sum) ? observed <= h.count : observed == h.count;
  if (!fits) {
    return fmt::format("{} observations found in buckets, but the count field is {}", observed, h.count);
  }
  return std::nullopt;
}

void compact_histogram(Histogram& histogram, std::uint32_t max_empty_buckets) {
  compact_side(histogram.positive_spans, histogram.positive_counts, max_empty_buckets);
  compact_side(histogram.negative_spans, histogram.negative_counts, max_empty_buckets);
}

void reduce_histogram_schema(Histogram& histogram, std::int32_t schema) {
  const int steps = histogram.schema - schema;
  if (steps <= 0) {
    return;
  }
  reduce_side(histogram.positive_spans, histogram.positive_counts, steps);
  reduce_side(histogram.negative_spans, histogram.negative_counts, steps);
  histogram.schema = schema;
}

}  // namespace mcore
