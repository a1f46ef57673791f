// SPDX-License-Identifier: Apache-2.0
// Nothing behind a damaged record counts for a server, and nobody may write behind one. So all that is intact becomes a
// checkpoint that replaces the segments so far, with an empty segment behind it (tsdb-format 4.10), and new segments of
// the WBL. What the damaged records held may still be known: to our head, a cache of the log that may be whole where
// the log is not, and to a server's head chunks. That is appended as any other sample: what is there already is passed
// over.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file_copy.h"
#include "tsdb/block_list.h"
#include "tsdb/chunk_reader.h"
#include "tsdb/head_access.h"
#include "tsdb/head_check.h"
#include "tsdb/head_chunks.h"
#include "tsdb/head_view.h"
#include "tsdb/log_check.h"
#include "tsdb/log_writer.h"
#include "tsdb/record_filter.h"
#include "tsdb/repair_job.h"
#include "tsdb/store_writer.h"

namespace mcore {
namespace {

constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();

void ignore(const Error& /*damage*/) {}

/// Hands every intact record of a log to `use`, but the torn one at its end that zeros make whole: nobody was promised
/// it.
template <typename Use>
void each_intact_record(const std::string& folder, LogKind kind, const Use& use) {
  LogSequence log(folder, kind);
  if (log.open() != LogOpenStatus::kOpened) {
    throw Error(ErrorKind::kBusy, "read log", folder, "its segments change under every attempt");
  }
  for (LogReadStatus status = log.next();; status = log.next()) {
    if (status == LogReadStatus::kCorrupt) {
      log.skip_damage();
    } else if (status != LogReadStatus::kRecord ||
               (log.is_padded() && !log.in_checkpoint() && log.start().segment == log.last_segment())) {
      return;
    } else {
      use(log.record());
    }
  }
}

bool is_whole_log(const std::string& folder) {
  LogSequence log(folder, LogKind::kWal);
  LogReadStatus status = LogReadStatus::kEnd;
  if (log.open() == LogOpenStatus::kOpened) {
    do {
      status = log.next();
    } while (status == LogReadStatus::kRecord);
  }
  return status != LogReadStatus::kCorrupt && status != LogReadStatus::kTorn;
}

/// Appends samples by batches of bounded size.
class Reappend {
 public:
  explicit Reappend(StoreWriter& writer) : writer_(writer) {}

  void add(LabelsView labels, const SeriesSamples& samples) {
    for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
      BatchSample& added = batch_.add(labels);
      added.t_ms = samples.t_ms[i];
      added.value = samples.value[i];
    }
    for (std::size_t i = 0; i < samples.histogram_t_ms.size(); ++i) {
      batch_.add(labels).t_ms = samples.histogram_t_ms[i];
      batch_.set_histogram(samples.histogram[i]);
    }
    constexpr std::size_t kEnough = 100'000;
    if (batch_.samples().size() >= kEnough) {
      flush();
    }
  }
  void flush() {
    samples_ += writer_.append(batch_).samples;
    batch_.clear();
  }
  /// That were not there.
  [[nodiscard]] std::uint64_t samples() const noexcept { return samples_; }

 private:
  StoreWriter& writer_;
  SampleBatch batch_;
  std::uint64_t samples_ = 0;
};

class LogRepair {
 public:
  explicit LogRepair(const RepairJob& job) : job_(job), store_(job.store) {}

  void run() {
    LogRefs refs;
    std::uint64_t faults = 0;
    std::string first;
    const FindingReport note = [&](const StoreFinding& finding) {
      if (!finding.is_note && faults++ == 0) {
        first = finding_text(finding);
      }
      is_torn_ = is_torn_ || (finding.is_note && finding.offset.has_value());  // no other note has a place
    };
    (void)check_log(store_, LogKind::kWal, refs, note);
    (void)check_log(store_, LogKind::kWbl, refs, note);
    const std::uint64_t ahead = count_ahead();
    if (faults + ahead == 0) {
      cut_torn_end();
      repair_head(refs);
    } else if (job_.upkeep == nullptr) {
      tell_plan(faults, first, ahead);
    } else {
      write_anew();
      const std::uint64_t found_again = faults > 0 ? append_lost() : 0;
      tell_done(faults, ahead, found_again);
      // A server would give what is in there to series that get the numbers of lost ones.
      job_.aside->take("chunks_head");
      job_.aside->sync();
    }
    move_server_files();
  }

 private:
  [[nodiscard]] std::int64_t newest_t_ms() const noexcept { return job_.newest_t_ms.value_or(kLatest); }

  [[nodiscard]] std::uint64_t count_ahead() const {
    std::uint64_t ahead = 0;
    if (!job_.newest_t_ms.has_value()) {
      return ahead;
    }
    RecordFilter filter([&](std::uint64_t, std::int64_t t_ms) {
      ahead += t_ms > newest_t_ms() ? 1 : 0;
      return true;
    });
    const auto count = [&](std::string_view record) { (void)filter.filter(record); };
    each_intact_record(store_ + "/wal", LogKind::kWal, count);
    each_intact_record(store_ + "/wbl", LogKind::kWbl, count);
    return ahead;
  }

  void tell_plan(std::uint64_t faults, const std::string& first, std::uint64_t ahead) const {
    if (faults > 0) {
      job_.tell(store_ + "/wal",
                fmt::format("{} damaged, first {}: the logs would be written anew from what is intact",
                            faults == 1 ? "a place is" : fmt::format("{} places are", faults), first),
                true);
    }
    if (ahead > 0) {
      job_.tell(store_ + "/wal", samples_text(ahead) + " ahead of the clock would be moved aside", false);
    }
  }
  void tell_done(std::uint64_t faults, std::uint64_t ahead, std::uint64_t found_again) const {
    std::string text = "the logs are written anew";
    if (faults > 0) {
      text += fmt::format(" without {}", faults == 1 ? "a damaged place" : fmt::format("{} damaged places", faults));
    }
    if (orphans_ > 0) {
      text += fmt::format(" and {} entries of series that nobody knows", orphans_);
    }
    if (ahead > 0) {
      text += fmt::format("{} {} ahead of the clock", faults > 0 ? "," : " without", samples_text(ahead));
    }
    if (found_again > 0) {
      text += fmt::format("; {} lost there were still in the head, or in a server's chunks", samples_text(found_again));
    }
    job_.tell(store_ + "/wal", std::move(text), faults > 0);
  }

  [[nodiscard]] HeadHome home() const {
    return HeadHome(store_, head_folder_for_writing(store_), job_.upkeep->owner());
  }
  [[nodiscard]] FileLock lock_writer(const HeadHome& home) const {
    auto writer = home.lock_writer(job_.options.lock_timeout);
    if (!writer.has_value()) {
      throw Error(ErrorKind::kBusy, "lock store", home.writer_lock_path(),
                  "held by " + describe_lock_holder(home.writer_lock_path()));
    }
    return std::move(*writer);
  }
  [[nodiscard]] std::int64_t min_valid() const { return min_valid_t_ms(list_blocks(store_, ignore)); }

  /// A writer of ours would do so; a server writes on behind it, and drops that at its next start (tsdb-format 4.8).
  void cut_torn_end() const {
    if (!is_torn_) {
      return;
    }
    if (job_.upkeep != nullptr) {
      const HeadHome home = this->home();
      const FileLock writer = lock_writer(home);
      const auto lock = FileLock::lock_within(store_ + "/lock", job_.upkeep->owner(), job_.options.lock_timeout);
      if (!lock.has_value()) {
        throw Error(ErrorKind::kBusy, "repair", store_, "a server is at work on it");
      }
      std::optional<HeadFiles> files;
      home.cut_tails(files, min_valid());
    }
    job_.tell(store_ + "/wal",
              fmt::format("a log ends inside a record, which nobody was promised: it {} cut off",
                          job_.upkeep != nullptr ? "is" : "would be"),
              false);
  }
  void repair_head(const LogRefs& refs) const {
    std::uint64_t differences = 0;
    (void)check_head(store_, refs, [&](const StoreFinding& finding) { differences += finding.is_note ? 0 : 1; });
    if (differences == 0) {
      return;
    }
    if (job_.upkeep != nullptr) {
      const HeadHome home = this->home();
      const FileLock writer = lock_writer(home);
      std::optional<HeadFiles> files = home.open(true);
      (void)home.rebuild(files, min_valid(), {});
    }
    job_.tell(store_ + "/head",
              fmt::format("it says other than the logs do and {} built anew from them",
                          job_.upkeep != nullptr ? "is" : "would be"),
              false);
  }

  void write_anew() {
    const HeadHome home = this->home();
    const FileLock writer = lock_writer(home);
    const LogState before = look_at_logs(store_);
    keep_head(home, before);
    const std::string wal = stage("wal");
    const std::string wbl = stage("wbl");
    LogRefs refs;
    RecordFilter filter(
        [&](std::uint64_t ref, std::int64_t t_ms) {
          orphans_ += refs.knows(ref) ? 0 : 1;
          return refs.knows(ref) && t_ms <= newest_t_ms();
        },
        [&](std::uint64_t ref, LabelsView labels) { return refs.add(ref, labels); });
    copy_log(LogKind::kWal, store_ + "/wal", filter, wal);
    copy_log(LogKind::kWbl, store_ + "/wbl", filter, wbl);
    commit(before, wal, wbl);
  }
  [[nodiscard]] std::string stage(const std::string& name) const {
    std::string folder = job_.upkeep->stage("repaired-" + name);
    (void)remove_tree(folder);
    create_owned_folder(folder, job_.upkeep->owner());
    return folder;
  }
  void copy_log(LogKind kind, const std::string& folder, RecordFilter& filter, const std::string& to) const {
    LogFileWriter out(to, job_.upkeep->owner());
    each_intact_record(folder, kind, [&](std::string_view record) {
      if (filter.filter(record)) {
        filter.records().each([&](const std::string& rest) { out.add(rest); });
      } else {
        out.add(record);
      }
    });
    out.close();
  }

  /// The head of this boot, if nobody else has written since: it has all that was promised to anybody.
  void keep_head(const HeadHome& home, const LogState& logs) {
    std::optional<HeadFiles> files = home.open(false);
    if (!files.has_value()) {
      return;
    }
    const HeadCommit commit = files->published();
    if (commit.checkpoint == logs.checkpoint && commit.wal.segment >= logs.wal_segment &&
        commit.wbl.segment >= logs.wbl_segment) {
      head_ = std::move(files);
    }
  }

  void commit(const LogState& before, const std::string& wal, const std::string& wbl) const {
    const NewFileOwner& owner = job_.upkeep->owner();
    const auto lock = FileLock::lock_within(store_ + "/lock", owner, job_.options.lock_timeout);
    if (!lock.has_value() || look_at_logs(store_) != before) {
      throw Error(ErrorKind::kBusy, "repair", store_, "a server is at work on it");
    }
    create_owned_folder(store_ + "/wal", owner);
    const std::int64_t number = std::max(before.wal_segment, before.checkpoint + 1);
    (void)create_owned_file(segment_path(store_ + "/wal", number + 1), O_WRONLY, owner);
    sync_directory(store_ + "/wal");
    rename_file(wal, checkpoint_path(store_ + "/wal", number));
    sync_directory(store_ + "/wal");
    if (before.wbl_segment >= 0) {
      for (const LogSegment& segment : list_log(wbl).segments) {
        rename_file(segment.path, segment_path(store_ + "/wbl", before.wbl_segment + 1 + segment.number));
      }
      sync_directory(store_ + "/wbl");
    }
    move_old_logs(number, before.wbl_segment);
    (void)remove_tree(wbl);
  }
  /// In their order, so that whoever is killed here leaves no gap.
  void move_old_logs(std::int64_t last_wal, std::int64_t last_wbl) const {
    const std::string newest = checkpoint_path(store_ + "/wal", last_wal);
    for (const DirectoryEntry& entry : list_directory(store_ + "/wal")) {
      const bool is_old = entry.name.starts_with("checkpoint.") && store_ + "/wal/" + entry.name != newest;
      if ((entry.is_directory && is_old) || entry.name == "series_state.json") {
        job_.aside->take("wal/" + entry.name);
      }
    }
    for (const auto& [name, last] : {std::pair("wal", last_wal), std::pair("wbl", last_wbl)}) {
      for (const LogSegment& segment : list_log(store_ + "/" + name).segments) {
        if (segment.number <= last) {
          job_.aside->take(segment.path.substr(store_.size() + 1));
        }
      }
    }
    // What a snapshot of a server's memory says is not true of another log.
    for (const DirectoryEntry& entry : list_directory(store_)) {
      if (entry.name.starts_with("chunk_snapshot.")) {
        job_.aside->take(entry.name);
      }
    }
    job_.aside->sync();
    sync_directory(store_ + "/wal");
    if (last_wbl >= 0) {
      sync_directory(store_ + "/wbl");
    }
  }

  /// Returns how many samples were found again.
  std::uint64_t append_lost() {
    StoreWriterOptions options;
    options.lock_timeout = job_.options.lock_timeout;
    options.max_ahead = job_.options.max_ahead.value_or(std::chrono::milliseconds::max());
    StoreWriter writer(store_, job_.clock, options);
    (void)writer.oldest_only_in_log();  // builds the head
    Reappend out(writer);
    if (head_.has_value()) {
      const HeadView view(*head_);
      const std::int64_t from = std::min(view.commit.in_blocks_t_ms, min_valid());
      SeriesSamples samples;
      for (std::size_t at = 0; at < view.series.size();) {
        const HeadView::Group group = view.group(at);
        view.read(group, from, samples);
        out.add(head_->labels_of(group.front().id), samples);
      }
      out.flush();
    }
    append_head_chunks(writer, out);
    out.flush();
    return out.samples();
  }
  void append_head_chunks(const StoreWriter& writer, Reappend& out) const {
    std::optional<HeadFiles> files = writer.home().open(false);
    if (!files.has_value()) {
      return;
    }
    HeadWriter head(*files, HeadWriter::Mode::kShared);
    head.look();
    const std::int64_t from = min_valid();
    SeriesSamples samples;
    each_head_chunk(store_ + "/chunks_head", ignore, [&](const HeadChunk& chunk) {
      const auto id = head.find_ref(chunk.series, UINT32_MAX);
      if (!id.has_value()) {
        return;
      }
      samples.clear();
      const TimeRange range{chunk.is_late ? std::numeric_limits<std::int64_t>::min() : from, newest_t_ms()};
      (void)decode_chunk(chunk.encoding, chunk.data, range, samples);
      out.add(files->labels_of(*id), samples);
    });
  }

  /// What a server derives from the logs: it does so again.
  void move_server_files() const {
    std::vector<std::string> damaged;
    bool is_bad = false;
    each_head_chunk(
        store_ + "/chunks_head", [&](const Error&) { is_bad = true; },
        [&](const HeadChunk& chunk) { is_bad = is_bad || chunk.max_t_ms > newest_t_ms(); });
    if (is_bad) {
      damaged.emplace_back("chunks_head");
    }
    for (const DirectoryEntry& entry : list_directory(store_)) {
      if (entry.is_directory && entry.name.starts_with("chunk_snapshot.") && !entry.name.ends_with(".tmp") &&
          !is_whole_log(store_ + "/" + entry.name)) {
        damaged.push_back(entry.name);
      }
    }
    for (const std::string& name : damaged) {
      if (job_.upkeep != nullptr) {
        const StoreLock lock = job_.upkeep->lock_store();
        job_.aside->take(name);
        job_.aside->sync();
      }
      job_.tell(store_ + "/" + name,
                job_.upkeep != nullptr
                    ? "moved aside: it is damaged, or ahead of the clock; a server makes it anew from the logs"
                    : "damaged, or ahead of the clock: it would be moved aside",
                false);
    }
  }

  const RepairJob& job_;
  const std::string& store_;
  std::optional<HeadFiles> head_;
  std::uint64_t orphans_ = 0;
  bool is_torn_ = false;
};

}  // namespace

void repair_logs(const RepairJob& job) {
  LogRepair(job).run();
}

}  // namespace mcore
