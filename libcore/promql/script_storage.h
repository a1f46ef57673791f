// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/labels.h"
#include "promql/script_series.h"
#include "storage/querier.h"

namespace mcore {

/// Series as one `load` of a test script brings them.
struct ScriptLoad {
  struct Series {
    ScriptSeries described{};
    std::vector<std::optional<std::int64_t>> start_offset_ms{};  // empty, or one a value
  };
  std::int64_t step_ms = 0;
  bool converts_histograms = false;  // load_with_nhcb
  std::vector<Series> series{};      // of series with equal labels the last one counts
};

/// Holds the samples of a test script and answers as a store does.
///
/// Shape:    of resets histograms say what a store would say, not what was written: whether one goes on from the one
///           before it.
/// Units:    value i of a series that is loaded lies at i steps after the Unix epoch.
/// Lifetime: sets of series borrow the storage; no load() or clear() while one lives.
class ScriptStorage final : public Querier {
 public:
  /// Adds samples to what is there; with `converts_histograms` also a native histogram with custom buckets for each
  /// classic one among the series.
  /// Errors: throws Error (kUsage) for a sample that differs from one of the same time, a histogram that no store would
  ///         take, or a classic one that is none; some of the series may have been added then.
  void load(const ScriptLoad& load);
  void clear() noexcept { series_.clear(); }

  [[nodiscard]] std::unique_ptr<SeriesSet> select(std::span<const Selector> selectors, TimeRange range) override;
  [[nodiscard]] std::vector<std::string> label_names(std::span<const Selector> selectors, TimeRange range) override;
  [[nodiscard]] std::vector<std::string> label_values(const std::string& name, std::span<const Selector> selectors,
                                                      TimeRange range) override;

  struct ByLabels {
    [[nodiscard]] bool operator()(const LabelSet& a, const LabelSet& b) const noexcept { return a.view() < b.view(); }
  };
  using SeriesMap = std::map<LabelSet, SeriesSamples, ByLabels>;

 private:
  void add(const LabelSet& labels, SeriesSamples&& samples);

  SeriesMap series_;
};

}  // namespace mcore
