// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "model/histogram.h"

namespace mcore {

enum class TrimKeep : std::uint8_t { kBelow, kAbove };  // `</`, `>/`

/// Removes the observations on the other side of `at`: whole buckets, and of the one that holds it the part that
/// interpolation gives. Count and sum are estimated anew from the buckets, and the result compacted, if that took
/// anything away; else it is as it was.
///
/// Requires: spans and counts agree.
void trim_histogram(Histogram& histogram, double at, TrimKeep keep);

}  // namespace mcore
