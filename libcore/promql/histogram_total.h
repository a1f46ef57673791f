// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "model/histogram.h"
#include "promql/histogram_merge.h"

namespace mcore {

/// The sum or the mean of native histograms as sum(), avg(), sum_over_time() and avg_over_time() have it: compensated
/// in each number, the mean first by way of the sum and, once that overflows, step by step.
///
///   HistogramTotal total(HistogramTotal::Kind::kMean);
///   for (const Histogram& h : histograms) { if (!total.add(h)) { ... warn; no result ... } }
///   Histogram mean = total.take();   // sum() and avg() compact it: compact_histogram(mean, 0)
///
/// Requires: spans and counts of the histograms agree.
/// Threads:  one.
/// Cost:     a pass over the buckets per histogram; for the mean also a copy of what was reached (no allocation once
/// the
///           layout stays).
class HistogramTotal {
 public:
  enum class Kind : std::uint8_t { kSum, kMean };
  explicit HistogramTotal(Kind kind) noexcept : kind_(kind) {}

  /// Forgets all, keeps the memory.
  void clear() noexcept;
  /// False if exponential and custom buckets meet: there is no total then.
  [[nodiscard]] bool add(const Histogram& histogram);
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// Notes on what was added so far: hints of "reset" and of "no reset" among them; custom bounds that differed.
  [[nodiscard]] bool has_reset_collision() const noexcept { return seen_reset_ && seen_no_reset_; }
  [[nodiscard]] bool has_reconciled_bounds() const noexcept { return has_reconciled_bounds_; }

  /// The total, not compacted; afterwards it is empty. Requires: size() > 0, every add() was true.
  [[nodiscard]] Histogram take();

 private:
  void see(CounterResetHint hint) noexcept;
  bool add_to_mean(const Histogram& histogram);
  bool join(Histogram& value, HistogramRest& rest, bool& has_rest, const Histogram& histogram);

  Kind kind_;
  std::uint64_t size_ = 0;
  bool is_stepwise_ = false;  // value_ is the mean
  bool has_rest_ = false;
  bool seen_reset_ = false;
  bool seen_no_reset_ = false;
  bool has_reconciled_bounds_ = false;
  Histogram value_{};
  HistogramRest rest_{};
  Histogram trial_{};  // of the mean: the next sum, until it is known not to overflow
  HistogramRest trial_rest_{};
};

}  // namespace mcore
