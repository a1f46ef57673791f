// SPDX-License-Identifier: Apache-2.0
#include "tsdb/retention.h"

#include <sys/stat.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "base/directory.h"
#include "base/error.h"
#include "tsdb/block_reader.h"
#include "tsdb/compaction_plan.h"

namespace mcore {
namespace {

/// Positions of the blocks, that with the latest end first.
std::vector<std::size_t> newest_first(std::span<const BlockMeta> blocks) {
  std::vector<std::size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>(), [blocks](std::size_t i) { return blocks[i].end_t_ms; });
  return order;
}

std::vector<BlockMeta> metas_of(const std::vector<BlockEntry>& blocks) {
  std::vector<BlockMeta> metas;
  for (const BlockEntry& block : blocks) {
    metas.push_back(block.meta);
  }
  return metas;
}

/// Bytes of the files in a folder and below; what vanishes meanwhile counts nothing.
std::uint64_t folder_bytes(const std::string& folder, bool on_disk) {
  constexpr std::uint64_t kStatBlock = 512;
  std::uint64_t bytes = 0;
  for (const DirectoryEntry& entry : list_directory(folder, true)) {
    const std::string path = folder + "/" + entry.name;
    struct stat info {};
    if (entry.is_directory) {
      bytes += folder_bytes(path, on_disk);
    } else if (::stat(path.c_str(), &info) == 0) {
      bytes +=
          on_disk ? static_cast<std::uint64_t>(info.st_blocks) * kStatBlock : static_cast<std::uint64_t>(info.st_size);
    }
  }
  return bytes;
}

/// The rules as deletions of what is too old.
std::vector<DeletionRule> deletions_of(const RetentionLimits& limits, std::int64_t newest_ms) {
  std::vector<DeletionRule> deletions;
  for (const KeepRule& rule : limits.rules) {
    const TimeRange range{TimeRange().min_t_ms, keep_cutoff_ms(rule.keep, newest_ms) - 1};
    deletions.push_back({rule.selectors, range});
  }
  return deletions;
}

struct WholeBlocks {
  std::vector<RetentionStep> steps;
  std::vector<BlockEntry> rest;
};

/// Divides the blocks into those that go whole and the rest.
WholeBlocks plan_whole_blocks(const std::string& store, std::vector<BlockEntry> blocks, const RetentionLimits& limits,
                              std::int64_t now_ms) {
  const std::vector<BlockMeta> metas = metas_of(blocks);
  std::vector<std::uint64_t> sizes;
  for (const BlockEntry& block : blocks) {
    sizes.push_back(block_bytes(block.folder));
  }
  WholeBlocks plan;
  std::set<std::size_t> gone;
  const auto take = [&](const std::vector<std::size_t>& positions, RetentionReason reason) {
    for (const std::size_t i : positions) {
      if (gone.insert(i).second) {
        plan.steps.push_back({.block = blocks[i], .reason = reason, .bytes = sizes[i]});
      }
    }
  };
  take(blocks_beyond_time(metas, limits.time, now_ms), RetentionReason::kTime);
  if (limits.bytes != 0) {
    take(blocks_beyond_size(metas, sizes, limits.bytes, log_bytes(store)), RetentionReason::kSize);
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (!gone.contains(i)) {
      plan.rest.push_back(std::move(blocks[i]));
    }
  }
  return plan;
}

/// Applies the rules to the blocks that are left.
class RuleRun {
 public:
  RuleRun(Upkeep& upkeep, const Clock& clock, const std::atomic<bool>* cancel, RetentionReport& report)
      : upkeep_(upkeep), clock_(clock), cancel_(cancel), report_(report) {}

  void run(const std::vector<BlockEntry>& blocks, std::span<const DeletionRule> rules) {
    for (const BlockEntry& block : blocks) {
      if (cancel_ != nullptr && cancel_->load()) {
        report_.cancelled = true;
        return;
      }
      try {
        apply(block, rules);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::kCorrupt) {
          throw;
        }
        upkeep_.report(error);
        ++report_.failed;
      }
    }
  }

 private:
  void apply(const BlockEntry& block, std::span<const DeletionRule> rules) {
    const std::optional<PlannedDeletion> planned = plan_deletion(block, rules);
    if (planned) {
      if (!upkeep_.set_tombstones(block, planned->stamp, planned->tombstones)) {
        return;  // a block that changed is looked at the next time
      }
      report_.done.push_back({.block = block,
                              .reason = RetentionReason::kRule,
                              .bytes = block_bytes(block.folder),
                              .series = planned->series});
    }
    const BlockEntry marked{block.folder, read_block_meta(block.folder)};
    if (marked.meta.stats.tombstones > 0 &&
        std::ranges::any_of(rules, [&](const DeletionRule& rule) { return takes_all(rule, marked); })) {
      BlockMergeOptions options;
      options.cancel = cancel_;
      const Replacement replacement = upkeep_.merge({&marked, 1}, clock_.now_ms(), std::move(options));
      report_.cancelled = report_.cancelled || replacement.end == ReplaceEnd::kCancelled;
    }
  }

  /// Whether a block is wholly too old for a rule, and has series that the rule is about.
  [[nodiscard]] static bool takes_all(const DeletionRule& rule, const BlockEntry& block) {
    return rule.range.max_t_ms >= block.meta.end_t_ms - 1 &&
           !BlockReader(block.folder, block.meta)
                .find(rule.selectors, [](const Error& error) { throw Error(error); })
                .empty();
  }

  Upkeep& upkeep_;
  const Clock& clock_;
  const std::atomic<bool>* cancel_;
  RetentionReport& report_;
};

}  // namespace

std::int64_t newest_moment_ms(std::span<const BlockMeta> blocks, std::int64_t now_ms) {
  return std::min(std::ranges::max_element(blocks, {}, &BlockMeta::end_t_ms)->end_t_ms, now_ms);
}

std::vector<std::size_t> blocks_beyond_time(std::span<const BlockMeta> blocks, std::chrono::milliseconds time,
                                            std::int64_t now_ms) {
  std::vector<std::size_t> beyond;
  if (blocks.empty() || time.count() <= 0) {
    return beyond;
  }
  const std::vector<std::size_t> order = newest_first(blocks);
  const std::int64_t newest_ms = newest_moment_ms(blocks, now_ms);
  for (const std::size_t i : std::span(order).subspan(1)) {
    std::int64_t age_ms = 0;
    if (!__builtin_sub_overflow(newest_ms, blocks[i].end_t_ms, &age_ms) ? age_ms >= time.count()
                                                                        : blocks[i].end_t_ms < newest_ms) {
      beyond.push_back(i);
    }
  }
  return beyond;
}

std::vector<std::size_t> blocks_beyond_size(std::span<const BlockMeta> blocks, std::span<const std::uint64_t> sizes,
                                            std::uint64_t limit, std::uint64_t other_bytes) {
  std::vector<std::size_t> order = newest_first(blocks);
  std::uint64_t sum = other_bytes;
  const auto first = std::ranges::find_if(order, [&](std::size_t i) { return (sum += sizes[i]) > limit; });
  order.erase(order.begin(), first);
  return order;
}

std::int64_t keep_cutoff_ms(std::chrono::milliseconds keep, std::int64_t newest_ms) noexcept {
  constexpr std::int64_t kParts = 16;
  const std::int64_t grain = std::max(kBlockRangeMs, keep.count() / kParts);
  std::int64_t cutoff = 0;
  if (__builtin_sub_overflow(newest_ms, keep.count(), &cutoff)) {
    return TimeRange().min_t_ms + 1;
  }
  const std::int64_t over = cutoff % grain;
  return std::max(cutoff, TimeRange().min_t_ms + 1 + grain) - (over < 0 ? over + grain : over);
}

std::uint64_t block_bytes(const std::string& folder) {
  return folder_bytes(folder, false);
}

std::uint64_t log_bytes(const std::string& store) {
  return folder_bytes(store + "/wal", false) + folder_bytes(store + "/wbl", false) +
         folder_bytes(store + "/chunks_head", false) + folder_bytes(store + "/head", true);
}

std::string_view retention_reason_text(RetentionReason reason) noexcept {
  switch (reason) {
    case RetentionReason::kSize:
      return "size";
    case RetentionReason::kRule:
      return "rule";
    default:
      return "time";
  }
}

std::vector<RetentionStep> plan_retention(const std::string& store, const RetentionLimits& limits, std::int64_t now_ms,
                                          const DamageReport& report) {
  std::vector<BlockEntry> blocks = list_blocks(store, report);
  if (blocks.empty()) {
    return {};
  }
  const std::vector<DeletionRule> rules = deletions_of(limits, newest_moment_ms(metas_of(blocks), now_ms));
  WholeBlocks plan = plan_whole_blocks(store, std::move(blocks), limits, now_ms);
  for (const BlockEntry& block : plan.rest) {
    try {
      if (const auto planned = plan_deletion(block, rules)) {
        plan.steps.push_back({.block = block,
                              .reason = RetentionReason::kRule,
                              .bytes = block_bytes(block.folder),
                              .series = planned->series});
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kCorrupt) {
        throw;
      }
      report(error);
    }
  }
  return std::move(plan.steps);
}

RetentionReport apply_retention(Upkeep& upkeep, const Clock& clock, const RetentionLimits& limits,
                                const std::atomic<bool>* cancel) {
  RetentionReport report;
  upkeep.remove_superseded();
  std::vector<BlockEntry> blocks = upkeep.blocks();
  if (blocks.empty()) {
    return report;
  }
  const std::int64_t now_ms = clock.now_ms();
  const std::vector<DeletionRule> rules = deletions_of(limits, newest_moment_ms(metas_of(blocks), now_ms));
  WholeBlocks plan = plan_whole_blocks(upkeep.store(), std::move(blocks), limits, now_ms);
  if (!plan.steps.empty()) {
    std::vector<BlockEntry> gone;
    for (const RetentionStep& step : plan.steps) {
      gone.push_back(step.block);
    }
    upkeep.remove(gone);
    report.done = std::move(plan.steps);
  }
  if (!rules.empty()) {
    RuleRun(upkeep, clock, cancel, report).run(plan.rest, rules);
  }
  return report;
}

}  // namespace mcore
