// SPDX-License-Identifier: Apache-2.0
#include "tsdb/compaction_plan.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

namespace mcore {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kLongestBlockMs = 31 * kDayMs;
constexpr std::int64_t kRangeFactor = 3;
constexpr std::size_t kMaxRanges = 10;
constexpr double kMuchDeleted = 0.05;  // of the series

using Positions = std::vector<std::size_t>;

/// Plans among blocks that may be merged with each other.
class GroupPlan {
 public:
  GroupPlan(std::span<const BlockMeta> blocks, std::span<const std::int64_t> ranges_ms, Positions order,
            std::int64_t min_valid_ms)
      : blocks_(blocks), ranges_ms_(ranges_ms), order_(std::move(order)), min_valid_ms_(min_valid_ms) {}

  [[nodiscard]] std::optional<CompactionStep> next() const {
    if (Positions found = overlapping(); !found.empty()) {
      return CompactionStep{CompactionReason::kOverlap, std::move(found)};
    }
    if (order_.size() < 2) {
      return std::nullopt;
    }
    // The newest one stays: what arrives late for its range would overlap with anything longer.
    const std::span<const std::size_t> older(order_.data(), order_.size() - 1);
    if (Positions found = neighbours(older); !found.empty()) {
      return CompactionStep{CompactionReason::kRange, std::move(found)};
    }
    if (const auto found = much_deleted(older)) {
      return CompactionStep{CompactionReason::kTombstones, {*found}};
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] const BlockMeta& block(std::size_t position) const { return blocks_[position]; }

  /// The first chain of overlapping blocks that may be merged.
  [[nodiscard]] Positions overlapping() const {
    Positions chain;
    std::int64_t end = std::numeric_limits<std::int64_t>::min();
    for (const std::size_t i : order_) {
      if (block(i).failed) {
        continue;
      }
      if (block(i).min_t_ms >= end) {
        if (chain.size() > 1 && is_safe(chain)) {
          return chain;
        }
        chain.clear();
      }
      chain.push_back(i);
      end = std::max(end, block(i).end_t_ms);
    }
    return chain.size() > 1 && is_safe(chain) ? chain : Positions();
  }

  [[nodiscard]] bool is_safe(std::span<const std::size_t> inputs) const {
    const auto counts = std::ranges::count_if(inputs, [this](std::size_t i) { return block(i).raises_min_valid(); });
    return counts == 0 || std::cmp_equal(counts, inputs.size()) ||
           std::ranges::all_of(inputs, [this](std::size_t i) { return block(i).end_t_ms <= min_valid_ms_; });
  }

  [[nodiscard]] Positions neighbours(std::span<const std::size_t> older) const {
    const std::int64_t newest_start = block(older.back()).min_t_ms;
    for (std::size_t level = 1; level < ranges_ms_.size(); ++level) {
      const std::int64_t range = ranges_ms_[level];
      for (std::size_t i = 0; i < older.size();) {
        const std::int64_t window_end = end_of_window(block(older[i]).min_t_ms, range);
        Positions window;
        for (; i < older.size() && block(older[i]).end_t_ms <= window_end; ++i) {
          window.push_back(older[i]);
        }
        if (window.empty()) {
          ++i;  // it straddles the boundary
        } else if (is_due(window, range, newest_start)) {
          return window;
        }
      }
    }
    return {};
  }

  [[nodiscard]] static std::int64_t end_of_window(std::int64_t t_ms, std::int64_t range) {
    const std::int64_t into = t_ms % range;
    const std::int64_t left = into < 0 ? -into : range - into;
    return t_ms > std::numeric_limits<std::int64_t>::max() - left ? std::numeric_limits<std::int64_t>::max()
                                                                  : t_ms + left;
  }

  [[nodiscard]] static std::uint64_t length(std::int64_t start, std::int64_t end) {
    return static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(start);  // cannot overflow, whatever they say
  }

  /// A window is merged once no block can come that belongs to it.
  [[nodiscard]] bool is_due(std::span<const std::size_t> window, std::int64_t range, std::int64_t newest_start) const {
    const std::int64_t start = block(window.front()).min_t_ms;
    const std::int64_t end = block(window.back()).end_t_ms;
    return window.size() > 1 && (std::cmp_equal(length(start, end), range) || end <= newest_start) && is_safe(window) &&
           std::ranges::none_of(window, [this](std::size_t i) { return block(i).failed; });
  }

  [[nodiscard]] std::optional<std::size_t> much_deleted(std::span<const std::size_t> older) const {
    const std::int64_t long_enough = ranges_ms_.empty() ? 0 : ranges_ms_[ranges_ms_.size() / 2];
    for (std::size_t i = older.size(); i-- > 0;) {
      const BlockMeta& meta = block(older[i]);
      const bool all = meta.stats.tombstones > 0 && meta.stats.tombstones >= meta.stats.series;
      if (std::cmp_less(length(meta.min_t_ms, meta.end_t_ms), long_enough)) {
        if (all && !meta.failed) {
          return older[i];
        }
        return std::nullopt;  // a longer block will take it in, and what is deleted with it
      }
      const double share = static_cast<double>(meta.stats.tombstones) / static_cast<double>(meta.stats.series + 1);
      if (share > kMuchDeleted && !meta.failed) {
        return older[i];
      }
    }
    return std::nullopt;
  }

  std::span<const BlockMeta> blocks_;
  std::span<const std::int64_t> ranges_ms_;
  Positions order_;
  std::int64_t min_valid_ms_;
};

std::size_t group_of(const BlockMeta& meta) {
  if (meta.has_hint(kHintStaleSeries)) {
    return 1;
  }
  return meta.has_hint(kHintSelectedSeries) ? 2 : 0;
}

BlockStats sum_of(std::span<const BlockMeta> inputs) {
  BlockStats sum;
  for (const BlockMeta& input : inputs) {
    sum.samples += input.stats.samples;
    sum.float_samples += input.stats.float_samples;
    sum.histogram_samples += input.stats.histogram_samples;
    sum.series = std::max(sum.series, input.stats.series);  // most series are in every block
    sum.chunks += input.stats.chunks;
  }
  return sum;
}

}  // namespace

std::int64_t longest_block_ms(std::optional<std::chrono::milliseconds> retention) noexcept {
  constexpr std::int64_t kShare = 10;
  if (!retention || retention->count() <= 0) {
    return kLongestBlockMs;
  }
  return std::clamp<std::int64_t>(retention->count() / kShare, kBlockRangeMs, kLongestBlockMs);
}

std::vector<std::int64_t> compaction_ranges(std::int64_t longest_ms) {
  std::vector<std::int64_t> ranges = {kBlockRangeMs};
  while (ranges.size() < kMaxRanges && ranges.back() * kRangeFactor <= longest_ms) {
    ranges.push_back(ranges.back() * kRangeFactor);
  }
  return ranges;
}

std::string_view compaction_reason_text(CompactionReason reason) noexcept {
  switch (reason) {
    case CompactionReason::kRange:
      return "range";
    case CompactionReason::kTombstones:
      return "tombstones";
    default:
      return "overlap";
  }
}

std::optional<CompactionStep> plan_compaction(std::span<const BlockMeta> blocks,
                                              std::span<const std::int64_t> ranges_ms) {
  std::array<Positions, 3> groups;
  std::int64_t min_valid_ms = std::numeric_limits<std::int64_t>::min();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    groups[group_of(blocks[i])].push_back(i);
    if (blocks[i].raises_min_valid()) {
      min_valid_ms = std::max(min_valid_ms, blocks[i].end_t_ms);
    }
  }
  for (Positions& group : groups) {
    std::ranges::sort(group, {}, [blocks](std::size_t i) { return std::tie(blocks[i].min_t_ms, blocks[i].ulid); });
    if (auto step = GroupPlan(blocks, ranges_ms, std::move(group), min_valid_ms).next()) {
      return step;
    }
  }
  return std::nullopt;
}

BlockMeta merged_meta(std::string ulid, std::span<const BlockMeta> inputs) {
  BlockMeta meta;
  meta.ulid = std::move(ulid);
  meta.min_t_ms = inputs.front().min_t_ms;
  meta.end_t_ms = inputs.front().end_t_ms;
  meta.level = 0;
  std::set<std::string> sources;
  std::set<std::string> hints;
  for (const BlockMeta& input : inputs) {
    meta.min_t_ms = std::min(meta.min_t_ms, input.min_t_ms);
    meta.end_t_ms = std::max(meta.end_t_ms, input.end_t_ms);
    meta.level = std::max(meta.level, input.level);
    sources.insert(input.sources.begin(), input.sources.end());
    for (const std::string_view hint : {kHintStaleSeries, kHintSelectedSeries}) {
      if (input.has_hint(hint)) {
        hints.emplace(hint);
      }
    }
    meta.parents.push_back({input.ulid, input.min_t_ms, input.end_t_ms});
  }
  ++meta.level;
  if (std::ranges::all_of(inputs, [](const BlockMeta& input) { return input.has_hint(kHintOutOfOrder); })) {
    hints.emplace(kHintOutOfOrder);
  }
  meta.sources.assign(sources.begin(), sources.end());
  meta.hints.assign(hints.begin(), hints.end());
  return meta;
}

std::vector<PlannedCompaction> plan_compactions(std::vector<BlockMeta> blocks,
                                                std::span<const std::int64_t> ranges_ms) {
  std::vector<PlannedCompaction> all;
  for (int number = 1;; ++number) {
    const auto step = plan_compaction(blocks, ranges_ms);
    if (!step) {
      return all;
    }
    PlannedCompaction planned{.reason = step->reason};
    std::vector<BlockMeta> rest;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (std::ranges::find(step->blocks, i) == step->blocks.end()) {
        rest.push_back(std::move(blocks[i]));
      }
    }
    for (const std::size_t i : step->blocks) {
      const auto feeds = std::ranges::find(all, blocks[i].ulid, [](const auto& one) { return one.result.ulid; });
      if (feeds == all.end()) {
        planned.inputs.push_back(std::move(blocks[i]));
      } else {
        std::ranges::move(feeds->inputs, std::back_inserter(planned.inputs));
        all.erase(feeds);
      }
    }
    planned.result = merged_meta("new-" + std::to_string(number), planned.inputs);
    planned.result.stats = sum_of(planned.inputs);
    blocks = std::move(rest);
    blocks.push_back(planned.result);
    all.push_back(std::move(planned));
  }
}

}  // namespace mcore
