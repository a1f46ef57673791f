// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "promql/window.h"

namespace mcore {

/// Functions that lay a line or a smoothed curve through the floats of one window; each wants two of them.
/// RangeFunction each, reached by find_range_function().

PointValue deriv(const Window& window, std::span<const double> params, const NoteContext& context);
/// params: how many seconds after the step.
PointValue predict_linear(const Window& window, std::span<const double> params, const NoteContext& context);
/// params: smoothing factor, trend factor. Throws Error (kUsage) unless both lie between 0 and 1.
PointValue double_exponential_smoothing(const Window& window, std::span<const double> params,
                                        const NoteContext& context);

}  // namespace mcore
