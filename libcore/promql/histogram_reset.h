// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/histogram.h"

namespace mcore {

/// Whether a counter was reset between two histograms of a series. The hint of `current` decides where it is "reset" or
/// "no reset"; else a count or a populated bucket that shrank, a finer schema, a narrower zero bucket, or a zero bucket
/// that now ends inside a populated bucket of the one before. Custom bounds that differ are compared on those they
/// share.
///
/// Requires: spans and counts agree.
/// Cost:     one loop over the buckets if the layouts agree.
[[nodiscard]] bool is_histogram_reset(const Histogram& current, const Histogram& previous);

}  // namespace mcore
