// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "model/histogram.h"
#include "promql/histogram_zero.h"

namespace mcore {

// Custom bounds of two histograms.

[[nodiscard]] bool equal_bounds(const std::vector<double>& one, const std::vector<double>& other) noexcept;

/// Adds `factor` (1 or -1) times the buckets of `other` to those of `to` where their bounds differ: both are brought to
/// the bounds that they share first. `rest` may be null.
void merge_custom_bounds(Histogram& to, HistogramRest* rest, const Histogram& other, double factor);

}  // namespace mcore
