// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/matcher.h"
#include "storage/querier.h"
#include "tsdb/block_list.h"
#include "tsdb/block_meta.h"
#include "tsdb/deletion.h"
#include "tsdb/upkeep.h"

namespace mcore {

/// Series that are kept for a shorter time than the rest.
struct KeepRule {
  std::vector<Selector> selectors{};  // any of them
  std::chrono::milliseconds keep{0};
};

/// What a store keeps (tsdb-format 6.7). A limit of 0 is none, as in a server.
struct RetentionLimits {
  std::chrono::milliseconds time{0};
  std::uint64_t bytes = 0;  // blocks, logs and head together
  std::vector<KeepRule> rules{};
};

/// The moment from which ages count: the end of the newest block, as in a server; but the clock's time where that block
/// ends ahead of it, or one sample from the future would make all others expire. Requires: a block.
[[nodiscard]] std::int64_t newest_moment_ms(std::span<const BlockMeta> blocks, std::int64_t now_ms);

/// Positions of the blocks that lie wholly before the retention time, newest first; never the newest.
[[nodiscard]] std::vector<std::size_t> blocks_beyond_time(std::span<const BlockMeta> blocks,
                                                          std::chrono::milliseconds time, std::int64_t now_ms);
/// Positions of the blocks that do not fit, newest first: from the first that goes over the limit, added up from the
/// newest on `other_bytes`, all go. Requires: a size for each block.
[[nodiscard]] std::vector<std::size_t> blocks_beyond_size(std::span<const BlockMeta> blocks,
                                                          std::span<const std::uint64_t> sizes, std::uint64_t limit,
                                                          std::uint64_t other_bytes);
/// Where a rule cuts: `keep` before `newest_ms`, rounded down to a multiple of a sixteenth of `keep`, of the shortest
/// block's range at least, so that a block which is partly too old is touched now and then and not each time.
[[nodiscard]] std::int64_t keep_cutoff_ms(std::chrono::milliseconds keep, std::int64_t newest_ms) noexcept;

/// Bytes of a block's files, and of everything in the store that retention counts beside blocks: both logs, head chunks
/// of a server, our head (what it takes up on the disk, for its files have holes).
[[nodiscard]] std::uint64_t block_bytes(const std::string& folder);
[[nodiscard]] std::uint64_t log_bytes(const std::string& store);

enum class RetentionReason : std::uint8_t { kTime, kSize, kRule };
/// "time", "size", "rule".
[[nodiscard]] std::string_view retention_reason_text(RetentionReason reason) noexcept;

/// What is to happen to one block.
struct RetentionStep {
  BlockEntry block{};
  RetentionReason reason = RetentionReason::kTime;
  std::uint64_t bytes = 0;   // of the block
  std::uint64_t series = 0;  // kRule: that lose samples; the others lose the block
};
/// What retention would do now: takes no lock and changes nothing. Blocks that cannot be used are reported and stay.
[[nodiscard]] std::vector<RetentionStep> plan_retention(const std::string& store, const RetentionLimits& limits,
                                                        std::int64_t now_ms, const DamageReport& report);

struct RetentionReport {
  std::vector<RetentionStep> done{};
  std::size_t failed = 0;  // blocks that rules could not be applied to, reported
  bool cancelled = false;
};
/// Removes blocks by time and size, then deletes by the rules: samples in blocks that are partly too old get
/// tombstones; blocks that are wholly too old are written anew without the series. Errors: throws Error: kBusy while a
/// server or writer holds the store, kIo.
RetentionReport apply_retention(Upkeep& upkeep, const Clock& clock, const RetentionLimits& limits,
                                const std::atomic<bool>* cancel = nullptr);

}  // namespace mcore
