// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "storage/querier.h"

namespace mcore {

/// Adds the samples of `more` to `into`, in order of time; where both have a time, that of `into` stays.
/// Cost: O(1) per sample of `more` where all of it is later, else linear in both.
void merge_samples(SeriesSamples& into, SeriesSamples&& more);

/// The series of several sets as one, in label order, each label set once with the samples of all. Where two sets have
/// a sample at one time, that of the earlier set stays.
[[nodiscard]] std::unique_ptr<SeriesSet> merge_series(std::vector<std::unique_ptr<SeriesSet>> sets);

}  // namespace mcore
