// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_cut.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <thread>

#include "base/error.h"
#include "base/number_text.h"
#include "storage/sample_merge.h"
#include "tsdb/block_list.h"
#include "tsdb/block_writer.h"
#include "tsdb/chunk_cutter.h"
#include "tsdb/head_querier.h"
#include "tsdb/log_flush.h"
#include "tsdb/ulid.h"

namespace mcore {
namespace {

constexpr std::int64_t kBehindNewestMs = kBlockSpanMs / 2;

/// Series with one label set, and which of the windows they have late samples in.
struct CutSeries {
  std::vector<HeadQuerier::Series> parts;
  std::vector<std::int64_t> late_windows;
};

/// What is to be written, taken from the head as of one commit.
class HeadCut {
 public:
  HeadCut(HeadFiles& files, const HeadHome& home, std::int64_t from_t_ms, std::int64_t cut_t_ms,
          const HeadUpkeepOptions& options)
      : files_(files),
        home_(home),
        options_(options),
        from_t_ms_(from_t_ms),
        cut_t_ms_(cut_t_ms),
        querier_(files, from_t_ms) {}

  /// The commit that the blocks hold everything of.
  [[nodiscard]] std::uint64_t snapshot() const noexcept { return querier_.commit().number; }

  /// Series with late samples that stay in the WBL: for a server a sample is late too that is newer than its series'
  /// own.
  [[nodiscard]] const std::vector<std::uint32_t>& with_later() const noexcept { return with_later_; }

  void collect() {
    for (HeadQuerier::Series& one : querier_.series({})) {
      const bool same =
          !series_.empty() && files_.labels_of(series_.back().parts.front().id) == files_.labels_of(one.id);
      if (!same) {
        series_.emplace_back();
      }
      series_.back().parts.push_back(one);
    }
    for (CutSeries& series : series_) {
      note_windows(series);
    }
  }

  /// Writes one staged block a window; returns their ULIDs and ranges in order of time.
  std::vector<BlockMeta> write(const std::string& stage) {
    std::vector<BlockMeta> blocks;
    std::size_t done = 0;
    for (const std::int64_t window : windows_) {
      if (options_.is_cancelled && options_.is_cancelled()) {
        return {};
      }
      if (options_.on_progress) {
        options_.on_progress("cutting the head", static_cast<double>(done++) / static_cast<double>(windows_.size()));
      }
      if (auto meta = write_window(stage, window); meta.has_value()) {
        blocks.push_back(std::move(*meta));
      }
    }
    return blocks;
  }

 private:
  void note_windows(CutSeries& series) {
    SeriesSamples late;
    for (const HeadQuerier::Series& part : series.parts) {
      if (part.state.late != 0) {
        late.clear();
        read_late_samples(files_, part.state, {}, late);
        for (const auto* times : {&late.t_ms, &late.histogram_t_ms}) {
          for (const std::int64_t t_ms : *times) {
            if (t_ms < cut_t_ms_) {
              series.late_windows.push_back(window_start(t_ms));
            }
          }
          if (!times->empty() && times->back() >= cut_t_ms_) {
            with_later_.push_back(part.id);
          }
        }
      }
      if (part.state.last_t_ms >= from_t_ms_) {
        note_in_order(part);
      }
    }
    std::ranges::sort(series.late_windows);
    const auto rest = std::ranges::unique(series.late_windows);
    series.late_windows.erase(rest.begin(), rest.end());
    for (const std::int64_t window : series.late_windows) {
      add_window(window);
    }
  }

  void note_in_order(const HeadQuerier::Series& part) {
    const std::int64_t first = first_in_order(part);
    const std::int64_t last = std::min(part.state.last_t_ms, cut_t_ms_ - 1);
    if (first > last) {
      return;
    }
    add_window(window_start(first));
    if (window_start(first) == window_start(last)) {
      return;
    }
    // One sample of long ago does not make a window of every two hours since.
    times_.clear();
    read_in_order_samples(files_, part.state, {first, last}, times_);
    for (const auto* times : {&times_.t_ms, &times_.histogram_t_ms}) {
      std::int64_t behind = first;
      for (const std::int64_t t_ms : *times) {
        if (t_ms >= behind) {
          add_window(window_start(t_ms));
          const std::int64_t end = window_last(window_start(t_ms));
          behind = end == std::numeric_limits<std::int64_t>::max() ? end : end + 1;
        }
      }
    }
  }

  [[nodiscard]] std::int64_t first_in_order(const HeadQuerier::Series& part) const {
    std::int64_t first = part.state.last_t_ms;
    for (std::uint32_t slab = part.state.slab; slab != 0 && first > from_t_ms_; slab = files_.slab(slab).previous) {
      first = files_.slab(slab).first_t_ms;
    }
    return std::max(first, from_t_ms_);
  }

  void add_window(std::int64_t window) {
    const auto at = std::ranges::lower_bound(windows_, window);
    if (at == windows_.end() || *at != window) {
      windows_.insert(at, window);
    }
  }

  std::optional<BlockMeta> write_window(const std::string& stage, std::int64_t window) {
    const TimeRange range{window, std::min(window_last(window), cut_t_ms_ - 1)};
    BlockMeta meta;
    meta.ulid = make_ulid(now_ms_for_ulid());
    BlockWriterOptions writer_options;
    writer_options.owner = home_.owner();
    const std::string folder = stage + "/" + meta.ulid;
    BlockWriter writer(folder, writer_options);
    ChunkCutter cutter;
    SeriesSamples samples;
    std::vector<ChunkToWrite> chunks;
    for (const CutSeries& series : series_) {
      if (!has_any(series, range)) {
        continue;
      }
      samples.clear();
      for (const HeadQuerier::Series& part : series.parts) {
        SeriesSamples more;
        read_head_samples(files_, querier_.commit(), part.id, part.state, range, from_t_ms_, more);
        merge_samples(samples, std::move(more));
      }
      drop_invalid(samples);
      if (samples.empty()) {
        continue;
      }
      chunks.clear();
      for (const EncodedChunk& chunk : cutter.cut(samples)) {
        chunks.push_back({static_cast<std::uint8_t>(chunk.encoding), chunk.min_t_ms, chunk.max_t_ms, chunk.bytes,
                          chunk.sample_count});
      }
      writer.add_series(files_.labels_of(series.parts.front().id), chunks);
    }
    if (writer.stats().series == 0) {
      (void)remove_tree(folder);
      return std::nullopt;
    }
    meta.min_t_ms = writer.range().min_t_ms;
    meta.end_t_ms = range.max_t_ms + 1;
    meta.sources = {meta.ulid};
    return writer.finish(std::move(meta));
  }

  [[nodiscard]] bool has_any(const CutSeries& series, TimeRange window) const {
    return std::ranges::binary_search(series.late_windows, window.min_t_ms) ||
           std::ranges::any_of(series.parts, [&](const HeadQuerier::Series& part) {
             return part.state.last_t_ms >= std::max(window.min_t_ms, from_t_ms_);
           });
  }

  /// A server's log may hold histograms that no chunk can (conformance, "behaviour not to copy", 3).
  void drop_invalid(SeriesSamples& samples) const {
    for (std::size_t i = samples.histogram.size(); i-- > 0;) {
      const auto fault = is_stale(samples.histogram[i]) ? std::nullopt : histogram_fault(samples.histogram[i]);
      if (fault.has_value()) {
        if (options_.on_damage) {
          options_.on_damage(Error(ErrorKind::kCorrupt, "cut head", home_.store(), *fault));
        }
        samples.histogram.erase(samples.histogram.begin() + static_cast<std::ptrdiff_t>(i));
        samples.histogram_t_ms.erase(samples.histogram_t_ms.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }

  static bool is_stale(const Histogram& histogram) noexcept { return is_stale_marker(histogram.sum); }
  static std::int64_t now_ms_for_ulid() noexcept { return SystemClock().now_ms(); }

  HeadFiles& files_;
  const HeadHome& home_;
  const HeadUpkeepOptions& options_;
  std::int64_t from_t_ms_;  // in-order samples before it are in blocks
  std::int64_t cut_t_ms_;
  HeadQuerier querier_;
  std::vector<CutSeries> series_;
  std::vector<std::int64_t> windows_;
  std::vector<std::uint32_t> with_later_;
  SeriesSamples times_;  // reused
};

/// An empty segment is begun once more where the checkpoint right before it holds what is to go.
HeadLogMark next_segment(const std::string& folder, const HeadLogMark& mark, std::int64_t checkpoint,
                         const NewFileOwner& owner) {
  if (mark.segment < 0 || (mark.offset == 0 && (checkpoint < 0 || checkpoint + 1 != mark.segment))) {
    return mark;
  }
  const HeadLogMark next{.segment = mark.segment + 1};
  (void)create_owned_file(segment_path(folder, next.segment), O_WRONLY, owner);
  return next;
}

struct CutStart {
  HeadFiles files;
  std::int64_t from_t_ms = kNoTime;       // in-order samples before it are safe
  std::int64_t min_valid_t_ms = kNoTime;  // by the blocks that there were
  std::int64_t last_wal = -1;             // last segments that hold what is cut
  std::int64_t last_wbl = -1;
};

/// Raises the floor and begins new segments, so that the old ones hold all that is to move.
std::optional<CutStart> start_cut(const HeadHome& home, std::int64_t cut_t_ms, const HeadUpkeepOptions& options) {
  const auto writer = home.lock_writer(options.lock_timeout);
  if (!writer.has_value()) {
    throw Error(ErrorKind::kBusy, "lock store", home.writer_lock_path(),
                "held by " + describe_lock_holder(home.writer_lock_path()));
  }
  const std::int64_t in_blocks = min_valid_t_ms(list_blocks(home.store(), options.on_damage));
  std::optional<HeadFiles> files;
  (void)home.catch_up(files, in_blocks, {});
  if (flush_logs(home, *files, files->published().number, options.lock_timeout) != FlushOutcome::kDurable) {
    return std::nullopt;
  }
  const auto store = FileLock::lock_within(home.store() + "/lock", home.owner(), std::chrono::milliseconds(0));
  if (!store.has_value()) {
    throw Error(ErrorKind::kBusy, "lock store", home.store() + "/lock",
                "held by " + describe_lock_holder(home.store() + "/lock"));
  }
  if (compare_with_logs(files->published(), look_at_logs(home.store())) == HeadStanding::kBehind) {
    home.cut_tails(files, in_blocks);
  }
  HeadWriter head(*files, HeadWriter::Mode::kShared);
  head.begin();
  const HeadControl::Durable durable = durable_state(*files);
  if (durable.wal != head.next().wal || durable.wbl != head.next().wbl ||
      compare_with_logs(head.next(), look_at_logs(home.store())) != HeadStanding::kCurrent) {
    head.abandon();
    return std::nullopt;
  }
  head.next().floor_t_ms = std::max(head.next().floor_t_ms, cut_t_ms);
  // A block that others brought endangers what the log alone holds before its end; that goes into blocks as well.
  CutStart start{.files = {},
                 .from_t_ms = head.next().in_blocks_t_ms,
                 .min_valid_t_ms = in_blocks,
                 .last_wal = -1,
                 .last_wbl = -1};
  head.next().wal = next_segment(home.store() + "/wal", head.next().wal, head.next().checkpoint, home.owner());
  head.next().wbl = next_segment(home.store() + "/wbl", head.next().wbl, -1, home.owner());
  start.last_wal = head.next().wal.segment - 1;
  start.last_wbl = head.next().wbl.segment - 1;
  head.publish();
  start.files = std::move(*files);
  return start;
}

}  // namespace

std::optional<std::int64_t> cut_time(const HeadCommit& commit, std::int64_t now_ms, bool force) {
  if (commit.max_t_ms < kNoTime + kBehindNewestMs) {
    return std::nullopt;
  }
  std::int64_t cut = window_start(std::min(commit.max_t_ms - kBehindNewestMs, now_ms));
  if (force) {
    // Not ahead of the clock here either: a server that comes would refuse the present.
    const std::int64_t last = std::min(window_last(window_start(std::min(commit.max_t_ms, now_ms))), now_ms);
    cut = last == std::numeric_limits<std::int64_t>::max() ? last : last + 1;
  }
  const bool has_in_order = cut > commit.floor_t_ms && commit.min_t_ms < cut;
  const bool has_late = commit.late_samples > 0 && force;
  if (has_in_order) {
    return cut;
  }
  return has_late && commit.floor_t_ms != kNoTime ? std::optional(commit.floor_t_ms) : std::nullopt;
}

StoreLocks lock_for_upkeep(const HeadHome& home, std::chrono::milliseconds timeout) {
  auto writer = home.lock_writer(timeout);
  if (!writer.has_value()) {
    throw Error(ErrorKind::kBusy, "lock store", home.writer_lock_path(),
                "held by " + describe_lock_holder(home.writer_lock_path()));
  }
  auto store = FileLock::try_lock(home.store() + "/lock", home.owner());
  if (!store.has_value()) {
    throw Error(ErrorKind::kBusy, "lock store", home.store() + "/lock",
                "held by " + describe_lock_holder(home.store() + "/lock"));
  }
  return {std::move(*writer), std::move(*store)};
}

HeadCutResult cut_head(const HeadHome& home, std::int64_t cut_t_ms, const HeadUpkeepOptions& options) {
  HeadCutResult result;
  std::optional<CutStart> start = start_cut(home, cut_t_ms, options);
  if (!start.has_value()) {
    return result;
  }
  const std::string stage = home.folder() + "/stage";
  (void)remove_tree(stage);  // what a killed one left
  create_owned_folder(stage, home.owner());
  HeadCut cut(start->files, home, start->from_t_ms, cut_t_ms, options);
  cut.collect();
  const std::vector<BlockMeta> blocks = cut.write(stage);
  if (options.is_cancelled && options.is_cancelled()) {
    (void)remove_tree(stage);
    return result;
  }
  {
    const StoreLocks locks = lock_for_upkeep(home, options.lock_timeout);
    const HeadStanding standing = compare_with_logs(start->files.published(), look_at_logs(home.store()));
    const bool stands = start->files.control().retired.load() == 0 && start->files.is_in_place() &&
                        (standing == HeadStanding::kCurrent || standing == HeadStanding::kBehind) &&
                        start->files.published().floor_t_ms >= cut_t_ms &&  // else a server has been here
                        min_valid_t_ms(list_blocks(home.store(), options.on_damage)) == start->min_valid_t_ms;
    if (!stands) {
      (void)remove_tree(stage);
      return result;
    }
    for (const BlockMeta& block : blocks) {
      const std::string to = home.store() + "/" + block.ulid;
      if (std::rename((stage + "/" + block.ulid).c_str(), to.c_str()) != 0) {
        throw Error(ErrorKind::kIo, "rename block", to, errno_text(errno));
      }
    }
    HeadWriter head(start->files, HeadWriter::Mode::kShared);
    head.begin();
    head.next().in_blocks_t_ms = std::max(head.next().in_blocks_t_ms, cut_t_ms);
    head.next().retired_t_ms = cut_t_ms;
    head.next().retired_commit = cut.snapshot();
    for (const std::uint32_t id : cut.with_later()) {
      head.keep(id);
    }
    head.next().shrink_wal = start->last_wal;
    head.next().shrink_wbl = start->last_wbl;
    head.publish();
  }
  sync_directory(home.store());
  for (const BlockMeta& block : blocks) {
    result.blocks.push_back(block.ulid);
    result.samples += block.stats.samples;
  }
  result.done = true;
  result.cut_t_ms = cut_t_ms;
  return result;
}

}  // namespace mcore
