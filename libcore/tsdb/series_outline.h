// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/labels.h"
#include "storage/querier.h"
#include "tsdb/store_reader.h"

namespace mcore {

/// What of a store is looked at.
enum class StorePart : std::uint8_t { kAll, kHead };

/// A series with the times of its first and last sample.
struct SeriesOutline {
  LabelsView labels{};
  std::int64_t first_t_ms = 0;
  std::int64_t last_t_ms = 0;
};

/// Walks the series of a store that have samples in a range, in label order, each label set once, without handing out
/// their samples.
///
/// Lifetime: must not outlive the reader; at() lives until the next next().
/// Errors:   throws Error (kIo, kBusy); damage is reported and passed over.
/// Threads:  one.
/// Cost:     for all of time the indexes of blocks and head are read, and no sample but late ones; times of series with
///           deleted samples are those of their chunks then. For a smaller range the samples in it are decoded: only
///           they tell whether a series is there.
class SeriesOutlines {
 public:
  SeriesOutlines(StoreReader& reader, std::span<const Selector> selectors, TimeRange range, const DamageReport& report,
                 StorePart part = StorePart::kAll);
  ~SeriesOutlines();
  SeriesOutlines(const SeriesOutlines&) = delete;
  SeriesOutlines& operator=(const SeriesOutlines&) = delete;

  bool next();
  [[nodiscard]] const SeriesOutline& at() const noexcept { return at_; }

  /// One of the sorted sequences that are merged.
  class Source;

 private:
  bool next_by_samples();

  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<std::size_t> waiting_;  // heap of the sources that have a series ready, the least in front
  std::vector<std::size_t> current_;  // those that gave at_
  std::unique_ptr<SeriesSet> set_;    // instead of sources: a range was asked for
  SeriesSamples samples_;
  SeriesOutline at_;
};

}  // namespace mcore
