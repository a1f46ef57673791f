// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_upkeep.h"

#include "tsdb/block_list.h"
#include "tsdb/head_access.h"
#include "tsdb/log_shrink.h"

namespace mcore {
namespace {

/// What the head held when it was last changed, brought up to the logs if no head serves; nothing without a log.
std::optional<HeadCommit> head_commit(const HeadHome& home, const HeadUpkeepOptions& options) {
  std::optional<HeadFiles> files = home.open(true);
  if (!files.has_value()) {
    const auto writer = home.lock_writer(options.lock_timeout);
    if (!writer.has_value()) {
      return std::nullopt;
    }
    (void)home.catch_up(files, min_valid_t_ms(list_blocks(home.store(), options.on_damage)), {});
  }
  return files->published();
}

}  // namespace

bool is_upkeep_due(const HeadCommit& commit, std::int64_t now_ms) {
  return commit.shrink_wal >= 0 || commit.shrink_wbl >= 0 || cut_time(commit, now_ms, false).has_value();
}

HeadUpkeepResult cut_and_shrink(const Upkeep& upkeep, const Clock& clock, bool force,
                                const HeadUpkeepOptions& options) {
  HeadUpkeepResult result;
  const LogState logs = look_at_logs(upkeep.store());
  if (logs.wal_segment < 0 && logs.checkpoint < 0 && logs.wbl_segment < 0) {
    return result;
  }
  const HeadHome home(upkeep.store(), head_folder_for_writing(upkeep.store()), upkeep.owner());
  constexpr int kMostRounds = 3;  // one is enough unless others come between
  for (int round = 0; round < kMostRounds; ++round) {
    (void)shrink_logs(home, options);  // what a killed one left
    const std::optional<HeadCommit> commit = head_commit(home, options);
    const auto cut = commit.has_value() ? cut_time(*commit, clock.now_ms(), force) : std::nullopt;
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

}  // namespace mcore
