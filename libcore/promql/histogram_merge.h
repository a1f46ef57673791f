// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/histogram.h"
#include "promql/histogram_math.h"
#include "promql/histogram_zero.h"

namespace mcore {

enum class MergeSign : bool { kAdd, kSubtract };

/// `to` += or -= `other`, as add_histogram() and subtract_histogram() say. With a `rest`, which has one value per
/// bucket of `to` before and after, each addition is compensated. Requires: kAdd where there is a rest.
HistogramOutcome merge_histogram(Histogram& to, HistogramRest* rest, const Histogram& other, MergeSign sign);

/// A rest in which nothing is lost yet.
void start_rest(HistogramRest& rest, const Histogram& histogram);
/// Adds to each number what it lost.
void settle_rest(Histogram& histogram, const HistogramRest& rest) noexcept;

}  // namespace mcore
