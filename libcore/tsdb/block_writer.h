// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/directory.h"
#include "model/labels.h"
#include "storage/querier.h"
#include "tsdb/block_meta.h"
#include "tsdb/chunk_segment.h"
#include "tsdb/index_writer.h"

namespace mcore {

/// One chunk for a new block; the bytes are borrowed for the call. Units: first and last sample, milliseconds.
struct ChunkToWrite {
  std::uint8_t encoding = 0;
  std::int64_t min_t_ms = 0;
  std::int64_t max_t_ms = 0;
  std::string_view bytes{};
  std::uint64_t samples = 0;
};

struct BlockWriterOptions {
  NewFileOwner owner{};
  std::uint64_t segment_bytes = kSegmentBytes;
  bool sync = true;  // false: the caller syncs, or can do without
};

/// Writes a block into a staging folder: chunks, index, an empty tombstones file, meta.json.
///
/// Lifetime: the folder is the caller's, who renames it into place, or removes it where finish() was not reached: a
///           block without meta.json is none.
/// Errors:   throws Error: kIo, kLimit, kCorrupt for series or chunks out of order or outside of the block's range.
/// Cost:     memory as IndexWriter: with the number of series and strings, not of samples.
class BlockWriter {
 public:
  /// Creates the folder if it is not there. Name it so that no server cleans it up: not ULID.tmp-for-creation.
  explicit BlockWriter(std::string folder, const BlockWriterOptions& options = {});

  /// Label sets ascend strictly; chunks ascend without overlap; neither may be empty.
  void add_series(LabelsView labels, std::span<const ChunkToWrite> chunks);
  /// What was added so far; `tombstones` stays 0.
  [[nodiscard]] const BlockStats& stats() const noexcept { return stats_; }
  /// First and last sample added so far. Requires: stats().series > 0.
  [[nodiscard]] TimeRange range() const noexcept { return range_; }

  /// Completes the block and returns `meta` with its stats. Every chunk must lie in the range that `meta` gives:
  /// compaction drops what does not.
  BlockMeta finish(BlockMeta meta);

 private:
  std::string folder_;
  BlockWriterOptions options_;
  ChunkSegmentWriter chunks_;
  IndexWriter index_;
  BlockStats stats_;
  TimeRange range_{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
  std::vector<ChunkMeta> metas_;
};

}  // namespace mcore
