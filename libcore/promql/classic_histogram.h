// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/labels.h"

namespace mcore {

/// One series of a classic histogram at one time: observations up to the value of its `le` label.
struct ClassicBucket {
  double upper_bound = 0;
  double count = 0;  // of all buckets up to this one
};

/// histogram_quantile() of a classic histogram.
struct ClassicQuantile {
  double value = 0;
  // Set if counts fell from a bucket to a higher one by more than rounding explains, and were raised: worth a note,
  // with the bounds of the first and last such bucket and the largest fall.
  bool was_forced = false;
  double min_bound = 0;
  double max_bound = 0;
  double max_difference = 0;
};
/// NaN for fewer than two buckets, without a bucket up to +Inf, without observations; else as native_quantile().
///
/// Sorts and repairs `buckets` in place; a second quantile of the same buckets is asked of what is left of them then,
/// as Prometheus does in histogram_quantiles().
[[nodiscard]] ClassicQuantile classic_quantile(double q, std::span<ClassicBucket> buckets);

/// histogram_fraction() of a classic histogram. Sorts `buckets` in place.
[[nodiscard]] double classic_fraction(double lower, double upper, std::span<ClassicBucket> buckets);

/// Which series are buckets of the same classic histogram: those whose labels differ in `le` only.
///
///   ClassicGroups groups;
///   for (...) { members.push_back(groups.add(labels)); }                // once per series
///   buckets[members[i].group].push_back({*members[i].bound, value});    // per step; without a bound: warn, leave out
///
/// Threads: one.
class ClassicGroups {
 public:
  using Group = std::uint32_t;  // from 0 up
  struct Member {
    Group group = 0;
    std::optional<double> bound{};  // the value of `le`, if Go's ParseFloat takes it
  };
  [[nodiscard]] Member add(LabelsView labels);
  /// The group whose labels without `le` are all of these: the classic histogram that a native one of these labels
  /// clashes with. If both have something at a step, neither is evaluated (and a warning is due).
  [[nodiscard]] std::optional<Group> find(LabelsView labels) const;

  [[nodiscard]] std::size_t size() const noexcept { return labels_.size(); }
  /// The labels of a group, without `le`; they live as long as this.
  [[nodiscard]] LabelsView labels(Group group) const noexcept { return LabelsView(labels_[group]); }

 private:
  std::unordered_map<std::string, Group> groups_;
  std::vector<std::string_view> labels_;  // into the keys of groups_, which stay where they are
  LabelBuilder builder_;
};

}  // namespace mcore
