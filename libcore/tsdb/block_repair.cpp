// SPDX-License-Identifier: Apache-2.0
// A damaged block is written anew from a copy in the stage, in which an ordinary reader gets at whatever is intact;
// only when the new block stands does the old one move aside, whole.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file_copy.h"
#include "base/number_text.h"
#include "tsdb/block_check.h"
#include "tsdb/block_copy.h"
#include "tsdb/block_merge.h"
#include "tsdb/block_reader.h"
#include "tsdb/block_writer.h"
#include "tsdb/chunk_cutter.h"
#include "tsdb/chunk_reader.h"
#include "tsdb/compaction_plan.h"
#include "tsdb/file_writer.h"
#include "tsdb/repair_job.h"
#include "tsdb/ulid.h"

namespace mcore {
namespace {

constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kEarliest = std::numeric_limits<std::int64_t>::min();

void ignore(const Error& /*damage*/) {}

std::vector<Error> faults_of(const std::string& folder) {
  std::vector<Error> faults;
  check_block(folder, [&](const Error& error) { faults.push_back(error); });
  return faults;
}

/// First and last sample that the index speaks of; the first is behind the last where there is none.
TimeRange range_of(BlockReader& reader) {
  TimeRange range{kLatest, kEarliest};
  for (BlockCursor cursor(reader, reader.find({}, ignore), TimeRange(), ignore); cursor.next();) {
    for (const ChunkMeta& chunk : cursor.chunks()) {
      range.min_t_ms = std::min(range.min_t_ms, chunk.min_t_ms);
      range.max_t_ms = std::max(range.max_t_ms, chunk.max_t_ms);
    }
  }
  return range;
}

/// Samples in chunks that can be read, deleted ones too.
std::uint64_t readable_samples(BlockReader& reader) {
  std::uint64_t samples = 0;
  IndexSeries series;
  for (const SeriesRef ref : reader.find({}, ignore)) {
    try {
      reader.index().read_series(ref, series);
    } catch (const Error&) {
      continue;
    }
    for (const ChunkMeta& chunk : series.chunks) {
      try {
        const ChunkBytes bytes = reader.chunks().chunk(chunk.ref);
        samples += chunk_sample_count(bytes.encoding, bytes.data).value_or(0);
      } catch (const Error&) {
        continue;  // lost
      }
    }
  }
  return samples;
}

/// A folder in the stage that goes with the object.
class Staged {
 public:
  explicit Staged(std::string path) : path_(std::move(path)) { (void)remove_tree(path_); }
  Staged(const Staged&) = delete;
  Staged& operator=(const Staged&) = delete;
  ~Staged() { (void)remove_tree(path_); }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

class BlockRepair {
 public:
  BlockRepair(const RepairJob& job, const std::string& name)
      : job_(job), name_(name), folder_(job.store + "/" + name) {}

  void run() {
    const std::vector<Error> faults = faults_of(folder_);
    read_meta();
    if (std::ranges::any_of(faults, [](const Error& error) {
          return error.why().starts_with(chunk_fault(ChunkState::kUnknownEncoding));
        })) {
      tell("it has chunks in encodings of a later version, and is left as it is", false);
      return;
    }
    if (!faults.empty()) {
      if (job_.upkeep == nullptr) {
        tell(fmt::format("{} damaged, first {}: would be written anew from what is intact",
                         faults.size() == 1 ? "a place is" : fmt::format("{} places are", faults.size()),
                         faults.front().what()),
             true);
      } else {
        write_anew(faults);
      }
    } else if (is_ahead()) {
      if (job_.upkeep == nullptr) {
        tell("its samples ahead of the clock would be moved aside", false);
      } else {
        write_anew(faults);
      }
    } else if (meta_.failed) {
      clear_mark();
    }
  }

 private:
  void tell(std::string text, bool loses) const { job_.tell(folder_, std::move(text), loses); }
  [[nodiscard]] std::int64_t newest_t_ms() const noexcept { return job_.newest_t_ms.value_or(kLatest); }

  /// What the block says of itself, or what a block of that name would say.
  void read_meta() {
    try {
      meta_ = read_block_meta(folder_);
      has_meta_ = true;
    } catch (const Error&) {
      // Whether it raised the time from which the log counts is not known: with the hint no sample of the log is
      // dropped.
      meta_ = BlockMeta{
          .min_t_ms = kEarliest, .end_t_ms = kLatest, .sources = {name_}, .hints = {std::string(kHintOutOfOrder)}};
    }
    meta_.ulid = name_;
    meta_.version = 1;
  }

  [[nodiscard]] bool is_ahead() const {
    if (meta_.end_t_ms - 1 <= newest_t_ms()) {
      return false;
    }
    BlockReader reader(folder_, meta_);
    return range_of(reader).max_t_ms > newest_t_ms();
  }

  void clear_mark() {
    if (job_.upkeep != nullptr) {
      const StoreLock lock = job_.upkeep->lock_store();
      job_.aside->keep(name_ + "/meta.json");
      meta_.failed = false;
      replace_file(folder_ + "/meta.json", block_meta_text(meta_), job_.upkeep->owner());
    }
    tell("marked as one that cannot be compacted; it can, and the mark goes", false);
  }

  void write_anew(const std::vector<Error>& faults) {
    const Staged copy(job_.upkeep->stage("salvage-" + name_));
    // Names of segments that are odd, but in a row that fits the index, mean their places; else their numbers count.
    const bool by_number = !has_meta_ || std::ranges::any_of(faults, [](const Error& error) {
      const bool is_said = error.where().ends_with("/meta.json") || error.where().ends_with("/tombstones");
      return !is_said && !error.why().starts_with("missing: ");
    });
    const BlockCopy copied = copy_for_salvage(folder_, meta_, by_number, copy.path(), job_.upkeep->owner());
    if (!copied.has_index) {
      move_aside("nobody knows which series it is of");
      return;
    }
    BlockEntry input{.folder = copy.path(), .meta = meta_};
    BlockReader reader(copy.path(), meta_);
    const std::uint64_t readable = readable_samples(reader);
    if (!has_meta_) {
      const TimeRange range = range_of(reader);
      input.meta.min_t_ms = range.min_t_ms;
      input.meta.end_t_ms = range.max_t_ms < range.min_t_ms ? range.min_t_ms : range.max_t_ms + 1;
    }
    const std::string ulid = make_ulid(job_.clock.now_ms());
    const Staged staged(job_.upkeep->stage(ulid));
    std::optional<BlockMeta> made = merge(input, staged.path(), ulid);
    if (!made.has_value()) {
      made = write_samples(input, staged.path(), ulid);
    }
    if (!made.has_value()) {
      move_aside(readable == 0 ? "no sample of it can be read" : "all of its samples are deleted or ahead of the clock",
                 readable == 0);
      return;
    }
    put_in_place(staged.path(), *made, readable, copied.lost_tombstones);
  }

  /// The new block names the old one as its parent: once it stands, that counts no more.
  void put_in_place(const std::string& staged, const BlockMeta& made, std::uint64_t readable,
                    bool lost_tombstones) const {
    {
      const StoreLock lock = job_.upkeep->lock_store();
      rename_file(staged, job_.store + "/" + made.ulid);
      sync_directory(job_.store);
      job_.aside->take(name_);
      job_.aside->sync();
    }
    std::string text = fmt::format("written anew as {} with {}", made.ulid, samples_text(made.stats.samples));
    const std::uint64_t before = has_meta_ ? meta_.stats.samples : readable;
    if (readable < before) {
      text += fmt::format("; {} of {} are lost", before - readable, before);
    }
    if (lost_tombstones) {
      text += "; its tombstones are lost, what they hid is seen again";
    }
    tell(std::move(text), lost_tombstones || readable < before);
  }

  /// Puts the end down where all that is later went, and looks whether the block is in order.
  std::optional<BlockMeta> finish(const std::string& staged, BlockMeta meta) const {
    if (meta.end_t_ms - 1 > newest_t_ms() && meta.min_t_ms <= newest_t_ms()) {
      meta.end_t_ms = newest_t_ms() + 1;
      replace_file(staged + "/meta.json", block_meta_text(meta), job_.upkeep->owner());
    }
    return faults_of(staged).empty() ? std::optional(std::move(meta)) : std::nullopt;
  }

  /// Chunks that are whole are copied.
  std::optional<BlockMeta> merge(const BlockEntry& input, const std::string& staged, const std::string& ulid) const {
    BlockMergeOptions options;
    options.writer.owner = job_.upkeep->owner();
    options.salvage = ignore;
    options.edit = [this](LabelsView, SeriesEdit& edit) {
      if (newest_t_ms() < kLatest) {
        edit.deleted.add({newest_t_ms() + 1, kLatest});
      }
    };
    try {
      BlockMerge merged = merge_blocks({&input, 1}, staged, ulid, options);
      return merged.end == MergeEnd::kWritten ? finish(staged, std::move(merged.meta)) : std::nullopt;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kCorrupt) {
        throw;
      }
      return std::nullopt;
    }
  }

  /// Sample by sample, where chunks hold other times than the index says.
  std::optional<BlockMeta> write_samples(const BlockEntry& input, const std::string& staged,
                                         const std::string& ulid) const {
    (void)remove_tree(staged);
    BlockWriterOptions options;
    options.owner = job_.upkeep->owner();
    BlockWriter writer(staged, options);
    BlockReader reader(input.folder, input.meta);
    ChunkCutter cutter;
    SeriesSamples samples;
    std::vector<ChunkToWrite> chunks;
    for (const auto set = reader.select({}, {kEarliest, newest_t_ms()}, ignore); set->next();) {
      set->samples(samples);
      drop_invalid(samples);
      chunks.clear();
      for (const EncodedChunk& chunk : cutter.cut(samples)) {
        chunks.push_back({static_cast<std::uint8_t>(chunk.encoding), chunk.min_t_ms, chunk.max_t_ms, chunk.bytes,
                          chunk.sample_count});
      }
      if (!chunks.empty()) {
        writer.add_series(set->labels(), chunks);
      }
    }
    if (writer.stats().series == 0) {
      return std::nullopt;
    }
    BlockMeta meta = merged_meta(ulid, {&input.meta, 1});
    meta.min_t_ms = std::min(meta.min_t_ms, writer.range().min_t_ms);
    meta.end_t_ms = std::max(meta.end_t_ms, writer.range().max_t_ms + 1);
    return finish(staged, writer.finish(std::move(meta)));
  }
  static void drop_invalid(SeriesSamples& samples) {
    for (std::size_t i = samples.histogram.size(); i-- > 0;) {
      if (!is_stale_marker(samples.histogram[i].sum) && histogram_fault(samples.histogram[i]).has_value()) {
        samples.histogram.erase(samples.histogram.begin() + static_cast<std::ptrdiff_t>(i));
        samples.histogram_t_ms.erase(samples.histogram_t_ms.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }

  void move_aside(std::string_view why, bool is_lost = true) const {
    const bool holds_any = tree_bytes(folder_ + "/chunks") > kSegmentHeaderSize;
    const StoreLock lock = job_.upkeep->lock_store();
    job_.aside->take(name_);
    job_.aside->sync();
    tell(fmt::format("moved aside: {}", holds_any ? why : "it holds nothing"),
         is_lost && (holds_any || (has_meta_ && meta_.stats.samples > 0)));
  }

  const RepairJob& job_;
  const std::string& name_;
  std::string folder_;
  BlockMeta meta_;
  bool has_meta_ = false;
};

}  // namespace

void repair_block(const RepairJob& job, const std::string& name) {
  BlockRepair(job, name).run();
}

}  // namespace mcore
