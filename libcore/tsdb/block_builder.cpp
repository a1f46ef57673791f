// SPDX-License-Identifier: Apache-2.0
// A block wants its series in label order, with ascending chunk references (tsdb-format 2.3.4), while samples come as
// they like. So chunks are cut as the samples come and wait in a spool; in the end each window's chunks are copied in
// label order. What outgrows the memory is written as blocks of another kind, parts, which the end reads instead.
#include "tsdb/block_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "tsdb/block_reader.h"
#include "tsdb/block_writer.h"
#include "tsdb/chunk_reader.h"
#include "tsdb/ulid.h"

namespace mcore {
namespace {

constexpr std::size_t kFullChunk = 120;
constexpr std::size_t kAskInterval = 256;  // series between two looks at `stop`

/// One chunk of the series at hand, wherever it lies.
struct RawChunk {
  std::int64_t min_t_ms = 0;
  std::int64_t max_t_ms = 0;
  std::string_view bytes{};
  std::uint32_t samples = 0;
  std::uint32_t age = 0;  // of several samples at one time that of the lowest age stays
  std::uint8_t encoding = 0;
};

bool by_time(const RawChunk& a, const RawChunk& b) noexcept {
  return a.min_t_ms != b.min_t_ms ? a.min_t_ms < b.min_t_ms : a.age < b.age;
}

/// Whether chunks, sorted by time, can be written as they are: none reaches into the next, and no two neighbours would
/// fit into one.
bool are_settled(std::span<const RawChunk> chunks) noexcept {
  for (std::size_t i = 1; i < chunks.size(); ++i) {
    const RawChunk& a = chunks[i - 1];
    const RawChunk& b = chunks[i];
    constexpr auto kXor = static_cast<std::uint8_t>(ChunkEncoding::kXor);
    if (b.min_t_ms <= a.max_t_ms || (a.encoding == kXor && b.encoding == kXor && a.samples + b.samples <= kFullChunk)) {
      return false;
    }
  }
  return true;
}

}  // namespace

void BuildTally::add(const SampleTally& tally, const std::function<LabelsView(std::uint32_t)>& labels) {
  repeated += tally.repeated;
  conflicts += tally.conflicts;
  if (conflict_example.empty() && tally.first_conflict) {
    conflict_example = conflict_text(labels(tally.first_conflict->series), *tally.first_conflict);
  }
}

void BuildTally::add(const BuildTally& more) {
  repeated += more.repeated;
  conflicts += more.conflicts;
  if (conflict_example.empty()) {
    conflict_example = more.conflict_example;
  }
}

/// Series of one window in label order, with their chunks.
class BlockBuilder::Feed {
 public:
  virtual ~Feed() = default;
  virtual bool next() = 0;
  [[nodiscard]] virtual LabelsView labels() const = 0;
  /// Appends the chunks of the series at hand; the views live until next().
  virtual void chunks(std::vector<RawChunk>& out) = 0;
};

class BlockBuilder::SpoolFeed final : public Feed {
 public:
  SpoolFeed(const BlockBuilder& builder, const Window& window)
      : builder_(builder),
        first_age_(static_cast<std::uint32_t>(builder.parts_.size())),
        at_(window.begin),
        series_end_(window.begin),
        end_(window.end) {}

  bool next() override {
    at_ = series_end_;
    if (at_ == end_) {
      return false;
    }
    const std::uint64_t place = builder_.keys_[at_].place;
    while (series_end_ != end_ && builder_.keys_[series_end_].place == place) {
      ++series_end_;
    }
    return true;
  }
  [[nodiscard]] LabelsView labels() const override { return builder_.table_.labels(chunk(at_).series); }
  void chunks(std::vector<RawChunk>& out) override {
    // Chunks of a series that came in order lie side by side: one reading for all of them.
    const SpooledChunk& first = chunk(at_);
    std::uint64_t end = first.offset;
    bool adjacent = true;
    for (std::size_t i = at_; i != series_end_; ++i) {
      adjacent = adjacent && chunk(i).offset == end;
      end = chunk(i).offset + chunk(i).size;
    }
    const std::size_t pieces = series_end_ - at_;
    if (buffers_.size() < pieces) {
      buffers_.resize(pieces);
    }
    const std::string_view all =
        adjacent ? builder_.spool_.read(first.offset, end - first.offset, buffers_[0]) : std::string_view();
    for (std::size_t i = at_; i != series_end_; ++i) {
      const SpooledChunk& from = chunk(i);
      const std::string_view bytes = adjacent ? all.substr(from.offset - first.offset, from.size)
                                              : builder_.spool_.read(from.offset, from.size, buffers_[i - at_]);
      // A series' in-order samples came before any late one of the same time.
      const auto age = static_cast<std::uint32_t>(first_age_ + (from.is_late ? i - at_ + 1 : 0));
      out.push_back({from.min_t_ms, from.max_t_ms, bytes, from.samples, age, from.encoding});
    }
  }

 private:
  [[nodiscard]] const SpooledChunk& chunk(std::size_t i) const {
    return builder_.spool_.chunks()[builder_.keys_[i].chunk];
  }

  const BlockBuilder& builder_;
  std::uint32_t first_age_;  // younger than all parts
  std::size_t at_;
  std::size_t series_end_;
  std::size_t end_;
  std::vector<std::string> buffers_;
};

/// Parts were written by us a moment ago: damage in them is an error.
class BlockBuilder::PartFeed final : public Feed {
 public:
  PartFeed(const Part& part, std::uint32_t age, TimeRange range)
      : block_(part.folder, part.meta), cursor_(block_, block_.find({}, fail), range, fail), age_(age) {}

  bool next() override { return cursor_.next(); }
  [[nodiscard]] LabelsView labels() const override { return cursor_.labels(); }
  void chunks(std::vector<RawChunk>& out) override {
    for (const ChunkMeta& meta : cursor_.chunks()) {
      const std::optional<ChunkBytes> bytes = cursor_.chunk(meta);
      out.push_back({meta.min_t_ms, meta.max_t_ms, bytes->data,
                     chunk_sample_count(bytes->encoding, bytes->data).value_or(0), age_, bytes->encoding});
    }
  }

 private:
  static void fail(const Error& error) { throw error; }

  BlockReader block_;
  BlockCursor cursor_;
  std::uint32_t age_;
};

/// Writes the block of one window after the other.
class BlockBuilder::WindowWriter {
 public:
  WindowWriter(const BlockBuilder& builder, bool as_parts)
      : builder_(builder), as_parts_(as_parts), cutter_({.windows = XorWindows::kServer}) {
    if (!as_parts && builder.options_.open_stored) {
      stored_ = builder.options_.open_stored();
    }
  }

  /// Nothing if the window turns out empty, or if it was stopped.
  std::optional<BlockMeta> write(const Window& window, const std::string& folder, std::string ulid);
  /// Hands out the series of a window decoded.
  void decode(const Window& window, const std::function<void(LabelsView, SeriesSamples&)>& take);

  [[nodiscard]] const BuildTally& tally() const noexcept { return tally_; }
  [[nodiscard]] bool stopped() const noexcept { return stopped_; }

 private:
  void start(const Window& window);
  bool next();
  [[nodiscard]] LabelsView labels() const { return LabelsView(labels_); }
  void settle(SeriesSamples& samples);
  void find_stored();
  void write_series(BlockWriter& out);
  void write_decoded(BlockWriter& out);
  void note(const SampleTally& tally) {
    tally_.add(tally, [this](std::uint32_t) { return labels(); });
  }

  const BlockBuilder& builder_;
  bool as_parts_;
  std::unique_ptr<Querier> stored_;
  std::unique_ptr<SeriesSet> stored_set_;
  bool has_stored_ = false;  // stored_set_ stands on a series
  std::vector<std::unique_ptr<Feed>> feeds_;
  std::vector<std::unique_ptr<Feed>*> ready_;  // feeds that stand on a series
  std::string labels_;                         // of the series at hand
  std::vector<RawChunk> chunks_;               // of it
  std::vector<ChunkToWrite> to_write_;
  SeriesSamples samples_;
  SeriesSamples more_;
  SeriesSamples existing_;
  ChunkCutter cutter_;
  std::vector<std::string> cut_bytes_;
  BuildTally tally_;
  bool stopped_ = false;
};

void BlockBuilder::WindowWriter::start(const Window& window) {
  feeds_ = builder_.feeds(window);
  std::erase_if(feeds_, [](const std::unique_ptr<Feed>& feed) { return !feed->next(); });
  ready_.clear();
  stored_set_.reset();
  has_stored_ = false;
  if (stored_ != nullptr) {
    stored_set_ = stored_->select({}, window.range);
    has_stored_ = stored_set_->next();
  }
}

/// Moves to the next series of all feeds and collects its chunks.
bool BlockBuilder::WindowWriter::next() {
  for (std::unique_ptr<Feed>* const feed : ready_) {
    if (!(*feed)->next()) {
      feed->reset();
    }
  }
  ready_.clear();
  std::erase(feeds_, nullptr);
  for (std::unique_ptr<Feed>& feed : feeds_) {
    const auto order = ready_.empty() ? std::strong_ordering::less : feed->labels() <=> (*ready_.front())->labels();
    if (order < 0) {
      ready_.clear();
    }
    if (order <= 0) {
      ready_.push_back(&feed);
    }
  }
  chunks_.clear();
  if (ready_.empty()) {
    return false;
  }
  labels_ = (*ready_.front())->labels().bytes();
  for (std::unique_ptr<Feed>* const feed : ready_) {
    (*feed)->chunks(chunks_);
  }
  std::ranges::sort(chunks_, by_time);
  return true;
}

/// Decodes the chunks at hand; of several samples at one time the first stays.
void BlockBuilder::WindowWriter::settle(SeriesSamples& samples) {
  SampleTally tally;
  samples.clear();
  std::ranges::stable_sort(chunks_, {}, &RawChunk::age);
  for (const RawChunk& chunk : chunks_) {
    more_.clear();
    const TimeRange all{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
    if (decode_chunk(chunk.encoding, chunk.bytes, all, more_) != ChunkState::kWhole) {
      throw Error(ErrorKind::kCorrupt, "build block", builder_.options_.folder, "a chunk cannot be read back");
    }
    merge_tallied(samples, more_, 0, tally);
  }
  note(tally);
}

/// Fills existing_ with what the store has of the series at hand.
void BlockBuilder::WindowWriter::find_stored() {
  existing_.clear();
  while (has_stored_) {
    const auto order = stored_set_->labels() <=> labels();
    if (order == 0) {
      stored_set_->samples(existing_);
    }
    if (order >= 0) {
      return;
    }
    has_stored_ = stored_set_->next();
  }
}

void BlockBuilder::WindowWriter::write_series(BlockWriter& out) {
  find_stored();
  if (existing_.empty() && are_settled(chunks_)) {
    to_write_.clear();
    for (const RawChunk& chunk : chunks_) {
      to_write_.push_back({.encoding = chunk.encoding,
                           .min_t_ms = chunk.min_t_ms,
                           .max_t_ms = chunk.max_t_ms,
                           .bytes = chunk.bytes,
                           .samples = chunk.samples});
    }
    out.add_series(labels(), to_write_);
    return;
  }
  settle(samples_);
  SampleTally tally;
  subtract_tallied(samples_, existing_, 0, tally);
  note(tally);
  if (!samples_.empty()) {
    write_decoded(out);
  }
}

void BlockBuilder::WindowWriter::write_decoded(BlockWriter& out) {
  to_write_.clear();
  cut_bytes_.clear();
  const auto cut = [this](const SeriesSamples& samples) {
    for (const EncodedChunk& chunk : cutter_.cut(samples)) {
      cut_bytes_.emplace_back(chunk.bytes);
      to_write_.push_back({.encoding = static_cast<std::uint8_t>(chunk.encoding),
                           .min_t_ms = chunk.min_t_ms,
                           .max_t_ms = chunk.max_t_ms,
                           .bytes = {},
                           .samples = chunk.sample_count});
    }
  };
  if (as_parts_) {
    each_chunk_window(samples_, cut);  // the end may divide them there
  } else {
    cut(samples_);
  }
  for (std::size_t i = 0; i < to_write_.size(); ++i) {
    to_write_[i].bytes = cut_bytes_[i];
  }
  out.add_series(labels(), to_write_);
}

std::optional<BlockMeta> BlockBuilder::WindowWriter::write(const Window& window, const std::string& folder,
                                                           std::string ulid) {
  const BlockBuilderOptions& options = builder_.options_;
  start(window);
  BlockWriter out(folder,
                  {.owner = options.owner, .segment_bytes = options.segment_bytes, .sync = options.sync && !as_parts_});
  std::size_t until_asked = 0;
  while (next()) {
    if (options.stop && until_asked-- == 0) {
      until_asked = kAskInterval;
      if (options.stop()) {
        stopped_ = true;
        return std::nullopt;
      }
    }
    write_series(out);
  }
  if (out.stats().series == 0) {
    return std::nullopt;
  }
  BlockMeta meta;
  meta.sources = {ulid};
  meta.ulid = std::move(ulid);
  meta.min_t_ms = out.range().min_t_ms;
  meta.end_t_ms = out.range().max_t_ms + 1;
  return out.finish(std::move(meta));
}

void BlockBuilder::WindowWriter::decode(const Window& window,
                                        const std::function<void(LabelsView, SeriesSamples&)>& take) {
  start(window);
  while (next()) {
    settle(samples_);
    take(labels(), samples_);
  }
}

BlockBuilder::BlockBuilder(BlockBuilderOptions options)
    : options_(std::move(options)),
      spool_(options_.folder + "/spool", options_.owner),
      maker_(spool_),
      limit_(options_.memory) {
  if (options_.block_ms < kChunkWindowMs || options_.block_ms % kChunkWindowMs != 0) {
    throw Error(ErrorKind::kUsage, "build blocks", "",
                fmt::format("blocks of {} ms; the length must be a multiple of two hours", options_.block_ms));
  }
}

void BlockBuilder::append(std::uint32_t series, std::span<const std::int64_t> t_ms, std::span<const double> value) {
  appended_ += t_ms.size();
  maker_.append(series, t_ms, value);
  note_memory();
}

void BlockBuilder::append(std::uint32_t series, std::int64_t t_ms, const Histogram& histogram) {
  ++appended_;
  maker_.append(series, t_ms, histogram);
  note_memory();
}

void BlockBuilder::note_memory() noexcept {
  constexpr std::uint64_t kInterval = 256;
  if (++appends_ % kInterval == 0) {
    sample_memory_.store(maker_.memory() + spool_.memory(), std::memory_order_relaxed);
  }
}

void BlockBuilder::finish() {
  maker_.finish();
  tally_.add(maker_.take_tally(), [this](std::uint32_t series) { return table_.labels(series); });
  order_ = table_.sorted();
}

void BlockBuilder::plan(std::int64_t end_t_ms) {
  end_t_ms = std::max(end_t_ms, std::numeric_limits<std::int64_t>::min() / 2);
  // Starts of the chunk windows that have samples, and the block of each.
  std::vector<std::int64_t> starts = part_windows_;
  std::int64_t last = std::numeric_limits<std::int64_t>::max();
  for (const SpooledChunk& chunk : spool_.chunks()) {
    if (const std::int64_t start = aligned_start(chunk.min_t_ms); start != last) {
      starts.push_back(start);
      last = start;
    }
  }
  std::ranges::sort(starts);
  starts.erase(std::ranges::unique(starts).begin(), starts.end());
  windows_.clear();
  rest_.reset();
  std::vector<std::uint32_t> window_of(starts.size());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::int64_t block = aligned_start(starts[i], options_.block_ms);
    TimeRange range{starts[i], starts[i] + kChunkWindowMs - 1};
    if (block <= end_t_ms - options_.block_ms) {
      range = {block, block + options_.block_ms - 1};
    } else if (starts[i] > end_t_ms - kChunkWindowMs) {
      window_of[i] = static_cast<std::uint32_t>(windows_.size());
      if (!rest_) {
        rest_ = Window{.range = {starts[i], std::numeric_limits<std::int64_t>::max()}};
      }
      continue;
    }
    if (windows_.empty() || windows_.back().range.min_t_ms != range.min_t_ms) {
      windows_.push_back({.range = range});
    }
    window_of[i] = static_cast<std::uint32_t>(windows_.size() - 1);
  }
  std::vector<std::uint32_t> rank(order_.size());
  for (std::uint32_t i = 0; i < order_.size(); ++i) {
    rank[order_[i]] = i;
  }
  keys_.clear();
  keys_.reserve(spool_.chunks().size());
  std::uint32_t window = 0;
  last = std::numeric_limits<std::int64_t>::max();
  for (std::uint32_t i = 0; i < spool_.chunks().size(); ++i) {
    const SpooledChunk& chunk = spool_.chunks()[i];
    if (const std::int64_t start = aligned_start(chunk.min_t_ms); start != last) {
      window = window_of[static_cast<std::size_t>(std::ranges::lower_bound(starts, start) - starts.begin())];
      last = start;
    }
    keys_.push_back({.place = (static_cast<std::uint64_t>(window) << 32U) | rank[chunk.series], .chunk = i});
  }
  std::ranges::sort(
      keys_, [](const Key& a, const Key& b) { return a.place != b.place ? a.place < b.place : a.chunk < b.chunk; });
  std::size_t at = 0;
  const auto take_keys = [&](Window& to, std::uint64_t number) {
    to.begin = at;
    while (at < keys_.size() && keys_[at].place >> 32U == number) {
      ++at;
    }
    to.end = at;
  };
  for (std::size_t i = 0; i < windows_.size(); ++i) {
    take_keys(windows_[i], i);
  }
  if (rest_) {
    take_keys(*rest_, windows_.size());
  }
}

std::vector<std::unique_ptr<BlockBuilder::Feed>> BlockBuilder::feeds(const Window& window) const {
  std::vector<std::unique_ptr<Feed>> all;
  for (std::uint32_t i = 0; i < parts_.size(); ++i) {
    const TimeRange range{parts_[i].meta.min_t_ms, parts_[i].meta.end_t_ms - 1};
    if (range.overlaps(window.range)) {
      all.push_back(std::make_unique<PartFeed>(parts_[i], i, window.range));
    }
  }
  if (window.begin != window.end) {
    all.push_back(std::make_unique<SpoolFeed>(*this, window));
  }
  return all;
}

bool BlockBuilder::write_all(std::span<const Window> windows, bool as_parts, std::int64_t now_ms,
                             std::vector<BuiltBlock>& blocks) {
  std::vector<std::optional<BuiltBlock>> built(windows.size());
  std::vector<BuildTally> tallies;
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> stopped = false;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      WindowWriter writer(*this, as_parts);
      for (std::size_t i = next++; i < windows.size() && !stopped; i = next++) {
        std::string ulid = make_ulid(now_ms);
        const std::string folder = options_.folder + (as_parts ? "/part-" : "/block-") + ulid;
        if (std::optional<BlockMeta> meta = writer.write(windows[i], folder, std::move(ulid)); meta) {
          built[i] = BuiltBlock{folder, std::move(*meta)};
        } else {
          (void)remove_tree(folder);
        }
        stopped = stopped || writer.stopped();
      }
      const std::scoped_lock lock(mutex);
      tallies.push_back(writer.tally());
    } catch (...) {
      const std::scoped_lock lock(mutex);
      failure = std::current_exception();
      stopped = true;
    }
  };
  std::uint64_t series = order_.size();
  for (const Part& part : parts_) {
    series = std::max(series, part.meta.stats.series);
  }
  // Two indexes under way at once only where they are small.
  constexpr std::uint64_t kManySeries = std::uint64_t{1} << 17U;
  if (windows.size() > 1 && series < kManySeries) {
    const std::jthread second(work);
    work();
  } else {
    work();
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
  for (const BuildTally& tally : tallies) {
    tally_.add(tally);
  }
  for (std::optional<BuiltBlock>& block : built) {
    if (block) {
      blocks.push_back(std::move(*block));
    }
  }
  return !stopped;
}

bool BlockBuilder::flush() {
  finish();
  const std::vector<Part> before = std::exchange(parts_, {});  // parts are joined in the end only
  const std::vector<std::int64_t> windows_before = std::exchange(part_windows_, {});
  plan(std::numeric_limits<std::int64_t>::max());
  std::vector<BuiltBlock> blocks;
  const bool done = write_all(windows_, true, 0, blocks);
  parts_ = before;
  part_windows_ = windows_before;
  if (!done) {
    return false;
  }
  for (BuiltBlock& block : blocks) {
    parts_.push_back({std::move(block.folder), std::move(block.meta)});
  }
  std::int64_t last = std::numeric_limits<std::int64_t>::max();
  for (const SpooledChunk& chunk : spool_.chunks()) {
    if (const std::int64_t start = aligned_start(chunk.min_t_ms); start != last) {
      part_windows_.push_back(start);
      last = start;
    }
  }
  std::ranges::sort(part_windows_);
  part_windows_.erase(std::ranges::unique(part_windows_).begin(), part_windows_.end());
  // More series at once than fit, each with a few samples only: to go on like this would write blocks of crumbs.
  constexpr std::uint64_t kFewSamples = 16;
  if (appended_ < kFewSamples * table_.size()) {
    limit_ *= 2;
  }
  appended_ = 0;
  spool_.clear();
  table_.clear();
  sample_memory_ = 0;
  return true;
}

std::optional<TimeRange> BlockBuilder::range() const {
  std::optional<TimeRange> all;
  const auto add = [&all](std::int64_t min_t_ms, std::int64_t max_t_ms) {
    all = all ? TimeRange{std::min(all->min_t_ms, min_t_ms), std::max(all->max_t_ms, max_t_ms)}
              : TimeRange{min_t_ms, max_t_ms};
  };
  for (const Part& part : parts_) {
    add(part.meta.min_t_ms, part.meta.end_t_ms - 1);
  }
  for (const SpooledChunk& chunk : spool_.chunks()) {
    add(chunk.min_t_ms, chunk.max_t_ms);
  }
  return all;
}

bool BlockBuilder::build(std::int64_t end_t_ms, std::int64_t now_ms, std::vector<BuiltBlock>& blocks) {
  plan(end_t_ms);
  return write_all(windows_, false, now_ms, blocks);
}

void BlockBuilder::rest(const std::function<void(LabelsView, SeriesSamples&)>& take) {
  if (rest_) {
    WindowWriter writer(*this, true);
    writer.decode(*rest_, take);
    tally_.add(writer.tally());
  }
}

}  // namespace mcore
