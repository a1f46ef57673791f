// SPDX-License-Identifier: Apache-2.0
#include "promql/classic_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/go_float.h"
#include "base/number_text.h"

namespace mcore {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
/// Relative differences of counts below this are rounding, of servers that add up buckets in shards.
constexpr double kSmallDifference = 1e-12;

using Buckets = std::span<ClassicBucket>;

/// By bounds. Of few buckets the order of those with the same bound, and what a bound of NaN does, is the server's: it
/// sorts up to twelve by insertion.
void sort_buckets(Buckets buckets) {
  constexpr std::size_t kFew = 12;
  if (buckets.size() <= kFew) {
    for (std::size_t i = 1; i < buckets.size(); ++i) {
      for (std::size_t j = i; j > 0 && buckets[j].upper_bound < buckets[j - 1].upper_bound; --j) {
        std::swap(buckets[j], buckets[j - 1]);
      }
    }
    return;
  }
  std::stable_sort(buckets.begin(), buckets.end(), [](const ClassicBucket& one, const ClassicBucket& other) {
    return one.upper_bound < other.upper_bound ||
           (!std::isnan(one.upper_bound) && std::isnan(other.upper_bound));  // an order even with NaN
  });
}

/// Merges buckets of the same bound ("1" and "1.0") towards the front. Requires: not empty, sorted.
Buckets merge_equal_bounds(Buckets buckets) noexcept {
  std::size_t last = 0;
  ClassicBucket merged = buckets[0];
  for (const ClassicBucket& bucket : buckets.subspan(1)) {
    if (bucket.upper_bound == merged.upper_bound) {
      merged.count += bucket.count;
    } else {
      buckets[last++] = merged;
      merged = bucket;
    }
  }
  buckets[last] = merged;
  return buckets.first(last + 1);
}

bool nearly_equal(double one, double other) noexcept {
  if (is_stale_marker(one) || is_stale_marker(other)) {
    return is_stale_marker(one) && is_stale_marker(other);
  }
  if ((std::isnan(one) && std::isnan(other)) || one == other) {
    return true;
  }
  constexpr double kLeastNormal = std::numeric_limits<double>::min();
  const double sum = std::abs(one) + std::abs(other);
  const double difference = std::abs(one - other);
  if (one == 0 || other == 0 || sum < kLeastNormal) {
    return difference < kSmallDifference * kLeastNormal;
  }
  constexpr double kMost = std::numeric_limits<double>::max();
  return difference / (sum > kMost ? kMost : sum) < kSmallDifference;
}

/// Makes the counts ascend; says where more than rounding had to be undone.
void force_ascent(Buckets buckets, ClassicQuantile& result) noexcept {
  result.min_bound = kInfinity;
  result.max_bound = -kInfinity;
  double previous = buckets[0].count;
  for (ClassicBucket& bucket : buckets.subspan(1)) {
    if (bucket.count == previous) {
      continue;
    }
    if (nearly_equal(previous, bucket.count)) {
      bucket.count = previous;
      continue;
    }
    if (!(bucket.count < previous)) {
      previous = bucket.count;
      continue;
    }
    result.was_forced = true;
    result.min_bound = std::min(result.min_bound, bucket.upper_bound);
    result.max_bound = std::max(result.max_bound, bucket.upper_bound);
    result.max_difference = std::max(result.max_difference, previous - bucket.count);
    bucket.count = previous;
  }
}

/// The first bucket but the last that counts up to `rank`, else the last. A search by halves: with NaN among the counts
/// the steps decide what is found.
std::size_t find_rank(Buckets buckets, double rank) noexcept {
  std::size_t low = 0;
  std::size_t high = buckets.size() - 1;
  while (low < high) {
    const std::size_t half = low + (high - low) / 2;
    if (buckets[half].count >= rank) {
      high = half;
    } else {
      low = half + 1;
    }
  }
  return low;
}

double quantile_of(double q, Buckets buckets) noexcept {
  if (buckets.size() < 2 || buckets.back().count == 0) {
    return kNan;
  }
  double rank = q * buckets.back().count;
  const std::size_t found = find_rank(buckets, rank);
  if (found == buckets.size() - 1) {
    return buckets[found - 1].upper_bound;
  }
  const double end = buckets[found].upper_bound;
  if (found == 0 && end <= 0) {
    return end;
  }
  const ClassicBucket before = found > 0 ? buckets[found - 1] : ClassicBucket{};
  rank -= before.count;
  return before.upper_bound + (end - before.upper_bound) * (rank / (buckets[found].count - before.count));
}

/// One end of the interval of classic_fraction(): how many observations are below it.
struct IntervalEnd {
  double at = 0;
  double rank = 0;
  bool is_found = false;

  void begin(double lower, double below) noexcept {
    if (!is_found && lower >= at) {
      rank = below;
      is_found = true;
    }
  }
  void look_into(double lower, const ClassicBucket& bucket, double below) noexcept {
    if (is_found || !(lower < at && bucket.upper_bound > at)) {
      return;
    }
    // A bucket without lower end cannot be divided: all of it is below.
    rank = lower == -kInfinity ? bucket.count
                               : below + (bucket.count - below) * (at - lower) / (bucket.upper_bound - lower);
    is_found = true;
  }
  [[nodiscard]] double rank_within(double count) const noexcept { return is_found && !(rank > count) ? rank : count; }
};

}  // namespace

ClassicQuantile classic_quantile(double q, std::span<ClassicBucket> buckets) {
  if (std::isnan(q) || buckets.empty()) {
    return {kNan};
  }
  if (q < 0 || q > 1) {
    return {q < 0 ? -kInfinity : kInfinity};
  }
  sort_buckets(buckets);
  if (buckets.back().upper_bound != kInfinity) {
    return {kNan};
  }
  const Buckets merged = merge_equal_bounds(buckets);
  ClassicQuantile result;
  force_ascent(merged, result);
  result.value = quantile_of(q, merged);
  return result;
}

double classic_fraction(double lower, double upper, std::span<ClassicBucket> buckets) {
  if (buckets.empty()) {
    return kNan;
  }
  sort_buckets(buckets);
  if (buckets.back().upper_bound != kInfinity) {
    return kNan;
  }
  const Buckets merged = merge_equal_bounds(buckets);
  const double count = merged.back().count;
  if (count == 0 || std::isnan(lower) || std::isnan(upper)) {
    return kNan;
  }
  if (lower >= upper) {
    return 0;
  }
  IntervalEnd from{lower};
  IntervalEnd to{upper};
  double below = 0;
  double begin = merged[0].upper_bound <= 0 ? -kInfinity : 0;  // the first bucket of positive values begins at 0
  for (const ClassicBucket& bucket : merged) {
    from.begin(begin, below);
    to.begin(begin, below);
    from.look_into(begin, bucket, below);
    to.look_into(begin, bucket, below);
    if (from.is_found && to.is_found) {
      break;
    }
    below = bucket.count;
    begin = bucket.upper_bound;
  }
  return (to.rank_within(count) - from.rank_within(count)) / count;
}

ClassicGroups::Member ClassicGroups::add(LabelsView labels) {
  builder_.clear();
  std::string_view le;
  for (const Label& label : labels) {
    if (label.name == "le") {
      le = label.value;
    } else {
      builder_.add(label.name, label.value);
    }
  }
  const auto next = static_cast<Group>(labels_.size());
  const auto [entry, is_new] = groups_.try_emplace(std::string(builder_.build().bytes()), next);
  if (is_new) {
    labels_.push_back(entry->first);
  }
  return {.group = entry->second, .bound = parse_go_float(le)};
}

std::optional<ClassicGroups::Group> ClassicGroups::find(LabelsView labels) const {
  const auto entry = groups_.find(std::string(labels.bytes()));
  return entry == groups_.end() ? std::nullopt : std::optional(entry->second);
}

}  // namespace mcore
