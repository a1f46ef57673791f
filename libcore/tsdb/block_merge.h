// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "model/labels.h"
#include "storage/querier.h"
#include "tsdb/block_list.h"
#include "tsdb/block_meta.h"
#include "tsdb/block_writer.h"
#include "tsdb/tombstones.h"

namespace mcore {

/// What is to happen to one series on its way into a merged block.
struct SeriesEdit {
  bool drop = false;
  Intervals deleted{};  // samples in them go
};
/// Asked once for each series of each label set; fills an edit that is empty.
using SeriesEditor = std::function<void(LabelsView labels, SeriesEdit& edit)>;
/// Gives a series other labels, or the same: fills an empty builder. False, or no label at all, drops the series.
using SeriesRelabeler = std::function<bool(LabelsView labels, LabelBuilder& out)>;

struct MergeProgress {
  std::uint64_t series = 0;        // of the inputs, done so far
  std::uint64_t series_total = 0;  // as their meta.json say
  std::uint64_t samples = 0;       // written
};

struct BlockMergeOptions {
  BlockWriterOptions writer{};
  /// Of a chunk of floats. Servers write 120; twice that saves a tenth of a block, and readers decode a chunk in the
  /// time that finding it takes.
  std::size_t float_samples = 240;
  SeriesEditor edit{};
  SeriesRelabeler relabel{};
  /// Labels are sorted anew in memory up to this size, then in temporary files without a name.
  std::size_t sort_bytes = std::size_t{32} << 20U;
  /// Takes damage in an input, which is passed over then, as are samples outside of a block's range into that of the
  /// merged block. Without it damage stops the merge.
  DamageReport salvage{};
  std::function<void(const MergeProgress&)> on_progress{};  // now and then, and at the end
  const std::atomic<bool>* cancel = nullptr;                // looked at before each series
};

enum class MergeEnd : std::uint8_t {
  kWritten,
  kEmpty,  // no sample is left: there is no block
  kCancelled,
};
struct BlockMerge {
  MergeEnd end = MergeEnd::kEmpty;
  BlockMeta meta{};  // of the block that was written
};

/// Merges blocks into one that is written into the new folder `stage`, for the caller to put in place. Unless the end
/// is kWritten, the caller removes what lies there.
///
/// Shape:  series in label order; those left without samples are not in it. Samples that are marked as deleted are
///         gone. Where inputs have a sample of a series at one time, that of the block with the earlier start stays,
///         then the one with the lesser name: as readers of the blocks see it. The meta.json is merged_meta() with
///         statistics. Whole long chunks that overlap with nothing are copied, others are written anew: floats in long
///         chunks with the best windows; histograms so that no chunk holds a counter reset. Start times of samples
///         (encodings 4 to 6) stay in chunks that are copied and are lost where samples of chunks are mixed.
/// Errors: throws Error: kCorrupt for damage, for samples outside of an input's range and for unknown encodings,
///         `where` then begins with the input's folder; kIo; kUsage where relabelling gives a name twice. Damaged
///         tombstones stop a merge in any case.
/// Cost:   30 to 60 ns a sample that is written anew. Memory for each series and string as BlockWriter, and for the
///         encoded samples of one series.
[[nodiscard]] BlockMerge merge_blocks(std::span<const BlockEntry> inputs, const std::string& stage, std::string ulid,
                                      const BlockMergeOptions& options = {});

}  // namespace mcore
