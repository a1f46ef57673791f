// SPDX-License-Identifier: Apache-2.0
#include "tsdb/deletion.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "tsdb/block_reader.h"

namespace mcore {
namespace {

[[noreturn]] void rethrow(const Error& error) {
  throw Error(error);
}

/// Finds what is hit in one block.
class DeletionPlanner {
 public:
  explicit DeletionPlanner(const BlockEntry& block)
      : reader_(block.folder, block.meta), planned_{.block = block, .stamp = stamp_of_block(block.folder)} {}

  void apply(const DeletionRule& rule) {
    if (!rule.range.overlaps(reader_.range())) {
      return;
    }
    for (const SeriesRef ref : reader_.find(rule.selectors, rethrow)) {
      reader_.index().read_series(ref, series_);
      const bool is_hit = std::ranges::any_of(series_.chunks, [&rule](const ChunkMeta& chunk) {
        return rule.range.overlaps({chunk.min_t_ms, chunk.max_t_ms});
      });
      if (is_hit) {
        hit_[ref].add({std::max(rule.range.min_t_ms, series_.chunks.front().min_t_ms),
                       std::min(rule.range.max_t_ms, series_.chunks.back().max_t_ms)});
      }
    }
  }

  std::optional<PlannedDeletion> take() {
    planned_.tombstones = reader_.tombstones();
    for (const auto& [ref, intervals] : hit_) {
      bool is_new = false;
      for (const TimeRange& range : intervals.ranges()) {
        const auto& known = planned_.tombstones.series();
        const auto found = known.find(ref);
        if (found == known.end() || !found->second.covers(range)) {
          planned_.tombstones.add(ref, range);
          is_new = true;
        }
      }
      planned_.series += is_new ? 1 : 0;
    }
    if (planned_.series == 0) {
      return std::nullopt;
    }
    return std::move(planned_);
  }

 private:
  BlockReader reader_;
  PlannedDeletion planned_;
  IndexSeries series_;
  std::map<SeriesRef, Intervals> hit_;
};

class Deletion {
 public:
  Deletion(Upkeep& upkeep, const Clock& clock, const DeletionOptions& options)
      : upkeep_(upkeep), clock_(clock), options_(options) {}

  DeletionReport run(std::span<const DeletionRule> rules) {
    each_block([&](const BlockEntry& block) { mark(block, rules); });
    if (options_.rewrite) {
      // Those marked before this run, too: whoever wants the data gone means all of it.
      each_block([&](const BlockEntry& block) { rewrite(block, rules); });
    }
    return std::move(report_);
  }

 private:
  /// Damage to one block does not save the others.
  template <typename Work>
  void each_block(Work work) {
    for (const BlockEntry& block : upkeep_.blocks()) {
      if (options_.cancel != nullptr && options_.cancel->load()) {
        report_.cancelled = true;
        return;
      }
      try {
        work(block);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::kCorrupt) {
          throw;
        }
        upkeep_.report(error);
        ++report_.failed;
      }
    }
  }

  void mark(BlockEntry block, std::span<const DeletionRule> rules) {
    constexpr int kMostAttempts = 10;
    for (int i = 0; i < kMostAttempts; ++i) {
      const std::optional<PlannedDeletion> planned = plan_deletion(block, rules);
      if (!planned) {
        return;
      }
      if (upkeep_.set_tombstones(block, planned->stamp, planned->tombstones)) {
        report_.blocks.push_back({.block = read_block_meta(block.folder), .series = planned->series});
        return;
      }
      if (!path_exists(block.folder)) {
        break;
      }
      block.meta = read_block_meta(block.folder);
    }
    throw Error(ErrorKind::kBusy, "delete", block.folder, "the block changes under every attempt");
  }

  void rewrite(const BlockEntry& block, std::span<const DeletionRule> rules) {
    if (block.meta.stats.tombstones == 0 || std::ranges::none_of(rules, [&block](const DeletionRule& rule) {
          return rule.range.overlaps({block.meta.min_t_ms, block.meta.end_t_ms - 1});
        })) {
      return;
    }
    BlockMergeOptions options;
    options.on_progress = options_.on_progress;
    options.cancel = options_.cancel;
    const Replacement replacement = upkeep_.merge({&block, 1}, clock_.now_ms(), std::move(options));
    auto entry = std::ranges::find(report_.blocks, block.meta.ulid, [](const auto& one) { return one.block.ulid; });
    if (entry == report_.blocks.end()) {
      entry = report_.blocks.insert(entry, {.block = block.meta});
    }
    switch (replacement.end) {
      case ReplaceEnd::kCancelled:
        report_.cancelled = true;
        return;
      case ReplaceEnd::kChanged:
        throw Error(ErrorKind::kBusy, "delete", block.folder, "the block changed while it was written anew");
      default:
        entry->rewritten = replacement.end != ReplaceEnd::kKept;
    }
  }

  Upkeep& upkeep_;
  const Clock& clock_;
  const DeletionOptions& options_;
  DeletionReport report_;
};

}  // namespace

std::optional<PlannedDeletion> plan_deletion(const BlockEntry& block, std::span<const DeletionRule> rules) {
  DeletionPlanner planner(block);
  for (const DeletionRule& rule : rules) {
    planner.apply(rule);
  }
  return planner.take();
}

DeletionReport delete_from_blocks(Upkeep& upkeep, const Clock& clock, std::span<const DeletionRule> rules,
                                  const DeletionOptions& options) {
  return Deletion(upkeep, clock, options).run(rules);
}

}  // namespace mcore
