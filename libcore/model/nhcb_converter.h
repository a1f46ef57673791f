// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "model/histogram.h"

namespace mcore {

/// Collects the buckets, sum and count of one classic histogram and makes of them a native one with custom buckets.
///
/// Source: feature list X-41. Buckets may come in any order; a bound given twice counts once. Counts that are negative
/// or
///         fall, or a count that is not the last bucket's, make the histogram unusable. Without a count it is that of
///         the last bucket; without a +Inf bucket there is one with the count.
/// Cost:   no allocation while collecting once the array has grown.
class NhcbConverter {
 public:
  void clear();
  void set_bucket(double upper_bound, double cumulative_count);
  void set_count(double count);
  void set_sum(double sum) { sum_ = sum; }
  /// The histogram, integer if all counts are whole, in its shortest form; nothing if what was collected is none.
  [[nodiscard]] std::optional<Histogram> convert();

 private:
  struct Bucket {
    double upper_bound;
    double count;
  };
  std::vector<Bucket> buckets_;
  double count_ = 0;
  double sum_ = 0;
  bool has_count_ = false;
  bool damaged_ = false;
};

}  // namespace mcore
