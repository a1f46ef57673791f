// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "promql/window.h"

namespace mcore {

/// What a `smoothed` instant selector has at a time: the sample of that time; else between the samples on either side
/// the point on the line through them; else the last one before it; else nothing. Of floats and histograms mixed there
/// is nothing but a warning. Requires: the window reaches as far as samples may be looked for.
[[nodiscard]] PointValue smoothed_value(const Window& window, std::int64_t t_ms, const NoteContext& context);

}  // namespace mcore
