// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "promql/window.h"

namespace mcore {

/// Notes that range functions leave about the series of their context, in Prometheus' words.
///
/// Threads: the context's collector is written: one at a time.

void note_mixed_samples(const NoteContext& context);
void note_ignored_histograms(const NoteContext& context);
void note_bad_quantile(double phi, const NoteContext& context);
void note_not_counter(const NoteContext& context);
void note_not_gauge(const NoteContext& context);
/// Exponential and custom buckets cannot be brought together.
void note_mixed_buckets(const NoteContext& context);
/// `operation`: "addition", "subtraction" or "aggregation".
void note_reconciled_bounds(std::string_view operation, const NoteContext& context);
void note_conflicting_resets(std::string_view operation, const NoteContext& context);
void note_start_overlap(const NoteContext& context);

/// The info that rate() and increase() leave about a series with at least one float in their answer, if its name (with
/// `by_type_label` its label __type__) is not a counter's. Does nothing without a metric name.
void note_possible_non_counter(bool by_type_label, const NoteContext& context);

}  // namespace mcore
