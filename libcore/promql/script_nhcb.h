// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "promql/script_storage.h"

namespace mcore {

/// The native histograms with custom buckets that classic ones among the series make, under the name without
/// `_bucket`, `_sum` and `_count` and without `le`: one for each time that has a part. Histogram samples, stale markers
/// and buckets whose `le` is no number take no part.
/// Errors: throws Error (kUsage) for a classic histogram that is none.
[[nodiscard]] ScriptStorage::SeriesMap custom_bucket_series(const ScriptStorage::SeriesMap& classic);

}  // namespace mcore
