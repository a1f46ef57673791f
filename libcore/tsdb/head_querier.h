// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "storage/querier.h"
#include "tsdb/head_files.h"
#include "tsdb/head_writer.h"

namespace mcore {

/// Adds what the series holds in the range, in order of time: in-order samples from `in_order_from` on and late ones,
/// without what was deleted.
/// Cost: decodes the slabs that overlap the range; late samples are all looked at.
void read_head_samples(const HeadFiles& files, const HeadCommit& commit, std::uint32_t id, const SeriesStateView& state,
                       TimeRange range, std::int64_t in_order_from, SeriesSamples& out);
/// The two kinds apart, as a cut and a late append need them; tombstones are not applied.
void read_in_order_samples(const HeadFiles& files, const SeriesStateView& state, TimeRange range, SeriesSamples& out);
void read_late_samples(const HeadFiles& files, const SeriesStateView& state, TimeRange range, SeriesSamples& out);

/// Reads a head as of one commit, beside writers of other processes and without a lock.
///
/// Lifetime: borrows the files.
/// Errors:   throws Error (kBusy) if writers change the selected series faster than they can be looked at.
/// Threads:  one at a time.
/// Cost:     looks up label pairs in mapped segments; copies the selected series' states, decodes on samples().
class HeadQuerier final : public Querier {
 public:
  /// In-order samples before `in_order_from` are in blocks already and left out.
  HeadQuerier(HeadFiles& files, std::int64_t in_order_from);

  [[nodiscard]] std::unique_ptr<SeriesSet> select(std::span<const Selector> selectors, TimeRange range) override;
  [[nodiscard]] std::vector<std::string> label_names(std::span<const Selector> selectors, TimeRange range) override;
  [[nodiscard]] std::vector<std::string> label_values(const std::string& name, std::span<const Selector> selectors,
                                                      TimeRange range) override;

  [[nodiscard]] const HeadCommit& commit() const noexcept { return commit_; }
  void set_in_order_from(std::int64_t t_ms) noexcept { in_order_from_ = t_ms; }
  [[nodiscard]] std::int64_t in_order_from() const noexcept { return in_order_from_; }

  /// A series with its state as of commit().
  struct Series {
    std::uint32_t id = 0;
    SeriesStateView state;
  };
  /// The series that match, in label order, all as of one commit; commit() may move on to a newer one for that.
  [[nodiscard]] std::vector<Series> series(std::span<const Selector> selectors);

 private:
  [[nodiscard]] bool try_series(std::span<const Selector> selectors, std::vector<Series>& out) const;

  HeadFiles& files_;
  HeadCommit commit_;
  std::int64_t in_order_from_;
};

}  // namespace mcore
