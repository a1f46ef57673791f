// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/directory.h"
#include "model/labels.h"
#include "storage/querier.h"
#include "tsdb/block_merge.h"
#include "tsdb/block_reader.h"

namespace mcore {

/// One series of one block, as its cursor stands on it.
struct MergePart {
  std::size_t block = 0;  // position among the blocks
  BlockCursor* cursor = nullptr;
};

/// The series of several blocks in label order, each label set once.
///
/// Lifetime: must not outlive the blocks; labels() and parts() live until the next next().
class MergeSource {
 public:
  virtual ~MergeSource() = default;
  virtual bool next() = 0;
  [[nodiscard]] virtual LabelsView labels() const = 0;
  /// Who has the series, in the order of the blocks.
  [[nodiscard]] virtual std::span<const MergePart> parts() const = 0;
};

using MergeBlocks = std::span<const std::unique_ptr<BlockReader>>;

/// The series as they are.
[[nodiscard]] std::unique_ptr<MergeSource> merge_in_order(MergeBlocks blocks, const DamageReport& report);

/// The series under other labels: all blocks are read once to sort the new label sets. Memory: twice
/// options.sort_bytes; the rest waits in files without a name in `folder`.
/// Errors: throws Error (kUsage) for a set that has a name twice.
[[nodiscard]] std::unique_ptr<MergeSource> merge_relabeled(MergeBlocks blocks, const DamageReport& report,
                                                           const BlockMergeOptions& options, const std::string& folder);

}  // namespace mcore
