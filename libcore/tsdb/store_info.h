// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/querier.h"
#include "tsdb/block_list.h"

namespace mcore {

struct BlockInfo {
  BlockEntry block;
  std::uint64_t bytes = 0;
};

/// What the head holds: all that is newer than the blocks, and late samples. Times are kNoTime where there are none.
struct HeadInfo {
  std::uint64_t series = 0;
  std::uint64_t samples = 0;
  std::uint64_t late_samples = 0;
  std::int64_t floor_t_ms = 0;  // samples before it are late
  std::int64_t min_t_ms = 0;
  std::int64_t max_t_ms = 0;
  std::uint64_t commit = 0;
  std::uint64_t bytes = 0;
  bool is_own = true;  // of the store; else kept, or made just now, for this user
};

struct LogInfo {
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;  // the checkpoint's too
  bool has_checkpoint = false;
};

/// A store at a glance.
struct StoreInfo {
  std::vector<BlockInfo> blocks;  // by start
  std::uint64_t superseded = 0;   // blocks that others have replaced and nobody has removed yet
  std::optional<HeadInfo> head;   // nothing: there is no log, or it is too long to be read for this
  LogInfo wal;
  LogInfo wbl;
  std::string lock_holder;         // of the lock file, as describe_lock_holder() has it
  std::optional<TimeRange> range;  // of all samples, as blocks and head record them: a block's may end before its own
  std::optional<std::int64_t> sure_t_ms;  // there are samples at this time or later

  [[nodiscard]] BlockStats block_totals() const;
  [[nodiscard]] std::uint64_t block_bytes() const;
};

/// Looks at a store, or a single block.
///
/// Errors: throws Error (kIo; kUsage where no store is). Damaged blocks are reported and left out.
/// Cost:   reads meta.json of each block and the head's last commit. Where no head serves, one is made of a log of up
/// to
///         `most_log_bytes`.
[[nodiscard]] StoreInfo look_at_store(const std::string& path, std::uint64_t most_log_bytes,
                                      const DamageReport& report);

}  // namespace mcore
