// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tsdb/head_cut.h"

namespace mcore {

struct UpkeepResult {
  bool ran = false;  // false: another process is at it
  std::uint64_t cuts = 0;
  std::uint64_t samples_cut = 0;
  std::vector<std::string> blocks{};  // new ones
};

/// Whether a store is due for upkeep, by what its head's commit says: cheap enough for every append.
[[nodiscard]] bool is_upkeep_due(const HeadCommit& commit, std::int64_t now_ms);

/// Cuts the head as far as it is due (`force`: as far as it can be) and shrinks the logs. One process at a time does so;
/// the others go on appending and reading.
///
/// Errors: throws Error (kBusy: a server has the store; kIo, kCorrupt).
[[nodiscard]] UpkeepResult cut_and_shrink(const std::string& store, const Clock& clock, bool force,
                                          const HeadUpkeepOptions& options);

}  // namespace mcore
