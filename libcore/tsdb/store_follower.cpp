// SPDX-License-Identifier: Apache-2.0
#include "tsdb/store_follower.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "storage/sample_merge.h"
#include "tsdb/block_list.h"
#include "tsdb/head_access.h"
#include "tsdb/head_index.h"
#include "tsdb/head_querier.h"

namespace mcore {
namespace {

constexpr int kMostTries = 1000;

/// Keeps the samples whose times are not in `known`, sorted, and puts theirs there.
void keep_unknown(SeriesSamples& samples, std::vector<std::int64_t>& known) {
  std::vector<std::int64_t> all;
  const auto sift = [&](std::vector<std::int64_t>& times, auto& values) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < times.size(); ++i) {
      all.push_back(times[i]);
      if (!std::ranges::binary_search(known, times[i])) {
        times[kept] = times[i];
        values[kept] = std::move(values[i]);
        ++kept;
      }
    }
    times.resize(kept);
    values.resize(kept);
  };
  sift(samples.t_ms, samples.value);
  sift(samples.histogram_t_ms, samples.histogram);
  std::ranges::sort(all);
  std::vector<std::int64_t> both;
  std::ranges::set_union(known, all, std::back_inserter(both));
  known = std::move(both);
}

}  // namespace

bool StoreFollower::has_news() {
  const LogState logs = look_at_logs(store_);
  const bool same = files_.has_value() && logs == logs_ && files_->control().retired.load() == 0 &&
                    files_->published().number == seen_commit_;
  logs_ = logs;
  return !same;
}

/// Opens the head as it is now; false if there is none. `take_rest` is called before another generation takes over:
/// what was moved into a block right after it came is only in the one before.
template <typename TakeRest>
bool StoreFollower::reopen(const TakeRest& take_rest) {
  std::optional<HeadFiles> files = open_head_for_reading(store_, min_valid_t_ms(list_blocks(store_, report_)), report_);
  if (!files.has_value()) {
    return false;
  }
  const bool same_generation =
      files_.has_value() && files_->folder() == files->folder() && files_->control().inode == files->control().inode;
  if (!same_generation) {
    if (files_.has_value()) {
      take_rest();
    }
    remember_generation();
    seen_commit_ = 0;
  }
  files_ = std::move(files);
  return true;
}

StoreFollower::StoreFollower(std::string store, std::vector<Selector> selectors, DamageReport report)
    : store_(std::move(store)), selectors_(std::move(selectors)), report_(std::move(report)) {
  if (has_news() && reopen([] {})) {
    for (const Changed& series : changed()) {
      note(series);
    }
    seen_commit_ = commit_.number;
  }
}

bool StoreFollower::try_changed(std::vector<Changed>& out) const {
  out.clear();
  std::vector<std::uint32_t> ids;
  if (selectors_.empty()) {
    ids.resize(commit_.series_count);
    std::iota(ids.begin(), ids.end(), 0U);
  }
  for (const Selector& selector : selectors_) {
    const std::vector<std::uint32_t> more = select_ids(*files_, commit_, selector);
    std::vector<std::uint32_t> both;
    std::ranges::set_union(ids, more, std::back_inserter(both));
    ids = std::move(both);
  }
  for (const std::uint32_t id : ids) {
    Changed one{.id = id, .state = {}};
    if (!read_state(files_->entry(id), commit_.number, one.state)) {
      return false;
    }
    if (one.state.commit > seen_commit_) {
      out.push_back(one);
    }
  }
  return true;
}

std::vector<StoreFollower::Changed> StoreFollower::changed() {
  std::vector<Changed> found;
  for (int tries = 0;; ++tries) {
    commit_ = files_->published();
    if (!files_->follow(commit_) || tries == kMostTries) {
      throw Error(ErrorKind::kBusy, "read head", files_->folder(), "writers change it faster than it can be read");
    }
    if (try_changed(found)) {
      break;
    }
  }
  std::ranges::sort(
      found, [&](const Changed& a, const Changed& b) { return files_->labels_of(a.id) < files_->labels_of(b.id); });
  return found;
}

void StoreFollower::remember_generation() {
  for (std::uint32_t id = 0; id < last_t_ms_.size(); ++id) {
    if (last_t_ms_[id] != kNoTime) {
      before_[files_->labels_of(id).hash()].last_t_ms = last_t_ms_[id];
    }
  }
  for (auto& [id, late] : late_) {
    before_[files_->labels_of(id).hash()].late_t_ms = std::move(late.t_ms);
  }
  last_t_ms_.clear();
  late_.clear();
}

/// Takes over what the generation before knew of a series.
void StoreFollower::recall(std::uint32_t id) {
  if (id >= last_t_ms_.size()) {
    last_t_ms_.resize(std::max<std::size_t>(id + 1, commit_.series_count), kNoTime);
  }
  if (before_.empty() || last_t_ms_[id] != kNoTime || late_.contains(id)) {
    return;
  }
  if (const auto before = before_.find(files_->labels_of(id).hash()); before != before_.end()) {
    last_t_ms_[id] = before->second.last_t_ms;
    if (!before->second.late_t_ms.empty()) {
      late_[id].t_ms = std::move(before->second.late_t_ms);
    }
    before_.erase(before);
  }
}

/// Takes a series as known up to here.
void StoreFollower::note(const Changed& series) {
  recall(series.id);
  last_t_ms_[series.id] = series.state.last_t_ms;
  if (series.state.late != 0) {
    SeriesSamples samples;
    read_late_samples(*files_, series.state, TimeRange{}, samples);
    KnownLate& known = late_[series.id];
    known.slab = series.state.late;
    known.used = series.state.late_used;
    keep_unknown(samples, known.t_ms);
  }
}

void StoreFollower::take_new(const Changed& series, SeriesSamples& out) {
  out.clear();
  recall(series.id);
  if (series.state.late != 0) {
    KnownLate& known = late_[series.id];
    if (series.state.late != known.slab || series.state.late_used != known.used) {
      read_late_samples(*files_, series.state, TimeRange{}, out);
      keep_unknown(out, known.t_ms);
      known.slab = series.state.late;
      known.used = series.state.late_used;
    }
  }
  std::int64_t& last_t_ms = last_t_ms_[series.id];
  if (series.state.last_t_ms > last_t_ms) {
    const std::int64_t from = last_t_ms == kNoTime ? kNoTime : last_t_ms + 1;
    SeriesSamples in_order;
    read_in_order_samples(*files_, series.state, {from, std::numeric_limits<std::int64_t>::max()}, in_order);
    merge_samples(out, std::move(in_order));
    last_t_ms = series.state.last_t_ms;
  }
}

bool StoreFollower::take_changed(const Take& take) {
  bool found = false;
  SeriesSamples samples;
  for (const Changed& series : changed()) {
    take_new(series, samples);
    if (!samples.empty()) {
      take(files_->labels_of(series.id), samples);
      found = true;
    }
  }
  seen_commit_ = commit_.number;
  return found;
}

bool StoreFollower::look(const Take& take) {
  bool found = false;
  if (!has_news() || !reopen([&] { found = take_changed(take); })) {
    return false;
  }
  return take_changed(take) || found;
}

}  // namespace mcore
