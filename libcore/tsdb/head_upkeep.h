// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tsdb/head_cut.h"
#include "tsdb/upkeep.h"

namespace mcore {

struct HeadUpkeepResult {
  std::uint64_t samples = 0;          // moved into blocks
  std::vector<std::string> blocks{};  // the ULIDs of those
};

/// Whether a store is due for upkeep, by what its head's commit says: cheap enough for every append.
[[nodiscard]] bool is_upkeep_due(const HeadCommit& commit, std::int64_t now_ms);

/// Cuts the head as far as it is due (`force`: as far as it can be) and shrinks the logs, while others go on appending
/// and reading.
///
/// Errors: throws Error (kBusy: a server has the store; kIo, kCorrupt).
HeadUpkeepResult cut_and_shrink(const Upkeep& upkeep, const Clock& clock, bool force, const HeadUpkeepOptions& options);

/// Cuts the head up to the end of the window of the newest sample that delete_from_head() has hidden there, and shrinks
/// the logs: nothing is left of what was deleted, and others may be appended in its place. Deletions that reach further
/// than the clock stay hidden.
/// Errors: as cut_and_shrink().
HeadUpkeepResult cut_deleted(const Upkeep& upkeep, const Clock& clock, const HeadUpkeepOptions& options);

}  // namespace mcore
