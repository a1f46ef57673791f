// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "promql/window.h"

namespace mcore {

/// How often neighbouring samples of one window differ, or fall back to zero; floats and histograms in the order of
/// time, a change between the two always counts. RangeFunction each, reached by find_range_function().

PointValue changes(const Window& window, std::span<const double> params, const NoteContext& context);
PointValue resets(const Window& window, std::span<const double> params, const NoteContext& context);

}  // namespace mcore
