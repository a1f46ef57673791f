// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "storage/sample_merge.h"
#include "tsdb/head_querier.h"

namespace mcore {

/// All series of a head as of one commit, in label order: to walk two heads side by side.
///
/// Lifetime: borrows the files.
/// Errors:   throws Error (kBusy, kCorrupt).
struct HeadView {
  /// The series with one label set: several where it left the log and came back.
  using Group = std::span<const HeadQuerier::Series>;

  HeadFiles* files = nullptr;
  HeadCommit commit{};
  std::vector<HeadQuerier::Series> series{};

  explicit HeadView(HeadFiles& of) : files(&of) {
    if (!of.follow(of.published())) {
      throw Error(ErrorKind::kCorrupt, "read head", of.folder(), "its files are shorter than it says");
    }
    HeadQuerier querier(of, kNoTime);
    series = querier.series({});
    commit = querier.commit();
  }

  [[nodiscard]] LabelsView labels(std::size_t i) const { return files->labels_of(series[i].id); }
  [[nodiscard]] std::uint64_t ref(const HeadQuerier::Series& one) const { return files->entry(one.id).ref; }
  [[nodiscard]] bool is_retired(const HeadQuerier::Series& one) const {
    return is_retired_series(commit, ref(one), one.state.last_t_ms, one.state.commit);
  }
  /// The group that begins at `at`, which is moved behind it. Requires: at < series.size().
  [[nodiscard]] Group group(std::size_t& at) const {
    const std::size_t first = at;
    const LabelsView labels = this->labels(first);
    while (at < series.size() && this->labels(at) == labels) {
      ++at;
    }
    return std::span(series).subspan(first, at - first);
  }
  /// Replaces `out` with all samples of a group, in-order ones from `in_order_from` on.
  void read(Group group, std::int64_t in_order_from, SeriesSamples& out) const {
    out.clear();
    for (const HeadQuerier::Series& one : group) {
      SeriesSamples more;
      read_head_samples(*files, commit, one.id, one.state, {}, in_order_from, more);
      merge_samples(out, std::move(more));
    }
  }
};

}  // namespace mcore
