// SPDX-License-Identifier: Apache-2.0
#include "tsdb/block_merge.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "tsdb/block_reader.h"
#include "tsdb/compaction_plan.h"
#include "tsdb/merge_source.h"
#include "tsdb/series_merge.h"

namespace mcore {
namespace {

constexpr std::uint64_t kSeriesBetweenReports = 1024;

class Merge {
 public:
  Merge(std::span<const BlockEntry> inputs, const std::string& stage, const BlockMergeOptions& options)
      : options_(options),
        report_(options.salvage ? options.salvage : [](const Error& error) { throw Error(error); }),
        writer_(stage, options.writer),
        merger_(options.float_samples) {
    for (const BlockEntry& input : inputs) {
      blocks_.push_back(std::make_unique<BlockReader>(input.folder, input.meta));
    }
    std::ranges::sort(blocks_, {}, [](const std::unique_ptr<BlockReader>& block) {
      return std::tie(block->meta().min_t_ms, block->meta().ulid);
    });
    for (const auto& block : blocks_) {
      progress_.series_total += block->meta().stats.series;
    }
    source_ = options.relabel ? merge_relabeled(blocks_, report_, options_, stage) : merge_in_order(blocks_, report_);
  }

  BlockMerge run(std::string ulid) {
    do {
      if (options_.cancel != nullptr && options_.cancel->load()) {
        return {.end = MergeEnd::kCancelled};
      }
    } while (merge_next());
    report_progress();
    if (writer_.stats().series == 0) {
      return {.end = MergeEnd::kEmpty};
    }
    std::vector<BlockMeta> metas;
    for (const auto& block : blocks_) {
      metas.push_back(block->meta());
    }
    BlockMeta meta = merged_meta(std::move(ulid), metas);
    if (options_.salvage) {
      meta.min_t_ms = std::min(meta.min_t_ms, writer_.range().min_t_ms);
      meta.end_t_ms = std::max(meta.end_t_ms, writer_.range().max_t_ms + 1);
    }
    return {.end = MergeEnd::kWritten, .meta = writer_.finish(std::move(meta))};
  }

 private:
  bool merge_next() {
    if (!source_->next()) {
      return false;
    }
    parts_.clear();
    for (const MergePart& part : source_->parts()) {
      SeriesEdit edit;
      if (options_.edit) {
        options_.edit(part.cursor->labels(), edit);
      }
      if (!edit.drop) {
        parts_.push_back({blocks_[part.block].get(), part.cursor, std::move(edit.deleted)});
      }
    }
    if (!parts_.empty()) {
      if (const std::span<const ChunkToWrite> chunks = merger_.merge(parts_); !chunks.empty()) {
        writer_.add_series(source_->labels(), chunks);
      }
    }
    const std::uint64_t reports = progress_.series / kSeriesBetweenReports;
    progress_.series += source_->parts().size();
    if (progress_.series / kSeriesBetweenReports != reports) {
      report_progress();
    }
    return true;
  }

  void report_progress() {
    if (options_.on_progress) {
      progress_.samples = writer_.stats().samples;
      options_.on_progress(progress_);
    }
  }

  const BlockMergeOptions& options_;
  DamageReport report_;
  std::vector<std::unique_ptr<BlockReader>> blocks_;
  BlockWriter writer_;
  SeriesMerger merger_;
  std::unique_ptr<MergeSource> source_;
  std::vector<SeriesPart> parts_;
  MergeProgress progress_;
};

}  // namespace

BlockMerge merge_blocks(std::span<const BlockEntry> inputs, const std::string& stage, std::string ulid,
                        const BlockMergeOptions& options) {
  return Merge(inputs, stage, options).run(std::move(ulid));
}

}  // namespace mcore
