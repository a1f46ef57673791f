// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "model/histogram.h"
#include "model/histogram_buckets.h"

namespace mcore {

// Arithmetic with native histograms, every bit as Prometheus computes it. Integer histograms need no conversion: their
// counts are doubles; results say is_float.
//
// Requires, of every histogram: spans and counts agree (histogram_fault). Counts may be any doubles.
// Errors:   none are thrown; what a person should hear of is in the outcome, as a note for the caller to word.
// Cost:     one pass over the buckets, without allocation where the layouts agree or the one holds the other.

/// What became of adding or subtracting.
struct HistogramOutcome {
  bool is_incompatible = false;        // exponential with custom buckets: nothing was done
  bool has_reset_collision = false;    // one hint says "reset", the other "no reset"
  bool has_reconciled_bounds = false;  // custom bounds differed: the result has those they share
};

/// `to` += `other`: brought to the lower resolution and the wider zero bucket of the two. Buckets that become empty
/// stay; compact_histogram(h, 0) removes them (binary operators, sum, avg and rates do so, functions over time do not).
HistogramOutcome add_histogram(Histogram& to, const Histogram& other);
/// `from` -= `other`, likewise. The operator `-` marks its result as a gauge afterwards.
HistogramOutcome subtract_histogram(Histogram& from, const Histogram& other);

/// A negative factor makes a gauge.
void multiply_histogram(Histogram& histogram, double factor) noexcept;
/// Division by zero leaves no buckets.
void divide_histogram(Histogram& histogram, double divisor) noexcept;

/// A copy at a lower resolution; its hint becomes "unknown" if the schema changes.
/// Requires: schema <= histogram.schema, both exponential or the same.
[[nodiscard]] Histogram histogram_at_schema(const Histogram& histogram, std::int32_t schema);

/// Whether `==` holds: the same layout (empty buckets count), the same bits in every number; hints are not compared.
[[nodiscard]] bool equal_histograms(const Histogram& one, const Histogram& other) noexcept;

/// Whether a number in it is infinite.
[[nodiscard]] bool has_overflow(const Histogram& histogram) noexcept;

}  // namespace mcore
