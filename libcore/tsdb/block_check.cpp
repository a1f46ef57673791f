// SPDX-License-Identifier: Apache-2.0
#include "tsdb/block_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "tsdb/block_meta.h"
#include "tsdb/chunk_reader.h"
#include "tsdb/chunk_segment.h"
#include "tsdb/tombstones.h"
#include "tsdb/ulid.h"

namespace mcore {
namespace {

class BlockCheck {
 public:
  BlockCheck(std::string folder, const DamageReport& report)
      : folder_(std::move(folder)), report_(report), chunks_(folder_ + "/chunks") {}

  /// Runs one part; what it throws is a finding too. Returns whether it came to its end.
  template <typename Part>
  bool run(Part part) {
    try {
      part();
      return true;
    } catch (const Error& error) {
      report_(error);
      return false;
    }
  }

  void meta() {
    meta_ = read_block_meta(folder_);
    const std::string_view name = std::string_view(folder_).substr(folder_.rfind('/') + 1);
    if (is_ulid(name) && name != meta_.ulid) {
      find("/meta.json", fmt::format("the block calls itself {}", meta_.ulid));
    }
    if (meta_.version != 1) {
      find("/meta.json", fmt::format("version {}, want 1", meta_.version));
    }
  }
  void index() {
    IndexReader index(folder_ + "/index", meta_.version == 2 ? 2 : 0);
    check_index(index, report_, [this](SeriesRef ref, LabelsView labels, const IndexSeries& series) {
      check_series(ref, labels, series);
    });
  }
  /// The index names segments by their place in the list: where a number is missing it means others.
  void segments() {
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      const std::string wanted = fmt::format("{}/chunks/{:06}", folder_, i + 1);
      if (chunks_.path(i) != wanted) {
        report_(Error(ErrorKind::kCorrupt, "check block", wanted,
                      fmt::format("missing: {} stands in its place", chunks_.path(i))));
        break;
      }
    }
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      if (!run([&] { (void)chunks_.bytes(i); })) {
        lost_segments_.insert(i);
      }
    }
  }
  void tombstones() {
    const Tombstones tombstones = Tombstones::read(folder_);
    for (const auto& [series, intervals] : tombstones.series()) {
      if (!std::ranges::binary_search(refs_, series)) {
        find("/tombstones", fmt::format("something is deleted from series {}, which is not there", series));
      }
    }
    check_count("numTombstones", meta_.stats.tombstones, tombstones.interval_count());
  }
  void counts() {
    check_count("numSeries", meta_.stats.series, refs_.size());
    check_count("numChunks", meta_.stats.chunks, counted_.chunks);
    check_count("numSamples", meta_.stats.samples, counted_.samples);
  }

 private:
  void find(std::string_view file, std::string_view why) const {
    report_(Error(ErrorKind::kCorrupt, "check block", folder_ + std::string(file), why));
  }
  void check_count(std::string_view key, std::uint64_t said, std::uint64_t found) const {
    if (said != found) {
      find("/meta.json", fmt::format("{} is {}, found {}", key, said, found));
    }
  }

  void check_series(SeriesRef ref, LabelsView labels, const IndexSeries& series) {
    refs_.push_back(ref);
    for (const ChunkMeta& chunk : series.chunks) {
      ++counted_.chunks;
      if (chunk.min_t_ms < meta_.min_t_ms || chunk.max_t_ms >= meta_.end_t_ms) {
        find("/index", fmt::format("a chunk of {} from {} to {} reaches out of the block", labels_text(labels),
                                   chunk.min_t_ms, chunk.max_t_ms));
      }
      (void)run([&] { check_chunk(labels, chunk); });
    }
  }
  void check_chunk(LabelsView labels, const ChunkMeta& chunk) {
    const std::size_t segment = ChunkSegments::segment_of(chunk.ref);
    if (lost_segments_.contains(segment)) {
      return;
    }
    if (segment >= chunks_.size()) {
      lost_segments_.insert(segment);
    }
    const ChunkBytes bytes = chunks_.chunk(chunk.ref);
    samples_.clear();
    const ChunkState state = decode_chunk(bytes.encoding, bytes.data, TimeRange(), samples_);
    counted_.samples += samples_.size();
    const std::vector<std::int64_t>& times = samples_.t_ms.empty() ? samples_.histogram_t_ms : samples_.t_ms;
    std::string why;
    if (state != ChunkState::kWhole) {
      why = chunk_fault(state);
    } else if (times.empty()) {
      why = "no sample in a chunk";
    } else if (times.front() != chunk.min_t_ms || times.back() != chunk.max_t_ms) {
      why = fmt::format("samples from {} to {} where the index says {} to {}", times.front(), times.back(),
                        chunk.min_t_ms, chunk.max_t_ms);
    } else {
      return;
    }
    throw Error(ErrorKind::kCorrupt, "check block", chunks_.path(segment),
                fmt::format("{} at byte {}, of {}", why, chunk.ref & 0xFFFF'FFFFU, labels_text(labels)));
  }

  std::string folder_;
  const DamageReport& report_;
  ChunkSegments chunks_;
  BlockMeta meta_;
  BlockStats counted_;
  std::vector<SeriesRef> refs_;  // ascending
  SeriesSamples samples_;
  std::set<std::size_t> lost_segments_;  // reported once each
};

}  // namespace

void check_block(const std::string& folder, const DamageReport& report) {
  BlockCheck check(folder, report);
  if (!check.run([&] { check.meta(); })) {
    return;  // no block
  }
  check.run([&] { check.segments(); });
  if (check.run([&] { check.index(); })) {
    check.run([&] { check.counts(); });
    check.run([&] { check.tombstones(); });
  }
}

}  // namespace mcore
