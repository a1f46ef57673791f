// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "model/series_samples.h"
#include "promql/window.h"

namespace mcore {

/// What a `smoothed` instant selector has at a time: the sample of that time; else between the samples on either side
/// the point on the line through them; else the last one before it; else nothing. Of floats and histograms mixed there
/// is nothing but a warning. Requires: the window reaches as far as samples may be looked for.
[[nodiscard]] PointValue smoothed_value(const Window& window, std::int64_t t_ms, const NoteContext& context);

/// Makes of the samples in reach of an anchored or smoothed window what the range vector itself shows: a value at
/// either edge, and the samples between.
void cut_to_edges(SeriesSamples& samples, const Window& window);

}  // namespace mcore
