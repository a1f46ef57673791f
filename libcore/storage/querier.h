// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "model/series_samples.h"
#include "model/time_range.h"

namespace mcore {

/// Series that were selected, in label order, each label set once.
///
/// Lifetime: must not outlive its Querier; labels() lives until the next next().
/// Errors:   throws Error (kIo); damage is reported through the querier's DamageReport and skipped.
class SeriesSet {
 public:
  virtual ~SeriesSet() = default;
  virtual bool next() = 0;
  [[nodiscard]] virtual LabelsView labels() const = 0;
  /// Replaces `out` with the series' samples inside the range that was asked for; may find none. Cost: decodes them.
  virtual void samples(SeriesSamples& out) = 0;
};

/// Takes each piece of stored data that cannot be read, with file and offset; reading goes on with the intact rest.
using DamageReport = std::function<void(const Error&)>;

/// Something with series in it, as it was at one moment.
///
/// Threads: one at a time.
class Querier {
 public:
  virtual ~Querier() = default;

  /// The series that match any of the selectors (no selector: all) and may have samples in the range.
  [[nodiscard]] virtual std::unique_ptr<SeriesSet> select(std::span<const Selector> selectors, TimeRange range) = 0;
  /// Names of labels, and values of one label, of the series that select() would give; sorted, each once.
  [[nodiscard]] virtual std::vector<std::string> label_names(std::span<const Selector> selectors, TimeRange range) = 0;
  [[nodiscard]] virtual std::vector<std::string> label_values(const std::string& name,
                                                              std::span<const Selector> selectors, TimeRange range) = 0;
};

}  // namespace mcore
