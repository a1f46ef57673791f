// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tsdb/block_meta.h"

namespace mcore {

/// The shortest range of blocks: what a cut of the head makes.
inline constexpr std::int64_t kBlockRangeMs = 7'200'000;

/// The longest block that compaction makes by joining neighbours: 31 days, or a tenth of the retention time if that is
/// less, but never less than the shortest.
[[nodiscard]] std::int64_t longest_block_ms(std::optional<std::chrono::milliseconds> retention = {}) noexcept;

/// The ranges of blocks by level: 2 h, three times that, and so on, as far as `longest_ms` allows.
[[nodiscard]] std::vector<std::int64_t> compaction_ranges(std::int64_t longest_ms = longest_block_ms());

enum class CompactionReason : std::uint8_t {
  kOverlap,     // their ranges overlap
  kRange,       // together they fill a window of the next longer range
  kTombstones,  // much of it is deleted
};
/// "overlap", "range", "tombstones".
[[nodiscard]] std::string_view compaction_reason_text(CompactionReason reason) noexcept;

/// One compaction: the positions of its inputs, by start, then name. One input is rewritten.
struct CompactionStep {
  CompactionReason reason = CompactionReason::kOverlap;
  std::vector<std::size_t> blocks{};
  [[nodiscard]] bool operator==(const CompactionStep&) const = default;
};

/// What a server would do next with these blocks (tsdb-format 6.6), or nothing.
///
/// Shape: blocks that overlap come first, then windows of the next longer range from the shortest on, then deleted
///        data. The newest block is not joined with its neighbours. Blocks of stale and of selected series are planned
///        apart from the others. Blocks that failed before are left out.
///        Unlike a server's plan, one that joins a block without a hint and one with does not move the end of the
///        unhinted ones: samples before it that only the log holds would be dropped at the next start of a server
///        (tsdb-format 6.9). Such blocks wait until a later block without a hint stands.
[[nodiscard]] std::optional<CompactionStep> plan_compaction(std::span<const BlockMeta> blocks,
                                                            std::span<const std::int64_t> ranges_ms);

/// What the meta.json of a merged block says, its statistics aside: the joint range, level, sources, parents and hints.
/// Requires: inputs.
[[nodiscard]] BlockMeta merged_meta(std::string ulid, std::span<const BlockMeta> inputs);

/// One of several compactions in a row. Statistics of the result are the sums of its inputs': at most that much.
struct PlannedCompaction {
  CompactionReason reason = CompactionReason::kOverlap;
  std::vector<BlockMeta> inputs{};
  BlockMeta result{};
};
/// All compactions until there is nothing left to do. One whose result a later one takes in is done with that in one
/// go: a year of short blocks is read and written once, not once for each range. Results are named "new-1", "new-2"...
[[nodiscard]] std::vector<PlannedCompaction> plan_compactions(std::vector<BlockMeta> blocks,
                                                              std::span<const std::int64_t> ranges_ms);

}  // namespace mcore
