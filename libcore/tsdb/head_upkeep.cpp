// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_upkeep.h"

#include <algorithm>
#include <limits>

#include "tsdb/block_list.h"
#include "tsdb/head_access.h"
#include "tsdb/head_writer.h"
#include "tsdb/log_shrink.h"

namespace mcore {
namespace {

/// The head, brought up to the logs if none serves; nothing if the lock is not to be had.
std::optional<HeadFiles> open_head(const HeadHome& home, const HeadUpkeepOptions& options) {
  std::optional<HeadFiles> files = home.open(true);
  if (!files.has_value()) {
    const auto writer = home.lock_writer(options.lock_timeout);
    if (!writer.has_value()) {
      return std::nullopt;
    }
    (void)home.catch_up(files, min_valid_t_ms(list_blocks(home.store(), options.on_damage)), {});
  }
  return files;
}

/// Shrinks and cuts, as far as `choose` says, until that has nothing more to cut.
template <typename Choose>
HeadUpkeepResult cut_as_chosen(const Upkeep& upkeep, const HeadUpkeepOptions& options, const Choose& choose) {
  HeadUpkeepResult result;
  const LogState logs = look_at_logs(upkeep.store());
  if (logs.wal_segment < 0 && logs.checkpoint < 0 && logs.wbl_segment < 0) {
    return result;
  }
  const HeadHome home(upkeep.store(), head_folder_for_writing(upkeep.store()), upkeep.owner());
  constexpr int kMostRounds = 3;  // one is enough unless others come between
  for (int round = 0; round < kMostRounds; ++round) {
    (void)shrink_logs(home, options);  // what a killed one left
    const std::optional<HeadFiles> files = open_head(home, options);
    const std::optional<std::int64_t> cut = files.has_value() ? choose(*files) : std::nullopt;
    if (!cut.has_value() || (options.is_cancelled && options.is_cancelled())) {
      break;
    }
    const HeadCutResult done = cut_head(home, *cut, options);
    if (done.done) {
      result.samples += done.samples;
      result.blocks.insert(result.blocks.end(), done.blocks.begin(), done.blocks.end());
    }
  }
  return result;
}

/// Up to where the head is to be cut so that no tombstone is left in it.
std::optional<std::int64_t> cut_time_of_deleted(const HeadFiles& files, std::int64_t now_ms) {
  const HeadCommit commit = files.published();
  std::int64_t newest_t_ms = kNoTime;
  for (const HeadTombstone& tombstone : head_tombstones(files, commit)) {
    newest_t_ms = std::max(newest_t_ms, tombstone.max_t_ms);
  }
  if (newest_t_ms == kNoTime) {
    return std::nullopt;
  }
  const std::int64_t last = window_last(window_start(std::min(newest_t_ms, now_ms)));
  const std::int64_t end = last == std::numeric_limits<std::int64_t>::max() ? last : last + 1;
  if (end <= commit.floor_t_ms && newest_t_ms >= end) {
    return std::nullopt;  // what is left lies ahead of the clock
  }
  return std::max(end, commit.floor_t_ms);
}

}  // namespace

bool is_upkeep_due(const HeadCommit& commit, std::int64_t now_ms) {
  return commit.shrink_wal >= 0 || commit.shrink_wbl >= 0 || cut_time(commit, now_ms, false).has_value();
}

HeadUpkeepResult cut_and_shrink(const Upkeep& upkeep, const Clock& clock, bool force,
                                const HeadUpkeepOptions& options) {
  return cut_as_chosen(upkeep, options,
                       [&](const HeadFiles& files) { return cut_time(files.published(), clock.now_ms(), force); });
}

HeadUpkeepResult cut_deleted(const Upkeep& upkeep, const Clock& clock, const HeadUpkeepOptions& options) {
  return cut_as_chosen(upkeep, options,
                       [&](const HeadFiles& files) { return cut_time_of_deleted(files, clock.now_ms()); });
}

}  // namespace mcore
