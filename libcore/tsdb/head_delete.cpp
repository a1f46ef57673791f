// SPDX-License-Identifier: Apache-2.0
// Deleting takes three steps. Tombstones first: from that commit on nobody sees the samples and nobody adds others in
// their time. Then, with a new segment of the WBL begun, the old ones, which change no more, are written anew without
// the late samples; and last these take the place of the old ones, each by a rename. Killed in between, all that stays
// is late samples that are hidden for now, for whoever deletes again.
#include "tsdb/head_delete.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/file_copy.h"
#include "tsdb/append_records.h"
#include "tsdb/block_list.h"
#include "tsdb/head_cut.h"
#include "tsdb/head_querier.h"
#include "tsdb/log_append.h"
#include "tsdb/log_flush.h"
#include "tsdb/log_histograms.h"
#include "tsdb/log_reader.h"
#include "tsdb/log_records.h"
#include "tsdb/log_samples.h"
#include "tsdb/log_sequence.h"
#include "tsdb/log_writer.h"
#include "tsdb/record_filter.h"
#include "tsdb/tombstones.h"

namespace mcore {
namespace {

/// What is to go of one series.
struct SeriesDeletion {
  std::uint64_t commit = 0;             // of the state that was looked at
  std::optional<TimeRange> in_order{};  // from the first to the last sample that is seen now
  std::optional<TimeRange> late{};      // likewise, hidden ones included: their records may still be there
  std::uint64_t samples = 0;            // seen now
  std::uint64_t late_samples = 0;       // seen now
};
using DeletionPlan = std::unordered_map<std::uint32_t, SeriesDeletion>;

std::optional<TimeRange> hull(const SeriesSamples& samples) {
  std::optional<TimeRange> range;
  for (const auto* times : {&samples.t_ms, &samples.histogram_t_ms}) {
    if (!times->empty()) {
      range = {range.has_value() ? std::min(range->min_t_ms, times->front()) : times->front(),
               range.has_value() ? std::max(range->max_t_ms, times->back()) : times->back()};
    }
  }
  return range;
}

std::map<std::uint32_t, Intervals> intervals_of(std::span<const HeadTombstone> tombstones) {
  std::map<std::uint32_t, Intervals> intervals;
  for (const HeadTombstone& one : tombstones) {
    intervals[one.series].add({one.min_t_ms, one.max_t_ms});
  }
  return intervals;
}

bool is_sample_record(std::string_view record) noexcept {
  return log_record_type(record) != LogRecordType::kMmapMarkers;
}

/// Tells what of the WBL is to go.
class LateDeletions {
 public:
  LateDeletions(HeadFiles& files, const std::unordered_set<std::uint32_t>& series, TimeRange range)
      : head_(files, HeadWriter::Mode::kShared), series_(series), range_(range) {
    head_.look();
  }
  [[nodiscard]] bool keeps(std::uint64_t ref, std::int64_t t_ms) {
    if (!range_.contains(t_ms)) {
      return true;
    }
    const auto id = head_.find_ref(ref, guess_ + 1);
    if (!id.has_value()) {
      return true;
    }
    guess_ = *id;
    return !series_.contains(*id);
  }

 private:
  HeadWriter head_;
  const std::unordered_set<std::uint32_t>& series_;
  TimeRange range_;
  std::uint32_t guess_ = UINT32_MAX - 1;
};

class HeadDelete {
 public:
  HeadDelete(const HeadHome& home, std::span<const Selector> selectors, TimeRange range,
             const HeadDeleteOptions& options)
      : home_(home), selectors_(selectors), range_(range), options_(options), wbl_(home.store() + "/wbl") {}

  HeadDeletion run() {
    constexpr int kMostAttempts = 10;
    for (int i = 0; i < kMostAttempts; ++i) {
      if (attempt()) {
        return total_;
      }
    }
    throw Error(ErrorKind::kBusy, "delete", home_.store(), "the log changes under every attempt");
  }

 private:
  bool attempt() {
    {
      const FileLock writer = lock_writer();
      catch_up();
    }
    plan();
    const bool wbl_has_some = has_late() && wbl_holds_some();
    if (options_.dry_run) {
      count();
      return true;
    }
    std::int64_t last_wbl = -1;
    std::uint64_t number = 0;
    if (!hide(wbl_has_some, last_wbl, number)) {
      return false;
    }
    if (number == 0) {
      return true;  // nothing is there
    }
    count();
    if (flush_logs(home_, *files_, number, options_.lock_timeout) != FlushOutcome::kDurable) {
      total_ = {};
      return false;
    }
    return last_wbl < 0 || rewrite_wbl(last_wbl);
  }

  [[nodiscard]] FileLock lock_writer() const {
    auto writer = home_.lock_writer(options_.lock_timeout);
    if (!writer.has_value()) {
      throw Error(ErrorKind::kBusy, "lock store", home_.writer_lock_path(),
                  "held by " + describe_lock_holder(home_.writer_lock_path()));
    }
    return std::move(*writer);
  }
  void catch_up() {
    min_valid_t_ms_ = min_valid_t_ms(list_blocks(
        home_.store(), options_.on_damage ? options_.on_damage : [](const Error&) {}));
    (void)home_.catch_up(files_, min_valid_t_ms_, {});
  }

  /// Looks at the series that match; those that have not changed since the last look need none.
  void plan() {
    HeadQuerier querier(*files_, kNoTime);
    const std::vector<HeadQuerier::Series> series = querier.series(selectors_);
    const HeadCommit& commit = querier.commit();
    const std::int64_t from = std::min(commit.in_blocks_t_ms, min_valid_t_ms_);
    if (from != planned_from_ || commit.tombstone_list != planned_tombstones_ || files_->folder() != planned_on_) {
      plan_.clear();
      planned_from_ = from;
      planned_tombstones_ = commit.tombstone_list;
      planned_on_ = files_->folder();
    }
    DeletionPlan plan;
    for (const HeadQuerier::Series& one : series) {
      if (const auto known = plan_.find(one.id); known != plan_.end() && known->second.commit == one.state.commit) {
        plan.insert(*known);
      } else {
        plan.emplace(one.id, look_at(one, commit, from));
      }
    }
    plan_ = std::move(plan);
  }
  [[nodiscard]] SeriesDeletion look_at(const HeadQuerier::Series& series, const HeadCommit& commit,
                                       std::int64_t from) const {
    SeriesDeletion deletion{.commit = series.state.commit};
    Intervals hidden;
    for (const HeadTombstone& one : tombstones_of(head_tombstones(*files_, commit), series.id)) {
      hidden.add({one.min_t_ms, one.max_t_ms});
    }
    SeriesSamples samples;
    if (!is_retired_series(commit, files_->entry(series.id).ref, series.state.last_t_ms, series.state.commit)) {
      read_in_order_samples(*files_, series.state, {std::max(range_.min_t_ms, from), range_.max_t_ms}, samples);
      remove_deleted(samples, hidden.ranges());
      deletion.in_order = hull(samples);
      deletion.samples = samples.size();
    }
    samples.clear();
    read_late_samples(*files_, series.state, range_, samples);
    deletion.late = hull(samples);
    remove_deleted(samples, hidden.ranges());
    deletion.late_samples = samples.size();
    return deletion;
  }

  [[nodiscard]] bool has_late() const {
    return std::ranges::any_of(plan_, [](const auto& one) { return one.second.late.has_value(); });
  }
  [[nodiscard]] std::unordered_set<std::uint32_t> series_with_late() const {
    std::unordered_set<std::uint32_t> series;
    for (const auto& [id, deletion] : plan_) {
      if (deletion.late.has_value()) {
        series.insert(id);
      }
    }
    return series;
  }
  void count() {
    for (const auto& [id, deletion] : plan_) {
      total_.series += deletion.samples + deletion.late_samples > 0 ? 1 : 0;
      total_.samples += deletion.samples;
      total_.late_samples += deletion.late_samples;
    }
  }

  /// Whether the WBL still has records of samples that are to go: those that are hidden already may have left it.
  bool wbl_holds_some() {
    const std::unordered_set<std::uint32_t> series = series_with_late();
    LateDeletions deleted(*files_, series, range_);
    RecordFilter filter([&](std::uint64_t ref, std::int64_t t_ms) { return deleted.keeps(ref, t_ms); });
    LogSequence log(wbl_, LogKind::kWbl);
    if (log.open() != LogOpenStatus::kOpened) {
      return true;
    }
    for (LogReadStatus status = log.next();; status = log.next()) {
      if (status == LogReadStatus::kCorrupt) {
        throw Error(log.fault());
      }
      if (status != LogReadStatus::kRecord) {
        return false;
      }
      if (is_sample_record(log.record()) && filter.filter(log.record())) {
        return true;
      }
    }
  }

  /// Logs tombstones and publishes them; `number` is the commit's, 0 if there was nothing to do. `last_wbl` is the last
  /// segment of the WBL that is to be written anew, if any.
  bool hide(bool wbl_has_some, std::int64_t& last_wbl, std::uint64_t& number) {
    const FileLock writer = lock_writer();
    catch_up();
    // A segment is on the disk before the next begins.
    if (flush_logs(home_, *files_, files_->published().number, options_.lock_timeout) != FlushOutcome::kDurable) {
      return false;
    }
    const auto store = FileLock::lock_within(home_.store() + "/lock", home_.owner(), options_.lock_timeout);
    if (!store.has_value()) {
      throw Error(ErrorKind::kBusy, "lock store", home_.store() + "/lock",
                  fmt::format("held by {}; a running Prometheus deletes by its own API",
                              describe_lock_holder(home_.store() + "/lock")));
    }
    if (compare_with_logs(files_->published(), look_at_logs(home_.store())) == HeadStanding::kBehind) {
      home_.cut_tails(files_, min_valid_t_ms_);
    }
    HeadWriter head(*files_, HeadWriter::Mode::kShared);
    head.begin();
    const HeadControl::Durable durable = durable_state(*files_);
    if (durable.wal != head.next().wal || durable.wbl != head.next().wbl ||
        compare_with_logs(head.next(), look_at_logs(home_.store())) != HeadStanding::kCurrent) {
      head.abandon();
      return false;
    }
    plan();
    const bool rewrites =
        has_late() &&
        (wbl_has_some || std::ranges::any_of(plan_, [](const auto& one) { return one.second.late_samples > 0; }));
    const bool hides = std::ranges::any_of(plan_, [](const auto& one) { return one.second.in_order.has_value(); });
    if (!rewrites && !hides) {
      head.abandon();
      return true;
    }
    try {
      commit(head, rewrites, last_wbl);
    } catch (...) {
      head.abandon();
      throw;
    }
    number = head.next().number;
    return true;
  }

  void commit(HeadWriter& head, bool rewrites, std::int64_t& last_wbl) {
    HeadCommit& next = head.next();
    AppendRecords records;
    std::map<std::uint32_t, Intervals> hidden = intervals_of(head.tombstones());
    for (const auto& [id, deletion] : plan_) {
      if (deletion.in_order.has_value()) {
        records.add_tombstone(head.ref_of(id), deletion.in_order->min_t_ms, deletion.in_order->max_t_ms);
        hidden[id].add(*deletion.in_order);
      }
      if (deletion.late.has_value()) {
        hidden[id].add(*deletion.late);  // until a head is built from the log that lacks them
      }
    }
    std::vector<HeadTombstone> tombstones;
    for (const auto& [id, intervals] : hidden) {
      for (const TimeRange& range : intervals.ranges()) {
        tombstones.push_back({.series = id, .unused = 0, .min_t_ms = range.min_t_ms, .max_t_ms = range.max_t_ms});
      }
    }
    head.set_tombstones(std::move(tombstones));
    if (rewrites) {
      last_wbl = next.wbl.offset == 0 ? next.wbl.segment - 1 : next.wbl.segment;
      next.wbl = begin_log_segment(wbl_, next.wbl, home_.owner());
    }
    LogAppend wal(home_.store() + "/wal", next.wal, next.checkpoint + 1, true, home_.owner());
    wal.write(records);
    next.wal = wal.mark();
    head.publish();
  }

  /// False if others came between: whoever asks again finds what is left.
  bool rewrite_wbl(std::int64_t last) {
    const std::string stage = home_.folder() + "/stage-wbl";
    (void)remove_tree(stage);
    create_owned_folder(stage, home_.owner());
    const std::unordered_set<std::uint32_t> series = series_with_late();
    LateDeletions deleted(*files_, series, range_);
    RecordFilter filter([&](std::uint64_t ref, std::int64_t t_ms) { return deleted.keeps(ref, t_ms); });
    std::vector<std::pair<std::string, std::string>> renames;
    for (const LogSegment& segment : list_log(wbl_).segments) {
      std::string staged = fmt::format("{}/{}", stage, segment.number);
      if (segment.number <= last && rewrite_segment(segment, staged, filter)) {
        renames.emplace_back(segment_path(staged, 0), segment.path);
      }
    }
    const bool done = renames.empty() || replace(renames, last);
    (void)remove_tree(stage);
    return done;
  }

  /// Whether something of the segment goes.
  bool rewrite_segment(const LogSegment& segment, const std::string& staged, RecordFilter& filter) const {
    const Fd file(::open(segment.path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) {
      throw Error(ErrorKind::kIo, "open log", segment.path, errno_text(errno));
    }
    create_owned_folder(staged, home_.owner());
    LogFileWriter out(staged, home_.owner(), UINT64_MAX);
    LogReader reader(file.get(), segment.path);
    bool changes = false;
    LogReadStatus status = reader.next();
    for (; status == LogReadStatus::kRecord; status = reader.next()) {
      if (is_sample_record(reader.record()) && filter.filter(reader.record())) {
        changes = true;
        filter.records().each([&](const std::string& record) { out.add(record); });
      } else {
        out.add(reader.record());
      }
    }
    if (status == LogReadStatus::kCorrupt || status == LogReadStatus::kTorn) {
      const bool is_torn = status == LogReadStatus::kTorn;
      throw Error(ErrorKind::kCorrupt, "read log",
                  fmt::format("{} at byte {}", segment.path, is_torn ? reader.end() : reader.fault_offset()),
                  is_torn ? "the file ends inside a record" : reader.fault());
    }
    if (changes) {
      out.close();
    }
    return changes;
  }

  bool replace(const std::vector<std::pair<std::string, std::string>>& renames, std::int64_t last) const {
    const StoreLocks locks = lock_for_upkeep(home_, options_.lock_timeout);
    const HeadCommit commit = files_->published();
    const HeadStanding standing = compare_with_logs(commit, look_at_logs(home_.store()));
    if (files_->control().retired.load() != 0 || commit.wbl.segment <= last ||
        (standing != HeadStanding::kCurrent && standing != HeadStanding::kBehind)) {
      return false;
    }
    // A server has late samples in its head chunks, too; in order ones it finds in the log again.
    (void)remove_tree(home_.store() + "/chunks_head");
    for (const DirectoryEntry& entry : list_directory(home_.store())) {
      if (entry.name.starts_with("chunk_snapshot.")) {
        (void)remove_tree(home_.store() + "/" + entry.name);
      }
    }
    for (const auto& [from, to] : renames) {
      rename_file(from, to);
    }
    sync_directory(wbl_);
    return true;
  }

  const HeadHome& home_;
  std::span<const Selector> selectors_;
  TimeRange range_;
  const HeadDeleteOptions& options_;
  std::string wbl_;
  std::optional<HeadFiles> files_;
  std::int64_t min_valid_t_ms_ = kNoTime;
  DeletionPlan plan_;
  std::int64_t planned_from_ = kNoTime;
  std::uint64_t planned_tombstones_ = 0;
  std::string planned_on_;
  HeadDeletion total_;
};

}  // namespace

HeadDeletion delete_from_head(const HeadHome& home, std::span<const Selector> selectors, TimeRange range,
                              const HeadDeleteOptions& options) {
  return HeadDelete(home, selectors, range, options).run();
}

}  // namespace mcore
