// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/sample_batch.h"
#include "storage/querier.h"

namespace mcore {

/// Series in memory, to be asked like a store: what a file or a stream held, or what another server sent.
///
/// Shape:    samples may come in any order; of two at one time the first one added counts.
/// Lifetime: sets of series borrow the store: nothing is added while one lives.
/// Threads:  one.
class MemoryStore final : public Querier {
 public:
  void add(const SampleBatch& batch);
  /// Requires: the samples ascend.
  void add(LabelsView labels, SeriesSamples&& samples);

  [[nodiscard]] std::unique_ptr<SeriesSet> select(std::span<const Selector> selectors, TimeRange range) override;
  [[nodiscard]] std::vector<std::string> label_names(std::span<const Selector> selectors, TimeRange range) override;
  [[nodiscard]] std::vector<std::string> label_values(const std::string& name, std::span<const Selector> selectors,
                                                      TimeRange range) override;
  /// The newest sample; nothing if there is none.
  [[nodiscard]] std::optional<std::int64_t> newest_t_ms() const noexcept;

 private:
  struct ByLabels {
    using is_transparent = void;
    [[nodiscard]] bool operator()(std::string_view a, std::string_view b) const noexcept {
      return LabelsView(a) < LabelsView(b);
    }
  };
  using Series = std::map<std::string, SeriesSamples, ByLabels>;  // by the bytes of the labels
  friend class MemorySeriesSet;

  [[nodiscard]] SeriesSamples& samples_of(LabelsView labels);
  template <typename Use>
  void each(std::span<const Selector> selectors, TimeRange range, const Use& use) const;

  Series series_{};
};

}  // namespace mcore
