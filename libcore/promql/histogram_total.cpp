// SPDX-License-Identifier: Apache-2.0
#include "promql/histogram_total.h"

#include <utility>

#include "promql/histogram_math.h"
#include "promql/histogram_merge.h"

namespace mcore {
namespace {

template <typename Change>
void for_each_number(HistogramRest& rest, Change&& change) {
  change(rest.zero_count);
  change(rest.count);
  change(rest.sum);
  for (std::vector<double>* side : {&rest.positive, &rest.negative}) {
    for (double& value : *side) {
      change(value);
    }
  }
}

}  // namespace

void HistogramTotal::clear() noexcept {
  size_ = 0;
  is_stepwise_ = false;
  has_rest_ = false;
  seen_reset_ = false;
  seen_no_reset_ = false;
  has_reconciled_bounds_ = false;
}

void HistogramTotal::see(CounterResetHint hint) noexcept {
  seen_reset_ |= hint == CounterResetHint::kReset;
  seen_no_reset_ |= hint == CounterResetHint::kNotReset;
}

bool HistogramTotal::join(Histogram& value, HistogramRest& rest, bool& has_rest, const Histogram& histogram) {
  if (!has_rest) {
    start_rest(rest, value);
    has_rest = true;
  }
  const HistogramOutcome outcome = merge_histogram(value, &rest, histogram, MergeSign::kAdd);
  has_reconciled_bounds_ |= outcome.has_reconciled_bounds;
  return !outcome.is_incompatible;
}

bool HistogramTotal::add(const Histogram& histogram) {
  see(histogram.hint);
  ++size_;
  if (size_ == 1) {
    value_ = histogram;
    value_.is_float = true;
    return true;
  }
  return kind_ == Kind::kSum ? join(value_, rest_, has_rest_, histogram) : add_to_mean(histogram);
}

bool HistogramTotal::add_to_mean(const Histogram& histogram) {
  const auto size = static_cast<double>(size_);
  if (!is_stepwise_) {
    trial_ = value_;
    trial_rest_ = rest_;
    bool has_rest = has_rest_;
    if (!join(trial_, trial_rest_, has_rest, histogram)) {
      return false;
    }
    if (!has_overflow(trial_)) {
      std::swap(value_, trial_);
      std::swap(rest_, trial_rest_);
      has_rest_ = true;
      return true;
    }
    is_stepwise_ = true;
    divide_histogram(value_, size - 1);
    for_each_number(rest_, [&](double& value) { value /= size - 1; });
  }
  const double share = (size - 1) / size;
  for_each_number(rest_, [&](double& value) { value *= share; });
  trial_ = histogram;
  divide_histogram(trial_, size);
  multiply_histogram(value_, share);
  return join(value_, rest_, has_rest_, trial_);
}

Histogram HistogramTotal::take() {
  if (kind_ == Kind::kMean && !is_stepwise_) {
    const auto size = static_cast<double>(size_);
    divide_histogram(value_, size);
    for_each_number(rest_, [&](double& value) { value /= size; });
  }
  if (has_rest_) {
    settle_rest(value_, rest_);
  }
  Histogram total = std::move(value_);
  clear();
  return total;
}

}  // namespace mcore
