// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/matcher.h"
#include "model/time_range.h"
#include "storage/querier.h"
#include "tsdb/block_list.h"
#include "tsdb/block_merge.h"
#include "tsdb/tombstones.h"
#include "tsdb/upkeep.h"

namespace mcore {

/// What of a block's series is to go.
struct DeletionRule {
  std::vector<Selector> selectors{};  // any of them; none: every series
  TimeRange range{};
};

/// What deleting from one block comes to.
struct PlannedDeletion {
  BlockEntry block{};
  BlockStamp stamp{};        // of the block it was planned on
  Tombstones tombstones{};   // old and new
  std::uint64_t series = 0;  // that lose something they still have
};

/// Finds what the rules hit in a block: intervals are cut to what a series holds, as servers do. Nothing if all of it
/// is deleted already, or never was there. Errors: throws Error (kIo, kCorrupt): nothing is deleted from a block that
/// cannot be read whole.
[[nodiscard]] std::optional<PlannedDeletion> plan_deletion(const BlockEntry& block,
                                                           std::span<const DeletionRule> rules);

struct DeletionOptions {
  bool rewrite = false;  // the blocks, so that the space is free at once and nothing of the data is left
  std::function<void(const MergeProgress&)> on_progress{};
  const std::atomic<bool>* cancel = nullptr;
};

/// What was deleted from a block.
struct BlockDeletion {
  BlockMeta block{};
  std::uint64_t series = 0;
  bool rewritten = false;
};

/// Deletes from blocks: first tombstones in each, which hide the data from every reader; then, if asked to, each block
/// that has any is written anew without the data. What was not reached when it is called off or killed is as before.
/// Errors: throws Error: kBusy while a server or a writer holds the store, kIo. A damaged block is reported and left as
///         it is, or with its tombstones; `failed` counts those.
/// Cost:   without rewriting a look into each index and the store's lock for a few milliseconds a block.
struct DeletionReport {
  std::vector<BlockDeletion> blocks{};
  std::size_t failed = 0;
  bool cancelled = false;
};
DeletionReport delete_from_blocks(Upkeep& upkeep, const Clock& clock, std::span<const DeletionRule> rules,
                                  const DeletionOptions& options = {});

}  // namespace mcore
