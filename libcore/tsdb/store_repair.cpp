// SPDX-License-Identifier: Apache-2.0
#include "tsdb/store_repair.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "base/error.h"
#include "tsdb/block_list.h"
#include "tsdb/repair_job.h"
#include "tsdb/store_writer.h"
#include "tsdb/ulid.h"

namespace mcore {
namespace {

void ignore(const Error& /*damage*/) {}

std::int64_t newest_allowed(std::int64_t now_ms, std::chrono::milliseconds max_ahead) {
  constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();
  return now_ms > kLatest - max_ahead.count() ? kLatest : now_ms + max_ahead.count();
}

void repair_blocks(const RepairJob& job) {
  std::vector<std::string> superseded;  // others hold all of theirs
  for (const BlockEntry& block : list_all_blocks(job.store, ignore).superseded) {
    superseded.push_back(block.folder);
  }
  for (const DirectoryEntry& entry : list_directory(job.store)) {
    if (!entry.is_directory || !is_ulid(entry.name) ||
        std::ranges::find(superseded, job.store + "/" + entry.name) != superseded.end()) {
      continue;
    }
    if (job.options.on_step) {
      job.options.on_step(entry.name);
    }
    repair_block(job, entry.name);
  }
}

}  // namespace

RepairResult repair_store(const std::string& store, const Clock& clock, const RepairOptions& options) {
  if (!is_store(store)) {
    (void)list_directory(store);  // says what is wrong with the folder, if anything
    throw Error(ErrorKind::kUsage, "repair", store, "neither a log nor blocks are here");
  }
  RepairResult result;
  RepairJob job{.store = store, .clock = clock, .options = options, .result = result};
  if (options.max_ahead.has_value()) {
    job.newest_t_ms = newest_allowed(clock.now_ms(), *options.max_ahead);
  }
  std::optional<Upkeep> upkeep;
  std::optional<MovedAside> aside;
  if (!options.dry_run) {
    UpkeepOptions upkeep_options;
    upkeep_options.lock_timeout = options.lock_timeout;
    upkeep_options.upkeep_timeout = options.lock_timeout;
    upkeep.emplace(store, upkeep_options);
    (void)upkeep->lock_store();  // so that a server shows before anything is done
    aside.emplace(store, clock.now_ms(), upkeep->owner());
    job.upkeep = &*upkeep;
    job.aside = &*aside;
  }
  repair_blocks(job);
  if (options.on_step) {
    options.on_step("logs");
  }
  repair_logs(job);
  if (aside.has_value() && aside->is_used()) {
    result.moved_aside = aside->folder();
  }
  return result;
}

}  // namespace mcore
