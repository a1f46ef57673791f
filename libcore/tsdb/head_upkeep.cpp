// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_upkeep.h"

#include <chrono>

#include "tsdb/block_list.h"
#include "tsdb/head_access.h"
#include "tsdb/log_shrink.h"

namespace mcore {

bool is_upkeep_due(const HeadCommit& commit, std::int64_t now_ms) {
  return commit.shrink_wal >= 0 || commit.shrink_wbl >= 0 || cut_time(commit, now_ms, false).has_value();
}

UpkeepResult cut_and_shrink(const std::string& store, const Clock& clock, bool force, const HeadUpkeepOptions& options) {
  UpkeepResult result;
  const HeadHome home(store, head_folder_for_writing(store), owner_of_new_files(store));
  const auto alone = FileLock::try_lock(home.folder() + "/upkeep", home.owner());
  if (!alone.has_value()) {
    return result;
  }
  result.ran = true;
  constexpr int kMostRounds = 3;  // one is enough unless others come between
  for (int round = 0; round < kMostRounds; ++round) {
    (void)shrink_logs(home, options);  // what a killed one left
    std::optional<HeadFiles> files = home.open(true);
    if (!files.has_value()) {
      const auto writer = home.lock_writer(options.lock_timeout);
      if (!writer.has_value()) {
        break;
      }
      (void)home.catch_up(files, min_valid_t_ms(list_blocks(store, options.on_damage)), {});
    }
    const auto cut = cut_time(files->published(), clock.now_ms(), force);
    if (!cut.has_value() || (options.is_cancelled && options.is_cancelled())) {
      break;
    }
    files.reset();
    const HeadCutResult done = cut_head(home, *cut, options);
    if (done.done) {
      ++result.cuts;
      result.samples_cut += done.samples;
      result.blocks.insert(result.blocks.end(), done.blocks.begin(), done.blocks.end());
    }
  }
  return result;
}

}  // namespace mcore
