// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/labels.h"
#include "storage/querier.h"

namespace mcore {

/// A value that lost against another one of the same series at the same time. A histogram's value is its sum.
struct SampleConflict {
  std::uint32_t series = 0;
  std::int64_t t_ms = 0;
  double kept = 0;
  double lost = 0;
  bool has_histogram = false;
};
/// "x was kept, y came", or that a histogram differs.
[[nodiscard]] std::string conflict_text(LabelsView labels, const SampleConflict& conflict);

/// What became of samples whose time was taken.
struct SampleTally {
  std::uint64_t repeated = 0;   // the same value
  std::uint64_t conflicts = 0;  // another one
  std::optional<SampleConflict> first_conflict{};

  void note(const SampleConflict& conflict) {
    if (conflicts++ == 0) {
      first_conflict = conflict;
    }
  }
};

/// Whether two histograms are the same sample, bit by bit; what is said of resets does not count.
[[nodiscard]] bool is_same_histogram(const Histogram& a, const Histogram& b) noexcept;

/// Adds the samples of `more` to `into`. Where both have a time, that of `into` stays, and the tally says so.
/// Cost: linear in both; free of copies where all of `more` is later.
void merge_tallied(SeriesSamples& into, SeriesSamples& more, std::uint32_t series, SampleTally& tally);
/// Takes out of `samples` what `stored` has at the same time.
void subtract_tallied(SeriesSamples& samples, const SeriesSamples& stored, std::uint32_t series, SampleTally& tally);

}  // namespace mcore
