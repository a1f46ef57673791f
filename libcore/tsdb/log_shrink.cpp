// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_shrink.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>

#include "base/error.h"
#include "tsdb/append_records.h"
#include "tsdb/block_list.h"
#include "tsdb/head_querier.h"
#include "tsdb/log_append.h"
#include "tsdb/log_flush.h"
#include "tsdb/log_sequence.h"
#include "tsdb/log_writer.h"

namespace mcore {
namespace {

constexpr std::int64_t kMinTime = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMaxTime = std::numeric_limits<std::int64_t>::max();

/// Tells by the head which series stay in the log, while writers are at work: whether one has left is settled once the
/// cut is published, so any later state of it tells.
class KeptSeries {
 public:
  explicit KeptSeries(HeadFiles& files)
      : files_(files), commit_(files.published()), head_(files, HeadWriter::Mode::kShared) {
    head_.look();
  }
  [[nodiscard]] bool keeps(std::uint64_t ref) {
    const auto id = head_.find_ref(ref, guess_ + 1);
    if (!id.has_value()) {
      return false;
    }
    guess_ = *id;
    const SeriesStateView state = newest_state(*id);
    return !is_retired_series(commit_, files_.entry(*id).ref, state.last_t_ms, state.commit);
  }
  /// Metadata records of the series that stay.
  void add_metadata(AppendRecords& records) {
    for (std::uint32_t id = 0; id < commit_.series_count; ++id) {
      const SeriesStateView state = newest_state(id);
      if (state.metadata == 0 || !keeps(files_.entry(id).ref)) {
        continue;
      }
      const HeadMetadata metadata = read_metadata(files_, state.metadata);
      records.add_metadata(files_.entry(id).ref, metadata.type, metadata.unit, metadata.help);
    }
  }

 private:
  [[nodiscard]] SeriesStateView newest_state(std::uint32_t id) const {
    constexpr int kMostTries = 100'000;  // only a damaged state is never there
    SeriesStateView state;
    for (int tries = 0; !read_state(files_.entry(id), files_.control().commit.load(std::memory_order_acquire), state);
         ++tries) {  // it was changed twice between the two looks
      if (tries == kMostTries) {
        files_.fail_damaged("a series has no state");
      }
    }
    return state;
  }

  HeadFiles& files_;
  HeadCommit commit_;
  HeadWriter head_;
  std::uint32_t guess_ = UINT32_MAX - 1;
};

/// Filters records into a checkpoint.
class CheckpointFilter {
 public:
  CheckpointFilter(KeptSeries& kept, std::int64_t from_t_ms, LogFileWriter& out)
      : kept_(kept), from_t_ms_(from_t_ms), out_(out) {}

  /// All series first, whatever alias of them comes later: a server forgets a series' samples so far at a second
  /// record.
  void add_series(std::string_view record) {
    if (log_record_type(record) != LogRecordType::kSeries) {
      return;
    }
    begin_record(record_, LogRecordType::kSeries);
    SeriesRecordReader reader(log_record_body(record));
    while (reader.next()) {
      if (!kept_.keeps(reader.ref())) {
        continue;
      }
      LabelsView labels;
      if (reader.is_canonical()) {
        labels = reader.labels();
      } else {  // as the head took it
        builder_.clear();
        reader.labels(builder_);
        labels = builder_.build();
      }
      append_series(record_, reader.ref(), labels);
    }
    put(record_);
  }

  void add_samples(std::string_view record) {
    const LogRecordType type = log_record_type(record);
    const std::string_view body = log_record_body(record);
    records_.clear();
    switch (type) {
      case LogRecordType::kSamples:
      case LogRecordType::kSamplesV2:
        add_floats(type, body);
        break;
      case LogRecordType::kHistograms:
      case LogRecordType::kFloatHistograms:
      case LogRecordType::kCustomHistograms:
      case LogRecordType::kCustomFloatHistograms:
      case LogRecordType::kHistogramsV2:
      case LogRecordType::kFloatHistogramsV2:
        add_histograms(type, body);
        break;
      case LogRecordType::kExemplars:
        add_exemplars(body);
        break;
      case LogRecordType::kTombstones:
        add_tombstones(body);
        break;
      default:
        return;
    }
    records_.each([&](const std::string& kept) { out_.add(kept); });
  }

 private:
  void put(const std::string& record) {
    if (record.size() > 1) {
      out_.add(record);
    }
  }
  [[nodiscard]] bool wants(std::uint64_t ref, std::int64_t t_ms) { return t_ms >= from_t_ms_ && kept_.keeps(ref); }

  void add_floats(LogRecordType type, std::string_view body) {
    (void)samples_.decode(type, body);
    for (const LogSample& sample : samples_.samples()) {
      if (wants(sample.ref, sample.t_ms)) {
        records_.add_sample(sample.ref, sample.t_ms, sample.value);
      }
    }
  }
  void add_histograms(LogRecordType type, std::string_view body) {
    HistogramRecordReader reader(type, body);
    while (reader.next()) {
      if (wants(reader.ref(), reader.t_ms())) {
        records_.add_sample(reader.ref(), reader.t_ms(), reader.histogram());
      }
    }
  }
  void add_exemplars(std::string_view body) {
    ExemplarRecordReader reader(body);
    while (reader.next()) {
      if (reader.is_canonical() && wants(reader.ref(), reader.t_ms())) {
        records_.add_exemplar(reader.ref(), reader.t_ms(), reader.value(), reader.labels());
      }
    }
  }
  void add_tombstones(std::string_view body) {
    TombstoneRecordReader reader(body);
    while (reader.next()) {
      // The series is gone, and so is its record.
      const bool drops_series = reader.min_t_ms() == kMinTime && reader.max_t_ms() == kMaxTime;
      if (!drops_series && wants(reader.ref(), reader.max_t_ms())) {
        records_.add_tombstone(reader.ref(), reader.min_t_ms(), reader.max_t_ms());
      }
    }
  }

  KeptSeries& kept_;
  std::int64_t from_t_ms_;
  LogFileWriter& out_;
  std::string record_;
  AppendRecords records_;
  SampleRecordDecoder samples_;
  LabelBuilder builder_;
};

/// Hands every record of the checkpoint and of the segments up to `last` to `use`.
template <typename Use>
bool each_record(const HeadHome& home, std::int64_t last, const Use& use) {
  LogSequence log(home.store() + "/wal", LogKind::kWal);
  if (log.open({}) != LogOpenStatus::kOpened) {
    return false;
  }
  for (;;) {
    const LogReadStatus status = log.next();
    if (status == LogReadStatus::kCorrupt) {
      throw Error(log.fault());
    }
    if (status != LogReadStatus::kRecord) {
      return true;
    }
    if (!log.in_checkpoint() && log.start().segment > last) {
      return true;
    }
    use(log.record());
  }
}

/// Writes the checkpoint that replaces the segments up to `last` into `folder`.
bool write_checkpoint(const HeadHome& home, HeadFiles& files, std::int64_t last, std::int64_t from_t_ms,
                      const std::string& folder) {
  (void)remove_tree(folder);
  create_owned_folder(folder, home.owner());
  KeptSeries kept(files);
  LogFileWriter out(folder, home.owner());
  CheckpointFilter filter(kept, from_t_ms, out);
  const bool whole = each_record(home, last, [&](std::string_view record) { filter.add_series(record); }) &&
                     each_record(home, last, [&](std::string_view record) { filter.add_samples(record); });
  AppendRecords metadata;
  kept.add_metadata(metadata);
  metadata.each([&](const std::string& record) { out.add(record); });
  out.close();
  return whole;
}

void remove_segments(const std::string& folder, std::int64_t last) {
  for (const LogSegment& segment : list_log(folder).segments) {
    if (segment.number <= last && ::unlink(segment.path.c_str()) != 0 && errno != ENOENT) {
      throw Error(ErrorKind::kIo, "remove log segment", segment.path, errno_text(errno));
    }
  }
  // Gone for good before anything rests on it: a late segment that came back would bring refs that may be others' by
  // then.
  sync_directory(folder);
}

/// What a snapshot of a server's memory says is not true of a shorter log any more.
void remove_snapshots(const HeadHome& home) {
  for (const DirectoryEntry& entry : list_directory(home.store())) {
    if (entry.name.starts_with("chunk_snapshot.")) {
      const std::string path = home.store() + "/" + entry.name;
      if (!remove_tree(path)) {
        throw Error(ErrorKind::kIo, "remove snapshot", path, "something is left of it");
      }
    }
  }
}

void remove_old_checkpoints(const HeadHome& home, std::int64_t checkpoint) {
  const std::string newest = checkpoint_path(home.store() + "/wal", checkpoint);
  for (const DirectoryEntry& entry : list_directory(home.store() + "/wal")) {
    const std::string path = home.store() + "/wal/" + entry.name;
    if (entry.is_directory && entry.name.starts_with("checkpoint.") && path != newest) {
      (void)remove_tree(path);
    }
  }
}

[[nodiscard]] bool stands(const HeadHome& home, const HeadFiles& files, const HeadCommit& commit) {
  const HeadStanding standing = compare_with_logs(commit, look_at_logs(home.store()));
  return files.control().retired.load() == 0 && files.is_in_place() &&
         (standing == HeadStanding::kCurrent || standing == HeadStanding::kBehind);
}

/// Puts the checkpoint in place of the segments. Returns false if something has come between.
bool commit_checkpoint(const HeadHome& home, HeadFiles& files, std::int64_t last, const std::string& staged,
                       const HeadUpkeepOptions& options) {
  const StoreLocks locks = lock_for_upkeep(home, options.lock_timeout);
  HeadWriter head(files, HeadWriter::Mode::kShared);
  head.begin();
  // A checkpoint needs a segment behind it, or a server begins again at the first one (spec 4.10, trap 7).
  if (!stands(home, files, head.next()) || head.next().wal.segment <= last) {
    head.abandon();
    return false;
  }
  remove_snapshots(home);
  const std::string path = checkpoint_path(home.store() + "/wal", last);
  if (std::rename(staged.c_str(), path.c_str()) != 0) {
    throw Error(ErrorKind::kIo, "rename checkpoint", path, errno_text(errno));
  }
  sync_directory(home.store() + "/wal");  // before what it replaces goes
  head.next().checkpoint = last;
  head.next().shrink_wal = -1;
  head.publish();
  remove_old_checkpoints(home, last);
  remove_segments(home.store() + "/wal", last);
  return true;
}

/// Logs again the late samples that no block holds, and drops the segments they were in. The first locked step logs,
/// the second drops: between them the log is flushed.
bool shrink_wbl(const HeadHome& home, HeadFiles& files, std::int64_t last, std::int64_t from_t_ms,
                const HeadUpkeepOptions& options) {
  std::uint64_t logged = 0;
  {
    const StoreLocks locks = lock_for_upkeep(home, options.lock_timeout);
    HeadWriter head(files, HeadWriter::Mode::kShared);
    head.begin();
    HeadCommit& next = head.next();
    if (!stands(home, files, next) || compare_with_logs(next, look_at_logs(home.store())) != HeadStanding::kCurrent ||
        next.wbl.segment <= last) {
      head.abandon();
      return false;
    }
    AppendRecords records;
    SeriesSamples late;
    const auto deleted = head_tombstones(files, next);
    const auto is_deleted = [&](std::uint32_t id, std::int64_t t_ms) {
      return std::ranges::any_of(tombstones_of(deleted, id), [&](const HeadTombstone& tombstone) {
        return t_ms >= tombstone.min_t_ms && t_ms <= tombstone.max_t_ms;
      });
    };
    for (std::uint32_t id = 0; id < next.series_count; ++id) {
      const SeriesStateView state = head.state(id);
      late.clear();
      read_late_samples(files, state, {from_t_ms, std::numeric_limits<std::int64_t>::max()}, late);
      const std::uint64_t ref = files.entry(id).ref;
      for (std::size_t i = 0; i < late.t_ms.size(); ++i) {
        if (!is_deleted(id, late.t_ms[i])) {
          records.add_sample(ref, late.t_ms[i], late.value[i]);
        }
      }
      for (std::size_t i = 0; i < late.histogram_t_ms.size(); ++i) {
        if (!is_deleted(id, late.histogram_t_ms[i])) {
          records.add_sample(ref, late.histogram_t_ms[i], late.histogram[i]);
        }
      }
    }
    LogAppend wbl(home.store() + "/wbl", next.wbl, 0, false, home.owner());
    wbl.write(records);
    next.wbl = wbl.mark();
    head.publish();
    logged = next.number;
  }
  if (flush_logs(home, files, logged, options.lock_timeout) != FlushOutcome::kDurable) {
    return false;
  }
  const StoreLocks locks = lock_for_upkeep(home, options.lock_timeout);
  HeadWriter head(files, HeadWriter::Mode::kShared);
  head.begin();
  if (!stands(home, files, head.next())) {
    head.abandon();
    return false;
  }
  head.next().shrink_wbl = -1;
  head.publish();
  remove_segments(home.store() + "/wbl", last);
  return true;
}

/// A generation of the head from the shorter log takes the place of the old one.
void renew_head(const HeadHome& home, std::optional<HeadFiles>& files, std::int64_t floor_t_ms,
                const HeadUpkeepOptions& options) {
  HeadCatchUp found;
  HeadFiles built = home.build_aside(floor_t_ms, {}, found);
  const auto writer = home.lock_writer(options.lock_timeout);
  if (!writer.has_value()) {
    (void)remove_tree(built.folder());
    throw Error(ErrorKind::kBusy, "lock store", home.writer_lock_path(),
                "held by " + describe_lock_holder(home.writer_lock_path()));
  }
  if (files->control().retired.load() != 0 || !files->is_in_place() || !home.bring_up(built)) {
    (void)remove_tree(built.folder());
    return;  // others were faster, or a server came
  }
  // What is durable of the old log is of the new head too, exactly: what is taken for more could not be cut off after a
  // failed flush, what is taken for less would be.
  if (flush_logs(home, *files, files->published().number, options.lock_timeout) != FlushOutcome::kDurable) {
    (void)remove_tree(built.folder());
    return;
  }
  set_durable(built, built.published(), true);
  home.switch_to(files, std::move(built));
}

}  // namespace

bool shrink_logs(const HeadHome& home, const HeadUpkeepOptions& options) {
  std::optional<HeadFiles> files = home.open(true);
  if (!files.has_value()) {
    return false;
  }
  const HeadCommit commit = files->published();
  if (commit.shrink_wal < 0 && commit.shrink_wbl < 0) {
    return false;
  }
  const std::int64_t floor =
      std::min(commit.in_blocks_t_ms, min_valid_t_ms(list_blocks(home.store(), options.on_damage)));
  sync_directory(home.store());  // the cut may have been killed behind the renames of its blocks
  if (commit.shrink_wal > commit.checkpoint) {
    const std::string staged = home.folder() + "/stage-checkpoint";
    if (!write_checkpoint(home, *files, commit.shrink_wal, floor, staged) ||
        !commit_checkpoint(home, *files, commit.shrink_wal, staged, options)) {
      (void)remove_tree(staged);
      return false;
    }
  }
  if (commit.shrink_wbl >= 0 && !shrink_wbl(home, *files, commit.shrink_wbl, floor, options)) {
    return false;
  }
  renew_head(home, files, floor, options);
  return true;
}

}  // namespace mcore
