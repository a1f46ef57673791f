// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tsdb/block_merge.h"
#include "tsdb/compaction_plan.h"
#include "tsdb/upkeep.h"

namespace mcore {

/// Where a compaction stands.
struct CompactionProgress {
  std::size_t done = 0;     // merges
  std::size_t planned = 0;  // merges in all, as far as can be seen
  CompactionReason reason = CompactionReason::kOverlap;
  MergeProgress merge{};  // of the one at work
};

struct CompactorOptions {
  std::int64_t longest_ms = longest_block_ms();
  std::size_t float_samples = BlockMergeOptions().float_samples;
  std::function<void(const CompactionProgress&)> on_progress{};
  const std::atomic<bool>* cancel = nullptr;
};

struct CompactionResult {
  CompactionReason reason = CompactionReason::kOverlap;
  std::vector<BlockMeta> inputs{};
  std::optional<BlockMeta> output{};  // none: nothing was left of the inputs
};
struct CompactionReport {
  std::vector<CompactionResult> done{};
  std::size_t failed = 0;  // blocks that are damaged, reported and marked
  bool cancelled = false;
};

/// What compaction of a store would do now: takes no lock and changes nothing. Blocks that cannot be used are reported.
[[nodiscard]] std::vector<PlannedCompaction> plan_store_compactions(const std::string& store, std::int64_t longest_ms,
                                                                    const DamageReport& report);

/// Compacts the blocks of a store until there is nothing left to do.
///
/// Shape:   plans, merges and commits, then looks again: others may add blocks meanwhile, and a block that changed
/// under
///          a merge is merged anew. A damaged block is marked as failed, as servers do, and left alone with its window.
/// Errors:  throws Error: kBusy before anything was merged, or later, if a server or writer holds the store; kIo, also
/// for
///          a full disk. What was committed before stays.
/// Threads: one.
class Compactor {
 public:
  /// Both must outlive it.
  Compactor(Upkeep& upkeep, const Clock& clock, CompactorOptions options = {});
  CompactionReport run();

 private:
  [[nodiscard]] std::optional<PlannedCompaction> next();
  void compact(const PlannedCompaction& planned);
  void give_up_on(std::span<const BlockEntry> inputs, const Error& error);
  [[nodiscard]] bool is_cancelled() const { return options_.cancel != nullptr && options_.cancel->load(); }

  Upkeep& upkeep_;
  const Clock& clock_;
  CompactorOptions options_;
  std::vector<std::int64_t> ranges_ms_;
  std::vector<BlockEntry> blocks_{};    // as listed last
  std::set<std::string> left_alone_{};  // ULIDs
  CompactionProgress progress_{};
  CompactionReport report_{};
  int changed_ = 0;  // attempts in a row that came to nothing because inputs changed
};

}  // namespace mcore
