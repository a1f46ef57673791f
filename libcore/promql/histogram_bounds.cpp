// SPDX-License-Identifier: Apache-2.0
#include "promql/histogram_bounds.h"

#include <span>
#include <utility>

#include "model/histogram_buckets.h"
#include "promql/kahan_sum.h"
#include "promql/span_cursor.h"

namespace mcore {
namespace {

std::vector<double> shared_bounds(const std::vector<double>& one, const std::vector<double>& other) {
  std::vector<double> shared;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < one.size() && j < other.size()) {
    if (one[i] == other[j]) {
      shared.push_back(one[i]);
      ++i;
      ++j;
    } else if (one[i] < other[j]) {
      ++i;
    } else {
      ++j;
    }
  }
  return shared;
}

/// Adds the buckets of a histogram to the wider ones between `shared` bounds that hold them.
void add_to_shared(const std::vector<double>& shared, std::vector<KahanSum>& wide, const Histogram& from,
                   std::span<const double> lost, double factor) noexcept {
  std::size_t next = 0;
  for (SpanCursor at(from.positive_spans); !at.done(); at.step()) {
    std::size_t bucket = shared.size();
    if (at.index() < static_cast<std::int64_t>(from.custom_values.size())) {
      const double bound = histogram_bound(kCustomBucketsSchema, at.index(), from.custom_values);
      while (next < shared.size() && !(shared[next] >= bound)) {
        ++next;
      }
      bucket = next;
    }
    wide[bucket].add(factor * from.positive_counts[at.position()]);
    if (!lost.empty()) {
      wide[bucket].add(lost[at.position()]);
    }
  }
}

}  // namespace

bool equal_bounds(const std::vector<double>& one, const std::vector<double>& other) noexcept {
  return one == other;
}

void merge_custom_bounds(Histogram& to, HistogramRest* rest, const Histogram& other, double factor) {
  // Servers compensate here even where they forget what was lost: a bucket is left out only if it lost nothing either.
  std::vector<double> shared = shared_bounds(to.custom_values, other.custom_values);
  std::vector<KahanSum> wide(shared.size() + 1);
  add_to_shared(shared, wide, to, rest ? std::span<const double>(rest->positive) : std::span<const double>(), 1);
  add_to_shared(shared, wide, other, {}, factor);

  std::vector<HistogramSpan> spans;
  std::vector<double> counts;
  std::vector<double> lost;
  std::size_t end = 0;
  for (std::size_t i = 0; i < wide.size(); ++i) {
    if (wide[i].sum == 0 && wide[i].lost == 0) {
      continue;
    }
    if (spans.empty() || i != end) {
      spans.push_back({static_cast<std::int32_t>(i - end), 0});
    }
    ++spans.back().length;
    counts.push_back(wide[i].sum);
    lost.push_back(wide[i].lost);
    end = i + 1;
  }
  to.positive_spans = std::move(spans);
  to.positive_counts = std::move(counts);
  to.custom_values = std::move(shared);
  if (rest != nullptr) {
    rest->positive = std::move(lost);
  }
}

}  // namespace mcore
