// SPDX-License-Identifier: Apache-2.0
// What of BlockReader decodes samples.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "tsdb/block_reader.h"
#include "tsdb/chunk_reader.h"

namespace mcore {
namespace {

constexpr std::size_t kMaxKnownSeries = 1 << 20U;

[[noreturn]] void fail(const BlockReader& block, const ChunkMeta& chunk, std::string_view why) {
  throw Error(ErrorKind::kCorrupt, "read chunk", block.folder(),
              fmt::format("{} in segment {} at byte {}", why, ChunkSegments::segment_of(chunk.ref) + 1,
                          chunk.ref & 0xFFFF'FFFFU));
}

/// Appends what a chunk holds in the range. Samples outside of the chunk's own range, which only a damaged block has,
/// would come out of order: they stay away.
void decode(const BlockReader& block, const ChunkMeta& chunk, const ChunkBytes& bytes, TimeRange range,
            SeriesSamples& out) {
  range.min_t_ms = std::max(range.min_t_ms, chunk.min_t_ms);
  range.max_t_ms = std::min(range.max_t_ms, chunk.max_t_ms);
  const ChunkState state = decode_chunk(bytes.encoding, bytes.data, range, out);
  if (state != ChunkState::kWhole) {
    fail(block, chunk, chunk_fault(state));
  }
}

class BlockSeriesSet final : public SeriesSet {
 public:
  BlockSeriesSet(BlockReader& block, BlockCursor cursor, TimeRange range)
      : block_(block), cursor_(std::move(cursor)), range_(range) {}

  bool next() override { return cursor_.next(); }
  LabelsView labels() const override { return cursor_.labels(); }
  void samples(SeriesSamples& out) override {
    out.clear();
    for (const ChunkMeta& chunk : cursor_.chunks()) {
      const std::optional<ChunkBytes> bytes = cursor_.chunk(chunk);
      if (!bytes) {
        continue;
      }
      try {
        decode(block_, chunk, *bytes, range_, out);
      } catch (const Error& error) {
        cursor_.report(error);
      }
    }
    remove_deleted(out, cursor_.deleted());
  }

 private:
  BlockReader& block_;
  BlockCursor cursor_;
  TimeRange range_;
};

/// Copies the one sample at a time; false if there is none.
bool pick(const SeriesSamples& from, std::int64_t t_ms, SeriesSamples& out) {
  const auto position = [t_ms](const std::vector<std::int64_t>& times) {
    const auto found = std::ranges::lower_bound(times, t_ms);
    return found != times.end() && *found == t_ms ? found - times.begin() : std::ptrdiff_t{-1};
  };
  if (const std::ptrdiff_t i = position(from.t_ms); i >= 0) {
    out.t_ms.push_back(t_ms);
    out.value.push_back(from.value[static_cast<std::size_t>(i)]);
    return true;
  }
  if (const std::ptrdiff_t i = position(from.histogram_t_ms); i >= 0) {
    out.histogram_t_ms.push_back(t_ms);
    out.histogram.push_back(from.histogram[static_cast<std::size_t>(i)]);
    return true;
  }
  return false;
}

}  // namespace

/// What the last question needed: the next is often about the same series or the same chunk.
struct BlockReader::SampleCache {
  std::optional<SeriesRef> ref;
  IndexSeries series;
  std::optional<std::uint64_t> chunk;  // reference
  SeriesSamples samples;               // of that chunk
};

BlockReader::BlockReader(std::string folder) : folder_(std::move(folder)), meta_(read_block_meta(folder_)) {}

BlockReader::BlockReader(std::string folder, BlockMeta meta) : folder_(std::move(folder)), meta_(std::move(meta)) {}

BlockReader::~BlockReader() = default;

std::unique_ptr<SeriesSet> BlockReader::select(std::span<const Selector> selectors, TimeRange range,
                                               DamageReport report) {
  std::vector<SeriesRef> refs;
  if (range.overlaps(this->range())) {
    (void)tombstones();
    refs = find(selectors, report);
  }
  return std::make_unique<BlockSeriesSet>(*this, BlockCursor(*this, std::move(refs), range, std::move(report)), range);
}

/// Series lie in label order, so halves of the list of all of them lead to one.
std::optional<SeriesRef> BlockReader::search_series(LabelsView labels) {
  IndexReader& index = this->index();
  const PostingsView all = index.all_postings();
  std::size_t low = 0;
  for (std::size_t high = all.size(); low < high;) {
    const std::size_t middle = low + (high - low) / 2;
    const auto order = index.compare(all[middle], labels);
    if (order == 0) {
      return all[middle];
    }
    (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
  }
  return std::nullopt;
}

std::optional<SeriesRef> BlockReader::find_series(LabelsView labels) {
  const std::uint64_t hash = labels.hash();
  if (const auto known = known_series_.find(hash); known != known_series_.end()) {
    if (!known->second) {
      return std::nullopt;
    }
    if (index().compare(*known->second, labels) == 0) {
      return known->second;
    }
  }
  const std::optional<SeriesRef> found = search_series(labels);
  if (known_series_.size() >= kMaxKnownSeries) {
    known_series_.clear();
  }
  known_series_[hash] = found;
  return found;
}

bool BlockReader::sample_at(LabelsView labels, std::int64_t t_ms, SeriesSamples& out) {
  out.clear();
  if (!range().contains(t_ms)) {
    return false;
  }
  const std::optional<SeriesRef> ref = find_series(labels);
  if (!ref) {
    return false;
  }
  if (sample_cache_ == nullptr) {
    sample_cache_ = std::make_unique<SampleCache>();
  }
  SampleCache& cache = *sample_cache_;
  if (cache.ref != ref) {
    cache.ref.reset();
    index().read_series(*ref, cache.series);
    cache.ref = ref;
  }
  const auto chunk = std::ranges::lower_bound(cache.series.chunks, t_ms, {}, &ChunkMeta::max_t_ms);
  if (chunk == cache.series.chunks.end() || chunk->min_t_ms > t_ms ||
      std::ranges::any_of(tombstones().of(*ref), [t_ms](const TimeRange& range) { return range.contains(t_ms); })) {
    return false;
  }
  if (cache.chunk != chunk->ref) {
    cache.chunk.reset();
    cache.samples.clear();
    decode(*this, *chunk, chunks().chunk(chunk->ref), TimeRange(), cache.samples);
    cache.chunk = chunk->ref;
  }
  return pick(cache.samples, t_ms, out);
}

}  // namespace mcore
